/*
 * Motion events: what happens to the robot as a whole, from its accelerometer and attitude. Pure: fed
 * in the order of time, no clock of its own, no allocation.
 */
#ifndef DAEMON_FUSION_MOTION_H
#define DAEMON_FUSION_MOTION_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/base/estimate.h"
#include "daemon/base/sample.h"
#include "daemon/fusion/fall.h"
#include "daemon/fusion/held.h"
#include "daemon/fusion/lift.h"
#include "daemon/fusion/shake.h"
#include "daemon/fusion/tap.h"

struct moving_conf {
	float rate_rad_s; /* turning faster than this, or ... */
	float accel_m_s2; /* ... accelerating more: */
	int64_t after_ns; /* for so long it is moving, ... */
	int64_t gap_ns;   /* ... and until there was none of it for so long */
};

/* Beyond an angle, and until it is less by the hysteresis. */
struct angle_conf {
	float angle_rad, hysteresis_rad;
};

struct motion_conf {
	struct moving_conf moving;
	struct picked_up_conf picked_up;
	struct put_down_conf put_down;
	struct tapped_conf tapped;
	struct shaken_conf shaken;
	struct angle_conf tilted, upside_down;
	struct free_fall_conf free_fall;
	struct fallen_conf fallen;
};

/* The keys of "fusion": { "motion": ... }; conf_defaults() of it is what the tests are made with. */
extern const struct conf_field motion_fields[];

/* Placed by the caller; private but what motion_init() says. */
struct motion {
	const struct motion_conf *conf;
	int64_t sample_ns, t_ns; /* of the last sample and attitude */
	bool sampled, updated;   /* there was one */
	struct held active;      /* it moves, with pauses */
	int64_t active_ns;       /* when it moved last */
	struct shake shake;
	struct tap tap;
	struct fall fall;
	struct lift lift;
	struct estimate_motion now;
};

/* Begin: nothing is known, nothing happens. @conf must stay. */
void motion_init(struct motion *m, const struct motion_conf *conf);

/*
 * What comes next is measured by another chip, or by one that was set up anew: what was about to happen is
 * forgotten, what lasts stays, and the difference between the two is no motion.
 */
void motion_restart(struct motion *m);

/*
 * Feed an acceleration. Other channels, samples that are not finite, and those that are not newer than
 * the last one, by up to half a second, are left out; by more, time has gone back, and that is a gap.
 */
void motion_sample(struct motion *m, const struct sample *s);

/*
 * Feed the attitude made of it, and get the events as they are now; an attitude that is not newer than the last one
 * changes nothing. After a gap of half a second what was about to happen is forgotten; what lasts stays.
 */
struct estimate_motion motion_update(struct motion *m, const struct estimate_attitude *a);

#endif
