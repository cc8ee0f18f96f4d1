/*
 * Accounts: who is charged for memory that others hold on its behalf. A script has one, with the limit of its
 * heap, and its data are charged to it as well as what Lua allocates.
 */
#ifndef DAEMON_STATE_ACCOUNT_H
#define DAEMON_STATE_ACCOUNT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Lives until its owner and all data that are charged to it have gone: they may be held longer than the owner lives. */
struct account {
	size_t used, max; /* bytes */
	unsigned refs;
};

/* NULL without memory. The owner gives it back with account_unref(). */
static inline struct account *account_new(size_t max)
{
	struct account *a = calloc(1, sizeof(*a));

	if (a)
		*a = (struct account){.max = max, .refs = 1};
	return a;
}

static inline void account_unref(struct account *a)
{
	if (a && --a->refs == 0)
		free(a);
}

/* False, and nothing is charged, when @bytes are more than is left. NULL: nobody is charged. */
static inline bool account_charge(struct account *a, size_t bytes)
{
	if (a && bytes > a->max - a->used)
		return false;
	if (a)
		a->used += bytes;
	return true;
}

static inline void account_release(struct account *a, size_t bytes)
{
	if (a)
		a->used -= bytes;
}

#endif
