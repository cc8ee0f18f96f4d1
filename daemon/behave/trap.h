/*
 * The trap: interrupts Lua code that computes for long, and costs nothing until then.
 *
 * A timer's signal ticks while Lua code runs on the loop thread, and when one stretch between two waits
 * has lasted TRAP_STRETCH_MS its handler sets a hook on the innermost running thread, which Lua calls at
 * the next instruction. Before the loop sleeps the timer is stopped. One trap for each thread with Lua.
 */
#ifndef DAEMON_BEHAVE_TRAP_H
#define DAEMON_BEHAVE_TRAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

#include <lua.h>

struct lua_task;

#define TRAP_STRETCH_MS 2 /* that a stretch may last, less what is left of a tick */

/*
 * Have a trap on this thread, which runs a loop; @hook is what it sets, once each time. Several may have
 * it: each calls trap_close(). Returns 0 or the negative errno of making a timer.
 */
int trap_open(lua_Hook hook) MUST_CHECK;
void trap_close(void);

/* A stretch of Lua code of @t begins: at its start, after a wait. */
void trap_begin(struct lua_task *t);

/*
 * Lua code of @t runs, as a part of the present stretch, if there is one; NULL: none does. Returns whose code
 * ran. A task must be exchanged for another before it goes.
 */
struct lua_task *trap_exchange(struct lua_task *t);

/* Milliseconds that this stretch has lasted; a tick too few or too many. */
unsigned trap_stretch_ms(void);

/* Nanoseconds that this thread has used of the processor: what else the machine does is not in them. */
int64_t trap_cpu_ns(void);

/*
 * Where the Lua code is that runs on this thread: file and line, 0 when that is not known. False when none
 * runs. May be called from a signal handler.
 */
bool trap_where(char *file, size_t size, int *ret_line);

#endif
