/* Time slices, pauses and the hard budget of Lua tasks. */
#include "daemon/behave/budget.h"

#include <time.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/rt/rt.h"

enum {
	TRAP_INSTRUCTIONS = 1000,
	SLICE_INSTRUCTIONS = 100000, /* about 2 ms of a slow core */
	HARD_SLICES = 250,           /* 500 ms */
	CLOSING_SLICES = 10,         /* for to-be-closed variables after a kill */
	PREDICATE_INSTRUCTIONS = 20000,
};

/* Machines so slow that instructions mislead: then the wall clock decides. */
#define SLICE_WALL_NS (5 * NS_PER_MS)
#define HARD_WALL_NS (2 * NS_PER_S)

/* A task that waits until the paused one has reached its next wait. */
struct gate {
	struct wait wait;
	struct link link;
};

static int64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* On the virtual clock only instructions count, so that every run is the same. */
static int64_t slice_wall_ns(struct budget *b)
{
	int64_t now;

	if (rt_is_virtual())
		return 0;
	now = wall_ns();
	if (!b->slice_began_ns)
		b->slice_began_ns = now;
	return now - b->slice_began_ns;
}

static void trap(lua_State *L, lua_Debug *ar);

static void kill(lua_State *L, lua_Debug *ar, struct lua_task *t)
{
	struct budget *b = &t->budget;

	b->kills++;
	b->instructions = 0;
	b->ran_ns = 0;
	b->slice_began_ns = 0;
	b->slices = b->kills == 1 ? HARD_SLICES - CLOSING_SLICES : HARD_SLICES;
	if (b->kills > 1)
		lua_sethook(L, trap, LUA_MASKCOUNT, 1);
	t->unwinding = true;
	t->host->killed = true;
	lua_getinfo(L, "Sl", ar);
	lua_pushfstring(L, "%s:%d: computed for too long without waiting; stopped",
			ar->short_src, ar->currentline);
	lua_error_wrap(L, "budget", 0);
	lua_error(L);
}

static void pause_task(struct lua_task *t, int64_t wall)
{
	struct lua_host *h = t->host;
	struct budget *b = &t->budget;

	if (!h->paused) {
		h->paused = t;
		b->band = task_band();
		task_set_band(BAND_BACKGROUND);
	}
	b->instructions = 0;
	b->ran_ns += wall;
	b->slices++;
	task_yield();
	h->running = t;
	b->slice_began_ns = 0;
}

static void trap(lua_State *L, lua_Debug *ar)
{
	struct lua_task *t = lua_host_of(L)->running;
	struct budget *b = &t->budget;
	int64_t wall;

	b->instructions += TRAP_INSTRUCTIONS;
	if (t->no_wait) {
		if (b->instructions >= PREDICATE_INSTRUCTIONS)
			luaL_error(L, "a %s ran more than %d instructions", t->no_wait,
				   PREDICATE_INSTRUCTIONS);
		return;
	}
	if (b->slices >= HARD_SLICES)
		kill(L, ar, t);
	wall = slice_wall_ns(b);
	if (b->instructions < SLICE_INSTRUCTIONS && wall < SLICE_WALL_NS)
		return;
	if (b->ran_ns + wall > HARD_WALL_NS)
		kill(L, ar, t);
	pause_task(t, wall);
}

void budget_watch(lua_State *L)
{
	lua_sethook(L, trap, LUA_MASKCOUNT, TRAP_INSTRUCTIONS);
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
	t->budget.slice_began_ns = 0;
	if (t->budget.kills)
		return;
	t->budget.instructions = 0;
	t->budget.slices = 0;
	t->budget.ran_ns = 0;
}

void budget_spend(struct lua_task *t, int steps)
{
	t->budget.instructions += (unsigned)steps / 5;
}
