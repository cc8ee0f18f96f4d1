/* How long a sensor may repeat itself by chance. */
#include "drivers/core/noise.h"

#include <math.h>

#define CHANCE 1e-9
#define SHORTEST_S 0.5

double noise_frozen_s(const struct sensor_conf *conf, enum chan chan)
{
	const struct driver *chip = conf->device.chip;
	struct driver_noise noise;
	double repeats;
	double p;

	if (!chip || !chip->noise || !chip->noise(conf->device.settings, chan, &noise))
		return (double)NAN;
	if (conf->filters.n > 0)
		return (double)INFINITY;
	p = erf(noise.lsb / (2 * M_SQRT2 * noise.sigma));
	if (p >= 1)
		return (double)INFINITY;
	repeats = 1 + log(CHANCE) / (chan_info[chan].width * log(p));
	return fmax(SHORTEST_S, repeats / noise.independent_hz);
}
