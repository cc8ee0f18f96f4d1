/* PWM outputs of Linux, through sysfs. */
#ifndef HAL_PWM_LINUX_H
#define HAL_PWM_LINUX_H
#include "hal/pwm.h"

#define PWM_LINUX_ROOT "/sys/class/pwm"

/* Placed by its user, whom the outputs must not outlive. */
struct pwm_linux {
	struct pwm_provider provider;
	const char *root;
};

/*
 * The outputs below @root (borrowed), PWM_LINUX_ROOT but for tests. They are named "chip:channel", the chip
 * by its node, "pwmchip0:1". error_last() says what is wrong with one that cannot be had.
 */
void pwm_linux_init(struct pwm_linux *p, const char *root);

#endif
