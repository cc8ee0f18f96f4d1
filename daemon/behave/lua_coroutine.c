/*
 * Coroutines of scripts: those of Lua's library, but a cancellation inside passes on, the trap knows which
 * thread runs, and what nests is stopped before the C stack ends.
 */
#include <string.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"

#include <lualib.h>

/* What the first run is worth, see budget_spend(): a new thread counts from 0. */
enum { START_STEPS = 2500 };

static lua_State *check_coroutine(lua_State *L, int idx)
{
	lua_State *co = lua_tothread(L, idx);

	luaL_argexpected(L, co, idx, "coroutine");
	return co;
}

/*
 * Run @co with the @nargs arguments at the top. Returns how many results lie there then, or -1: an error.
 * From the moment in which the trap knows @co to the end of lua_resume() nothing can raise.
 */
static int run(lua_State *L, lua_State *co, int nargs)
{
	struct lua_task *t = lua_host_of(L)->running;
	int status, n = 0;

	lua_check_headroom(L);
	if (!lua_checkstack(co, nargs)) {
		lua_pushliteral(L, "too many arguments to resume");
		return -1;
	}
	lua_xmove(L, co, nargs);
	if (t->no_wait) {
		budget_count(co);
		if (lua_status(co) == LUA_OK)
			budget_spend(L, START_STEPS);
	}
	t->L = co;
	status = lua_resume(co, L, nargs, &n);
	t->L = L;
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(co, L, 1);
		return -1;
	}
	if (!lua_checkstack(L, n + 1)) {
		lua_pop(co, n);
		lua_pushliteral(L, "too many results to resume");
		return -1;
	}
	lua_xmove(co, L, n);
	return n;
}

/* Run the to-be-closed variables of @co, which does not run. Pushes the error when there is one. */
static int reset(lua_State *L, lua_State *co)
{
	struct lua_task *t = lua_host_of(L)->running;
	int status;

	lua_check_headroom(L);
	t->L = co;
	status = lua_resetthread(co);
	t->L = L;
	if (status != LUA_OK)
		lua_xmove(co, L, 1);
	return status;
}

/* coroutine.resume(co, ...) */
static int coroutine_resume(lua_State *L)
{
	lua_State *co = check_coroutine(L, 1);
	bool was_unwinding = lua_host_of(L)->running->unwinding;
	int n = run(L, co, lua_gettop(L) - 1);

	if (n >= 0) {
		lua_pushboolean(L, 1);
		lua_insert(L, -(n + 1));
		return n + 1;
	}
	if (lua_is_final(L, was_unwinding)) {
		/* What its to-be-closed variables raise does not replace the cancellation. */
		if (reset(L, co) != LUA_OK)
			lua_pop(L, 1);
		return lua_error(L);
	}
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

/* Put the place of the call before the text at the top, unless it begins with that. */
static void add_place(lua_State *L)
{
	size_t len;
	const char *place;

	luaL_where(L, 1);
	place = lua_tolstring(L, -1, &len);
	if (strncmp(lua_tostring(L, -2), place, len) == 0) {
		lua_pop(L, 1);
		return;
	}
	lua_insert(L, -2);
	lua_concat(L, 2);
}

/* What coroutine.wrap() returned: errors are raised. */
static int wrapped(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	bool was_unwinding = lua_host_of(L)->running->unwinding;
	int n = run(L, co, lua_gettop(L)), status;

	if (n >= 0)
		return n;
	status = lua_status(co);
	if (status != LUA_OK &&
	    status != LUA_YIELD) { /* it failed, and has to be closed */
		bool final = lua_is_final(L, was_unwinding);

		if (reset(L, co) != LUA_OK)
			lua_remove(L, final ? -1 : -2);
	}
	if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING)
		add_place(L);
	return lua_error(L);
}

/* coroutine.wrap(f) */
static int coroutine_wrap(lua_State *L)
{
	lua_State *co;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	co = lua_newthread(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	lua_pushcclosure(L, wrapped, 1);
	return 1;
}

/* Suspended, or ended in whatever way: nothing of it is on a C stack. */
static bool may_close(lua_State *L, lua_State *co)
{
	lua_Debug ar;

	return co != L && (lua_status(co) != LUA_OK || lua_getstack(co, 0, &ar) == 0);
}

/* coroutine.close(co) */
static int coroutine_close(lua_State *L)
{
	lua_State *co = check_coroutine(L, 1);
	bool was_unwinding = lua_host_of(L)->running->unwinding;

	if (!may_close(L, co))
		return luaL_error(L, "cannot close a running coroutine");
	if (reset(L, co) == LUA_OK) {
		lua_pushboolean(L, 1);
		return 1;
	}
	if (lua_is_final(L, was_unwinding))
		return lua_error(L);
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

void lua_new_coroutine(lua_State *L)
{
	/*
	 * lua_resume() makes these texts where an error has nobody to catch it: it must find them rather
	 * than need memory for them.
	 */
	static const char *const texts[] = {
		"cannot resume dead coroutine",
		"cannot resume non-suspended coroutine",
		"C stack overflow",
	};
	static const luaL_Reg own[] = {
		{"resume", coroutine_resume},
		{"wrap", coroutine_wrap},
		{"close", coroutine_close},
		{NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		lua_pushstring(L, texts[i]);
		(void)luaL_ref(L, LUA_REGISTRYINDEX); /* for as long as the state lives */
	}
	lua_pushcfunction(L, luaopen_coroutine);
	lua_call(L, 0, 1);
	luaL_setfuncs(L, own, 0);
}
