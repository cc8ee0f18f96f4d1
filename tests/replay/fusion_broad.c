/*
 * The orientation filter on nine recordings with optical ground truth. Skips where they are not.
 *
 * The oracle is the output of the authors' implementation (VQF 2.1.1, double precision, default
 * parameters) on the same samples; it came with the recordings.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdbool.h>

#include "daemon/fusion/metric.h"
#include "daemon/fusion/vqf.h"
#include "tests/replay/broad.h"

#define DEG (M_PI / 180)

static struct broad_row *load_or_skip(const char *trial, int *ret_rows)
{
	struct broad_row *rows = broad_load_trial(BROAD_DIR, trial, ret_rows);

	if (!rows)
		cr_skip_test("no recordings in %s", BROAD_DIR);
	return rows;
}

static void feed(struct vqf *vqf, const struct broad_row *row)
{
	double acc[3];
	double gyr[3];
	double mag[3];

	for (int i = 0; i < 3; i++) {
		acc[i] = (double)row->acc[i];
		gyr[i] = (double)row->gyr[i];
		mag[i] = (double)row->mag[i];
	}
	vqf_gyro(vqf, gyr, BROAD_DT_S);
	vqf_accel(vqf, acc, BROAD_DT_S);
	vqf_mag(vqf, mag, BROAD_DT_S);
}

static struct quat quat_from(const float q[4])
{
	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

static double angle_deg(struct quat a, struct quat b)
{
	struct quat e = quat_mul(a, quat_conj(b));

	return 2 * asin(fmin(1, sqrt(e.x * e.x + e.y * e.y + e.z * e.z))) / DEG;
}

/* Greatest differences from the reference implementation in one trial. */
struct difference {
	double angle_6d_deg, angle_9d_deg, bias_deg_s;
	int flags;
};

static void compare(struct difference *diff, const struct vqf *vqf,
		    const struct broad_reference *ref)
{
	struct quat ref_6d = quat_from(ref->quat_6d);
	struct quat ref_9d = quat_from(ref->quat_9d);

	diff->angle_6d_deg =
		fmax(diff->angle_6d_deg, angle_deg(vqf_quat_6d(vqf), ref_6d));
	diff->angle_9d_deg =
		fmax(diff->angle_9d_deg, angle_deg(vqf_quat_9d(vqf), ref_9d));
	for (int i = 0; i < 3; i++) {
		double d = fabs(vqf->bias.rad_s[i] - (double)ref->bias[i]) / DEG;

		diff->bias_deg_s = fmax(diff->bias_deg_s, d);
	}
	diff->flags += vqf->rest.at_rest != (ref->at_rest > 0.5f);
	diff->flags += vqf->field.disturbed != (ref->disturbed > 0.5f);
}

static void check_trial(const char *trial)
{
	struct vqf_rates nominal = {BROAD_DT_S, BROAD_DT_S, BROAD_DT_S};
	struct difference diff = {0};
	struct metric metric = {0};
	struct metric_error rmse;
	struct broad_reference *ref;
	struct broad_row *rows;
	struct vqf vqf;
	int ref_count;
	int count;

	rows = load_or_skip(trial, &count);
	ref = broad_load_reference(BROAD_DIR, trial, &ref_count);
	cr_assert(ne(ptr, ref, NULL));
	cr_assert(eq(int, ref_count, (count - 1) / BROAD_REFERENCE_STEP + 1));

	vqf_init(&vqf, &vqf_params_default, nominal);
	for (int i = 0; i < count; i++) {
		feed(&vqf, &rows[i]);
		if (i % BROAD_REFERENCE_STEP == 0)
			compare(&diff, &vqf, &ref[i / BROAD_REFERENCE_STEP]);
		if (rows[i].moving > 0.5f)
			metric_add(&metric, vqf_quat_9d(&vqf), quat_from(rows[i].truth));
	}
	rmse = metric_rmse(&metric);
	printf("%-43s total %.3f, heading %.3f, inclination %.3f deg; off by %.1g deg\n",
	       trial, rmse.total / DEG, rmse.heading / DEG, rmse.inclination / DEG,
	       diff.angle_9d_deg);
	free(rows);
	free(ref);

	cr_expect(lt(dbl, diff.angle_6d_deg, 0.001));
	cr_expect(lt(dbl, diff.angle_9d_deg, 0.001));
	cr_expect(lt(dbl, diff.bias_deg_s, 1e-5));
	cr_expect(eq(int, diff.flags, 0));
}

Test(broad, agrees_with_the_reference)
{
	for (int i = 0; i < BROAD_TRIALS; i++)
		check_trial(broad_trials[i]);
}
