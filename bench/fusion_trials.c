/*
 * Accuracy and cost of the orientation filter on recordings with optical ground truth: warm, from their
 * beginning, and cold, from one second before the motion. The peer is the paper's algorithm on the same
 * samples, which agrees with the authors' implementation.
 *
 * An argument with a slash is a folder of such recordings, *.f32; else those of the BROAD benchmark are
 * taken. Without recordings nothing is reported.
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
/* RMSE, deg. */
struct score {
	double warm_9d, warm_incl, cold_9d, cold_incl;
};

static struct metric_error play(const struct fusion_trial *t,
				const struct vqf_params *params, int first)
{
	struct metric metric = {0};
	struct vqf vqf;

	fusion_start(&vqf, params, t->dt_s);
	for (int i = first; i < t->count; i++) {
		const struct broad_row *row = &t->rows[i];
		const float *q = row->truth;

		fusion_feed(&vqf, row, t->dt_s);
		if (row->moving > 0.5f)
			metric_add(&metric, vqf_quat_9d(&vqf),
				   (struct quat){(double)q[0], (double)q[1], (double)q[2],
						 (double)q[3]});
	}
	return metric_rmse(&metric);
}

static struct score score(const struct fusion_trial *t, const struct vqf_params *params)
{
	struct metric_error warm = play(t, params, 0);
	struct metric_error cold = play(t, params, broad_cold_start(t->rows, t->count));

	return (struct score){warm.total / DEG, warm.inclination / DEG, cold.total / DEG,
			      cold.inclination / DEG};
}

static void add(struct score *sum, struct score s)
{
	sum->warm_9d += s.warm_9d;
	sum->warm_incl += s.warm_incl;
	sum->cold_9d += s.cold_9d;
	sum->cold_incl += s.cold_incl;
}

static void print_head(void)
{
	printf("RMSE, deg; in brackets " PEER " on the same samples\n");
	printf("%-44s %15s %15s %15s %15s\n", "trial", "9D", "inclination", "9D cold",
	       "incl. cold");
}

static void print_row(const char *trial, struct score a, struct score b)
{
	if (isnan(a.warm_9d)) {
		printf("%-44s no motion with an optical reference: not counted\n", trial);
		return;
	}
	printf("%-44s %6.3f (%6.3f) %6.3f (%6.3f) %6.3f (%6.3f) %6.3f (%6.3f)\n", trial,
	       a.warm_9d, b.warm_9d, a.warm_incl, b.warm_incl, a.cold_9d, b.cold_9d,
	       a.cold_incl, b.cold_incl);
	fflush(stdout);
}

static void report(const char *name, double ours, double paper, int n)
{
	if (bench_wants(name))
		bench_report(name, ours / n, "deg", PEER, paper / n);
}

static void bench_accuracy(const char *folder, char trials[][BROAD_NAME_MAX], int n)
{
	struct score ours = {0};
	struct score paper = {0};
	int played = 0;

	if (!bench_as_json())
		print_head();
	for (int i = 0; i < n; i++) {
		struct fusion_trial t;
		struct score a;
		struct score b;

		if (!fusion_load(folder, trials[i], &t))
			continue;
		a = score(&t, &vqf_params_default);
		b = score(&t, &vqf_params_paper);
		free(t.rows);
		if (!bench_as_json())
			print_row(trials[i], a, b);
		if (isnan(a.warm_9d))
			continue;
		add(&ours, a);
		add(&paper, b);
		played++;
	}
	if (played == 0)
		return;
	report("fusion.warm_9d_deg", ours.warm_9d, paper.warm_9d, played);
	report("fusion.warm_incl_deg", ours.warm_incl, paper.warm_incl, played);
	report("fusion.cold_9d_deg", ours.cold_9d, paper.cold_9d, played);
	report("fusion.cold_incl_deg", ours.cold_incl, paper.cold_incl, played);
}

static bool wants_accuracy(void)
{
	return bench_wants("fusion.warm_9d_deg") || bench_wants("fusion.warm_incl_deg") ||
	       bench_wants("fusion.cold_9d_deg") || bench_wants("fusion.cold_incl_deg");
}

/* ns for a rate, an acceleration and a field; the best of a few runs over the trial. */
static double update_ns(const struct fusion_trial *t, const struct vqf_params *params)
{
	double best = HUGE_VAL;

	for (int run = 0; run < 5; run++) {
		struct vqf vqf;
		int64_t begin;

		fusion_start(&vqf, params, t->dt_s);
		begin = bench_now_ns();
		for (int i = 0; i < t->count; i++)
			fusion_feed(&vqf, &t->rows[i], t->dt_s);
		best = fmin(best, (double)(bench_now_ns() - begin) / t->count);
	}
	return best;
}

/* Of @t, that is, of @folder/@trial. */
static void bench_cost(const struct fusion_trial *t, const char *folder,
		       const char *trial)
{
	if (bench_wants("fusion.update9d_ns"))
		bench_report("fusion.update9d_ns", update_ns(t, &vqf_params_default),
			     "ns", PEER, update_ns(t, &vqf_params_paper));
	if (bench_wants("fusion.update9d_instructions"))
		bench_report("fusion.update9d_instructions",
			     fusion_count(folder, trial, "default"), "instructions", PEER,
			     fusion_count(folder, trial, "paper"));
}

/* The cost of an update, by the first trial that is one. */
static void bench_cost_of_any(const char *folder, char trials[][BROAD_NAME_MAX], int n)
{
	struct fusion_trial t;

	for (int i = 0; i < n; i++) {
		if (!fusion_load(folder, trials[i], &t))
			continue;
		bench_cost(&t, folder, trials[i]);
		free(t.rows);
		return;
	}
}

int main(int argc, char **argv)
{
	static char trials[FUSION_TRIALS_MAX][BROAD_NAME_MAX];
	const char *folder;
	int n;

	/* As fusion_count() calls it. */
	if (argc == 5 && strcmp(argv[1], FUSION_COUNT) == 0)
		return fusion_play_counted(argv[2], argv[3], argv[4]);
	folder = fusion_folder(&argc, argv);
	bench_begin(argc, argv);
	n = fusion_find(folder, trials);
	if (n == 0) {
		fprintf(stderr, "bench: no recording *.f32 in %s\n", folder);
		return 0;
	}
	if (wants_accuracy())
		bench_accuracy(folder, trials, n);
	if (bench_wants("fusion.update9d_ns") ||
	    bench_wants("fusion.update9d_instructions"))
		bench_cost_of_any(folder, trials, n);
	return 0;
}
