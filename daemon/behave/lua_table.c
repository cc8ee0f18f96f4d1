/* The table library of scripts: no call walks further than a heap could hold, and what it walks is charged. */
#include <string.h>

#include "daemon/behave/lua_host.h"

#include <lualib.h>

/* What an entry is worth that is moved or sorted, see budget_spend(). */
enum { MOVE_STEPS = 5, SORT_STEPS = 20 };

/*
 * What a table function would walk over, by its length (which a metamethod may lie about) or by its
 * arguments, is bounded by what the heap could hold.
 */
static void check_length(lua_State *L, lua_Integer n)
{
	if (n > (lua_Integer)(lua_host_of(L)->conf.heap_max / sizeof(void *)))
		luaL_error(L, "table too large");
}

static void spend(lua_State *L, lua_Integer n, int steps)
{
	check_length(L, n);
	if (n > 0)
		budget_spend(L, (int)n * steps);
}

static void spend_range(lua_State *L, lua_Integer first, lua_Integer last)
{
	lua_Integer n;

	if (last > first)
		spend(L, __builtin_sub_overflow(last, first, &n) ? LUA_MAXINTEGER : n,
		      MOVE_STEPS);
}

static int call_original(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

/* table.insert(t, pos, x), table.remove(t, pos); without a place nothing moves */
static int table_shift(lua_State *L)
{
	lua_Integer n;

	if (!lua_istable(L, 1))
		return call_original(L);
	n = luaL_len(L, 1);
	check_length(L, n);
	if (lua_gettop(L) >= lua_tointeger(L, lua_upvalueindex(2)) &&
	    lua_isinteger(L, 2) && lua_tointeger(L, 2) > 0)
		spend_range(L, lua_tointeger(L, 2), n);
	return call_original(L);
}

/* table.move(a, first, last, ...) */
static int table_move(lua_State *L)
{
	spend_range(L, luaL_checkinteger(L, 2), luaL_checkinteger(L, 3));
	return call_original(L);
}

/* table.unpack(t, first, last) */
static int table_unpack(lua_State *L)
{
	lua_Integer first = luaL_optinteger(L, 2, 1), last;

	luaL_checkany(L, 1);
	last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
	spend_range(L, first, last);
	return call_original(L);
}

/* table.concat(t, separator, first, last) */
static int table_concat(lua_State *L)
{
	lua_Integer first = luaL_optinteger(L, 3, 1), last;

	luaL_checkany(L, 1);
	last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
	spend_range(L, first, last);
	return call_original(L);
}

/* What table.sort() compares with: a function in Lua, so that it can be paused, whatever the script gave. */
static const char order_source[] =
	"local before = ...\n"
	"if before then return function(a, b) return before(a, b) end end\n"
	"return function(a, b) return a < b end\n";

/* table.sort(t, before) */
static int table_sort(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	spend(L, luaL_len(L, 1), SORT_STEPS);
	lua_settop(L, 2);
	if (lua_isnil(L, 2) || lua_iscfunction(L, 2)) {
		lua_pushvalue(L, lua_upvalueindex(2));
		lua_insert(L, 2);
		lua_call(L, 1, 1);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 2, 0);
	return 0;
}

/* Upvalue 2: how many arguments there are at least when entries move. */
static void wrap_shift(lua_State *L, const char *name, int n_args)
{
	lua_getfield(L, -1, name);
	lua_pushinteger(L, n_args);
	lua_pushcclosure(L, table_shift, 2);
	lua_setfield(L, -2, name);
}

void lua_bound_table(lua_State *L)
{
	wrap_shift(L, "insert", 3);
	wrap_shift(L, "remove", 2);
	lua_wrap_function(L, "move", table_move);
	lua_wrap_function(L, "unpack", table_unpack);
	lua_wrap_function(L, "concat", table_concat);
	lua_getfield(L, -1, "sort");
	if (luaL_loadbuffer(L, order_source, strlen(order_source), "=sort") != LUA_OK)
		lua_error(L);
	lua_pushcclosure(L, table_sort, 2);
	lua_setfield(L, -2, "sort");
}
