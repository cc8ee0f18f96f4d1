/*
 * Accuracy and cost of the orientation filter on the BROAD recordings, which have optical ground truth:
 * warm (from the beginning, at least 30 s of rest) and cold (from one second before the motion). The
 * peer is the paper's algorithm on the same samples, which agrees with the authors' implementation.
 *
 * An argument with a slash is the folder of the recordings. Without recordings nothing is reported.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "daemon/fusion/metric.h"
#include "daemon/fusion/vqf.h"
#include "tests/replay/broad.h"

#define DEG (M_PI / 180)
#define PEER "vqf_paper"

/* What is measured of each trial, deg. */
struct score {
	double warm_9d, warm_incl, cold_9d, cold_incl;
};

struct trial {
	struct broad_row *rows;
	int count;
};

static void feed(struct vqf *vqf, const struct broad_row *row)
{
	const float *a = row->acc;
	const float *g = row->gyr;
	const float *m = row->mag;

	vqf_gyro(vqf, (double[]){(double)g[0], (double)g[1], (double)g[2]}, BROAD_DT_S);
	vqf_accel(vqf, (double[]){(double)a[0], (double)a[1], (double)a[2]}, BROAD_DT_S);
	vqf_mag(vqf, (double[]){(double)m[0], (double)m[1], (double)m[2]}, BROAD_DT_S);
}

static void start(struct vqf *vqf, const struct vqf_params *params)
{
	vqf_init(vqf, params, (struct vqf_rates){BROAD_DT_S, BROAD_DT_S, BROAD_DT_S});
}

static struct metric_error play(const struct trial *t, const struct vqf_params *params,
				int first)
{
	struct metric metric = {0};
	struct vqf vqf;

	start(&vqf, params);
	for (int i = first; i < t->count; i++) {
		const struct broad_row *row = &t->rows[i];
		const float *q = row->truth;

		feed(&vqf, row);
		if (row->moving > 0.5f)
			metric_add(&metric, vqf_quat_9d(&vqf),
				   (struct quat){(double)q[0], (double)q[1], (double)q[2],
						 (double)q[3]});
	}
	return metric_rmse(&metric);
}

static struct score score(const struct trial *t, const struct vqf_params *params)
{
	struct metric_error warm = play(t, params, 0);
	struct metric_error cold = play(t, params, broad_cold_start(t->rows, t->count));

	return (struct score){warm.total / DEG, warm.inclination / DEG, cold.total / DEG,
			      cold.inclination / DEG};
}

/* ns for a rate, an acceleration and a field; the best of a few runs over the trial. */
static double update_ns(const struct trial *t, const struct vqf_params *params)
{
	double best = HUGE_VAL;

	for (int run = 0; run < 5; run++) {
		struct vqf vqf;
		int64_t begin;
		double ns;

		start(&vqf, params);
		begin = bench_now_ns();
		for (int i = 0; i < t->count; i++)
			feed(&vqf, &t->rows[i]);
		ns = (double)(bench_now_ns() - begin) / t->count;
		best = fmin(best, ns);
	}
	return best;
}

static void report(const char *figure, const char *trial, double ours, double paper)
{
	char name[80];

	snprintf(name, sizeof(name), "fusion.%s%s%.2s", figure, *trial ? "." : "", trial);
	if (bench_wants(name))
		bench_report(name, ours, "deg", PEER, paper);
}

static void report_all(const char *trial, struct score ours, struct score paper)
{
	report("warm_9d_deg", trial, ours.warm_9d, paper.warm_9d);
	report("warm_incl_deg", trial, ours.warm_incl, paper.warm_incl);
	report("cold_9d_deg", trial, ours.cold_9d, paper.cold_9d);
	report("cold_incl_deg", trial, ours.cold_incl, paper.cold_incl);
}

static void add(struct score *sum, struct score s)
{
	sum->warm_9d += s.warm_9d / BROAD_TRIALS;
	sum->warm_incl += s.warm_incl / BROAD_TRIALS;
	sum->cold_9d += s.cold_9d / BROAD_TRIALS;
	sum->cold_incl += s.cold_incl / BROAD_TRIALS;
}

static void bench_accuracy(const struct trial *trials)
{
	struct score ours = {0};
	struct score paper = {0};

	for (int i = 0; i < BROAD_TRIALS; i++) {
		struct score a = score(&trials[i], &vqf_params_default);
		struct score b = score(&trials[i], &vqf_params_paper);

		add(&ours, a);
		add(&paper, b);
		report_all(broad_trials[i], a, b);
	}
	report_all("", ours, paper);
}

/* Take the folder out of the arguments, if there is one. */
static const char *folder_argument(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		const char *folder = argv[i];

		if (!strchr(folder, '/'))
			continue;
		memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
		(*argc)--;
		return folder;
	}
	return BROAD_DIR;
}

int main(int argc, char **argv)
{
	const char *folder = folder_argument(&argc, argv);
	struct trial trials[BROAD_TRIALS] = {0};
	int loaded = 0;

	bench_begin(argc, argv);
	for (; loaded < BROAD_TRIALS; loaded++) {
		struct trial *t = &trials[loaded];

		t->rows = broad_load_trial(folder, broad_trials[loaded], &t->count);
		if (!t->rows)
			break;
	}
	if (loaded == BROAD_TRIALS) {
		bench_accuracy(trials);
		if (bench_wants("fusion.update9d_ns"))
			bench_report("fusion.update9d_ns",
				     update_ns(&trials[0], &vqf_params_default), "ns",
				     PEER, update_ns(&trials[0], &vqf_params_paper));
	} else {
		fprintf(stderr, "bench: no recording %s in %s\n", broad_trials[loaded],
			folder);
	}
	while (loaded > 0)
		free(trials[--loaded].rows);
	return 0;
}
