/*
 * A register-level model of the NXP PCA9685 PWM controller (PCA9685 revision 4): auto-increment, sleep
 * and restart, the prescaler, per-channel and ALL_LED registers, change on stop or on acknowledge.
 *
 * Not modelled: sub-addresses, all-call and software reset over the general call, the external clock,
 * and what MODE2 says about inversion and drive.
 */
#ifndef HAL_EMUL_PCA9685_H
#define HAL_EMUL_PCA9685_H
#include <stdint.h>

#include "daemon/base/macros.h"
#include "hal/i2c_sim.h"

#define PCA9685_CHANNELS 16

struct pca9685_model;

/* A chip at @addr as after power-on, freed with pca9685_model_free(). NULL without memory. */
struct pca9685_model *pca9685_model_new(uint8_t addr);
void pca9685_model_free(struct pca9685_model *m); /* NULL is fine; detached */

/* What goes onto a bus; lives as long as the model. */
struct i2c_model *pca9685_model_i2c(struct pca9685_model *m);

/* Power-on again. */
void pca9685_model_reset(struct pca9685_model *m);

/*
 * What an oscilloscope shows at output @channel (0 to 15): the width of its pulses in s, NaN while
 * there are none (off, asleep); and the part of the time it is high, 0 to 1. A channel that is always
 * on has a pulse of the whole period.
 */
double pca9685_pulse_s(const struct pca9685_model *m, unsigned channel);
double pca9685_duty(const struct pca9685_model *m, unsigned channel);

/* Pulses per second, of all channels. */
double pca9685_rate_hz(const struct pca9685_model *m);

#endif
