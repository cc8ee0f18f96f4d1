/*
 * When is a sensor that repeats itself frozen? One that rests repeats itself by chance, and the more often the
 * coarser its numbers are beside its noise: at most with p = erf(lsb / (2 sqrt(2) sigma)) from one number to the
 * next, when the truth is in the middle of a step. So many in a row that chance brings them once in 10^9 are no
 * chance.
 */
#ifndef DRIVERS_CORE_NOISE_H
#define DRIVERS_CORE_NOISE_H
#include "drivers/core/sensor.h"

/*
 * After how many seconds of the same numbers, of all its axes, @chan of the sensor of @conf is frozen; at least
 * 0.5. INFINITY: it may repeat itself for ever, as its noise is lost in its steps, or as its filters do. NAN: its
 * noise is not known.
 */
double noise_frozen_s(const struct sensor_conf *conf, enum chan chan);

#endif
