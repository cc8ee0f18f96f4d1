/* Script calls: values that follow others in the course of time, held_for, hysteresis and ramp. */
#include <errno.h>
#include <string.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_value.h"
#include "daemon/state/derive.h"

static const struct value_info info = {.source = "script"};

/*
 * Push a handle, still without a value, that keeps the value at 1 and, if there is one, the predicate at
 * @pred. @timed: it has a timer, which counts.
 */
static struct lua_value *push_follower(lua_State *L, int pred, bool timed)
{
	struct lua_host *h = lua_host_of(L);
	struct lua_value *u;

	if (timed)
		caps_check(L, &h->caps.timers, CAP_TIMERS, "timers");
	u = lua_push_value(L, NULL, true, false);
	u->timed = timed;
	h->caps.timers += timed;
	lua_createtable(L, 2, 0);
	lua_pushvalue(L, 1);
	lua_rawseti(L, -2, 1);
	if (pred) {
		lua_pushvalue(L, pred);
		lua_rawseti(L, -2, 2);
	}
	lua_setiuservalue(L, -2, 1);
	return u;
}

/* What came of it; the handle is at the top. */
static int made(lua_State *L, int r)
{
	return r < 0 ? lua_not_derived(L, r) : 1;
}

/* held_for(v, p, s): true once p has held for s seconds */
static int api_held_for(lua_State *L)
{
	struct lua_value *from = lua_check_value(L, 1), *u;
	int64_t ns = lua_check_seconds(L, 3);
	struct lua_pred *p;

	lua_settop(L, 3);
	p = lua_push_pred(L, 2);
	if (p->pred.op == PRED_CHANGED)
		return luaL_error(L, "`changed` is for transitions");
	u = push_follower(L, 4, true);
	return made(L, value_held_for(&info, from->v, &p->pred, ns, &u->v));
}

/* hysteresis(v, low, high): true from high on, until it comes down to low */
static int api_hysteresis(lua_State *L)
{
	struct lua_value *from = lua_check_value(L, 1), *u;
	double low = luaL_checknumber(L, 2), high = luaL_checknumber(L, 3);

	luaL_argcheck(L, low < high, 3, "low is not below high");
	lua_settop(L, 3);
	u = push_follower(L, 0, false);
	return made(L, value_hysteresis(&info, from->v, high, low, &u->v));
}

/* ramp(v, { rise = 3, fall = 1 }): from 0 to 1 and back while v is true and false */
static int api_ramp(lua_State *L)
{
	static const char *const known[] = {"rise", "fall", NULL};
	struct lua_value *from = lua_check_value(L, 1), *u;
	int64_t rise_ns = 0, fall_ns = 0;

	lua_settop(L, 2);
	if (!lua_check_options(L, 2, "ramp", known))
		return luaL_error(L, "ramp: { rise = seconds, fall = seconds } expected");
	rise_ns = lua_opt_seconds(L, 2, "rise", 0);
	fall_ns = lua_opt_seconds(L, 2, "fall", 0);
	u = push_follower(L, 0, true);
	return made(L, value_ramp(&info, from->v, rise_ns, fall_ns, &u->v));
}

void lua_open_follow(lua_State *L)
{
	lua_register(L, "held_for", api_held_for);
	lua_register(L, "hysteresis", api_hysteresis);
	lua_register(L, "ramp", api_ramp);
}
