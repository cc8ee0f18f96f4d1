/* Script calls: choose, which waits for the first of several things. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/lua_handle.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_order.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/rt.h"
#include "daemon/state/choice.h"

enum { CASES_MAX = 16 };

enum kind { KIND_VALUE, KIND_RECEIVE, KIND_SEND, KIND_TIME, KIND_TASK, KIND_EVENT };

/* A case; on the Lua stack lie, from index @at on, its key, its object, its predicate or what it sends. */
struct one {
	enum kind kind;
	int at;
	const struct lua_pred *pred;
	int ref; /* of what goes through a channel */
	union {
		struct choice_value value;
		struct choice_chan chan;
		struct choice_timer timer;
		struct choice_child child;
		struct choice_event event;
	};
};

/* All of them, in the frame of the call. */
struct cases {
	struct one one[CASES_MAX];
	struct choice_case *list[CASES_MAX];
	size_t n;
};

static int no_case(lua_State *L, int idx)
{
	return luaL_error(L,
			  "choose: a value, channel, event, task or seconds expected, "
			  "got %s",
			  luaL_typename(L, idx));
}

/* The table at @idx, a case, has nothing but the places 1 to @n and perhaps the key @name. */
static void check_shape(lua_State *L, int idx, lua_Integer n, const char *name)
{
	for (lua_pushnil(L); lua_next_ordered(L, idx); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
		    lua_tointeger(L, -2) <= n)
			continue;
		if (name && lua_type(L, -2) == LUA_TSTRING &&
		    strcmp(lua_tostring(L, -2), name) == 0)
			continue;
		luaL_error(L,
			   "choose: \"%s\" has no place in a case; "
			   "{ value, predicate, { options } }, { channel, send = x }",
			   luaL_tolstring(L, -2, NULL));
	}
}

/* A case of @v; at the top lie its predicate and its options, of which the predicate stays. */
static struct choice_case *add_value(lua_State *L, struct one *o,
				     const struct lua_value *v)
{
	struct lua_wait_opt opt = lua_check_wait_opt(L, lua_gettop(L), &lua_wait_choose);

	lua_pop(L, 1);
	o->pred = lua_push_pred(L, lua_gettop(L));
	lua_replace(L, -2);
	o->kind = KIND_VALUE;
	return choice_value(&o->value, v->v, &o->pred->pred, &opt.await);
}

/* {value, predicate, options} or {channel, send = x}, at the top. */
static struct choice_case *add_table(lua_State *L, struct one *o)
{
	int at = lua_gettop(L);
	const struct lua_value *v;
	struct chan *chan;

	lua_rawgeti(L, at, 1);
	v = lua_test_value(L, -1);
	chan = lua_test_channel(L, -1);
	if (v) {
		check_shape(L, at, 3, NULL);
		lua_rawgeti(L, at, 2);
		lua_rawgeti(L, at, 3);
		lua_remove(L, at);
		return add_value(L, o, v);
	}
	if (!chan) {
		no_case(L, -1);
		return NULL;
	}
	check_shape(L, at, 1, "send");
	lua_getfield(L, at, "send");
	if (lua_isnil(L, -1))
		luaL_error(L, "choose: { channel, send = x } expected, or the channel");
	lua_remove(L, at);
	o->kind = KIND_SEND;
	return choice_send(&o->chan, chan, &o->ref);
}

/* So many seconds from now as the number at the top says. */
static int64_t moment(lua_State *L)
{
	double s = lua_tonumber(L, -1);

	if (!(s >= 0))
		luaL_error(L, "choose: seconds, not negative, expected");
	return time_add(rt_now(), s > 9e9 ? TIME_NEVER : (int64_t)llround(s * 1e9));
}

/* What is at the top, as a case; behind it comes what it keeps. */
static struct choice_case *make_case(lua_State *L, struct one *o)
{
	const struct lua_value *v = lua_test_value(L, -1);
	struct chan *chan = lua_test_channel(L, -1);
	struct child *child = lua_test_child(L, -1);
	struct event *event = lua_test_event(L, -1);

	if (v) {
		lua_getglobal(L, "is_true");
		lua_pushnil(L);
		return add_value(L, o, v);
	}
	if (chan) {
		o->kind = KIND_RECEIVE;
		return choice_recv(&o->chan, chan, &o->ref);
	}
	if (child) {
		o->kind = KIND_TASK;
		return choice_child(&o->child, child);
	}
	if (event) {
		o->kind = KIND_EVENT;
		return choice_event(&o->event, event);
	}
	if (lua_type(L, -1) == LUA_TNUMBER) {
		o->kind = KIND_TIME;
		return choice_timer(&o->timer, moment(L));
	}
	if (lua_istable(L, -1))
		return add_table(L, o);
	no_case(L, -1);
	return NULL;
}

/* The case whose key and specification are at the top. */
static void add_case(lua_State *L, struct cases *cs)
{
	struct one *o = &cs->one[cs->n];

	if (cs->n == CASES_MAX)
		luaL_error(L, "choose: more than %d cases", CASES_MAX);
	luaL_checkstack(L, 16, NULL);
	o->at = lua_gettop(L) - 1;
	cs->list[cs->n] = make_case(L, o);
	lua_settop(L, o->at + 2);
	cs->n++;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The cases of the table at 1: those with numbers in their order, then those with names in theirs. */
static void add_cases(lua_State *L, struct cases *cs)
{
	lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
	const char *names[CASES_MAX];
	size_t n = 0;

	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
		    lua_tointeger(L, -2) <= count)
			continue;
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "choose: keys are names, or numbers from 1 on");
		if (n == CASES_MAX)
			luaL_error(L, "choose: more than %d cases", CASES_MAX);
		names[n++] = lua_tostring(L, -2);
	}
	qsort(names, n, sizeof(*names), compare_names);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_pushinteger(L, i);
		lua_rawgeti(L, 1, i);
		add_case(L, cs);
	}
	for (size_t i = 0; i < n; i++) {
		lua_pushstring(L, names[i]);
		lua_pushvalue(L, -1);
		lua_rawget(L, 1);
		add_case(L, cs);
	}
	if (cs->n == 0)
		luaL_error(L, "choose: nothing to wait for");
}

/* What choose returns behind the key. */
static int push_result(lua_State *L, struct one *o, int r)
{
	switch (o->kind) {
	case KIND_VALUE:
		if (r < 0)
			return lua_wait_failed(L, o->pred, r);
		lua_push_found(L, &o->value.now, 1);
		return 1;
	case KIND_RECEIVE:
	case KIND_SEND:
		if (r < 0) {
			lua_pushnil(L);
			lua_pushliteral(L, "closed");
			return 2;
		}
		if (o->kind == KIND_SEND)
			lua_pushboolean(L, 1);
		else
			lua_push_received(L, o->at + 1, o->ref);
		return 1;
	case KIND_EVENT:
		lua_pushinteger(L, (lua_Integer)o->event.event->count);
		return 1;
	case KIND_TIME:
		return 0;
	case KIND_TASK:
		return lua_push_outcome(L, o->at + 1);
	}
	return 0;
}

/* What was not sent: all but the case @chosen, and that too if its channel is closed. */
static void forget_unsent(lua_State *L, const struct cases *cs, int chosen)
{
	for (int i = 0; i < (int)cs->n; i++) {
		const struct one *o = &cs->one[i];

		if (o->kind == KIND_SEND && (i != chosen || cs->list[i]->result < 0))
			lua_forget_sent(L, o->at + 1, o->ref);
	}
}

/* choose{ touched = v, out = {ch, send = x}, job = ch, far = {w, gt(2)}, done = task, late = 5 } */
static int api_choose(lua_State *L)
{
	struct cases cs = {.n = 0};
	struct lua_task *t;
	struct one *o;
	int r;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	add_cases(L, &cs);
	t = lua_wait_begin(L);
	caps_check_more(L, &t->host->caps.waiters, (unsigned)cs.n, CAP_WAITERS,
			"waiters");
	for (size_t i = 0; i < cs.n; i++)
		if (cs.one[i].kind == KIND_SEND) {
			lua_pushvalue(L, cs.one[i].at + 2);
			cs.one[i].ref = lua_keep_sent(L, cs.one[i].at + 1);
		}
	t->host->caps.waiters += (unsigned)cs.n;
	r = choose(cs.list, cs.n);
	t->host->caps.waiters -= (unsigned)cs.n;
	forget_unsent(L, &cs, r);
	lua_wait_end(L, t, r);
	o = &cs.one[r];
	for (size_t i = 0; i < cs.n; i++)
		if (cs.one[i].kind == KIND_VALUE && &cs.one[i] != o)
			choice_value_fini(&cs.one[i].value);
	lua_pushvalue(L, o->at);
	return 1 + push_result(L, o, cs.list[r]->result);
}

void lua_open_choose(lua_State *L)
{
	lua_register(L, "choose", api_choose);
}
