/* Script calls: values that follow others in the course of time, held_for and ramp. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "daemon/state/waiter.h"

#define FOLLOWER_TYPE "follower"
#define RAMP_STEP_NS (20 * NS_PER_MS)

/*
 * What keeps the result up to date: a userdata, made after the values that it reads and sets, so that it
 * is finalized before them. Its user value 1 keeps {input, predicate}; the result keeps it.
 */
struct follower {
	struct waiter waiter;
	struct timer timer;
	struct value *result;
	bool on; /* the input matches */
	int64_t held_ns;
	/* Of a ramp: how much a step changes, and where it is. */
	double rise, fall, level;
};

static void show_bool(struct follower *f, bool b)
{
	struct datum d = datum_bool(b);

	(void)value_set(f->result, &d); /* fails only once it is closed */
}

static void held_long_enough(struct timer *t)
{
	show_bool(container_of(t, struct follower, timer), true);
}

static void held_told(struct waiter *w, int r, const struct datum *now,
		      const struct datum *old)
{
	struct follower *f = container_of(w, struct follower, waiter);
	bool on = r > 0;

	(void)now;
	(void)old;
	if (r < 0) {
		timer_disarm(&f->timer);
		value_close(f->result);
		return;
	}
	if (on == f->on)
		return;
	f->on = on;
	if (on && f->held_ns > 0) {
		timer_arm(&f->timer, time_add(rt_now(), f->held_ns));
		return;
	}
	timer_disarm(&f->timer);
	show_bool(f, on);
}

static void ramp_step(struct timer *t)
{
	struct follower *f = container_of(t, struct follower, timer);
	struct datum d;

	f->level += f->on ? f->rise : -f->fall;
	f->level = fmin(fmax(f->level, 0), 1);
	d = datum_number(f->level);
	(void)value_set(f->result, &d); /* fails only once it is closed */
	if (f->level != (f->on ? 1.0 : 0.0))
		timer_arm(t, rt_now() + RAMP_STEP_NS);
}

static void ramp_told(struct waiter *w, int r, const struct datum *now,
		      const struct datum *old)
{
	struct follower *f = container_of(w, struct follower, waiter);

	(void)now;
	(void)old;
	if (r < 0) {
		timer_disarm(&f->timer);
		value_close(f->result);
		return;
	}
	f->on = r > 0;
	if (!timer_armed(&f->timer) && f->level != (f->on ? 1.0 : 0.0))
		timer_arm(&f->timer, rt_now() + RAMP_STEP_NS);
}

static int follower_gc(lua_State *L)
{
	struct follower *f = luaL_checkudata(L, 1, FOLLOWER_TYPE);

	waiter_remove(&f->waiter);
	timer_disarm(&f->timer);
	if (f->result)
		lua_host_of(L)->caps.timers--;
	f->result = NULL;
	return 0;
}

/*
 * Push the result, with the follower as its user value. The input is argument 1, its predicate at the
 * top (taken). *@ret still needs a tell and a timer function.
 */
static struct lua_value *push_follower(lua_State *L, const struct lua_pred *p,
				       struct follower **ret)
{
	static const struct value_info info = {.source = "script"};
	int pred = lua_gettop(L);
	struct lua_value *u = lua_push_value(L, NULL, true, false);
	struct follower *f;

	caps_check(L, &lua_host_of(L)->caps.timers, CAP_TIMERS, "timers");
	if (value_new(&info, &u->v) < 0)
		luaL_error(L, "not enough memory");
	f = lua_newuserdatauv(L, sizeof(*f), 1);
	memset(f, 0, sizeof(*f));
	luaL_setmetatable(L, FOLLOWER_TYPE);
	f->result = u->v;
	lua_host_of(L)->caps.timers++;
	f->waiter.pred = p->pred;
	f->waiter.every = true;
	lua_createtable(L, 2, 0);
	lua_pushvalue(L, 1);
	lua_rawseti(L, -2, 1);
	lua_pushvalue(L, pred);
	lua_rawseti(L, -2, 2);
	lua_setiuservalue(L, -2, 1);
	lua_setiuservalue(L, -2, 1);
	*ret = f;
	return u;
}

static int follow(lua_State *L, struct follower *f, struct value *input)
{
	int r = waiter_look(&f->waiter, input);

	if (r < 0)
		return luaL_error(L, "the value cannot be followed: %s", strerror(-r));
	waiter_add(&f->waiter, input);
	f->waiter.tell(&f->waiter, r, NULL, NULL);
	return 1;
}

/* held_for(v, p, s): true once p has held for s seconds */
static int api_held_for(lua_State *L)
{
	struct lua_value *from = lua_check_value(L, 1);
	int64_t ns = lua_check_seconds(L, 3);
	struct lua_pred *p = lua_push_pred(L, 2);
	struct follower *f;

	push_follower(L, p, &f);
	f->held_ns = ns;
	f->timer.fn = held_long_enough;
	f->waiter.tell = held_told;
	show_bool(f, false);
	return follow(L, f, from->v);
}

static double step_of(int64_t ns)
{
	return ns > RAMP_STEP_NS ? (double)RAMP_STEP_NS / (double)ns : 1.0;
}

/* ramp(v, { rise = 3, fall = 1 }): from 0 to 1 and back while v is true and false */
static int api_ramp(lua_State *L)
{
	struct lua_value *from = lua_check_value(L, 1);
	struct datum zero = datum_number(0);
	struct follower *f;
	struct lua_pred *p;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	lua_getglobal(L, "is_true");
	p = lua_push_pred(L, 3);
	push_follower(L, p, &f);
	f->rise = step_of(lua_opt_seconds(L, 2, "rise", 0));
	f->fall = step_of(lua_opt_seconds(L, 2, "fall", 0));
	f->timer.fn = ramp_step;
	f->waiter.tell = ramp_told;
	(void)value_set(f->result, &zero); /* a new value takes it */
	return follow(L, f, from->v);
}

void lua_open_follow(lua_State *L)
{
	static const luaL_Reg methods[] = {{"__gc", follower_gc}, {NULL, NULL}};

	lua_new_type(L, FOLLOWER_TYPE, methods, NULL);
	lua_register(L, "held_for", api_held_for);
	lua_register(L, "ramp", api_ramp);
}
