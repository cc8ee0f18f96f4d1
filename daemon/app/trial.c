/* A recorded trial as an examination. */
#include "daemon/app/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/fusion/metric.h"
#include "hal/scene.h"

#define DEG_PER_RAD 57.295779513082320877

struct trial {
	struct scene *scene;
	struct metric metric_6d, metric_9d;
	int64_t scored; /* the last record that was compared; -1: none */
	uint64_t attitudes;
	struct timespec start;
};

int trial_new(struct scene *recording, struct trial **ret)
{
	struct trial *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->scene = recording;
	t->scored = -1;
	/* Of the report only: how fast this machine was says nothing to the robot. */
	clock_gettime(CLOCK_MONOTONIC, &t->start);
	*ret = t;
	return 0;
}

void trial_free(struct trial *t)
{
	free(t);
}

double trial_rate_hz(const struct trial *t)
{
	return scene_rec_rate_hz(t->scene);
}

static struct quat quat_of(const float q[4])
{
	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

void trial_score(struct trial *t, const struct estimate_attitude *a)
{
	int64_t index = scene_rec_index(t->scene, a->t_ns);
	struct scene_truth truth;
	struct quat q;

	/* Each record once: an attitude may be made again from the same record. */
	if (index < 0 || index == t->scored)
		return;
	t->scored = index;
	t->attitudes++;
	scene_rec_truth(t->scene, (uint32_t)index, &truth);
	if (!truth.moving)
		return;
	q = (struct quat){truth.quat[0], truth.quat[1], truth.quat[2], truth.quat[3]};
	metric_add(&t->metric_6d, quat_of(a->quat_6d), q);
	metric_add(&t->metric_9d, quat_of(a->quat_9d), q);
}

int trial_wait_end(struct trial *t)
{
	return scene_rec_wait_end(t->scene);
}

static double elapsed_s(const struct trial *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->start.tv_sec) +
	       (double)(now.tv_nsec - t->start.tv_nsec) * 1e-9;
}

void trial_report(const struct trial *t, FILE *out)
{
	struct metric_error e = metric_rmse(&t->metric_6d);
	double s = elapsed_s(t);
	uint32_t measured = scene_rec_measured(t->scene);

	fprintf(out, "recording      %s\n", scene_rec_name(t->scene));
	fprintf(out,
		"samples        %" PRIu32 " of %" PRIu32 " read, %" PRIu64 " attitudes\n",
		measured, scene_rec_count(t->scene), t->attitudes);
	fprintf(out, "speed          %.0f samples/s (%.1f times real time)\n",
		measured / s, measured / scene_rec_rate_hz(t->scene) / s);
	if (t->metric_6d.count == 0) {
		fprintf(out, "inclination    not compared: no record with an optical "
			     "reference\n");
		return;
	}
	fprintf(out, "inclination    %.3f deg RMSE over %ld moving samples\n",
		e.inclination * DEG_PER_RAD, t->metric_6d.count);
}
