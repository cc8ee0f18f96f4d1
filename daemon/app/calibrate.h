/*
 * drivers.calibrate: find what is wrong with a role's gyroscope (the robot standing still), accelerometer (put on its six
 * sides) or magnetometer (turned through all directions), keep it, and use it from then on.
 *
 * The gyroscope takes one request of three seconds. The others are asked again and again, a second each, until the answer
 * says "done": so whoever asks sees how far it is, and what is still missing; who stops asking has stopped it.
 */
#ifndef DAEMON_APP_CALIBRATE_H
#define DAEMON_APP_CALIBRATE_H
#include "daemon/app/senses.h"
#include "daemon/fusion/calibrating.h"
#include "daemon/link/rpc.h"

/* Placed by the caller, who keeps it while requests are served; `senses` is set, borrowed, the rest zero. */
struct calibrate {
	struct senses *senses;

	/* What is being turned about. */
	struct sense *sense; /* NULL: nothing */
	unsigned turn;       /* of the sense: it is still the same sensor */
	int64_t began_ns, asked_ns;
	struct calibrating found;
};

/* Register the method. As rpc_register(). */
int calibrate_register(struct calibrate *c, struct rpc *rpc) MUST_CHECK;

#endif
