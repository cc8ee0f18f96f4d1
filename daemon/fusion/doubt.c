/* Sensors that repeat themselves. */
#include "daemon/fusion/doubt.h"

#include <math.h>

#define CLIPPED_REPEATS 2

bool doubt_sample(struct doubt *d, const float v[3], double dt_s, float large,
		  double frozen_s)
{
	bool clipped = false;
	bool frozen = true;

	for (int i = 0; i < 3; i++) {
		bool same = v[i] == d->last[i];

		d->same[i] = same ? d->same[i] + 1 : 0;
		d->same_s[i] = same ? d->same_s[i] + dt_s : 0;
		d->last[i] = v[i];
		d->peak = fmaxf(d->peak, fabsf(v[i]));
		clipped |= d->same[i] >= CLIPPED_REPEATS && fabsf(v[i]) > large &&
			   fabsf(v[i]) >= d->peak;
		frozen &= d->same_s[i] >= frozen_s;
	}
	d->frozen = frozen;
	return clipped || frozen;
}
