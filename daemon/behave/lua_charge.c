/*
 * Functions on texts that make nothing, so that no allocation tells how much they do: what they walk over is
 * charged to the budget here.
 */
#include "daemon/behave/lua_host.h"

/* What a byte, a character, a result is worth, see budget_spend(). */
enum { BYTE_STEPS = 1, OPTION_STEPS = 10, RESULT_STEPS = 5 };

/* Upvalue 1 is the function, 2 what a byte of its first argument is worth; each result costs as well. */
static int charged(lua_State *L)
{
	size_t len = lua_type(L, 1) == LUA_TSTRING ? lua_rawlen(L, 1) : 0;

	budget_spend(L, (int)len * (int)lua_tointeger(L, lua_upvalueindex(2)));
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	budget_spend(L, lua_gettop(L) * RESULT_STEPS);
	return lua_gettop(L);
}

static void charge(lua_State *L, const char *name, int steps)
{
	lua_getfield(L, -1, name);
	lua_pushinteger(L, steps);
	lua_pushcclosure(L, charged, 2);
	lua_setfield(L, -2, name);
}

/* utf8.offset(s, n, i): a step for each character that it passes */
static int utf8_offset(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);
	size_t len, passed = n < 0 ? (size_t)0 - (size_t)n : (size_t)n;

	luaL_checklstring(L, 1, &len);
	budget_spend(L, (int)(passed < len ? passed : len) * RESULT_STEPS);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

void lua_wrap_function(lua_State *L, const char *name, lua_CFunction fn)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, fn, 1);
	lua_setfield(L, -2, name);
}

void lua_charge_string(lua_State *L)
{
	charge(L, "byte", 0);
	charge(L, "pack", OPTION_STEPS);
	charge(L, "packsize", OPTION_STEPS);
	charge(L, "unpack", OPTION_STEPS);
}

void lua_charge_utf8(lua_State *L)
{
	charge(L, "len", BYTE_STEPS);
	charge(L, "codepoint", 0);
	lua_wrap_function(L, "offset", utf8_offset);
}
