/*
 * Periodic work without drift: tick k is due at start + k * period, however long the work takes.
 *
 *	struct periodic p;
 *	struct tick tick;
 *
 *	periodic_init(&p, 20 * NS_PER_MS, PERIODIC_SKIP);
 *	while ((r = periodic_next(&p, &tick)) == 0)
 *		steer(tick.delta_ns);
 *	return r;
 */
#ifndef DAEMON_RT_PERIODIC_H
#define DAEMON_RT_PERIODIC_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"

/* What happens when the work took so long that the next tick has passed. */
enum periodic_policy {
	PERIODIC_SKIP,  /* wait for the next tick to come; those that passed are missed */
	PERIODIC_BURST, /* make up for each one at once */
	PERIODIC_RESET, /* tick at once, and count the period from there */
};

/* Placed by the caller; all private. */
struct periodic {
	int64_t period_ns, start_ns, next_ns, last_ns;
	enum periodic_policy policy;
	bool started;
};

struct tick {
	int64_t elapsed_ns; /* since the first tick */
	int64_t delta_ns;   /* since the last tick; -1 the first time */
	uint64_t missed;    /* ticks that were left out just before this one */
};

/* @period_ns > 0. */
void periodic_init(struct periodic *p, int64_t period_ns, enum periodic_policy policy);

/* Wait for the next tick; the first comes at once. Returns 0 or -ECANCELED. Suspends. */
int periodic_next(struct periodic *p, struct tick *ret) MUST_CHECK;

#endif
