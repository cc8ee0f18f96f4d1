/* Orientation errors: total, heading and inclination by the BROAD formulas. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/metric.h"

static struct quat about(double x, double y, double z, double angle_rad)
{
	double s = sin(angle_rad / 2);

	return (struct quat){cos(angle_rad / 2), x * s, y * s, z * s};
}

Test(metric, splits_heading_and_inclination)
{
	struct quat truth = about(0.6, 0.8, 0, 1.1);
	struct quat off = quat_mul(about(0, 0, 1, 0.3), about(1, 0, 0, 0.2));
	struct metric_error e = metric_error(quat_mul(off, truth), truth);

	cr_expect(epsilon_eq(dbl, e.heading, 0.3, 1e-12));
	cr_expect(epsilon_eq(dbl, e.inclination, 0.2, 1e-7));
	cr_expect(epsilon_eq(dbl, cos(e.total / 2), cos(0.15) * cos(0.1), 1e-12));
}

Test(metric, sign_of_a_quaternion_does_not_matter)
{
	struct quat truth = about(0, 1, 0, 0.7);
	struct quat minus = {-truth.w, -truth.x, -truth.y, -truth.z};
	struct metric_error e = metric_error(minus, truth);

	cr_expect(epsilon_eq(dbl, e.total, 0, 1e-7));
	cr_expect(epsilon_eq(dbl, e.heading, 0, 1e-7));
	cr_expect(epsilon_eq(dbl, e.inclination, 0, 1e-7));
}

Test(metric, root_mean_square)
{
	struct metric m = {0};

	cr_expect(isnan(metric_rmse(&m).total));
	metric_add(&m, about(0, 0, 1, 0.3), QUAT_IDENTITY);
	metric_add(&m, about(0, 0, 1, -0.4), QUAT_IDENTITY);
	cr_expect(epsilon_eq(dbl, metric_rmse(&m).heading, sqrt(0.125), 1e-12));
	cr_expect(epsilon_eq(dbl, metric_rmse(&m).total, sqrt(0.125), 1e-9));
	cr_expect(epsilon_eq(dbl, metric_rmse(&m).inclination, 0, 1e-7));
}

Test(metric, leaves_out_what_was_not_seen)
{
	struct quat nan = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
	struct quat zero = {0, 0, 0, 0};
	struct metric m = {0};

	metric_add(&m, QUAT_IDENTITY, nan);
	metric_add(&m, nan, QUAT_IDENTITY);
	metric_add(&m, QUAT_IDENTITY, zero);
	cr_expect(eq(long, m.count, 0));
	metric_add(&m, QUAT_IDENTITY, QUAT_IDENTITY);
	cr_expect(eq(long, m.count, 1));
	cr_expect(eq(dbl, metric_rmse(&m).total, 0));
}
