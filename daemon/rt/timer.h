/*
 * Timers of the loop: a callback at a moment. Arming never fails and allocates nothing (an intrusive
 * pairing heap: Fredman, Sedgewick, Sleator, Tarjan, Algorithmica 1, 1986). Equal deadlines fire in
 * the order in which they were armed.
 */
#ifndef DAEMON_RT_TIMER_H
#define DAEMON_RT_TIMER_H
#include <stdbool.h>
#include <stdint.h>

/* Placed by the caller, all zero to begin with; must not move or go while armed. */
struct timer {
	/*
	 * Called on the loop's stack at the start of a pass, once; must not suspend. The timer is
	 * then disarmed and may be armed again.
	 */
	void (*fn)(struct timer *t);

	bool armed; /* private from here on */
	int64_t t_ns;
	uint64_t seq;
	struct timer *child, *next, *prev;
};

/* Fire at @t_ns (rt_now()'s clock); moves a timer that is armed. */
void timer_arm(struct timer *t, int64_t t_ns);

/* Nothing happens to one that is not armed. */
void timer_disarm(struct timer *t);

static inline bool timer_armed(const struct timer *t)
{
	return t->armed;
}

#endif
