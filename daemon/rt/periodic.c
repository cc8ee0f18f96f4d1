/* Periodic work. */
#include "daemon/rt/periodic.h"

#include <assert.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

void periodic_init(struct periodic *p, int64_t period_ns, enum periodic_policy policy)
{
	assert(period_ns > 0);
	*p = (struct periodic){.period_ns = period_ns, .policy = policy};
}

/* Move the next tick as the policy says if it has passed; returns the number left out. */
static uint64_t catch_up(struct periodic *p, int64_t now)
{
	int64_t missed = (now - p->next_ns + p->period_ns - 1) / p->period_ns;

	if (missed <= 0)
		return 0;
	switch (p->policy) {
	case PERIODIC_SKIP:
		p->next_ns += missed * p->period_ns;
		return (uint64_t)missed;
	case PERIODIC_BURST:
		return 0;
	case PERIODIC_RESET:
		p->next_ns = now;
		return (uint64_t)missed - 1;
	}
	return 0;
}

int periodic_next(struct periodic *p, struct tick *ret)
{
	uint64_t missed = 0;
	int64_t now;
	int r;

	if (!p->started)
		p->next_ns = rt_now();
	else
		missed = catch_up(p, rt_now());
	r = task_sleep_until(p->next_ns);
	if (r < 0)
		return r;
	now = rt_now();
	if (!p->started)
		p->start_ns = now;
	ret->elapsed_ns = now - p->start_ns;
	ret->delta_ns = p->started ? now - p->last_ns : -1;
	ret->missed = missed;
	p->started = true;
	p->last_ns = now;
	p->next_ns += p->period_ns;
	return 0;
}
