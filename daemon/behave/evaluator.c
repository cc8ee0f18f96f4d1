/* Lua predicates and transforms, run on a stack of their own in the middle of a transaction. */
#include "daemon/behave/evaluator.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/trap.h"
#include "daemon/rt/context.h"
#include "daemon/rt/rt.h"

/* Instructions of all that one script has evaluated in one step of the loop, however many wait. */
#define TOGETHER 500000
/* What must be left on its stack when it calls. */
#define HEADROOM ((size_t)64 * 1024)

/* One call at a time: sets made inside are queued, so that no evaluation sets off another. */
struct evaluator {
	lua_State *L; /* in the registry */
	struct stack_pool pool;
	struct stack stack;
	struct context ctx, caller;
	struct lua_task task;
	struct evaluation *ev; /* the one that runs */
	int r;
	unsigned together; /* instructions that it ran in the step @step */
	uint64_t step;
};

void evaluator_need(lua_State *L)
{
	struct lua_host *h = lua_host_of(L);
	struct evaluator *e = h->evaluator;

	if (!e) {
		e = calloc(1, sizeof(*e));
		h->evaluator = e;
	}
	if (!e || (!e->stack.lo && stack_get(&e->pool, STACK_LUA, &e->stack) < 0)) {
		luaL_error(L, "not enough memory");
		return;
	}
	e->task.host = h;
	e->task.no_wait = "predicate or transform";
	e->task.c_floor = (const char *)e->stack.lo + HEADROOM;
	if (!e->L) {
		lua_State *T = lua_newthread(L);

		lua_rawsetp(L, LUA_REGISTRYINDEX, e);
		budget_count(T);
		e->L = T;
	}
}

void evaluator_free(struct evaluator *e)
{
	if (!e)
		return;
	if (e->stack.lo)
		stack_put(&e->pool, &e->stack);
	stack_pool_fini(&e->pool);
	free(e);
}

/* Argument: the struct evaluation. */
static int evaluate(lua_State *L)
{
	struct evaluation *ev = lua_touserdata(L, 1);
	const char *why;

	lua_rawgeti(L, LUA_REGISTRYINDEX, ev->fn);
	for (unsigned i = 0; i < ev->n_args; i++)
		if (ev->args[i])
			lua_push_datum(L, ev->args[i]);
		else
			lua_pushnil(L);
	lua_call(L, (int)ev->n_args, 1);
	if (ev->truth) {
		ev->result = datum_bool(lua_toboolean(L, -1));
		return 0;
	}
	why = lua_get_datum(L, -1, lua_host_of(L)->memory, &ev->result);
	if (why)
		return luaL_error(L, "a transform's result: %s", why);
	return 0;
}

static uint64_t this_step(void)
{
	struct rt_stats stats = {0};

	if (rt_current())
		rt_stats(&stats);
	return stats.steps;
}

/* One that has run is counted, and charged to whose set it was, if a script's. */
static void add_up(struct evaluator *e, struct lua_task *setter)
{
	unsigned ran = e->task.budget.held;
	uint64_t step;

	if (ran == 0)
		return;
	step = this_step();
	e->together = (e->step == step ? e->together : 0) + ran;
	e->step = step;
	if (setter && setter->self == task_self())
		budget_charge(setter, ran);
}

static void call(struct evaluator *e)
{
	struct lua_host *h = e->task.host;
	lua_State *L = e->L;
	const char *why;
	int status;

	lua_gc(L, LUA_GCSTOP, 0); /* finalizers may free values: not in a transaction */
	lua_pushcfunction(L, evaluate);
	lua_pushlightuserdata(L, e->ev);
	e->r = 0;
	status = lua_pcall(L, 1, 0, 0);
	if (status != LUA_OK) {
		e->r = -EIO;
		why = lua_error_message(L, -1);
		snprintf(e->ev->why, sizeof(e->ev->why), "%s%s%s",
			 status == LUA_ERRMEM ? h->full_at : "",
			 status == LUA_ERRMEM ? ": " : "",
			 why ? why : "an error that is no text");
		lua_settop(L, 0);
	}
	lua_gc(L, LUA_GCRESTART, 0);
}

static void run(struct evaluator *e)
{
	struct lua_host *h = e->task.host;
	struct lua_task *outer = h->running, *outermost;

	e->task.self = task_self();
	e->task.L = e->L;
	h->running = &e->task;
	outermost = trap_exchange(&e->task); /* perhaps of another state */
	budget_hold(&e->task);
	e->task.unwinding = false;
	call(e);
	(void)trap_exchange(outermost);
	h->running = outer;
	add_up(e, outermost);
}

static void enter(void *arg)
{
	struct evaluator *e = arg;

	context_entered(&e->caller);
	run(e);
	context_exit(&e->ctx, &e->caller);
}

int evaluator_run(struct lua_host *h, struct evaluation *ev)
{
	struct evaluator *e = h->evaluator;

	assert(!e->ev);
	if (e->together >= TOGETHER && e->step == this_step()) {
		snprintf(ev->why, sizeof(ev->why),
			 "%s: all predicates and transforms together ran more than %d "
			 "instructions",
			 h->conf.name, TOGETHER);
		return -EIO;
	}
	e->ev = ev;
	context_adopt(&e->caller);
	context_init(&e->ctx, e->stack.lo, e->stack.size, enter, e);
	context_switch(&e->caller, &e->ctx);
	context_fini(&e->ctx);
	e->ev = NULL;
	return e->r;
}
