/* Script calls: cancel scopes, that is deadlines and shields around a function. */
#include <errno.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"

/* Run the function at 2 with what follows in @s, which was entered; leave it. */
static int run_in(lua_State *L, struct scope *s, struct lua_task *t)
{
	bool was_unwinding = t->unwinding;
	int r;

	t->host->caps.timers++;
	r = scope_leave(s, lua_call_guarded(L, lua_gettop(L) - 2));
	t->host->caps.timers--;
	if (r == -ECANCELED)
		lua_raise_cancel(L);
	t->unwinding = was_unwinding || t->host->killed;
	if (r < 0)
		return lua_error(L);
	return r;
}

static int64_t check_call(lua_State *L)
{
	int64_t ns = lua_check_seconds(L, 1);

	lua_check_may_wait(L);
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_check_headroom(L);
	caps_check(L, &lua_host_of(L)->caps.timers, CAP_TIMERS, "timers");
	return ns;
}

/* move_on_after(s, fn, ...) */
static int api_move_on_after(lua_State *L)
{
	int64_t ns = check_call(L);
	struct scope s;

	scope_enter_after(&s, ns);
	run_in(L, &s, lua_host_of(L)->running);
	lua_pushboolean(L, !s.absorbed);
	if (s.absorbed)
		return 1;
	lua_replace(L, 1);
	return lua_gettop(L);
}

/* fail_after(s, fn, ...) */
static int api_fail_after(lua_State *L)
{
	int64_t ns = check_call(L);
	struct scope s;

	scope_enter_after(&s, ns);
	run_in(L, &s, lua_host_of(L)->running);
	if (s.absorbed)
		return lua_raise(L, "timeout", "not done after %f s", lua_tonumber(L, 1));
	return lua_gettop(L) - 1;
}

/* shield(s, fn, ...) */
static int api_shield(lua_State *L)
{
	int64_t ns = check_call(L);
	struct scope s;

	scope_enter_shield(&s, ns);
	run_in(L, &s, lua_host_of(L)->running);
	return s.absorbed ? 0 : lua_gettop(L) - 1;
}

void lua_open_scope(lua_State *L)
{
	lua_register(L, "move_on_after", api_move_on_after);
	lua_register(L, "fail_after", api_fail_after);
	lua_register(L, "shield", api_shield);
}
