/*
 * A register-level model of the NXP PCA9685 PWM controller (PCA9685 revision 4): auto-increment, sleep
 * and restart, the prescaler, per-channel and ALL_LED registers, change on stop or on acknowledge.
 *
 * Not modelled: sub-addresses, all-call and software reset over the general call, the external clock,
 * and what MODE2 says about inversion and drive.
 */
#ifndef HAL_EMUL_PCA9685_H
#define HAL_EMUL_PCA9685_H
#include "hal/emul/emul.h"

#define PCA9685_CHANNELS 16

/*
 * What an oscilloscope shows of @e, which is of this kind, beside emul_pulse_s(): the part of the time
 * output @channel (0 to 15) is high, 0 to 1; and pulses per second, of all channels. A channel that is
 * always on has a pulse of the whole period.
 */
double pca9685_duty(const struct emul *e, unsigned channel);
double pca9685_rate_hz(const struct emul *e);

#endif
