/*
 * The stacks of living tasks: one that once went deep, as a script does while it is compiled, and then sleeps
 * keeps its pages until somebody looks. A round of looks costs less than a millisecond a minute for ten
 * thousand tasks, and a task that goes deep again gets its pages again, so it need not sleep for long.
 */
#include <stdlib.h>

#include "daemon/rt/internal.h"

#define LOOK_EVERY_NS NS_PER_S
#define LOOKS 16 /* tasks each time; half a microsecond each, one more if it went deep */

static bool look(struct rt *rt, const struct task *t)
{
	return t->wait && stack_trim(&rt->stacks, &t->stack, t->ctx.sp);
}

bool stacks_look(struct rt *rt)
{
	bool any = false;

	if (rt->now_ns - rt->stack_look_ns < LOOK_EVERY_NS)
		return false;
	rt->stack_look_ns = rt->now_ns;
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

void spare_trim(struct rt *rt, unsigned keep)
{
	for (; rt->spare_count > keep; rt->spare_count--)
		free(container_of(list_pop(&rt->spare), struct task, run));
}
