/*
 * What fusion concludes, as values of the world: attitude.* and motion.*, and altitude.*.
 */
#ifndef DAEMON_APP_CONCLUSIONS_H
#define DAEMON_APP_CONCLUSIONS_H
#include <stdbool.h>

#include "daemon/app/config.h"
#include "daemon/app/trial.h"
#include "daemon/base/sample.h"
#include "daemon/state/world.h"

struct conclusions;

/*
 * Make the values of the attitude and of the altitude, as far as they are configured. @trial, NULL if there is none, is shown each attitude; its
 * recording's rate is then the sensors'. 0, or a negative errno that is logged.
 */
int conclusions_new(const struct config *c, struct trial *trial, struct world *world,
		    struct conclusions **ret) MUST_CHECK;
void conclusions_free(struct conclusions *k); /* NULL is fine */

/* What a sensor is for fusion: which of the sources of each kind, by index; -1: none of them. */
struct conclusions_feeds {
	int imu, mag, baro;
};
struct conclusions_feeds conclusions_feeds(const struct conclusions *k, const char *role);

/* Is anything concluded from such a sensor? */
bool conclusions_want(const struct conclusions_feeds *f);

/* Such a sensor runs, or does not: fusion does not hear from who is silent. */
void conclusions_health(struct conclusions *k, const struct conclusions_feeds *f,
			bool runs);

/*
 * The sensor of @s is set up anew as @s says; with @another it is another chip, or sits otherwise. The
 * orientation and the height stay; what is known about the old chip's faults is forgotten.
 */
void conclusions_sensor_changed(struct conclusions *k, const struct conf_sensor *s,
				bool another);

/* The parameters in the configuration have changed: they count from now on, and what is known stays. */
void conclusions_retune(struct conclusions *k);

/* Take in one sample of such a sensor; those that fusion refuses are counted. */
void conclusions_feed(struct conclusions *k, const struct conclusions_feeds *f,
		      const struct sample *s);

/* After the samples of one reading of it: set the values, in the caller's transaction. */
void conclusions_draw(struct conclusions *k, const struct conclusions_feeds *f);

#endif
