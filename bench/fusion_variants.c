/*
 * Accuracy of the orientation filter on recordings that nobody has chosen parameters by: those of fusion_trials.c,
 * slower, noisier, with a later magnetometer, and backwards. The peer is the paper's algorithm on the same samples.
 * With and without the delay that is learnt: what else is better than in the paper shows without.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/fusionplay.h"
#include "daemon/fusion/metric.h"
#include "daemon/fusion/vqf.h"
#include "tests/replay/broad.h"

#define DEG (M_PI / 180)
#define PEER "vqf_paper"

struct variant {
	const char *name;
	int step;       /* every so manyth sample, or with ... */
	bool mean;      /* ... the mean rate and acceleration of so many */
	bool noisy;     /* 0.3 deg/s, 0.1 m/s^2, 1 uT */
	int late;       /* the magnetometer, by so many samples more */
	bool backwards; /* in time */
};

static const struct variant variants[] = {
	{.name = "as_recorded", .step = 1},
	{.name = "every_2nd", .step = 2},
	{.name = "every_3rd", .step = 3},
	{.name = "mean_of_3", .step = 3, .mean = true},
	{.name = "noise", .step = 1, .noisy = true},
	{.name = "mag_2_later", .step = 1, .late = 2},
	{.name = "mag_6_later", .step = 1, .late = 6},
	{.name = "backwards", .step = 1, .backwards = true},
};

enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

/* The sum of twelve numbers of 0 to 1, less 6, is near enough to a normal one. */
static float normal(uint64_t *seed)
{
	float sum = -6;

	for (int i = 0; i < 12; i++) {
		/* Knuth's MMIX */
		*seed = *seed * 6364136223846793005U + 1442695040888963407U;
		sum += (float)(*seed >> 40) / (float)(1 << 24);
	}
	return sum;
}

static void add_noise(struct broad_row *rows, int count)
{
	uint64_t seed = 1;

	for (int i = 0; i < count; i++)
		for (int k = 0; k < 3; k++) {
			rows[i].gyr[k] += (float)(0.3 * DEG) * normal(&seed);
			rows[i].acc[k] += 0.1F * normal(&seed);
			rows[i].mag[k] += normal(&seed);
		}
}

static void delay_mag(struct broad_row *rows, int count, int late)
{
	for (int i = count - 1; i >= late; i--)
		memcpy(rows[i].mag, rows[i - late].mag, sizeof(rows[i].mag));
}

/* What was turned last is turned back first: a rate is that since the sample before. */
static void turn_back(struct broad_row *rows, int count)
{
	for (int i = 0; i < count / 2; i++) {
		struct broad_row row = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
	for (int i = count - 1; i >= 0; i--)
		for (int k = 0; k < 3; k++)
			rows[i].gyr[k] = -rows[i > 0 ? i - 1 : 0].gyr[k];
}

static void thin_out(struct fusion_trial *t, int step, bool mean)
{
	int n = 0;

	for (int i = step - 1; i < t->count; i += step) {
		struct broad_row row = t->rows[i];

		for (int j = 1; mean && j < step; j++)
			for (int k = 0; k < 3; k++) {
				row.gyr[k] += t->rows[i - j].gyr[k];
				row.acc[k] += t->rows[i - j].acc[k];
			}
		for (int k = 0; mean && k < 3; k++) {
			row.gyr[k] /= (float)step;
			row.acc[k] /= (float)step;
		}
		t->rows[n++] = row;
	}
	t->count = n;
	t->dt_s *= step;
}

static void vary(struct fusion_trial *t, const struct variant *v)
{
	if (v->backwards)
		turn_back(t->rows, t->count);
	if (v->late > 0)
		delay_mag(t->rows, t->count, v->late);
	if (v->noisy)
		add_noise(t->rows, t->count);
	thin_out(t, v->step, v->mean);
}

/* RMSE of the 9D result over the motion, deg. */
static double play(const struct fusion_trial *t, const struct vqf_params *params)
{
	struct metric metric = {0};
	struct vqf vqf;

	fusion_start(&vqf, params, t->dt_s);
	for (int i = 0; i < t->count; i++) {
		const float *q = t->rows[i].truth;

		fusion_feed(&vqf, &t->rows[i], t->dt_s);
		if (t->rows[i].moving > 0.5F)
			metric_add(&metric, vqf_quat_9d(&vqf),
				   (struct quat){(double)q[0], (double)q[1], (double)q[2],
						 (double)q[3]});
	}
	return metric_rmse(&metric).total / DEG;
}

static void bench_variant(const struct variant *v, const char *folder,
			  char trials[][BROAD_NAME_MAX], int n)
{
	struct vqf_params no_delay = vqf_params_default;
	double ours = 0;
	double without = 0;
	double paper = 0;
	int played = 0;
	char name[64];

	snprintf(name, sizeof(name), "fusion.variant.%s_deg", v->name);
	if (!bench_wants(name))
		return;
	no_delay.mag_lag_max_s = 0;
	for (int i = 0; i < n; i++) {
		struct fusion_trial t;
		double deg;

		if (!fusion_load(folder, trials[i], &t))
			continue;
		vary(&t, v);
		deg = play(&t, &vqf_params_default);
		if (isfinite(deg)) {
			ours += deg;
			without += play(&t, &no_delay);
			paper += play(&t, &vqf_params_paper);
			played++;
		}
		free(t.rows);
	}
	if (played == 0)
		return;
	bench_report(name, ours / played, "deg", PEER, paper / played);
	snprintf(name, sizeof(name), "fusion.variant.%s_no_delay_deg", v->name);
	bench_report(name, without / played, "deg", PEER, paper / played);
}

int main(int argc, char **argv)
{
	static char trials[FUSION_TRIALS_MAX][BROAD_NAME_MAX];
	const char *folder = fusion_folder(&argc, argv);
	int n;

	bench_begin(argc, argv);
	n = fusion_find(folder, trials);
	for (int i = 0; i < VARIANTS; i++)
		bench_variant(&variants[i], folder, trials, n);
	return 0;
}
