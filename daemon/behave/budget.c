/* Time slices, pauses and the hard budget of Lua tasks. */
#include "daemon/behave/budget.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/trap.h"
#include "daemon/rt/rt.h"

enum {
	COUNT_INSTRUCTIONS = 1000,
	SLICE_INSTRUCTIONS = 100000, /* TRAP_STRETCH_MS of a slow core */
	HARD_MS = 500,
	CLOSING_MS = 20, /* for to-be-closed variables after a kill */
	NO_WAIT_INSTRUCTIONS = 20000,
	NO_WAIT_MS =
		20, /* of the processor: the backstop, for the little that no count tells */
};

/* A task that waits until the paused one has reached its next wait. */
struct gate {
	struct wait wait;
	struct link link;
};

static void kill(lua_State *L);

/* Two kills are enough: whoever goes on all the same is killed at each instruction. */
static void relentless(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	kill(L);
}

/* Push the error of the first kill of this task; it stays in the registry until the task ends. */
static void make_kill(lua_State *L, struct lua_host *h, const struct budget *b)
{
	lua_push_place(L);
	snprintf(h->killed_at, sizeof(h->killed_at), "%s", lua_tostring(L, -1));
	lua_pop(L, 1);
	lua_push_kill(L);
	lua_error_wrap(L, "budget", 0);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, b);
}

static void kill(lua_State *L)
{
	struct lua_task *t = lua_host_of(L)->running;
	struct budget *b = &t->budget;

	b->kills++;
	b->instructions = 0;
	b->spent_ms = b->kills == 1 ? HARD_MS - CLOSING_MS : HARD_MS;
	trap_begin(t);
	if (b->kills > 1)
		lua_sethook(L, relentless, LUA_MASKCOUNT, 1);
	t->unwinding = true;
	t->host->killed = true;
	/* There may be thousands of clean-ups to kill: the others cost next to nothing. */
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, b) == LUA_TNIL)
		make_kill(L, t->host, b);
	lua_error(L);
}

/* The task has used up a slice, which took @ms: let others go first. */
static void pause_task(lua_State *L, unsigned ms)
{
	struct lua_host *h = lua_host_of(L);
	struct lua_task *t = h->running;
	struct budget *b = &t->budget;

	if (b->spent_ms >= HARD_MS)
		kill(L);
	if (!h->paused) {
		h->paused = t;
		b->band = task_band();
		task_set_band(BAND_BACKGROUND);
	}
	b->spent_ms += ms;
	task_yield();
	h->running = t;
	trap_begin(t);
}

/* Set for good on threads whose instructions count. */
static void count(lua_State *L, lua_Debug *ar)
{
	struct lua_task *t = lua_host_of(L)->running;
	struct budget *b = &t->budget;

	(void)ar;
	budget_count(L); /* if it was set by budget_spend() */
	b->instructions += COUNT_INSTRUCTIONS;
	if (t->no_wait) {
		b->held += COUNT_INSTRUCTIONS;
		if (b->held < NO_WAIT_INSTRUCTIONS)
			return;
		lua_push_place(L);
		lua_pushfstring(L, ": a %s ran more than %d instructions", t->no_wait,
				NO_WAIT_INSTRUCTIONS);
		lua_concat(L, 2);
		lua_error(L);
	} else if (!t->host->counts) { /* a thread that comes from a predicate */
		lua_sethook(L, NULL, 0, 0);
	} else if (b->instructions >= SLICE_INSTRUCTIONS || b->spent_ms >= HARD_MS) {
		b->instructions = 0;
		pause_task(L, TRAP_STRETCH_MS);
	}
}

/*
 * A tick in a batch or predicate. Of the processor's time: what else the machine does must not decide whether it
 * fails.
 */
static void check_held(lua_State *L, struct lua_task *t)
{
	int64_t now_ns = trap_cpu_ns();

	if (t->budget.held_from_ns == 0)
		t->budget.held_from_ns = now_ns;
	if (now_ns - t->budget.held_from_ns < NO_WAIT_MS * NS_PER_MS)
		return;
	lua_push_place(L);
	lua_pushfstring(L, ": a %s ran longer than %d ms", t->no_wait, NO_WAIT_MS);
	lua_concat(L, 2);
	lua_error(L);
}

/* Set once by the trap. */
static void sprung(lua_State *L, lua_Debug *ar)
{
	struct lua_task *t = lua_host_of(L)->running;
	unsigned ms = trap_stretch_ms();

	(void)ar;
	if (t->no_wait) {
		budget_count(L);
		check_held(L, t);
		return;
	}
	lua_sethook(L, NULL, 0, 0);
	/* It was meant for what ran before if a thread inherited it. */
	if (ms >= TRAP_STRETCH_MS)
		pause_task(L, ms);
}

void budget_count(lua_State *L)
{
	/* Setting it anew would begin a new count. */
	if (lua_gethook(L) != count || lua_gethookcount(L) != COUNT_INSTRUCTIONS)
		lua_sethook(L, count, LUA_MASKCOUNT, COUNT_INSTRUCTIONS);
}

void budget_open(struct lua_host *h)
{
	bool repeatable = rt_is_repeatable();
	int r = repeatable ? 0 : trap_open(sprung);

	h->counts = repeatable || r < 0;
	if (h->counts)
		budget_count(h->L); /* threads inherit it */
	if (r < 0)
		LOG(WARNING, "%s: no timer (%s): scripts run slower", h->conf.name,
		    strerror(-r));
}

void budget_close(struct lua_host *h)
{
	if (!h->counts)
		trap_close();
}

void budget_rest(struct lua_task *t)
{
	struct lua_host *h = t->host;

	if (h->paused != t)
		return;
	h->paused = NULL;
	task_set_band(t->budget.band);
	for (struct link *k; (k = list_pop(&h->gate));)
		task_wake(&container_of(k, struct gate, link)->wait, 0);
}

void budget_renew(struct lua_task *t)
{
	struct lua_host *h = t->host;

	while (h->paused && h->paused != t) {
		struct gate gate = {.wait = {.kind = "script",
					     .what = "another task of it computes"}};

		list_push(&h->gate, &gate.link);
		(void)task_park(&gate.wait); /* cancellation does not reach it */
	}
	h->running = t;
	trap_begin(t);
	if (t->budget.kills)
		return;
	t->budget.instructions = 0;
	t->budget.spent_ms = 0;
}

void budget_hold(struct lua_task *t)
{
	t->budget.held = 0;
	t->budget.held_from_ns = 0;
}

void budget_release(lua_State *L)
{
	const struct lua_task *t = lua_host_of(L)->running;

	if (!t->host->counts && trap_stretch_ms() >= TRAP_STRETCH_MS)
		lua_sethook(L, sprung, LUA_MASKCOUNT, 1);
	if (t->host->counts && t->budget.instructions >= SLICE_INSTRUCTIONS)
		lua_sethook(L, count, LUA_MASKCOUNT, 1);
}

void budget_charge(struct lua_task *t, unsigned instructions)
{
	t->budget.instructions += instructions;
	if (!t->no_wait && t->host->counts &&
	    t->budget.instructions >= SLICE_INSTRUCTIONS)
		lua_sethook(t->L, count, LUA_MASKCOUNT, 1);
}

void budget_end(struct lua_task *t)
{
	budget_rest(t);
	if (t->budget.kills > 0) {
		lua_pushnil(t->host->L);
		lua_rawsetp(t->host->L, LUA_REGISTRYINDEX, &t->budget);
	}
	t->host->running = NULL;
	(void)trap_exchange(NULL); /* it was this one's */
}

void budget_spend(lua_State *L, int steps)
{
	struct lua_task *t = lua_host_of(L)->running;
	struct budget *b;

	if (!t) /* no task, but the host itself */
		return;
	b = &t->budget;
	b->instructions += (unsigned)steps / 5;
	b->held += (unsigned)steps / 5;
	/* Few instructions may lie between much work in C: look at the next one. */
	if (t->no_wait ? b->held >= NO_WAIT_INSTRUCTIONS
		       : t->host->counts && b->instructions >= SLICE_INSTRUCTIONS)
		lua_sethook(L, count, LUA_MASKCOUNT, 1);
}

void budget_spend_bytes(lua_State *L, size_t n)
{
	n = n / 16 * 5;
	budget_spend(L, n < INT_MAX ? (int)n : INT_MAX);
}
