/*
 * Stacks for tasks: address space with a guard below, pages given by the kernel as they are touched.
 * A pool keeps the stacks of tasks that have ended; what a deep one touched goes back to the kernel.
 * That and unmapping cost microseconds, so they are put off: who has time calls stack_pool_trim().
 */
#ifndef DAEMON_RT_STACK_H
#define DAEMON_RT_STACK_H
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/macros.h"

/*
 * Enough to skip none: gcc and clang probe large frames at least every 64 KiB on aarch64 and every
 * page elsewhere (-fstack-clash-protection).
 */
#define STACK_GUARD ((size_t)64 * 1024)
#define STACK_DEFAULT ((size_t)64 * 1024)
/* Lua 5.4's own limit of nested C calls wants up to 430 KiB. */
#define STACK_LUA ((size_t)512 * 1024)

struct stack {
	void *lo;    /* the lowest usable byte; the guard is below */
	size_t size; /* usable bytes */
};

/* Stacks kept for the next task, by the two sizes in use. All zero is an empty pool. */
struct stack_pool {
	void *free[2];     /* have one or two pages each */
	void *fresh[2];    /* came back since there was time to look how deep they are */
	unsigned count[2]; /* of both */
	size_t deepest[2]; /* bytes, whole pages: the most that was seen in use */
};

/*
 * A stack of at least @size bytes. Returns 0, -ENOMEM, or -EAGAIN when the kernel's limit of mappings
 * (vm.max_map_count) is reached.
 */
int stack_get(struct stack_pool *pool, size_t size, struct stack *ret) MUST_CHECK;
void stack_put(struct stack_pool *pool, const struct stack *s);

/*
 * Look at a few of the stacks that came back, give back what the deep ones touched, and unmap a few of those
 * that the pool holds beyond 64 of a size. Returns whether that took long, or more is left to do.
 */
bool stack_pool_trim(struct stack_pool *pool);

/*
 * The same for the stack of a task that does not run and uses nothing below @floor: give back what it once
 * touched there. Returns whether there was any. Stacks of other sizes than the pool's are let be.
 */
bool stack_trim(struct stack_pool *pool, const struct stack *s, const void *floor);

/* Unmap what the pool holds. */
void stack_pool_fini(struct stack_pool *pool);

/* Whether @addr lies in the guard of @s. */
bool stack_in_guard(const struct stack *s, const void *addr);

#endif
