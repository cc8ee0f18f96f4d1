/*
 * Budgets: no script computes for long at the cost of others.
 *
 * Computation is counted in VM instructions, so that it is the same in every run. A task that has used
 * up its slice (about 2 ms) without waiting is paused: it goes on in the background band, slice by
 * slice, and meanwhile no other task of its Lua state runs. One that reaches the hard budget (about
 * 500 ms) is killed: an error of kind "budget", which no pcall catches, names the file and line. Its
 * to-be-closed variables get a small budget of their own.
 *
 * Today's trap is Lua's count hook; nothing outside budget.c knows that.
 */
#ifndef DAEMON_BEHAVE_BUDGET_H
#define DAEMON_BEHAVE_BUDGET_H
#include <stdint.h>

#include "daemon/rt/task.h"

#include <lua.h>

struct lua_task;

/* Part of a struct lua_task; all zero to begin with. */
struct budget {
	unsigned instructions; /* of this slice */
	unsigned slices;       /* since the task last waited */
	unsigned kills;
	int64_t slice_began_ns; /* CLOCK_MONOTONIC, the backstop; 0: not yet read */
	int64_t ran_ns;
	enum task_band band; /* the one to go back to after a pause */
};

/* Set the trap on a thread; threads that it makes inherit it. */
void budget_watch(lua_State *L);

/* The task is about to wait, or has ended: a pause is over. */
void budget_rest(struct lua_task *t);

/* The task goes on after a wait. */
void budget_renew(struct lua_task *t);

/* The running task did @steps of work inside a C function, each worth about a fifth of an instruction. */
void budget_spend(struct lua_task *t, int steps);

#endif
