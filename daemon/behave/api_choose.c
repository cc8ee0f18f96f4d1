/* Script calls: choose, which waits for the first of several things. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/lua_handle.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/rt.h"
#include "daemon/state/choice.h"

enum { CASES_MAX = 16 };

enum kind { KIND_VALUE, KIND_CHANNEL, KIND_TIME, KIND_TASK };

/* A case; on the Lua stack lie, from index @at on, its key, its object and its predicate. */
struct one {
	enum kind kind;
	int at;
	const struct lua_pred *pred;
	int ref; /* of what came through a channel */
	union {
		struct choice_value value;
		struct choice_chan chan;
		struct choice_timer timer;
		struct choice_child child;
	};
};

/* All of them, in the frame of the call. */
struct cases {
	struct one one[CASES_MAX];
	struct choice_case *list[CASES_MAX];
	size_t n;
};

/* A value, or {value, predicate, options}, which is at the top; replaced by the value, the predicate. */
static struct choice_case *add_value(lua_State *L, struct one *o)
{
	struct lua_wait_opt opt = {0};
	const struct lua_value *v;

	if (lua_istable(L, -1)) {
		lua_rawgeti(L, -1, 1);
		lua_rawgeti(L, -2, 2);
		lua_rawgeti(L, -3, 3);
		lua_remove(L, -4);
	} else {
		lua_getglobal(L, "is_true");
		lua_pushnil(L);
	}
	v = lua_test_value(L, -3);
	if (!v) {
		luaL_error(L,
			   "choose: a value, channel, task or seconds expected, got %s",
			   luaL_typename(L, -3));
		return NULL;
	}
	opt = lua_check_wait_opt(L, lua_gettop(L));
	if (opt.await.held_for_ns > 0 || opt.await.still || opt.timeout_ns != TIME_NEVER)
		luaL_error(L, "choose: of the options only fresh and stale count; make a "
			      "value with held_for(), give a time as a case");
	o->pred = lua_push_pred(L, lua_gettop(L) - 1);
	lua_replace(L, -3);
	lua_pop(L, 1);
	o->kind = KIND_VALUE;
	return choice_value(&o->value, v->v, &o->pred->pred, &opt.await);
}

/* So many seconds from now as the number at the top says. */
static int64_t moment(lua_State *L)
{
	double s = lua_tonumber(L, -1);

	if (!(s >= 0))
		luaL_error(L, "choose: seconds, not negative, expected");
	return time_add(rt_now(), s > 9e9 ? TIME_NEVER : (int64_t)llround(s * 1e9));
}

/* The case whose key and specification are at the top. */
static void add_case(lua_State *L, struct cases *cs)
{
	struct one *o = &cs->one[cs->n];
	struct chan *chan;
	struct child *child;

	if (cs->n == CASES_MAX)
		luaL_error(L, "choose: more than %d cases", CASES_MAX);
	luaL_checkstack(L, 16, NULL);
	o->at = lua_gettop(L) - 1;
	chan = lua_test_channel(L, -1);
	child = lua_test_child(L, -1);
	if (chan) {
		o->kind = KIND_CHANNEL;
		cs->list[cs->n] = choice_recv(&o->chan, chan, &o->ref);
	} else if (child) {
		o->kind = KIND_TASK;
		cs->list[cs->n] = choice_child(&o->child, child);
	} else if (lua_type(L, -1) == LUA_TNUMBER) {
		o->kind = KIND_TIME;
		cs->list[cs->n] = choice_timer(&o->timer, moment(L));
	} else {
		cs->list[cs->n] = add_value(L, o);
	}
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
	case KIND_CHANNEL:
		if (r < 0) {
			lua_pushnil(L);
			lua_pushliteral(L, "closed");
			return 2;
		}
		lua_push_received(L, o->at + 1, o->ref);
		return 1;
	case KIND_TIME:
		return 0;
	case KIND_TASK:
		return lua_push_outcome(L, o->at + 1);
	}
	return 0;
}

/* choose{ touched = v, job = ch, far = {w, gt(2)}, done = task, late = 5 } */
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
	r = lua_wait_end(L, t, choose(cs.list, cs.n));
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
