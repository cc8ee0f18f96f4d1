/* What would change: the smallest difference between the configuration that runs and another one. */
#ifndef DAEMON_APP_PLAN_H
#define DAEMON_APP_PLAN_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/app/config.h"
#include "daemon/app/swap.h"

/* How a change comes about. */
enum plan_how {
	PLAN_NOTHING, /* it means the same as before: settings of a chip that is not in use, say */
	PLAN_SENSOR,  /* the sensor is stopped and started with it */
	PLAN_FUSION,  /* in the running estimate */
	PLAN_VALUE,   /* in the running value of fusion.values */
	PLAN_PARAM,   /* a behaviour's parameter is set */
	PLAN_RESTART, /* not while the daemon runs */
};

/* One key. */
struct plan_item {
	char path[CONF_PATH_MAX];
	char from[64], to[64]; /* as JSON, cut; "": not there */
	const cJSON
		*node; /* what it shall be, of the new configuration; NULL: not there */
	enum plan_how how;
};

/* Storage is the caller's: starts with {0}, ends with plan_fini(). */
struct plan {
	struct plan_item
		*items; /* in the order of the running configuration; then what is new */
	size_t n;
	struct swap
		*swaps; /* what follows for sensors; borrows from the new configuration */
	size_t n_swaps;
	bool fusion;  /* parameters of fusion change */
	bool values;  /* settings of values of fusion.values change */
	bool restart; /* some change cannot be made while it runs: then none is */
};

/* Compare. Returns 0 or -ENOMEM; *@ret is given to plan_fini() in both cases. */
int plan_make(const struct config *running, const struct config *next,
	      struct plan *ret) MUST_CHECK;
void plan_fini(struct plan *p);

/* Have @running be @next, after the swaps were made. Does not suspend. */
void plan_adopt(const struct plan *p, struct config *running, struct config *next);

/* The changes that need a restart, "bus.state, robot.name", cut. Returns @buf. */
const char *plan_restarts(const struct plan *p, char *buf, size_t size);

/* [{"path": "sensors.imu.driver", "from": "mpu6050", "to": "icm20948", "how": "sensor"}] */
cJSON *plan_json(const struct plan *p);

#endif
