/*
 * A register-level model of the InvenSense MPU-6050 (RM-MPU-6000A revision 4.2): sleep and reset,
 * sample rate, ranges, data-ready and overflow interrupts on a line, the FIFO, and the shadowing that
 * gives a burst one sample.
 *
 * It answers at once where the chip takes its time to reset. Not modelled: the auxiliary bus, self
 * test, motion detection, cycling, standby of single axes, and the filter itself (only its effect on
 * the rate).
 */
#ifndef HAL_EMUL_MPU6050_H
#define HAL_EMUL_MPU6050_H
#include <stdint.h>

#include "hal/gpio_sim.h"
#include "hal/i2c_sim.h"
#include "hal/scene.h"

struct mpu6050_model;

struct mpu6050_model_conf {
	uint8_t addr;             /* 0x68, or 0x69 with AD0 high */
	struct scene *scene;      /* what it measures; borrowed */
	struct gpio_board *board; /* where its INT pin is; borrowed; NULL: nowhere */
	const char *int_line; /* the line at the INT pin; copied; NULL: not connected */
};

/* A chip as after power-on, freed with mpu6050_model_free(). 0, -EINVAL for the line, or -ENOMEM. */
int mpu6050_model_new(const struct mpu6050_model_conf *conf,
		      struct mpu6050_model **ret) MUST_CHECK;
void mpu6050_model_free(struct mpu6050_model *m); /* NULL is fine; stopped and detached */

/* What goes onto a bus; lives as long as the model. */
struct i2c_model *mpu6050_model_i2c(struct mpu6050_model *m);

/* Switch its clock on and off, inside rt_run(); registers answer without. Do not suspend. */
void mpu6050_model_start(struct mpu6050_model *m);
void mpu6050_model_stop(struct mpu6050_model *m);

/* Power-on again, as when it was unplugged: registers and FIFO as after reset. */
void mpu6050_model_reset(struct mpu6050_model *m);

#endif
