/* Parameters of behaviours. */
#include "daemon/behave/behaviour_param.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/base/unit.h"
#include "daemon/behave/behaviour.h"
#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_option.h"

/* A declaration while it is read: { 1.5, min = 0.3, max = 4, unit = "m", help = "..." }. */
struct declared {
	const char *name, *unit, *help;
	double min, max;
	bool ranged;
	struct datum d; /* the default, then what the configuration says */
};

static const char *text_field(lua_State *L, int idx, const char *key)
{
	const char *text = "";

	if (lua_getfield(L, idx, key) == LUA_TSTRING)
		text = lua_tostring(L, -1); /* lives in the declaration */
	else if (!lua_isnil(L, -1))
		luaL_error(L, "params: %s: text expected, got %s", key,
			   luaL_typename(L, -1));
	lua_pop(L, 1);
	return text;
}

static double number_field(lua_State *L, int idx, const char *key, double def)
{
	double x = def;

	if (lua_getfield(L, idx, key) == LUA_TNUMBER)
		x = lua_tonumber(L, -1);
	else if (!lua_isnil(L, -1))
		luaL_error(L, "params: %s: number expected, got %s", key,
			   luaL_typename(L, -1));
	lua_pop(L, 1);
	return x;
}

static bool in_range(const struct declared *p, double x)
{
	return !p->ranged || (x >= p->min && x <= p->max);
}

/* The configuration's number, or text with a unit. */
static void configure_number(struct declared *p, const struct conf_at *at)
{
	char why[UNIT_TEXT_MAX];
	double x;

	if (cJSON_IsNumber(at->node)) {
		x = at->node->valuedouble;
	} else if (!cJSON_IsString(at->node)) {
		conf_complain(at, "number expected");
		return;
	} else if (unit_parse(at->node->valuestring, p->unit, &x, why) < 0) {
		conf_complain(at, "%s", why);
		return;
	}
	if (!in_range(p, x)) {
		conf_complain(at, "%g is out of range; %g to %g %s", x, p->min, p->max,
			      p->unit);
		return;
	}
	p->d.n = x;
}

/* What the configuration says instead of the default; complaints go to its errors. */
static void configure(struct declared *p, const struct conf_at *at)
{
	switch (p->d.type) {
	case DATUM_NUMBER:
		configure_number(p, at);
		return;
	case DATUM_BOOL:
		if (cJSON_IsBool(at->node))
			p->d.b = cJSON_IsTrue(at->node);
		else
			conf_complain(at, "true or false expected");
		return;
	case DATUM_STRING:
		if (cJSON_IsString(at->node)) {
			datum_fini(&p->d);
			(void)!datum_string(at->node->valuestring,
					    strlen(at->node->valuestring), &p->d);
		} else {
			conf_complain(at, "text expected");
		}
		return;
	case DATUM_NULL:
	case DATUM_VEC3:
	case DATUM_QUAT:
	case DATUM_TABLE:
		return;
	}
}

/* Arguments: the struct declared with its name, what the script declares. */
static int read_declared(lua_State *L)
{
	static const char *const known[] = {"min", "max", "unit", "help", "1", NULL};
	struct declared *p = lua_touserdata(L, 1);
	const char *name = p->name, *why;
	const int at = 2;

	lua_check_options(L, at, lua_pushfstring(L, "params: %s", name), known);
	p->unit = text_field(L, at, "unit");
	p->help = text_field(L, at, "help");
	p->min = number_field(L, at, "min", -(double)INFINITY);
	p->max = number_field(L, at, "max", (double)INFINITY);
	p->ranged = isfinite(p->min) || isfinite(p->max);
	lua_geti(L, at, 1);
	if (lua_type(L, -1) != LUA_TNUMBER && lua_type(L, -1) != LUA_TBOOLEAN &&
	    lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L,
			   "params: %s: { default, min = ..., max = ..., unit = ..., "
			   "help = ... } expected",
			   name);
	why = lua_get_datum(L, -1, NULL, &p->d);
	if (why)
		luaL_error(L, "params: %s: %s", name, why);
	if (p->d.type == DATUM_NUMBER && !in_range(p, p->d.n))
		luaL_error(L, "params: %s: the default %f is out of its range", name,
			   p->d.n);
	return 0;
}

/* The declaration at the top, taken. False: it is wrong, which is noted. */
static bool try_declared(lua_State *L, const char *name, struct declared *p)
{
	int status;

	*p = (struct declared){.name = name};
	lua_pushcfunction(L, read_declared);
	lua_insert(L, -2);
	lua_pushlightuserdata(L, p);
	lua_insert(L, -2);
	status = lua_pcall(L, 2, 0, 0);
	if (status == LUA_OK)
		return true;
	datum_fini(&p->d);
	if (status == LUA_ERRMEM)
		lua_error(L);
	load_check_field(L, name, luaL_tolstring(L, -1, NULL));
	lua_pop(L, 2);
	return false;
}

static int add_param(struct behaviour *b, struct declared *p)
{
	struct param *slot = reallocarray(b->params, b->n_params + 1, sizeof(*b->params));
	char name[2 * BEHAVIOUR_NAME + 16], source[BEHAVIOUR_NAME + 16];
	const struct value_info info = {
		.name = name,
		.unit = p->unit,
		.help = p->help,
		.source = source,
		.typed = true,
		.type = p->d.type,
		.min = p->ranged ? p->min : 0,
		.max = p->ranged ? p->max : 0,
	};
	int r;

	if (!slot)
		return -ENOMEM;
	b->params = slot;
	slot += b->n_params;
	snprintf(slot->name, sizeof(slot->name), "%s", p->name);
	snprintf(name, sizeof(name), "param.%s.%s", b->name, p->name);
	snprintf(source, sizeof(source), "behaviour %s", b->name);
	r = world_add(b->world, &info, &slot->value);
	if (r < 0)
		return r;
	b->n_params++;
	return value_set(slot->value, &p->d);
}

/* The configuration may name only what the script declares. */
static void check_configured(const struct behaviour *b, const struct conf_at *params)
{
	const char *names[BEHAVIOUR_PARAMS];

	for (size_t i = 0; i < b->n_params; i++)
		names[i] = b->params[i].name;
	for (struct conf_at it = conf_first(params); it.node; it = conf_next(&it)) {
		bool found = false;

		for (size_t i = 0; i < b->n_params; i++)
			found = found || strcmp(it.key, names[i]) == 0;
		if (!found)
			conf_complain_unknown(&it, "parameter", it.key, names,
					      b->n_params);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in the table at the top, sorted: the order of Lua's tables differs from run to run. */
static size_t sorted_names(lua_State *L, const char **ret)
{
	size_t n = 0;

	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TTABLE)
			luaL_error(L, "params: name = { default, ... } expected");
		if (n == BEHAVIOUR_PARAMS)
			luaL_error(L, "more than %d params", BEHAVIOUR_PARAMS);
		ret[n++] = lua_tostring(L, -2);
	}
	qsort(ret, n, sizeof(*ret), compare_names);
	return n;
}

void behaviour_read_params(lua_State *L, struct behaviour *b)
{
	const char *names[BEHAVIOUR_PARAMS];
	struct conf_at params = {0};
	size_t n;

	if (b->conf)
		params = conf_child(b->conf, "params");
	if (lua_getfield(L, 1, "params") == LUA_TNIL)
		lua_newtable(L);
	luaL_checktype(L, -1, LUA_TTABLE);
	n = sorted_names(L, names);
	for (size_t i = 0; i < n; i++) {
		struct declared p;
		int r;

		lua_getfield(L, -1, names[i]);
		if (!try_declared(L, names[i], &p))
			continue;
		if (params.node) {
			struct conf_at at = conf_child(&params, p.name);

			if (at.node)
				configure(&p, &at);
		}
		r = add_param(b, &p);
		datum_fini(&p.d);
		if (r < 0)
			luaL_error(L, "params: %s: %s", names[i], strerror(-r));
	}
	lua_pop(L, 1);
	if (params.node)
		check_configured(b, &params);
}

/* param.distance_m */
static int param_index(lua_State *L)
{
	const struct behaviour *b = lua_host_of(L)->behaviour;
	const char *key = luaL_checkstring(L, 2), *near;
	const char *names[BEHAVIOUR_PARAMS];
	size_t n = b ? b->n_params : 0;

	for (size_t i = 0; i < n; i++) {
		names[i] = b->params[i].name;
		if (strcmp(names[i], key) != 0)
			continue;
		lua_push_datum(L, value_get(b->params[i].value));
		return 1;
	}
	near = nearest_name(key, names, n);
	if (near)
		return luaL_error(L, "no parameter \"%s\"; did you mean \"%s\"?", key,
				  near);
	return luaL_error(L, "no parameter \"%s\"", key);
}

static int param_newindex(lua_State *L)
{
	return luaL_error(L,
			  "a parameter is set in the configuration, not by the script");
}

void behaviour_open_param(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, param_index);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, param_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setglobal(L, "param");
}
