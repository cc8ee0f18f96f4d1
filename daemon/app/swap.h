/*
 * Other chips, settings, mountings and filters for sensors while the robot runs.
 *
 * A role keeps its values: who waits for them goes on waiting, and a window of held_for goes on if no more time
 * passes without samples than stale_after allows. Values that the new chip does not measure, and that nobody uses,
 * become stale and stay; those that only it measures are made.
 */
#ifndef DAEMON_APP_SWAP_H
#define DAEMON_APP_SWAP_H
#include "daemon/app/config.h"
#include "daemon/app/senses.h"

#define SWAP_WHY_MAX 256

/* The sensor @i of the configuration shall be @next; the role is the same. */
struct swap {
	size_t i;
	const struct conf_sensor *next;
};

/*
 * Let all of @swaps happen, or none. First it is looked whether anybody uses a value that would go, and whether
 * each new chip answers where it shall be; then the drivers in use are stopped, their lines closed, and the new ones
 * started, until each has measured. When one of those that should cannot, all go back to what they were.
 * The caller copies @next into the configuration afterwards, and sees that swaps do not overlap.
 * Returns 0; -EBUSY: a value that would go is in use; another negative errno, of probing or starting;
 * with the reason, for people, in @why; or -ECANCELED, when the robot stops. Suspends.
 */
int swap_sensors(struct senses *s, const struct swap *swaps, size_t n,
		 char why[SWAP_WHY_MAX]) MUST_CHECK;

#endif
