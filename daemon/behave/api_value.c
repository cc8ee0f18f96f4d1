/* Script calls: values, what they hold and what is known of them, batches. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"

#define VALUE_TYPE "value"

struct lua_value *lua_push_value(lua_State *L, struct value *v, bool own, bool writes)
{
	struct lua_value *u;

	if (own)
		caps_check(L, &lua_host_of(L)->caps.values, CAP_VALUES, "values");
	u = lua_newuserdatauv(L, sizeof(*u), 1);
	lua_host_of(L)->caps.values += own;
	*u = (struct lua_value){.v = v, .own = own, .writes = writes};
	luaL_setmetatable(L, VALUE_TYPE);
	return u;
}

struct lua_value *lua_check_value(lua_State *L, int idx)
{
	struct lua_value *u = lua_test_known(L, idx, LUA_KNOWN_VALUE);

	return u ? u : luaL_checkudata(L, idx, VALUE_TYPE); /* which raises */
}

struct lua_value *lua_test_value(lua_State *L, int idx)
{
	return lua_test_known(L, idx, LUA_KNOWN_VALUE);
}

void lua_add_value_method(lua_State *L, const char *name, lua_CFunction fn)
{
	lua_push_methods(L, VALUE_TYPE);
	lua_pushcfunction(L, fn);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

int lua_not_derived(lua_State *L, int r)
{
	const char *why = r == -EPIPE   ? "a value that it is made from is closed"
			  : r == -EBUSY ? "a predicate or transform cannot make values"
			  : r == -ELOOP ? "values derived from derived ones, too deep"
					: strerror(-r);

	luaL_error(L, "the value cannot be made: %s", why);
	__builtin_unreachable();
}

void lua_push_stand_in(lua_State *L)
{
	static const struct value_info info = {.source = "nobody"};
	struct lua_value *u = lua_push_value(L, NULL, true, false);

	if (value_new(&info, &u->v) < 0)
		luaL_error(L, "not enough memory");
}

/* value "name" */
static int api_value(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1), *near;
	struct world *w = lua_host_of(L)->conf.world;
	struct value *v = w ? world_find(w, name) : NULL;

	if (v) {
		lua_push_value(L, v, false, false);
		return 1;
	}
	near = w ? world_nearest(w, name) : NULL;
	load_check_complain(L, "no value \"%s\"%s%s%s", name,
			    near ? "; did you mean \"" : "", near ? near : "",
			    near ? "\"?" : "");
	lua_push_stand_in(L);
	return 1;
}

static void set(lua_State *L, struct lua_value *u, int idx)
{
	struct datum d;
	int r;

	/* What others hold as well is not charged: it is little, and they must not make it run out. */
	if (lua_type(L, idx) == LUA_TNUMBER)
		d = datum_number(lua_tonumber(L, idx));
	else
		lua_check_datum(L, idx, u->own ? lua_host_of(L)->memory : NULL, &d);
	r = value_set(u->v, &d);
	datum_fini(&d);
	if (r == -EPIPE)
		luaL_error(L, "the value is closed");
	if (r == -ELOOP)
		luaL_error(L, "predicates set values without an end");
	if (r < 0)
		luaL_error(L, "the value cannot be set: %s", strerror(-r));
}

/* AsyncValue(x) */
static int api_async_value(lua_State *L)
{
	static const struct value_info info = {.source = "script"};
	struct lua_value *u;

	lua_settop(L, 1);
	u = lua_push_value(L, NULL, true, true);
	if (value_new(&info, &u->v) < 0)
		return luaL_error(L, "not enough memory");
	if (!lua_isnil(L, 1))
		set(L, u, 1);
	return 1;
}

static int value_gc(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);

	if (u->own) {
		value_free(u->v);
		lua_host_of(L)->caps.values--;
		lua_host_of(L)->caps.timers -= u->timed;
	}
	u->own = false;
	u->v = NULL;
	return 0;
}

/* Seconds since @t_ns; nil while @v has never been set. */
static void push_since(lua_State *L, const struct value *v, int64_t t_ns)
{
	if (value_version(v) > 0)
		lua_pushnumber(L, (double)(rt_now() - t_ns) / 1e9);
	else
		lua_pushnil(L);
}

static int value_tostring(lua_State *L)
{
	const struct lua_value *u = lua_check_value(L, 1);
	const struct value_info *info = value_info(u->v);
	char text[256];

	datum_print(value_get(u->v), 6, text, sizeof(text));
	lua_pushfstring(L, "%s(%s)", info->name ? info->name : "AsyncValue",
			value_state(u->v) == VALUE_UNSET ? "unset" : text);
	return 1;
}

/* What a value has beside methods; in the table of methods these numbers stand for them. */
enum field {
	FIELD_VALUE,
	FIELD_AGE,
	FIELD_SINCE,
	FIELD_STATE,
	FIELD_UNIT,
	FIELD_VERSION,
	FIELD_ERROR,
};

static const char *const value_fields[] = {
	[FIELD_VALUE] = "value", [FIELD_AGE] = "age",
	[FIELD_SINCE] = "since", [FIELD_STATE] = "state",
	[FIELD_UNIT] = "unit",   [FIELD_VERSION] = "version",
	[FIELD_ERROR] = "error", NULL,
};

static bool is_value_field(const char *key)
{
	const char *const *f = value_fields;

	while (*f && strcmp(*f, key) != 0)
		f++;
	return *f;
}

static void push_field(lua_State *L, const struct value *v, enum field field)
{
	switch (field) {
	case FIELD_VALUE:
		if (value_state(v) == VALUE_UNSET)
			lua_pushnil(L);
		else
			lua_push_datum(L, value_get(v));
		return;
	case FIELD_AGE:
		push_since(L, v, value_sample_ns(v));
		return;
	case FIELD_SINCE:
		push_since(L, v, value_change_ns(v));
		return;
	case FIELD_STATE:
		lua_pushstring(L, value_state_name(value_state(v)));
		return;
	case FIELD_UNIT:
		lua_pushstring(L, value_info(v)->unit ? value_info(v)->unit : "");
		return;
	case FIELD_VERSION:
		lua_pushinteger(L, (lua_Integer)value_version(v));
		return;
	case FIELD_ERROR:
		lua_pushstring(L, value_failure(v)); /* NULL is nil */
		return;
	}
}

/* v.value, v.age, ... and the methods: one look in the table of methods tells which it is. */
static int value_index(lua_State *L)
{
	const struct lua_value *u = lua_check_value(L, 1);

	lua_settop(L, 2);
	lua_pushvalue(L, 2);
	switch (lua_rawget(L, lua_upvalueindex(1))) {
	case LUA_TNUMBER:
		push_field(L, u->v, (enum field)lua_tointeger(L, -1));
		return 1;
	case LUA_TNIL:
		lua_no_field(L, "value", luaL_checkstring(L, 2), NULL,
			     lua_upvalueindex(1));
	default:
		return 1;
	}
}

static void open_fields(lua_State *L)
{
	lua_push_methods(L, VALUE_TYPE);
	for (int i = 0; value_fields[i]; i++) {
		lua_pushinteger(L, i);
		lua_setfield(L, -2, value_fields[i]);
	}
	lua_pop(L, 1);
}

static int value_newindex(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);
	const struct value_info *info = value_info(u->v);
	const char *key = luaL_checkstring(L, 2);

	if (strcmp(key, "value") != 0) {
		if (!is_value_field(key))
			lua_no_field(L, "value", key, value_fields, 0);
		return luaL_error(L, "only .value can be assigned, not .%s", key);
	}
	if (value_is_derived(u->v) || (u->own && !u->writes))
		return luaL_error(L, "a derived value cannot be set");
	if (!u->writes)
		return luaL_error(L, "%s cannot be set here: its source is %s",
				  info->name, info->source ? info->source : "another");
	set(L, u, 3);
	return 0;
}

/* v:close(): of the script's own values */
static int value_method_close(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);

	if (!u->writes)
		return luaL_error(L, "only a value of your own can be closed");
	value_close(u->v);
	return 0;
}

/* batch(fn): several sets, one transaction */
static int api_batch(lua_State *L)
{
	struct lua_task *t = lua_host_of(L)->running;
	const char *outer = t->no_wait;
	int r;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	if (!outer)
		budget_hold(t);
	t->no_wait = outer ? outer : "batch";
	value_batch_begin();
	r = lua_call_guarded(L, 0);
	value_batch_end();
	t->no_wait = outer;
	if (!outer)
		budget_release(L);
	if (r < 0)
		return lua_error(L);
	return lua_gettop(L);
}

void lua_open_value(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"close", value_method_close},
		{"__gc", value_gc},
		{"__tostring", value_tostring},
		{"__newindex", value_newindex},
		{NULL, NULL},
	};

	lua_open_null(L);
	lua_make_type(L, &(struct lua_type){VALUE_TYPE, methods, value_index});
	lua_know_type(L, VALUE_TYPE, LUA_KNOWN_VALUE);
	open_fields(L);
	lua_register(L, "value", api_value);
	lua_register(L, "AsyncValue", api_async_value);
	lua_register(L, "batch", api_batch);
}
