/*
 * Actuators: one servo, one light, and the chip that several of them may share.
 *
 * actuator_set() stores where the actuator shall be; the chip's task writes what has changed, the latest
 * wins, no faster than the actuator's rate, and tries again with growing pauses while the chip does not
 * answer. A servo's value is an angle in rad, a light's a level from 0 to 1. NaN is limp: a servo without
 * pulses, a light that is off.
 */
#ifndef DRIVERS_CORE_ACTUATOR_H
#define DRIVERS_CORE_ACTUATOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "drivers/core/device.h"

/* "devices.<name>": a chip that several actuators share. */
struct chip_conf {
	struct device_conf device;
};

enum actuator_start { ACTUATOR_START_LIMP, ACTUATOR_START_ZERO };
enum actuator_leave { ACTUATOR_LIMP, ACTUATOR_HOLD };

/* "actuators.<name>". Copied by value. */
struct actuator_conf {
	char on[32];               /* the shared chip, or "": */
	struct device_conf device; /* one of its own */
	int channel;
	double pulse_s[2];   /* of a servo, at the ends of its range */
	double range_rad[2]; /* of a servo */
	bool reverse;        /* the longest pulse is at the low end */
	double rate_rad_s;   /* of a servo; NaN: as fast as it goes */
	enum actuator_start start;
	enum actuator_leave rest; /* when nobody uses it */
	enum actuator_leave safe; /* at the stop, and when something is wrong */
};

/* The keys, for the reference page. */
extern const struct conf_field chip_fields[];
extern const struct conf_field actuator_fields[];

/* Read and check. Return 0, or -EINVAL after errors in @at->errs. */
int chip_conf_read(const struct conf_at *at, struct chip_conf *ret);
int actuator_conf_read(const struct conf_at *at, struct actuator_conf *ret);

/*
 * Check @conf, read from @at, against the driver of its chip: is there such a channel? Is a servo's
 * pulse one it can make? Returns 0, or -EINVAL after errors in @at->errs.
 */
int actuator_conf_check(const struct conf_at *at, const struct actuator_conf *conf,
			const struct device_conf *chip);

struct actuator;
struct chip;

/* Who watches what is written: for the view. Called on the chip's task; must not suspend. */
struct chip_watch {
	void (*written)(void *arg, const struct actuator *a, float value,
			const uint8_t *raw, size_t len);
	void (*health)(void *arg, const struct device_health *health);
	void *arg;
};

/*
 * A chip that is not running yet. @name, @conf, @ports and @watch (NULL is fine) are copied; what they
 * point to must outlive it. Returns NULL without memory.
 */
struct chip *chip_new(const char *name, const struct device_conf *conf,
		      const struct device_ports *ports, const struct chip_watch *watch);
void chip_free(struct chip *c); /* with its actuators, after its task has ended */

/*
 * Put an actuator on the chip, before the chip runs; it belongs to the chip. @conf has passed
 * actuator_conf_check(). Returns 0; -EBUSY when the channel has one already; -ENOMEM.
 */
int chip_add(struct chip *c, const char *name, const struct actuator_conf *conf,
	     struct actuator **ret) MUST_CHECK;

/*
 * The task: nursery_go(&n, name, chip_run, chip). On its way out it sends the safe state, within 200 ms.
 * Returns -ECANCELED. Suspends.
 */
int chip_run(void *chip);

/*
 * Make it safe without the loop, which is stuck: from another thread, with bytes that were prepared when the chip
 * began to run. When the loop goes on, what is limp stays so until it is set anew.
 * Returns 0, -ENODEV when its line is not open, or another negative errno. Blocks for some 100 ms at most.
 */
int chip_safe_now(struct chip *c) MUST_CHECK;

/* How it is. */
struct device_health chip_health(const struct chip *c);

/* Where it shall be: clamped to its range; NaN is limp. Does not suspend. */
void actuator_set(struct actuator *a, float value);

/* Nobody uses it any more: limp, or hold, as configured. Does not suspend. */
void actuator_rest(struct actuator *a);

/* Something is wrong with who uses it: limp, or hold, as configured. Does not suspend. */
void actuator_safe(struct actuator *a);

/* The value last sent to the chip; NaN before the first, and while limp. */
float actuator_position(const struct actuator *a);

/* Where it is on its way to; NaN: limp. */
float actuator_target(const struct actuator *a);

const char *actuator_unit(const struct actuator *a); /* "rad", or "" for a level */

/* What it can be set to, from *@ret_min to *@ret_max, in its unit: rad of a servo, 0 to 1 of a level. */
void actuator_range(const struct actuator *a, double *ret_min, double *ret_max);

#endif
