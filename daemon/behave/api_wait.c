/* Script calls: waiting for a value, and what all ways to wait have in common. */
#include <errno.h>
#include <string.h>

#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"

#define QUEUE_MAX 1024 /* of transitions */

/* The options of the ways to wait; what does not count in one is unknown there. */
static const char *const wait_value_options[] = {"held_for", "timeout", "grace", "fresh",
						 "stale",    "still",   "soft",  NULL};
static const char *const wait_transition_options[] = {"timeout", "fresh", "stale", "soft",
						      NULL};
static const char *const transitions_options[] = {"queue", "fresh", "stale", "soft",
						  NULL};
static const char *const eventual_options[] = {"held_for", "grace", "fresh",
					       "stale",    "soft",  NULL};
static const char *const choose_options[] = {"fresh", "stale", NULL};

static const struct wait_call wait_value = {"wait_value", wait_value_options};
static const struct wait_call wait_transition = {"wait_transition",
						 wait_transition_options};
const struct wait_call lua_wait_transitions = {"transitions", transitions_options};
const struct wait_call lua_wait_eventual = {"eventual_values", eventual_options};
const struct wait_call lua_wait_choose = {"choose", choose_options};

struct lua_wait_opt lua_check_wait_opt(lua_State *L, int idx,
				       const struct wait_call *call)
{
	struct lua_wait_opt o = {.timeout_ns = TIME_NEVER};
	const char *name = call->name;

	if (lua_gettop(L) > idx)
		luaL_error(L, "%s: one predicate and one table of options expected",
			   name);
	if (!lua_check_options(L, idx, name, call->options))
		return o;
	o.await.held_for_ns = lua_opt_seconds(L, idx, "held_for", 0);
	o.await.grace_ns = lua_opt_seconds(L, idx, "grace", 0);
	o.await.fresh_ns = lua_opt_seconds(L, idx, "fresh", 0);
	o.await.stale_use = lua_option_word(L, idx, name, "stale", "use");
	o.await.still = lua_option_flag(L, idx, name, "still", false);
	o.soft = lua_option_flag(L, idx, name, "soft", false);
	o.timeout_ns = lua_opt_seconds(L, idx, "timeout", TIME_NEVER);
	o.queue = lua_option_count(L, idx, name, "queue", QUEUE_MAX);
	if (o.await.grace_ns > 0 && o.await.held_for_ns == 0)
		luaL_error(L, "%s: grace is for held_for, which is not asked for", name);
	return o;
}

struct found {
	struct datum *data;
	int n;
};

static int push_all(lua_State *L)
{
	const struct found *f = lua_touserdata(L, 1);

	for (int i = 0; i < f->n; i++)
		lua_push_datum(L, &f->data[i]);
	return f->n;
}

void lua_push_found(lua_State *L, struct datum *found, int n)
{
	struct found f = {found, n};
	int status;

	if (!datum_shared(&found[0]) && !datum_shared(&found[n - 1])) {
		for (int i = 0; i < n; i++)
			lua_push_datum(L, &found[i]);
		return;
	}
	lua_pushcfunction(L, push_all);
	lua_pushlightuserdata(L, &f);
	status = lua_pcall(L, 1, n, 0);
	for (int i = 0; i < n; i++)
		datum_fini(&found[i]);
	if (status != LUA_OK)
		lua_error(L);
}

int lua_wait_failed(lua_State *L, const struct lua_pred *p, int r)
{
	if (r == -EPIPE || r == -ETIMEDOUT || r == -EINTR) {
		lua_pushnil(L);
		lua_pushstring(L, r == -EPIPE       ? "closed"
				  : r == -ETIMEDOUT ? "timeout"
						    : "cancelling");
		return 2;
	}
	if (r == -EINVAL && p->pred.op == PRED_CHANGED)
		return luaL_error(L, "`changed` is for transitions");
	if (p->pred.op == PRED_FN && p->why[0])
		return luaL_error(L, "the predicate failed: %s", p->why);
	if (r == -ENOMEM)
		return lua_raise(L, "memory", "not enough memory");
	return luaL_error(L, "the wait failed: %s", strerror(-r));
}

void lua_enter_soft(struct scope *s, bool soft)
{
	if (soft)
		scope_enter_soft(s);
}

int lua_leave_soft(struct scope *s, bool soft, int r)
{
	if (!soft)
		return r;
	r = scope_leave(s, r);
	return r == -ECANCELED && task_check() == 0 ? -EINTR : r;
}

/* A wait for the value, on behalf of @t. */
struct value_wait {
	struct lua_task *t;
	struct value *v;
	const struct pred *p;
	const struct lua_wait_opt *o;
	bool transition;
	struct datum *found;
};

static int wait_once(const struct value_wait *w)
{
	if (w->transition)
		return value_await_transition(w->v, w->p, &w->o->await, &w->found[0],
					      &w->found[1]);
	return value_await(w->v, w->p, &w->o->await, &w->found[0]);
}

/* Scopes are large, and most waits have none: these frames are only where they are needed. */
static NOINLINE int wait_softly(const struct value_wait *w)
{
	struct scope gentle;

	scope_enter_soft(&gentle);
	return lua_leave_soft(&gentle, true, wait_once(w));
}

static int wait_plain(const struct value_wait *w)
{
	return w->o->soft ? wait_softly(w) : wait_once(w);
}

static NOINLINE int wait_timed(const struct value_wait *w)
{
	struct scope s;

	scope_enter_after(&s, w->o->timeout_ns);
	return scope_leave_timeout(&s, wait_plain(w));
}

static int wait_counted(const struct value_wait *w)
{
	struct caps *caps = &w->t->host->caps;
	int r;

	caps->waiters++;
	r = w->o->timeout_ns != TIME_NEVER ? wait_timed(w) : wait_plain(w);
	caps->waiters--;
	return r;
}

/*
 * The predicate that argument @idx is. Most need no memory of their own and are made in *@room, so that
 * a wait leaves no garbage; others are pushed.
 */
static const struct lua_pred *take_pred(lua_State *L, int idx, struct lua_pred *room)
{
	*room = (struct lua_pred){.fn = LUA_NOREF};
	switch (lua_type(L, idx)) {
	case LUA_TNONE:
	case LUA_TNIL:
		room->pred.op = PRED_ANY;
		return room;
	case LUA_TNUMBER:
		room->pred.op = PRED_EQ;
		room->pred.datum = datum_number(lua_tonumber(L, idx));
		return room;
	case LUA_TBOOLEAN:
		room->pred.op = PRED_EQ;
		room->pred.datum = datum_bool(lua_toboolean(L, idx));
		return room;
	default:
		return lua_push_pred(L, idx);
	}
}

static int wait_for(lua_State *L, const struct wait_call *call, bool transition)
{
	struct datum found[2];
	struct value_wait w = {
		.v = lua_check_value(L, 1)->v, .transition = transition, .found = found};
	const struct lua_wait_opt o = lua_check_wait_opt(L, 3, call);
	const struct lua_pred *p;
	struct lua_pred room;
	int n = transition ? 2 : 1, r;

	p = take_pred(L, 2, &room);
	w.p = &p->pred;
	w.o = &o;
	w.t = lua_wait_begin(L);
	caps_check(L, &w.t->host->caps.waiters, CAP_WAITERS, "waiters");
	r = lua_wait_end(L, w.t, wait_counted(&w));
	if (r < 0)
		return lua_wait_failed(L, p, r);
	lua_push_found(L, found, n);
	return n;
}

/* v:wait_value(p, opt) */
static int value_wait_value(lua_State *L)
{
	luaL_checkany(L, 2);
	return wait_for(L, &wait_value, false);
}

/* v:wait_transition(p, opt) -> new, old */
static int value_wait_transition(lua_State *L)
{
	return wait_for(L, &wait_transition, true);
}

void lua_open_wait(lua_State *L)
{
	lua_add_value_method(L, "wait_value", value_wait_value);
	lua_add_value_method(L, "wait_transition", value_wait_transition);
}
