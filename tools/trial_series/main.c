/*
 * What fusion makes of a recorded trial, as a table for tools/plot_trial: trial_series FILE.f32. One line for
 * each 20th record, angles in degrees; what was not seen is "nan".
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/metric.h"
#include "daemon/fusion/motion.h"
#include "tests/replay/broad.h"

#define DEG (M_PI / 180)
#define EVERY 20

struct fusion {
	struct motion_conf conf;
	struct attitude attitude;
	struct motion motion;
	struct estimate_attitude a;
	struct estimate_motion m;
};

static struct quat quat_of(const float q[4])
{
	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

/* Returns 0, or the error of a sample that was refused. */
static int feed(struct fusion *f, const struct broad_row *r, int64_t t_ns)
{
	const float *m = r->mag;
	const struct sample samples[3] = {
		{t_ns, CHAN_ACCEL, {r->acc[0], r->acc[1], r->acc[2]}},
		{t_ns, CHAN_MAG, {m[0] * 1e-6F, m[1] * 1e-6F, m[2] * 1e-6F}},
		{t_ns, CHAN_GYRO, {r->gyr[0], r->gyr[1], r->gyr[2]}},
	};
	int result = 0;

	for (int i = 0; i < 3; i++) {
		int e = attitude_feed(&f->attitude, &samples[i]);

		if (e == 0)
			motion_sample(&f->motion, &samples[i]);
		else
			result = e;
	}
	if (attitude_estimate(&f->attitude, &f->a) == 0)
		f->m = motion_update(&f->motion, &f->a);
	return result;
}

static void print_angles(struct quat q)
{
	double sin_pitch = 2 * (q.w * q.y - q.z * q.x);

	/* Rounding takes it beyond 1; NaN stays NaN. */
	if (fabs(sin_pitch) > 1)
		sin_pitch = copysign(1, sin_pitch);
	printf(" %.3f %.3f %.3f",
	       atan2(2 * (q.w * q.x + q.y * q.z), 1 - 2 * (q.x * q.x + q.y * q.y)) / DEG,
	       asin(sin_pitch) / DEG,
	       atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z)) / DEG);
}

static void print_row(const struct fusion *f, const struct broad_row *r, double t_s)
{
	const struct estimate_attitude *a = &f->a;
	const struct estimate_motion *m = &f->m;
	struct quat truth = quat_of(r->truth);
	struct metric_error e = metric_error(quat_of(a->quat_9d), truth);

	printf("%.3f", t_s);
	print_angles(quat_of(a->quat_9d));
	print_angles(truth);
	printf(" %.4f %.4f %.4f", e.total / DEG, e.heading / DEG, e.inclination / DEG);
	for (int i = 0; i < 3; i++)
		printf(" %.5f", (double)a->gyro_bias[i] / DEG);
	printf(" %.5f %.4f", (double)a->gyro_bias_sigma / DEG,
	       (double)a->heading_sigma / DEG);
	printf(" %d %d %d %d %d %d %d\n", a->at_rest, a->disturbed, a->degraded,
	       m->picked_up, m->shaken, m->tilted, m->taps > 0);
}

int main(int argc, char **argv)
{
	static struct fusion f;
	struct broad_row *rows;
	const char *folder;
	double rate_hz;
	int n;

	if (argc != 2) {
		fprintf(stderr, "usage: trial_series FILE.f32\n");
		return 2;
	}
	folder = argv[1][0] == '/' ? "" : ".";
	rate_hz = broad_rate_hz(folder, argv[1], "");
	rows = broad_load(folder, argv[1], "", sizeof(*rows), &n);
	if (!rows || rate_hz == 0) {
		free(rows);
		fprintf(stderr, "trial_series: %s is no recording\n", argv[1]);
		return 1;
	}
	conf_defaults(motion_fields, &f.conf);
	attitude_init(&f.attitude, &vqf_params_default, rate_hz, rate_hz);
	motion_init(&f.motion, &f.conf);
	printf("t roll pitch yaw ref_roll ref_pitch ref_yaw total heading inclination "
	       "bias_x bias_y bias_z sigma heading_sigma at_rest disturbed degraded "
	       "picked_up shaken "
	       "tilted tapped\n");
	for (int i = 0; i < n; i++) {
		int r = feed(&f, &rows[i], (int64_t)(i / rate_hz * NS_PER_S));

		if (r < 0)
			fprintf(stderr, "trial_series: record %d: a sample was refused\n",
				i);
		if (i % EVERY == 0)
			print_row(&f, &rows[i], i / rate_hz);
	}
	free(rows);
	return 0;
}
