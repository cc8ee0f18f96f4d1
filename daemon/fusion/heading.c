/* The standard deviation of the heading. */
#include "daemon/fusion/heading.h"

#include <math.h>

/* Any heading: evenly between -pi and pi. */
#define ANY_RAD (M_PI / 1.7320508075688772)
/* What a field calibrated with care, indoors, is off where nothing shows it (ours, from the trials). */
#define FIELD_RAD (1.0 * M_PI / 180)

void heading_sigma_init(struct heading_sigma *s)
{
	*s = (struct heading_sigma){.rad = ANY_RAD};
}

void heading_sigma_wait(struct heading_sigma *s, double bias_sigma, double dt_s)
{
	s->rad = fmin(s->rad + bias_sigma * dt_s, ANY_RAD);
}

void heading_sigma_field(struct heading_sigma *s, double off_rad, double gain,
			 double weight)
{
	if (gain == 0)
		return;
	/* The first field of all has nothing to be compared with. */
	if (s->rad < ANY_RAD)
		s->field += weight * (off_rad * off_rad - s->field);
	s->rad += gain * (sqrt(s->field / 9 + FIELD_RAD * FIELD_RAD) - s->rad);
}
