/*
 * PWM outputs of the processor. Behind them sysfs (pwm_linux.c) or simulated outputs (pwm_sim.c). Outputs of
 * chips on I2C are drivers (drivers/pca9685.c).
 */
#ifndef HAL_PWM_H
#define HAL_PWM_H
#include <stdint.h>

#include "daemon/base/macros.h"

struct pwm_out;

struct pwm_ops {
	int (*set)(struct pwm_out *p, int64_t period_ns, int64_t pulse_ns);
	void (*close)(struct pwm_out *p);
};

/* The part of an output that all kinds share; embedded in theirs. */
struct pwm_out {
	const struct pwm_ops *ops;
	char name[32];
};

/* Where outputs come from: Linux or a simulated board. */
struct pwm_provider {
	const char *name;
	int (*open)(struct pwm_provider *p, const char *output, struct pwm_out **ret);
};

/*
 * Take the output "pwmchip0:1", which stays as it is until it is set.
 * Returns 0; -ENOENT: no such output; -EBUSY: in use; -EACCES; -EINVAL for the name; -ENOMEM. Suspends.
 */
int pwm_open(struct pwm_provider *p, const char *output, struct pwm_out **ret) MUST_CHECK;
void pwm_close(struct pwm_out *p); /* NULL is fine; the output keeps running */

/*
 * Pulses of @pulse_ns every @period_ns; 0 switches it off. @pulse_ns is at most @period_ns, which is above 0.
 * Returns 0, or a negative errno: -EINVAL when the hardware cannot. Does not suspend.
 */
int pwm_set(struct pwm_out *p, int64_t period_ns, int64_t pulse_ns) MUST_CHECK;

#endif
