/* The wall clock as values: clock.hour, clock.weekday, clock.synced. */
#ifndef DAEMON_APP_WALLCLOCK_H
#define DAEMON_APP_WALLCLOCK_H
#include <stdbool.h>

#include "daemon/base/macros.h"
#include "daemon/state/world.h"

/* Placed by the caller, all zero to begin with; what follows the first member is private. */
struct wallclock {
	/*
	 * On the virtual clock, which jumps from one thing that is to happen to the next, minutes that
	 * nobody waits for are none: once there is nothing else, the clock stands still.
	 */
	bool rests;
	struct value *hour, *weekday, *synced;
};

/*
 * Make the values, with what the clock says now. On the virtual clock it begins at midnight of a
 * Thursday and counts as synchronized. Returns 0, -EEXIST, or -ENOMEM.
 */
int wallclock_add(struct wallclock *k, struct world *world) MUST_CHECK;

/* Whether somebody waits for one of them. */
bool wallclock_is_awaited(const struct wallclock *k);

/* A task that keeps them up to date; @wallclock is a struct wallclock. Returns -ECANCELED. Suspends. */
int wallclock_run(void *wallclock);

#endif
