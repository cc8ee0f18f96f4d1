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

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/metric.h"
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
	double angle_deg, bias_deg_s;
	int flags;
};

static void compare(struct difference *diff, const struct vqf *vqf,
		    const struct broad_reference *ref)
{
	double angle_6d = angle_deg(vqf_quat_6d(vqf), quat_from(ref->quat_6d));
	double angle_9d = angle_deg(vqf_quat_9d(vqf), quat_from(ref->quat_9d));

	diff->angle_deg = fmax(diff->angle_deg, fmax(angle_6d, angle_9d));
	for (int i = 0; i < 3; i++) {
		double d = fabs(vqf->bias.rad_s[i] - (double)ref->bias[i]) / DEG;

		diff->bias_deg_s = fmax(diff->bias_deg_s, d);
	}
	diff->flags += vqf->rest.at_rest != (ref->at_rest > 0.5f);
	diff->flags += vqf->field.disturbed != (ref->disturbed > 0.5f);
}

/* Filter @rows and compare the result with the reference's @ref and with the truth. */
static struct difference run_trial(const char *trial, const struct broad_row *rows,
				   int count, const struct broad_reference *ref)
{
	struct vqf_rates nominal = {BROAD_DT_S, BROAD_DT_S, BROAD_DT_S};
	struct difference diff = {0};
	struct metric metric = {0};
	struct metric_error rmse;
	struct vqf vqf;

	vqf_init(&vqf, &vqf_params_paper, nominal);
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
	       diff.angle_deg);
	return diff;
}

Test(broad, paper_parameters_agree_with_the_reference)
{
	for (int i = 0; i < BROAD_TRIALS; i++) {
		const char *trial = broad_trials[i];
		struct broad_reference *ref;
		struct difference diff;
		struct broad_row *rows;
		int ref_count;
		int count;

		rows = load_or_skip(trial, &count);
		ref = broad_load_reference(BROAD_DIR, trial, &ref_count);
		cr_assert(ne(ptr, ref, NULL));
		cr_assert(eq(int, ref_count, (count - 1) / BROAD_REFERENCE_STEP + 1));
		diff = run_trial(trial, rows, count, ref);
		free(rows);
		free(ref);

		cr_expect(lt(dbl, diff.angle_deg, 0.001), "%s", trial);
		cr_expect(lt(dbl, diff.bias_deg_s, 1e-5), "%s", trial);
		cr_expect(eq(int, diff.flags, 0), "%s", trial);
	}
}

/* How often the heading was within two of its standard deviations, and how large they were. */
struct sureness {
	long compared, within;
	double sum_rad;
};

static void judge(struct sureness *s, const struct attitude *a, struct quat truth)
{
	struct metric_error e = metric_error(vqf_quat_9d(&a->vqf), quat_normalise(truth));
	struct estimate_attitude now;

	if (!isfinite(e.heading))
		return;
	cr_assert(eq(int, attitude_estimate(a, &now), 0));
	s->compared++;
	s->within += e.heading < 2 * (double)now.heading_sigma;
	s->sum_rad += (double)now.heading_sigma;
}

/* Play a trial as the daemon does, by samples with times in ns. */
static struct metric_error play(const struct broad_row *rows, int start, int count,
				struct sureness *sure)
{
	struct metric metric = {0};
	struct attitude attitude;

	attitude_init(&attitude, &vqf_params_default, 1 / BROAD_DT_S, 1 / BROAD_DT_S);
	for (int i = start; i < count; i++) {
		const struct broad_row *r = &rows[i];
		int64_t t_ns = i * (int64_t)(BROAD_DT_S * NS_PER_S);
		struct sample samples[3] = {
			{t_ns, CHAN_ACCEL, {r->acc[0], r->acc[1], r->acc[2]}},
			{t_ns, CHAN_GYRO, {r->gyr[0], r->gyr[1], r->gyr[2]}},
			{t_ns,
			 CHAN_MAG,
			 {r->mag[0] * 1e-6f, r->mag[1] * 1e-6f, r->mag[2] * 1e-6f}},
		};

		for (int k = 0; k < 3; k++)
			cr_assert(eq(int, attitude_feed(&attitude, &samples[k]), 0));
		if (r->moving < 0.5f)
			continue;
		metric_add(&metric, vqf_quat_9d(&attitude.vqf), quat_from(r->truth));
		judge(sure, &attitude, quat_from(r->truth));
	}
	return metric_rmse(&metric);
}

/* The floors are what the reference implementation reaches on the same nine recordings. */
Test(broad, default_parameters_are_better_than_the_reference)
{
	struct metric_error warm = {0};
	struct metric_error cold = {0};
	struct sureness sure = {0};
	struct sureness cold_sure = {0};

	for (int i = 0; i < BROAD_TRIALS; i++) {
		struct metric_error e;
		struct broad_row *rows;
		int count;

		rows = load_or_skip(broad_trials[i], &count);
		e = play(rows, 0, count, &sure);
		warm.total += e.total / DEG / BROAD_TRIALS;
		warm.inclination += e.inclination / DEG / BROAD_TRIALS;
		e = play(rows, broad_cold_start(rows, count), count, &cold_sure);
		cold.total += e.total / DEG / BROAD_TRIALS;
		cold.inclination += e.inclination / DEG / BROAD_TRIALS;
		free(rows);
	}
	printf("mean: total %.3f, inclination %.3f deg; cold start %.3f, %.3f deg\n",
	       warm.total, warm.inclination, cold.total, cold.inclination);
	cr_expect(lt(dbl, warm.total, 2.0));
	cr_expect(lt(dbl, warm.inclination, 0.76));
	cr_expect(lt(dbl, cold.total, 3.3));
	cr_expect(lt(dbl, cold.inclination, 0.83));
	printf("heading: %.1f %% within 2 sigma of %.1f deg; cold start %.1f %%, %.1f "
	       "deg\n",
	       100.0 * (double)sure.within / (double)sure.compared,
	       sure.sum_rad / DEG / (double)sure.compared,
	       100.0 * (double)cold_sure.within / (double)cold_sure.compared,
	       cold_sure.sum_rad / DEG / (double)cold_sure.compared);
	cr_expect(gt(dbl, (double)sure.within, 0.95 * (double)sure.compared));
	cr_expect(lt(dbl, sure.sum_rad / DEG, 4.0 * (double)sure.compared));
	cr_expect(gt(dbl, (double)cold_sure.within, 0.95 * (double)cold_sure.compared));
}
