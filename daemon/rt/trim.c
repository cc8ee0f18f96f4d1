/*
 * Giving memory back, that of living tasks too: one that once went deep, as a script does while it is compiled,
 * and then sleeps keeps its pages until somebody looks. A round of looks costs less than a millisecond a minute
 * for ten thousand tasks, and a task that goes deep again gets its pages again, so it need not sleep for long.
 */
#include <stdlib.h>

#include "daemon/rt/internal.h"

#define LOOKS 16 /* tasks each time; half a microsecond each, one more if it went deep */
#define SPARE_KEEP 64
#define SPARE_AT_ONCE 128 /* 10 us */

static bool look(struct rt *rt, const struct task *t)
{
	return t->wait && stack_trim(&rt->stacks, &t->stack, t->ctx.sp);
}

/* At those of some tasks, in turn. */
static bool look_at_some(struct rt *rt)
{
	bool any = false;

	for (int i = 0; i < LOOKS; i++) {
		struct task *t = list_first(&rt->tasks, struct task, all);

		if (!t)
			break;
		link_remove(&t->all);
		list_push(&rt->tasks, &t->all);
		any |= look(rt, t);
	}
	return any;
}

/* The room of tasks that have ended, but for @keep of them. Returns whether there is more of it. */
static bool drop_spare(struct rt *rt, unsigned keep)
{
	for (int i = 0; i < SPARE_AT_ONCE && rt->spare_count > keep; i++) {
		free(container_of(list_pop(&rt->spare), struct task, run));
		rt->spare_count--;
	}
	return rt->spare_count > keep;
}

bool trim(struct rt *rt)
{
	if (rt->untidy)
		rt->untidy = stack_pool_trim(&rt->stacks) || drop_spare(rt, SPARE_KEEP);
	if (rt->untidy)
		return true;
	if (!trim_due(rt))
		return false;
	rt->trimmed_ns = rt->now_ns;
	return look_at_some(rt);
}

void trim_fini(struct rt *rt)
{
	stack_pool_fini(&rt->stacks);
	while (drop_spare(rt, 0))
		continue;
}
