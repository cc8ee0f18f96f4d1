/*
 * Least squares of one unknown: field = constant + delay * swing + noise. The constant wanders slowly (the
 * level frame drifts), so both sides are taken relative to their means over the last second.
 */
#include "daemon/fusion/maglag.h"

#include "daemon/fusion/lowpass.h"
#include "daemon/fusion/quat.h"

#define MEAN_TAU_S 1.0

/*
 * What the fit is worth: its variance is NOISE / swing_sq, s^2. Measured by what nine recordings with one and
 * the same magnetometer make of its delay, the mean of swing_sq * (delay - 13 ms)^2. Noise alone would be a hundredth
 * of that; the rest are magnets that turn along, which are no noise, and lead the fit astray.
 */
#define NOISE 32e-4

/* What one would guess is 0, give or take 10 ms: 0 weighs as much as a fit of that variance. */
#define GUESS_S 0.01
#define PRIOR (NOISE / (GUESS_S * GUESS_S))

/* Enough to know the delay to 2 ms; from there on the oldest is forgotten. */
#define KNOWN_S 0.002
#define ENOUGH (NOISE / (KNOWN_S * KNOWN_S))

void maglag_pause(struct maglag *lag)
{
	lag->mean_s = 0;
}

/* The part of @x that is faster than the mean, which follows it. */
static void deviate(double mean[3], const double x[3], double gain, double ret[3])
{
	for (int i = 0; i < 3; i++) {
		mean[i] += gain * (x[i] - mean[i]);
		ret[i] = x[i] - mean[i];
	}
}

void maglag_update(struct maglag *lag, const double field[3], const double swing[3],
		   double dt_s, double max_s)
{
	double gain = lag->mean_s > 0 ? lowpass_gain(dt_s, MEAN_TAU_S) : 1;
	double weight = dt_s / vec_dot(field, field);
	double field_fast[3];
	double swing_fast[3];

	deviate(lag->field_mean, field, gain, field_fast);
	deviate(lag->swing_mean, swing, gain, swing_fast);
	lag->mean_s += dt_s;
	if (lag->mean_s < MEAN_TAU_S)
		return;

	lag->swing_sq += weight * vec_dot(swing_fast, swing_fast);
	lag->product += weight * vec_dot(field_fast, swing_fast);
	if (lag->swing_sq > ENOUGH) {
		lag->product *= ENOUGH / lag->swing_sq;
		lag->swing_sq = ENOUGH;
	}
	lag->s = lag->product / (lag->swing_sq + PRIOR);
	if (lag->s < -max_s)
		lag->s = -max_s;
	if (lag->s > max_s)
		lag->s = max_s;
}
