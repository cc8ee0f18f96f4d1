/* Data to Lua values and back. */
#include "daemon/behave/lua_datum.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/table.h"

#include <lauxlib.h>

enum { TABLE_ENTRIES = 1024, TABLE_DEPTH = 16, KEY_MAX = 24 };

static const double integer_limit = 2147483648.0;

/* Its address is null, as a light userdata. */
static const char null_mark;

static void push_number(lua_State *L, double n)
{
	if (n == floor(n) && fabs(n) < integer_limit)
		lua_pushinteger(L, (lua_Integer)n);
	else
		lua_pushnumber(L, n);
}

static void push_named(lua_State *L, const char *names, const double *v)
{
	int n = (int)strlen(names);

	lua_createtable(L, 0, n);
	for (int i = 0; i < n; i++) {
		lua_pushlstring(L, names + i, 1);
		push_number(L, v[i]);
		lua_rawset(L, -3);
	}
}

static void push_table(lua_State *L, const struct datum *d)
{
	bool array = d->t && table_is_array(d->t);
	size_t n = datum_size(d);

	luaL_checkstack(L, 4, "table too deep");
	lua_createtable(L, array ? (int)n : 0, array ? 0 : (int)n);
	for (size_t i = 0; i < n; i++) {
		lua_push_datum(L, datum_entry(d, i));
		if (array)
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		else
			lua_setfield(L, -2, datum_key(d, i));
	}
}

void lua_push_datum(lua_State *L, const struct datum *d)
{
	switch (d->type) {
	case DATUM_NULL:
		lua_pushlightuserdata(L, (void *)(uintptr_t)&null_mark);
		return;
	case DATUM_BOOL:
		lua_pushboolean(L, d->b);
		return;
	case DATUM_NUMBER:
		push_number(L, d->n);
		return;
	case DATUM_STRING:
		lua_pushlstring(L, datum_text(d), datum_text_len(d));
		return;
	case DATUM_VEC3:
		push_named(L, "xyz", d->v);
		return;
	case DATUM_QUAT:
		push_named(L, "wxyz", d->v);
		return;
	case DATUM_TABLE:
		push_table(L, d);
		return;
	}
}

/* Whether the table at @idx has exactly the numbers called @names. */
static bool get_named(lua_State *L, int idx, const char *names, double *v)
{
	int n = (int)strlen(names), found = 0;

	lua_pushnil(L);
	while (lua_next(L, idx)) {
		const char *key =
			lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
		const char *at = *key && !key[1] ? strchr(names, *key) : NULL;

		if (!at || lua_type(L, -1) != LUA_TNUMBER) {
			lua_pop(L, 2);
			return false;
		}
		v[at - names] = lua_tonumber(L, -1);
		found++;
		lua_pop(L, 1);
	}
	return found == n;
}

/* Entries of a table while it is gathered. */
struct gather {
	char (*numbers)[KEY_MAX]; /* the texts of numeric keys */
	const char **keys;
	struct datum *values;
	size_t n;
};

static const char *get(lua_State *L, int idx, int depth, struct datum *ret);

static const char *gather_entry(lua_State *L, struct gather *g, int depth)
{
	const char *why;

	if (g->n == TABLE_ENTRIES)
		return "a table of a value has at most 1024 entries";
	if (lua_type(L, -2) == LUA_TSTRING) {
		g->keys[g->n] = lua_tostring(L, -2);
	} else if (lua_isinteger(L, -2)) {
		snprintf(g->numbers[g->n], KEY_MAX, "%lld",
			 (long long)lua_tointeger(L, -2));
		g->keys[g->n] = g->numbers[g->n];
	} else {
		return "keys of a table of a value are texts or whole numbers";
	}
	why = get(L, lua_gettop(L), depth + 1, &g->values[g->n]);
	if (!why)
		g->n++;
	return why;
}

/* The array part first, so that it keeps its order. */
static const char *gather_all(lua_State *L, int idx, struct gather *g, int depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, idx);
	const char *why = NULL;

	for (lua_Integer i = 1; i <= n && !why; i++) {
		lua_pushinteger(L, i);
		lua_rawgeti(L, idx, i);
		why = gather_entry(L, g, depth);
		lua_pop(L, 2);
	}
	if (why)
		return why;
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1 ||
		    lua_tointeger(L, -2) > n)
			why = gather_entry(L, g, depth);
		if (why) {
			lua_pop(L, 2);
			return why;
		}
		lua_pop(L, 1);
	}
	return NULL;
}

static const char *get_table(lua_State *L, int idx, int depth, struct datum *ret)
{
	struct gather g = {0};
	const char *why = "not enough memory";

	if (depth > TABLE_DEPTH)
		return "a table of a value is at most 16 deep";
	if (!lua_checkstack(L, 6))
		return why;
	g.numbers = calloc(TABLE_ENTRIES, sizeof(*g.numbers));
	g.keys = calloc(TABLE_ENTRIES, sizeof(*g.keys));
	g.values = calloc(TABLE_ENTRIES, sizeof(*g.values));
	if (g.numbers && g.keys && g.values)
		why = gather_all(L, idx, &g, depth);
	if (!why && datum_table(g.keys, g.values, g.n, ret) < 0)
		why = "not enough memory";
	else if (why)
		for (size_t i = 0; i < g.n; i++)
			datum_fini(&g.values[i]);
	free(g.numbers);
	free(g.keys);
	free(g.values);
	return why;
}

static const char *get(lua_State *L, int idx, int depth, struct datum *ret)
{
	double v[4] = {0};

	switch (lua_type(L, idx)) {
	case LUA_TBOOLEAN:
		*ret = datum_bool(lua_toboolean(L, idx));
		return NULL;
	case LUA_TNUMBER:
		*ret = datum_number(lua_tonumber(L, idx));
		return NULL;
	case LUA_TSTRING: {
		size_t len;
		const char *text = lua_tolstring(L, idx, &len);

		return datum_string(text, len, ret) < 0 ? "not enough memory" : NULL;
	}
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, idx) != &null_mark)
			break;
		*ret = datum_null();
		return NULL;
	case LUA_TTABLE:
		if (!lua_checkstack(L, 4))
			return "not enough memory";
		if (get_named(L, idx, "xyz", v))
			*ret = datum_vec3(v[0], v[1], v[2]);
		else if (get_named(L, idx, "wxyz", v))
			*ret = datum_quat(v[0], v[1], v[2], v[3]);
		else
			return get_table(L, idx, depth, ret);
		return NULL;
	case LUA_TNIL:
		return "nil cannot be in a value; use null";
	default:
		break;
	}
	return "a value holds null, booleans, numbers, texts and tables of them";
}

const char *lua_get_datum(lua_State *L, int idx, struct datum *ret)
{
	return get(L, lua_absindex(L, idx), 0, ret);
}

static int null_tostring(lua_State *L)
{
	lua_pushliteral(L, "null");
	return 1;
}

void lua_open_null(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&null_mark);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, null_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2); /* of all light userdata; scripts see no other */
	lua_setglobal(L, "null");
}
