/* Orientation errors and their root mean square. */
#include "daemon/fusion/metric.h"

#include <math.h>

/* Rounding takes a cosine beyond 1; NaN stays NaN. */
static double angle_of(double cosine)
{
	return acos(cosine > 1 ? 1 : cosine);
}

struct metric_error metric_error(struct quat estimate, struct quat truth)
{
	struct quat e = quat_mul(estimate, quat_conj(truth));

	return (struct metric_error){
		.total = 2 * angle_of(fabs(e.w)),
		.heading = 2 * atan2(fabs(e.z), fabs(e.w)),
		.inclination = 2 * angle_of(hypot(e.w, e.z)),
	};
}

static double square(double x)
{
	return x * x;
}

void metric_add(struct metric *m, struct quat estimate, struct quat truth)
{
	struct metric_error e =
		metric_error(quat_normalise(estimate), quat_normalise(truth));

	if (!isfinite(e.total) || !isfinite(e.heading) || !isfinite(e.inclination))
		return;
	m->sum_sq.total += square(e.total);
	m->sum_sq.heading += square(e.heading);
	m->sum_sq.inclination += square(e.inclination);
	m->count++;
}

struct metric_error metric_rmse(const struct metric *m)
{
	double n = (double)m->count; /* 0 / 0 is NaN, as it should be */

	return (struct metric_error){
		.total = sqrt(m->sum_sq.total / n),
		.heading = sqrt(m->sum_sq.heading / n),
		.inclination = sqrt(m->sum_sq.inclination / n),
	};
}
