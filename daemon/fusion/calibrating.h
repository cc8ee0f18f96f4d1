/*
 * Calibrating an accelerometer or a magnetometer by turning it about: gathers measurements in all directions, knows which
 * are still missing, and fits the ellipsoid (ellipsoid.h) they are on. In the chip's own axes. Pure.
 *
 * An accelerometer has to lie still, in six positions at least: on each of its sides. A magnetometer is turned slowly
 * through all directions, in the place where it is used but away from iron that is not the robot's.
 */
#ifndef DAEMON_FUSION_CALIBRATING_H
#define DAEMON_FUSION_CALIBRATING_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/ellipsoid.h"

#define CALIBRATING_POINTS 1500
#define CALIBRATING_SIDES 6 /* +x -x +y -y +z -z */

/* Embedded in the caller's. */
struct calibrating {
	enum chan chan; /* CHAN_ACCEL or CHAN_MAG */
	struct ellipsoid_point points[CALIBRATING_POINTS];
	unsigned n; /* full, it takes nothing more */

	/* Of an accelerometer: the mean of what came since it began to be still. */
	int64_t since_ns;
	unsigned count;
	double sum[3];
	float first[3];
};

void calibrating_init(struct calibrating *c, enum chan chan);

/* A measurement of its channel; of others nothing is taken. Ordered by time. */
void calibrating_feed(struct calibrating *c, const struct sample *s);

struct calibrating_state {
	double coverage; /* of all directions, 0 to 1 */
	unsigned
		missing; /* 1 << side: nothing, or for a magnetometer too little, towards it */
	struct ellipsoid best; /* as far as it can be told; radius 0: not yet */
};

/* How far it is. True: enough to be judged. */
bool calibrating_look(const struct calibrating *c, struct calibrating_state *ret);

/* The sides of @missing in words, "+x -z". Returns @buf. */
#define CALIBRATING_SIDES_MAX 24
const char *calibrating_sides(unsigned missing, char buf[CALIBRATING_SIDES_MAX]);

/*
 * Is what was found believable? NULL, or what is not, for people: the sensor was shaken, the field is disturbed, or no such
 * chip is so far off.
 */
const char *calibrating_doubt(enum chan chan, const struct ellipsoid *e);

#endif
