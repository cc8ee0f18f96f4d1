/* What the files about sensors in the world share: one sensor with its task and its values. */
#ifndef DAEMON_APP_SENSES_INTERNAL_H
#define DAEMON_APP_SENSES_INTERNAL_H
#include <stdbool.h>

#include "daemon/app/calibrations.h"
#include "daemon/app/conclusions.h"
#include "daemon/app/senses.h"
#include "daemon/rt/event.h"
#include "drivers/core/sensor.h"

/* One sensor and the values that its channels are. */
struct sense {
	struct senses *senses;
	const struct conf_sensor *conf; /* in the running configuration */
	struct sensor *sensor;
	unsigned
		turn; /* counts sensors: who comes back to it sees whether it is still the same */
	struct child task;
	struct value *values[CHAN_COUNT]; /* NULL: it does not measure that */
	struct value *health;
	struct value *calibrated; /* NULL: it needs no calibration */
	struct event changed;     /* its health has */
	struct conclusions_feeds feeds;
	bool concludes; /* fusion takes its samples */
};

struct senses {
	const struct config *conf;
	struct conf_errors *errs; /* only while it is made */
	struct hardware *hardware;
	struct world *world;
	struct nursery *nursery; /* of the tasks; NULL: not started */
	struct conclusions *conclusions;
	struct calibrations *calibrations;
	struct sense *sense; /* in the order of the configuration */
	size_t n;
};

/* A sensor that is not running yet, for @sense as @conf says. NULL without memory. */
struct sensor *sense_make(struct sense *sense, const struct conf_sensor *conf);

/*
 * The value of channel @c, which @conf names, made unless it is there and the role's own. Returns 0; -EEXIST
 * when somebody else owns the name; or world_add()'s errors. *ret_made tells whether it was made.
 */
int sense_value(struct sense *sense, const struct conf_sensor *conf, int c,
		struct value **ret, bool *ret_made) MUST_CHECK;

/* Start its task; what cannot be started fails the nursery. */
void sense_go(struct sense *sense);

/* Its calibration has changed. */
void sense_recalibrate(struct sense *sense);

/* Show how the sensor is in health.<role>. */
void sense_show_health(struct sense *sense);

#endif
