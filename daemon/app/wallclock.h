/* The wall clock as values: clock.hour, clock.weekday, clock.synced. */
#ifndef DAEMON_APP_WALLCLOCK_H
#define DAEMON_APP_WALLCLOCK_H
#include "daemon/base/macros.h"
#include "daemon/state/world.h"

/* Placed by the caller; all private. */
struct wallclock {
	struct value *hour, *weekday, *synced;
};

/*
 * Make the values, with what the clock says now. On the virtual clock it begins at midnight of a
 * Thursday and counts as synchronized. Returns 0, -EEXIST, or -ENOMEM.
 */
int wallclock_add(struct wallclock *k, struct world *world) MUST_CHECK;

/* A task that keeps them up to date; @wallclock is a struct wallclock. Returns -ECANCELED. Suspends. */
int wallclock_run(void *wallclock);

#endif
