/*
 * Stacks for tasks: address space with a guard below, pages given by the kernel as they are touched.
 * A pool keeps the stacks of tasks that have ended; what a deep one touched goes back to the kernel.
 * Unmapping costs microseconds, so it is put off: who has time calls stack_pool_trim().
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
	void *free[2];
	unsigned count[2];
	size_t deepest
		[2]; /* bytes, whole pages: the most that a stack had in use that came back */
};

/*
 * A stack of at least @size bytes. Returns 0, -ENOMEM, or -EAGAIN when the kernel's limit of mappings
 * (vm.max_map_count) is reached.
 */
int stack_get(struct stack_pool *pool, size_t size, struct stack *ret) MUST_CHECK;
void stack_put(struct stack_pool *pool, const struct stack *s);

/*
 * Unmap a few of the stacks that the pool holds beyond 64 of a size. Returns whether there were any.
 */
bool stack_pool_trim(struct stack_pool *pool);

/* Unmap what the pool holds. */
void stack_pool_fini(struct stack_pool *pool);

/* Whether @addr lies in the guard of @s. */
bool stack_in_guard(const struct stack *s, const void *addr);

#endif
