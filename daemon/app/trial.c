/* A recorded trial as an examination. */
#include "daemon/app/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/metric.h"
#include "hal/scene.h"

#define DEG_PER_RAD 57.295779513082320877

#define ALIGN_S 1.0 /* the rest before the motion, in which a free heading is aligned */

struct trial {
	struct scene *scene;
	struct metric metric_6d, metric_9d; /* the former with its heading aligned */
	uint32_t first_moving;              /* record; the count if nothing moves */
	double align_sin, align_cos;        /* sums over the heading errors of the rest */
	int64_t scored; /* the last record that was compared; -1: none */
	uint64_t attitudes;
	bool magnetic; /* there is a magnetometer */
	struct timespec start;
};

static uint32_t first_moving(struct scene *recording)
{
	uint32_t count = scene_rec_count(recording);
	struct scene_truth truth;

	for (uint32_t i = 0; i < count; i++) {
		scene_rec_truth(recording, i, &truth);
		if (truth.moving)
			return i;
	}
	return count;
}

int trial_new(struct scene *recording, struct trial **ret)
{
	struct trial *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->scene = recording;
	t->first_moving = first_moving(recording);
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

/* Learn how far the heading of @q is off, while the trial has not begun. */
static void align(struct trial *t, struct quat q, struct quat truth)
{
	struct quat e = quat_mul(q, quat_conj(truth));
	double heading = 2 * atan2(e.z, e.w);

	if (!isfinite(heading))
		return;
	t->align_sin += sin(heading);
	t->align_cos += cos(heading);
}

static void compare(struct trial *t, const struct estimate_attitude *a, struct quat truth)
{
	struct quat back = quat_about_up(-atan2(t->align_sin, t->align_cos));

	metric_add(&t->metric_6d, quat_mul(back, quat_of(a->quat_6d)), truth);
	metric_add(&t->metric_9d, quat_of(a->quat_9d), truth);
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
	if ((a->used | a->rejected) & CHAN_BIT(CHAN_MAG))
		t->magnetic = true;
	scene_rec_truth(t->scene, (uint32_t)index, &truth);
	q = (struct quat){truth.quat[0], truth.quat[1], truth.quat[2], truth.quat[3]};
	if (truth.moving)
		compare(t, a, q);
	else if (index < t->first_moving &&
		 (double)(t->first_moving - index) <= ALIGN_S * trial_rate_hz(t))
		align(t, quat_of(a->quat_6d), q);
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

/* Heading and total need an origin of the heading: the field, or the truth before the motion. */
static void report_errors(const struct trial *t, FILE *out)
{
	bool aligned = t->align_sin != 0 || t->align_cos != 0;
	const struct metric *m = t->magnetic ? &t->metric_9d : &t->metric_6d;
	struct metric_error e = metric_rmse(m);

	if (m->count == 0) {
		fprintf(out, "inclination    not compared: no record with an optical "
			     "reference\n");
		return;
	}
	if (t->magnetic)
		fprintf(out, "orientation    9D, heading by the magnetic field\n");
	else if (aligned)
		fprintf(out, "orientation    6D, no magnetometer: heading aligned in the "
			     "last second before the motion\n");
	else
		fprintf(out,
			"orientation    6D, no magnetometer: heading not compared, as "
			"nothing is known before the motion\n");
	if (t->magnetic || aligned) {
		fprintf(out, "total          %.3f deg RMSE over %ld moving samples\n",
			e.total * DEG_PER_RAD, m->count);
		fprintf(out, "heading        %.3f deg\n", e.heading * DEG_PER_RAD);
	}
	fprintf(out, "inclination    %.3f deg\n", e.inclination * DEG_PER_RAD);
}

void trial_report(const struct trial *t, FILE *out)
{
	double s = elapsed_s(t);
	uint32_t measured = scene_rec_measured(t->scene);

	fprintf(out, "recording      %s\n", scene_rec_name(t->scene));
	fprintf(out,
		"samples        %" PRIu32 " of %" PRIu32 " read, %" PRIu64 " attitudes\n",
		measured, scene_rec_count(t->scene), t->attitudes);
	fprintf(out, "speed          %.0f samples/s (%.1f times real time)\n",
		measured / s, measured / scene_rec_rate_hz(t->scene) / s);
	report_errors(t, out);
}
