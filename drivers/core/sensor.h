/*
 * A sensor: one chip under a role ("imu"), read by one task for as long as the nursery lives.
 *
 * The task opens, probes and sets up the chip, reads it (on a fixed schedule, on data-ready edges, in bursts
 * from its FIFO, or a line's edges), decodes, drops what is out of range, corrects by the calibration, turns vectors
 * into body axes, filters, and hands the samples to its sink. A chip that does not answer, or that has lost its settings, is
 * tried again with growing pauses, and set up afresh; it never ends the nursery. Nothing is allocated while it runs.
 */
#ifndef DRIVERS_CORE_SENSOR_H
#define DRIVERS_CORE_SENSOR_H
#include "daemon/base/conf.h"
#include "daemon/base/sample.h"
#include "drivers/core/calibration.h"
#include "drivers/core/device.h"
#include "drivers/core/filter.h"
#include "drivers/core/mount.h"

/* "sensors.<role>". Copied by value. */
struct sensor_conf {
	struct device_conf device;
	char irq[DEVICE_LINE_MAX]; /* of the data-ready output; "": read on a schedule */
	struct mount mount;
	struct filters_conf filters;
	int64_t stale_after_ns; /* for the values made of it; 0: they do not grow stale */
	int64_t debounce_ns;    /* of edges */
};

/* The keys, for the reference page. "channels" (renames) is there, and the caller's to read. */
extern const struct conf_field sensor_fields[];

/*
 * Read and check the sensor at @at. Without the key, stale_after is ten times the reading period, at
 * least 100 ms; for a sensor that only speaks when something changes, 0.
 * Returns 0, or -EINVAL after errors in @at->errs.
 */
int sensor_conf_read(const struct conf_at *at, struct sensor_conf *ret);

/* Where samples go. Called on the sensor's task; must not suspend. */
struct sensor_sink {
	/* At most DRIVER_SAMPLES samples of one reading, in body axes. */
	void (*samples)(void *arg, const struct sample *s, unsigned n);
	/* The state has changed; NULL is fine. */
	void (*health)(void *arg, const struct device_health *health);
	void *arg;
};

/*
 * What came from the chip, before it is decoded: all that decode() gets, so that decoding it again gives
 * the same samples. Borrowed for the call.
 */
struct sensor_raw {
	const char *role;
	const struct device_conf *conf; /* the chip and its settings */
	const uint8_t *trim;            /* conf->chip->trim_max bytes */
	const uint8_t *raw;
	size_t len;
	int64_t t_ns; /* when it was measured */
};

/* Who records what comes from the chip. Called on the sensor's task; must not suspend. */
struct sensor_tap {
	void (*raw)(void *arg, const struct sensor_raw *what);
	void *arg;
};

struct sensor;

/*
 * A sensor that is not running yet. @role, @conf, @ports and @sink are copied; what they point to must
 * outlive it. Returns NULL without memory.
 */
struct sensor *sensor_new(const char *role, const struct sensor_conf *conf,
			  const struct device_ports *ports,
			  const struct sensor_sink *sink);
void sensor_free(struct sensor *s); /* after its task has ended; NULL is fine */

/* The task: nursery_go(&n, role, sensor_run, sensor). Returns -ECANCELED. Suspends. */
int sensor_run(void *sensor);

/* From now on @tap, which is copied, sees every reading; NULL: nobody does. Also while the task runs. */
void sensor_set_tap(struct sensor *s, const struct sensor_tap *tap);

bool sensor_tapped(const struct sensor *s); /* does anybody? */

/* From now on samples are corrected by @c, which is copied; NULL: by nothing. Also while the task runs. */
void sensor_set_calibration(struct sensor *s, const struct calibration *c);
const struct calibration *sensor_calibration(const struct sensor *s);

/* Its chip and the settings of that. */
const struct device_conf *sensor_device(const struct sensor *s);

/* How it is. */
struct device_health sensor_health(const struct sensor *s);

/* The channels it measures, CHAN_BIT()s. */
uint32_t sensor_chans(const struct sensor *s);

#endif
