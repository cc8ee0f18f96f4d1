/*
 * Least squares of one unknown: field = constant + delay * swing + noise. The constant wanders slowly (the
 * level frame drifts), so both sides are taken relative to their means over the last second.
 */
#include "daemon/fusion/maglag.h"

#include "daemon/fusion/lowpass.h"
#include "daemon/fusion/quat.h"

#define MEAN_TAU_S 1.0

/*
 * Relative to the field, noise is about 0.05 and lasts for 0.5 s. So after turning through this many
 * rad^2/s^2 * s the delay is known to 10 ms, which is what one would guess anyway: the guess, 0,
 * weighs as much.
 */
#define PRIOR 12.0

/* Enough to know the delay to 1 ms; from there on the oldest is forgotten. */
#define ENOUGH 1200.0

void maglag_update(struct maglag *lag, const double field[3], const double swing[3],
		   double dt_s, double max_s)
{
	double gain = lowpass_gain(dt_s, MEAN_TAU_S);
	double weight = dt_s / vec_dot(field, field);
	double df[3];
	double ds[3];

	for (int i = 0; i < 3; i++) {
		lag->field_mean[i] += gain * (field[i] - lag->field_mean[i]);
		lag->swing_mean[i] += gain * (swing[i] - lag->swing_mean[i]);
		df[i] = field[i] - lag->field_mean[i];
		ds[i] = swing[i] - lag->swing_mean[i];
	}
	lag->swing_sq += weight * vec_dot(ds, ds);
	lag->product += weight * vec_dot(df, ds);
	if (lag->swing_sq > ENOUGH) {
		lag->product *= ENOUGH / lag->swing_sq;
		lag->swing_sq = ENOUGH;
	}

	lag->s = lag->product / (lag->swing_sq + PRIOR);
	if (lag->s < 0)
		lag->s = 0;
	if (lag->s > max_s)
		lag->s = max_s;
}
