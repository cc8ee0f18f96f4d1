/* Loading a behaviour's script and reading its declaration. */
#include "daemon/behave/behaviour.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/base/unit.h"
#include "daemon/behave/behaviour_param.h"
#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_order.h"
#include "daemon/behave/lua_value.h"

static struct value *find_name(void *arg, const char *name)
{
	struct behaviour *b = arg;
	char full[160];

	if (b->name[0] && strncmp(name, "param.", 6) == 0) {
		struct value *v;

		snprintf(full, sizeof(full), "param.%s.%s", b->name, name + 6);
		v = world_find(b->world, full);
		if (v)
			return v;
	}
	return world_find(b->world, name);
}

static const char *nearest(void *arg, const char *name)
{
	const struct behaviour *b = arg;

	return world_nearest(b->world, name);
}

static struct value *find_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static const char *nearest_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static struct value *find_in_world(void *arg, const char *name)
{
	return world_find(arg, name);
}

static const char *nearest_in_world(void *arg, const char *name)
{
	return world_nearest(arg, name);
}

void behaviour_names(struct behaviour *b, struct world *world, struct expr_names *ret)
{
	if (b)
		*ret = (struct expr_names){find_name, nearest, b};
	else if (world)
		*ret = (struct expr_names){find_in_world, nearest_in_world, world};
	else
		*ret = (struct expr_names){find_nothing, nearest_nothing, NULL};
}

/* The resources it needs; each becomes a global of that name. */
static void read_needs(lua_State *L, struct behaviour *b)
{
	struct lease *l = &b->lease;
	char text[160];

	if (lua_getfield(L, 1, "needs") == LUA_TNIL)
		return;
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_pushglobaltable(L);
	for (lua_Integer i = 1; lua_geti(L, 2, i) != LUA_TNIL; i++, lua_settop(L, 3)) {
		const char *name = luaL_tolstring(L, -1, NULL);
		struct resource *r =
			b->resources ? resource_find(b->resources, name) : NULL;
		const char *near =
			b->resources ? resource_nearest(b->resources, name) : NULL;

		if (!r) {
			snprintf(text, sizeof(text), "needs: no resource \"%s\"%s%s%s",
				 name, near ? "; did you mean \"" : "", near ? near : "",
				 near ? "\"?" : "");
			load_check_field(L, "needs", text);
			continue;
		}
		if (l->n_needs == LEASE_NEEDS_MAX)
			luaL_error(L, "needs: more than %d resources", LEASE_NEEDS_MAX);
		l->needs[l->n_needs++] = r;
		lua_push_resource(L, r);
		lua_rawset(L, 3); /* globals[name] */
	}
}

/* The condition in field @key: a text, or a boolean value of the script. */
static struct value *read_condition(lua_State *L, struct behaviour *b, const char *key,
				    bool *ret_own)
{
	struct value_info info = {.source = "behaviour"};
	struct expr_names names;
	struct expr_error err;
	struct lua_value *u;
	struct value *v;
	struct expr *e;
	size_t len;

	if (lua_getfield(L, 1, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return NULL;
	}
	u = lua_test_value(L, -1);
	if (u) {
		lua_rawsetp(L, LUA_REGISTRYINDEX, u); /* lives as long as the state */
		return u->v;
	}
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "%s: an expression or a value expected, got %s", key,
			   luaL_typename(L, -1));
	lua_tolstring(L, -1, &len);
	behaviour_names(b, b->world, &names);
	if (expr_compile(lua_tostring(L, -1), len, &names, &e, &err) < 0)
		luaL_error(L, "%s: column %d: %s", key, (int)err.col, err.text);
	if (expr_type(e) != EXPR_BOOL && expr_type(e) != EXPR_ANY) {
		expr_free(e);
		luaL_error(L, "%s: true or false expected, not a %s", key,
			   expr_type_name(expr_type(e)));
	}
	info.name = expr_text(e); /* for the task dump; lives as long as the value */
	if (expr_value(e, &info, &v) < 0)
		luaL_error(L, "not enough memory");
	*ret_own = true;
	if (strcmp(key, "when") == 0)
		b->when_expr = e;
	lua_pop(L, 1);
	return v;
}

static int read_function(lua_State *L, const char *key, bool required)
{
	int type = lua_getfield(L, 1, key);

	if (type == LUA_TFUNCTION)
		return luaL_ref(L, LUA_REGISTRYINDEX);
	if (type != LUA_TNIL || required)
		luaL_error(L, "%s: function expected, got %s", key, luaL_typename(L, -1));
	lua_pop(L, 1);
	return LUA_NOREF;
}

static struct behaviour *behaviour_of(lua_State *L)
{
	return lua_host_of(L)->behaviour;
}

static int field_params(lua_State *L)
{
	behaviour_read_params(L, behaviour_of(L));
	return 0;
}

static int field_needs(lua_State *L)
{
	read_needs(L, behaviour_of(L));
	return 0;
}

static int field_band(lua_State *L)
{
	static const char *const bands[] = {"idle", "normal", NULL};

	lua_getfield(L, 1, "band");
	behaviour_of(L)->band =
		(enum lease_band)lua_check_word(L, -1, "band", "normal", bands);
	return 0;
}

static int field_priority(lua_State *L)
{
	if (lua_getfield(L, 1, "priority") != LUA_TNIL && lua_type(L, -1) != LUA_TNUMBER)
		luaL_error(L, "priority: number expected, got %s", luaL_typename(L, -1));
	behaviour_of(L)->priority = lua_tonumber(L, -1);
	return 0;
}

static int field_when(lua_State *L)
{
	struct behaviour *b = behaviour_of(L);

	b->when = read_condition(L, b, "when", &b->when_own);
	return 0;
}

static int field_keep(lua_State *L)
{
	struct behaviour *b = behaviour_of(L);

	b->keep = read_condition(L, b, "keep", &b->keep_own);
	return 0;
}

static int field_hold(lua_State *L)
{
	behaviour_of(L)->hold_ns = lua_opt_seconds(L, 1, "hold", 0);
	return 0;
}

static int field_cooldown(lua_State *L)
{
	behaviour_of(L)->cooldown_ns = lua_opt_seconds(L, 1, "cooldown", 0);
	return 0;
}

static int field_lost(lua_State *L)
{
	behaviour_of(L)->lost_ns = lua_opt_seconds(L, 1, "lost", 0);
	return 0;
}

static int field_grace(lua_State *L)
{
	behaviour_of(L)->grace_ns = lua_opt_seconds(L, 1, "grace", 0);
	return 0;
}

static int field_preempt_within(lua_State *L)
{
	behaviour_of(L)->preempt_within_ns =
		lua_opt_seconds(L, 1, "preempt_within", NS_PER_S);
	return 0;
}

static int field_again(lua_State *L)
{
	if (lua_getfield(L, 1, "again") != LUA_TNIL && !lua_isboolean(L, -1))
		luaL_error(L, "again: true or false expected, got %s",
			   luaL_typename(L, -1));
	behaviour_of(L)->again = lua_toboolean(L, -1);
	return 0;
}

static int field_run(lua_State *L)
{
	behaviour_of(L)->run = read_function(L, "run", true);
	return 0;
}

static int field_wind_down(lua_State *L)
{
	behaviour_of(L)->wind_down = read_function(L, "wind_down", false);
	return 0;
}

/* Each reads its field of the table at 1, or raises; parameters first, as expressions name them. */
static const struct {
	const char *name;
	lua_CFunction read;
} fields[] = {
	{"params", field_params},       {"needs", field_needs},
	{"band", field_band},           {"priority", field_priority},
	{"when", field_when},           {"keep", field_keep},
	{"hold", field_hold},           {"cooldown", field_cooldown},
	{"lost", field_lost},           {"preempt_within", field_preempt_within},
	{"again", field_again},         {"run", field_run},
	{"wind_down", field_wind_down}, {"grace", field_grace},
};

static void check_fields(lua_State *L)
{
	const char *names[ARRAY_LEN(fields)];
	char text[160];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		names[i] = fields[i].name;
	for (lua_pushnil(L); lua_next_ordered(L, 1); lua_pop(L, 1)) {
		const char *key =
			lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		const char *near = nearest_name(key, names, ARRAY_LEN(names));
		bool found = false;

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			found = found || strcmp(key, names[i]) == 0;
		if (found)
			continue;
		snprintf(text, sizeof(text), "behaviour: unknown field \"%s\"%s%s%s", key,
			 near ? "; did you mean \"" : "", near ? near : "",
			 near ? "\"?" : "");
		load_check_field(L, key, text);
	}
}

/* Read one field; what is wrong with it is noted, so that the others are read too. */
static void read_field(lua_State *L, size_t i)
{
	int status;

	lua_pushcfunction(L, fields[i].read);
	lua_pushvalue(L, 1);
	status = lua_pcall(L, 1, 0, 0);
	if (status == LUA_OK)
		return;
	if (status == LUA_ERRMEM)
		lua_error(L);
	load_check_field(L, fields[i].name, luaL_tolstring(L, -1, NULL));
	lua_pop(L, 2);
}

/* behaviour { ... } */
static int api_behaviour(lua_State *L)
{
	struct behaviour *b = lua_host_of(L)->behaviour;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (!b)
		return luaL_error(L,
				  "a behaviour is run by a robot, not as a program; name "
				  "its file under \"behaviours\" in the configuration");
	if (b->declared)
		return luaL_error(L, "a file declares one behaviour");
	check_fields(L);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		read_field(L, i);
	b->declared = true;
	return 1;
}

void lua_open_behaviour(lua_State *L)
{
	lua_register(L, "behaviour", api_behaviour);
	behaviour_open_param(L);
}

static int add_state(struct behaviour *b)
{
	char name[BEHAVIOUR_NAME + 24];
	const struct value_info info = {
		.name = name,
		.help = "what the behaviour does: idle, waiting, running, leaving, "
			"cooling, parked",
		.source = "supervisor",
		.typed = true,
		.type = DATUM_STRING,
	};

	snprintf(name, sizeof(name), "behaviour.%s.state", b->name);
	return world_add(b->world, &info, &b->state);
}

bool behaviour_has_resource(const struct behaviour *b, const char *name)
{
	return b && b->resources && resource_find(b->resources, name);
}

/* The chunk has run, or failed: what else is wrong? Then what only it needed goes. */
static int finish_check(lua_State *L)
{
	load_check_globals(L);
	lua_gc(L, LUA_GCCOLLECT, 0);
	return 0;
}

/* Run the file's top level. What is wrong is noted. */
static int run_file(struct behaviour *b, const char *path)
{
	char why[LUA_HOST_WHY] = "not enough memory", *call_why = NULL;
	lua_State *L = b->host->L;
	int chunk, r = lua_host_load(b->host, path, &chunk, why);

	if (r == 0) {
		b->host->loading = true;
		r = lua_host_call(b->host, chunk, NULL, &call_why);
		b->host->loading = false;
		lua_host_unref(b->host, chunk);
	}
	if (r < 0 && r != -ECANCELED)
		load_check_note(b->host, call_why ? call_why : why);
	free(call_why);
	if (r == -ECANCELED)
		return r;
	lua_pushcfunction(L, finish_check);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		lua_pop(L, 1); /* no memory: what was found is enough to refuse it */
	if (load_check_count(b->host) > 0)
		return r < 0 ? r : -EINVAL;
	if (b->declared)
		return 0;
	snprintf(why, sizeof(why), "%s: the file does not return behaviour { ... }",
		 path);
	load_check_note(b->host, why);
	return -EINVAL;
}

int behaviour_load(struct behaviour *b, const char *path, const struct conf_at *conf,
		   const struct lua_host_conf *host_conf, struct conf_errors *errs)
{
	int r;

	b->run = b->wind_down = LUA_NOREF;
	b->conf = conf;
	r = add_state(b);
	if (r == 0)
		r = lua_host_new(host_conf, &b->host);
	if (r == 0) {
		b->host->behaviour = b;
		r = load_check_open(b->host, errs);
	}
	if (r < 0) {
		conf_error(errs, (struct conf_place){0}, "", "%s: not enough memory",
			   b->name);
		return r;
	}
	r = run_file(b, path);
	load_check_close(b->host);
	b->conf = NULL;
	return r;
}

void behaviour_stop(struct behaviour *b)
{
	if (b->when_own)
		value_free(b->when);
	if (b->keep_own)
		value_free(b->keep);
	lua_host_free(b->host);
}

void behaviour_fini(struct behaviour *b)
{
	for (size_t i = 0; i < b->n_params; i++)
		world_remove(b->world, b->params[i].value);
	free(b->params);
	if (b->state)
		world_remove(b->world, b->state);
}
