/*
 * Budgets: no script computes for long at the cost of others.
 *
 * A task that has computed for a slice (about 2 ms) without waiting is paused: it goes on in the
 * background band, slice by slice, and meanwhile no other task of its Lua state runs. One that reaches
 * the hard budget (500 ms) is killed: an error of kind "budget", which no pcall catches, names the file
 * and line. Its to-be-closed variables get a small budget of their own.
 *
 * On the real clock a slice is time, told by the trap (trap.h). On the virtual clock, and in a run that is
 * recorded or replayed, it is VM instructions, counted by Lua's count hook, so that every run is the same.
 */
#ifndef DAEMON_BEHAVE_BUDGET_H
#define DAEMON_BEHAVE_BUDGET_H
#include "daemon/rt/task.h"

#include <lua.h>

struct lua_host;
struct lua_task;

/* Part of a struct lua_task; all zero to begin with. */
struct budget {
	unsigned instructions; /* where they are counted: of this slice */
	unsigned held;         /* and of this batch or predicate, which nothing pauses */
	/* On the real clock: the processor time when the trap first saw it, or 0. */
	int64_t held_from_ns;
	unsigned spent_ms; /* in slices since the task last waited */
	unsigned kills;
	enum task_band band; /* the one to go back to after a pause */
};

/* Before the first thread of the state is made, inside rt_run(); and after the last task has ended. */
void budget_open(struct lua_host *h);
void budget_close(struct lua_host *h);

/* Count the instructions of this thread, and of those that it makes, on either clock. */
void budget_count(lua_State *L);

/* The task is about to wait: a pause is over. */
void budget_rest(struct lua_task *t);

/* The task begins, or goes on after a wait. Suspends while another of its state is paused. */
void budget_renew(struct lua_task *t);

/*
 * A batch or a predicate begins, with a budget of its own. The batch of the running task has ended: a pause that
 * has become due meanwhile comes at the next instruction.
 */
void budget_hold(struct lua_task *t);
void budget_release(lua_State *L);

/* On behalf of @t, whose code runs, others ran so many instructions: what it set had them evaluated. */
void budget_charge(struct lua_task *t, unsigned instructions);

/* The task has ended. */
void budget_end(struct lua_task *t);

/* A C function did @steps of work, each worth about a fifth of an instruction. */
void budget_spend(lua_State *L, int steps);

/* It looked at, copied or made @n bytes: 16 of them are worth an instruction. */
void budget_spend_bytes(lua_State *L, size_t n);

#endif
