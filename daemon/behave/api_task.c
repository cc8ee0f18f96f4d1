/* Script calls: time, nurseries and the handles of their tasks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_handle.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

#define NURSERY_TYPE "nursery"
#define CHILD_TYPE "task"

static const struct lua_type nursery_type; /* below */
static const struct lua_type child_type;   /* below */

/* A nursery; its first user value is the list of errors, in the order in which they came. */
struct lua_nursery {
	struct nursery n;
	bool open;
};

/*
 * A child; its user values are its thread, its nursery and what it gave to ready(). In the registry while
 * it lives; one that is started with start_ready also by its task, for ready().
 */
struct lua_child {
	struct child child;
	struct lua_host *host;
	lua_State *thread; /* where its results, or its error, lie in the end */
	int nargs;
	bool starting; /* its starter waits until it is ready, and gets its error */
	char name[32];
};

/* now() */
static int api_now(lua_State *L)
{
	lua_pushnumber(L, (double)rt_now() / 1e9);
	return 1;
}

/* sleep(s) */
static int api_sleep(lua_State *L)
{
	int64_t ns = lua_check_seconds(L, 1);
	struct lua_task *t = lua_wait_begin(L);

	lua_wait_end(L, t, task_sleep(ns));
	return 0;
}

/* sleep_until(t) */
static int api_sleep_until(lua_State *L)
{
	int64_t t_ns = lua_check_seconds(L, 1);
	struct lua_task *t = lua_wait_begin(L);

	lua_wait_end(L, t, task_sleep_until(t_ns));
	return 0;
}

/* cancelling() */
static int api_cancelling(lua_State *L)
{
	/* A transform may run where no task does. */
	lua_pushboolean(L, task_self() && task_cancelling());
	return 1;
}

/*
 * The error at the top becomes the next of the nursery @idx, unless it is there already: it may come
 * again by way of join.
 */
static void record_error(lua_State *L, int idx)
{
	lua_Integer n;

	lua_error_settle(L);
	lua_getiuservalue(L, idx, 1);
	n = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= n; i++) {
		bool same;

		lua_rawgeti(L, -1, i);
		same = lua_rawequal(L, -1, -3);
		lua_pop(L, 1);
		if (same) {
			lua_pop(L, 1);
			return;
		}
	}
	lua_pushvalue(L, -2);
	lua_rawseti(L, -2, n + 1);
	lua_pop(L, 1);
}

/* Arguments: the nursery, a function, its arguments. An error is recorded where it happens. */
static int run_recorded(lua_State *L)
{
	int r = lua_call_guarded(L, lua_gettop(L) - 2);

	if (r == 0)
		return lua_gettop(L) - 1;
	if (r != -ECANCELED)
		record_error(L, 1);
	return lua_error(L);
}

/* The same for a child that is started with start_ready, the upvalue: before it is ready its error is its
 * starter's. */
static int run_starting(lua_State *L)
{
	struct lua_child *c = lua_touserdata(L, lua_upvalueindex(1));
	int r;

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_rawsetp(L, LUA_REGISTRYINDEX, task_self());
	r = lua_call_guarded(L, lua_gettop(L) - 2);
	if (r == 0)
		return lua_gettop(L) - 1;
	if (r != -ECANCELED && !c->starting)
		record_error(L, 1);
	return lua_error(L);
}

/* Takes a pointer out of the registry: never raises, as no memory is needed. */
static void forget(lua_State *L, const void *key)
{
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static int child_main(void *arg)
{
	struct lua_child *c = arg;
	struct lua_host *h = c->host;
	int r = lua_task_call(h, c->thread, c->nargs);

	h->caps.tasks--;
	forget(h->L, task_self());
	forget(h->L, c);
	return r;
}

static struct lua_nursery *check_nursery(lua_State *L, int idx)
{
	struct lua_nursery *n = luaL_checkudata(L, idx, NURSERY_TYPE);

	if (!n->open)
		luaL_error(L, "the nursery has ended");
	return n;
}

/*
 * A task is called after its function: "nod.lua:12". One of the prelude's is given the script's function
 * first, and is called after that.
 */
static void name_child(lua_State *L, int fn, struct lua_child *c)
{
	lua_Debug ar;

	lua_pushvalue(L, fn);
	lua_getinfo(L, ">S", &ar);
	if (strcmp(ar.source, LUA_PRELUDE) == 0 && lua_isfunction(L, fn + 1)) {
		lua_pushvalue(L, fn + 1);
		lua_getinfo(L, ">S", &ar);
	}
	snprintf(c->name, sizeof(c->name), "%.24s:%d", ar.short_src, ar.linedefined);
}

/*
 * Arguments: a nursery, a function, what the function is given. In their place comes a new child that
 * waits to be started.
 */
static struct lua_child *push_child(lua_State *L, bool starting)
{
	struct lua_host *h = lua_host_of(L);
	int nargs = lua_gettop(L) - 2;
	struct lua_child *c;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_check_may_wait(L);
	caps_check(L, &h->caps.tasks, CAP_TASKS, "tasks");
	c = lua_newuserdatauv(L, sizeof(*c), 3);
	memset(c, 0, sizeof(*c));
	lua_set_type(L, &child_type);
	name_child(L, 2, c);
	lua_insert(L, 1);
	c->host = h;
	c->starting = starting;
	c->thread = lua_newthread(L);
	lua_setiuservalue(L, 1, 1);
	lua_pushvalue(L, 2);
	lua_setiuservalue(L, 1, 2);
	if (!lua_checkstack(c->thread, nargs + 4))
		luaL_error(L, "too many arguments");
	if (starting) {
		lua_pushvalue(L, 1);
		lua_pushcclosure(L, run_starting, 1);
	} else {
		lua_pushcfunction(L, run_recorded);
	}
	lua_insert(L, 2);
	lua_xmove(L, c->thread, nargs + 3); /* the nursery, the function, its arguments */
	c->nargs = nargs + 2;
	lua_pushvalue(L, 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, c);
	h->caps.tasks++;
	return c;
}

/* It could not be started. */
static int not_started(lua_State *L, struct lua_child *c, int r)
{
	c->host->caps.tasks--;
	forget(L, c);
	return luaL_error(L, "a task could not be started: %s", strerror(-r));
}

/* n:start(fn, ...) and n:service(fn, ...): a handle */
static int start(lua_State *L, bool service)
{
	struct lua_nursery *n = check_nursery(L, 1);
	struct lua_child *c = push_child(L, false);
	const struct task_opt opt = {
		.name = c->name, .stack_size = STACK_LUA, .service = service};
	int r = nursery_start(&n->n, &c->child, &opt, child_main, c);

	return r < 0 ? not_started(L, c, r) : 1;
}

static int nursery_method_start(lua_State *L)
{
	return start(L, false);
}

static int nursery_method_service(lua_State *L)
{
	return start(L, true);
}

/* n:start_ready(fn, ...): what it gave to ready() */
static int nursery_method_start_ready(lua_State *L)
{
	struct lua_nursery *n = check_nursery(L, 1);
	struct lua_task *t = lua_wait_begin(L);
	bool was_unwinding = t->unwinding;
	struct lua_child *c = push_child(L, true);
	const struct task_opt opt = {.name = c->name, .stack_size = STACK_LUA};
	int r = nursery_start_ready(&n->n, &opt, child_main, c, NULL);

	lua_wait_end(L, t, r);
	if (r == 0) {
		lua_getiuservalue(L, 1, 3);
		return 1;
	}
	t->unwinding = was_unwinding || t->host->killed;
	if (r == -ECHILD)
		return luaL_error(L, "%s ended without calling ready()", c->name);
	if (lua_gettop(c->thread) == c->nargs + 1) /* as it was made: it has not run */
		return not_started(L, c, r);
	lua_xmove(c->thread, L, 1);
	return lua_error(L);
}

/* ready(x): nothing happens in a task that was started otherwise */
static int api_ready(lua_State *L)
{
	struct lua_child *c;

	lua_settop(L, 1);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, task_self()) == LUA_TNIL)
		return 0;
	c = lua_touserdata(L, 2);
	if (!c->starting)
		return luaL_error(L, "ready() was called before");
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, 2, 3);
	c->starting = false;
	(void)task_ready(NULL); /* the first time, so it cannot fail */
	return 0;
}

static int nursery_method_cancel(lua_State *L)
{
	struct lua_nursery *n = check_nursery(L, 1);

	nursery_cancel(&n->n, luaL_optstring(L, 2, "cancelled by the script"));
	return 0;
}

/*
 * Raise the first of the errors in the nursery @idx, the others attached behind what it came with; return
 * if there is none.
 */
static void raise_recorded(lua_State *L, int idx)
{
	lua_Integer n, had;

	lua_getiuservalue(L, idx, 1);
	n = (lua_Integer)lua_rawlen(L, -1);
	if (n == 0) {
		lua_pop(L, 1);
		return;
	}
	lua_rawgeti(L, -1, 1);
	lua_getfield(L, -1, "errors");
	had = lua_istable(L, -1) ? (lua_Integer)lua_rawlen(L, -1) : 0;
	lua_createtable(L, (int)(had + n - 1), 0); /* list, first, its errors, all */
	for (lua_Integer i = 1; i <= had; i++) {
		lua_rawgeti(L, -2, i);
		lua_rawseti(L, -2, i);
	}
	for (lua_Integer i = 2; i <= n; i++) {
		lua_rawgeti(L, -4, i);
		lua_rawseti(L, -2, had + i - 1);
	}
	lua_setfield(L, -3, "errors");
	lua_pop(L, 1);
	lua_error(L);
}

/* nursery(function(n) ... end) */
static int api_nursery(lua_State *L)
{
	struct lua_task *t = lua_wait_begin(L);
	bool was_unwinding = t->unwinding;
	struct lua_nursery *n;
	int body, r;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_check_headroom(L);
	n = lua_newuserdatauv(L, sizeof(*n), 1);
	lua_set_type(L, &nursery_type);
	lua_newtable(L);
	lua_setiuservalue(L, 2, 1);
	lua_pushcfunction(L, run_recorded);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);

	nursery_open(&n->n);
	n->open = true;
	body = lua_call_guarded(L, 3);
	budget_rest(t);
	r = nursery_close(&n->n, body);
	n->open = false;
	budget_renew(t);

	t->unwinding = was_unwinding || t->host->killed;
	raise_recorded(L, 2);
	if (r == -ECANCELED)
		lua_raise_cancel(L);
	if (r < 0 && body != 0)
		return lua_error(L);
	if (r < 0)
		return luaL_error(L, "nursery: %s", strerror(-r));
	return body == 0 ? lua_gettop(L) - 2 : 0;
}

/* Push copies of what lies on the stack of a child that has ended. */
static int push_results(lua_State *L, lua_State *T)
{
	int n = lua_gettop(T);

	luaL_checkstack(L, n, "too many results");
	if (!lua_checkstack(T, 1))
		return luaL_error(L, "not enough memory");
	for (int i = 1; i <= n; i++) {
		lua_pushvalue(T, i);
		lua_xmove(T, L, 1);
	}
	return n;
}

struct child *lua_test_child(lua_State *L, int idx)
{
	struct lua_child *c = luaL_testudata(L, idx, CHILD_TYPE);

	return c ? &c->child : NULL;
}

int lua_push_outcome(lua_State *L, int idx)
{
	const struct lua_child *c = luaL_checkudata(L, idx, CHILD_TYPE);

	switch (c->child.state) {
	case CHILD_CANCELLED:
		lua_pushnil(L);
		lua_pushliteral(L, "cancelled");
		return 2;
	case CHILD_FAILED:
		if (push_results(L, c->thread) == 0)
			return luaL_error(L, "%s failed", c->name);
		return lua_error(L);
	case CHILD_DONE:
	case CHILD_RUNNING:
		break;
	}
	return push_results(L, c->thread);
}

/* task:join() */
static int task_join(lua_State *L)
{
	struct lua_child *c = luaL_checkudata(L, 1, CHILD_TYPE);
	struct lua_task *t;

	if (c->thread == L)
		return luaL_error(L, "a task cannot join itself");
	t = lua_wait_begin(L);
	lua_wait_end(L, t, child_join(&c->child));
	return lua_push_outcome(L, 1);
}

/* task:cancel(reason) */
static int task_cancel(lua_State *L)
{
	struct lua_child *c = luaL_checkudata(L, 1, CHILD_TYPE);

	child_cancel(&c->child, CANCEL_EXPLICIT,
		     luaL_optstring(L, 2, "cancelled by the script"));
	return 0;
}

static void push_method(lua_State *L, const char *key)
{
	static const char *const fields[] = {"name", "state", NULL};

	lua_pushstring(L, key);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
		lua_no_field(L, CHILD_TYPE, key, fields, lua_upvalueindex(1));
}

/* task.name, task.state, and the methods */
static int task_index(lua_State *L)
{
	const struct lua_child *c = luaL_checkudata(L, 1, CHILD_TYPE);
	const char *key = luaL_checkstring(L, 2);

	if (strcmp(key, "name") == 0)
		lua_pushstring(L, c->name);
	else if (strcmp(key, "state") == 0)
		lua_pushstring(L, child_state_name(c->child.state));
	else
		push_method(L, key);
	return 1;
}

static const luaL_Reg nursery_methods[] = {
	{"start", nursery_method_start},
	{"start_ready", nursery_method_start_ready},
	{"service", nursery_method_service},
	{"cancel", nursery_method_cancel},
	{NULL, NULL},
};
static const luaL_Reg task_methods[] = {
	{"join", task_join},
	{"cancel", task_cancel},
	{NULL, NULL},
};
static const struct lua_type nursery_type = {.name = NURSERY_TYPE,
					     .methods = nursery_methods};
static const struct lua_type child_type = {
	.name = CHILD_TYPE, .methods = task_methods, .index = task_index};

void lua_open_task(lua_State *L)
{
	lua_register(L, "now", api_now);
	lua_register(L, "sleep", api_sleep);
	lua_register(L, "sleep_until", api_sleep_until);
	lua_register(L, "cancelling", api_cancelling);
	lua_register(L, "ready", api_ready);
	lua_register(L, "nursery", api_nursery);
}
