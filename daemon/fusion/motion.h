/*
 * Motion events: what happens to the robot as a whole, from its accelerometer and attitude. Pure: fed
 * in the order of time, no clock of its own.
 */
#ifndef DAEMON_FUSION_MOTION_H
#define DAEMON_FUSION_MOTION_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/estimate.h"
#include "daemon/base/sample.h"

#define MOTION_BUCKETS 10

/* Part of the window in which shaking is counted. */
struct motion_bucket {
	int64_t index; /* time divided by the bucket's length; -1: unused */
	unsigned samples, strong;
};

/* Placed by the caller; private but what motion_init() says. */
struct motion {
	struct motion_bucket buckets[MOTION_BUCKETS];
	int64_t t_ns;         /* of the last attitude; 0: none yet */
	int64_t moving_since; /* TIME_NEVER while still */
	int64_t still_since;  /* TIME_NEVER while moving */
	float up_speed, lift; /* since it last stood, m/s and m */
	float base_up[3];     /* earth's up in body axes while it stood */
	bool stood;           /* base_up is known */
	struct estimate_motion now;
};

/* Begin: nothing is known, nothing happens. */
void motion_init(struct motion *m);

/* Feed an acceleration (other channels are ignored), oldest first. */
void motion_sample(struct motion *m, const struct sample *s);

/* Feed the attitude made of it, and get the events as they are now. */
struct estimate_motion motion_update(struct motion *m, const struct estimate_attitude *a);

#endif
