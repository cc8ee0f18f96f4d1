/*
 * A recorded trial as an examination: each attitude is compared with the recording's optical reference
 * at the record it was made from, by the metric of the BROAD benchmark. With a magnetometer that is the 9D
 * attitude as it is. Without one the heading has no origin: the 6D attitude is compared, turned about up
 * by the mean heading error of the last second before the motion ("start-aligned").
 */
#ifndef DAEMON_APP_TRIAL_H
#define DAEMON_APP_TRIAL_H
#include <stdio.h>

#include "daemon/base/estimate.h"
#include "daemon/base/macros.h"

struct scene;
struct trial;

/* @recording, a recorded scene, must outlive it. 0 or -ENOMEM. */
int trial_new(struct scene *recording, struct trial **ret) MUST_CHECK;
void trial_free(struct trial *t); /* NULL is fine */

/* The recording's rate. */
double trial_rate_hz(const struct trial *t);

/* Compare an attitude. Those that belong to no record are left out. */
void trial_score(struct trial *t, const struct estimate_attitude *a);

/* Wait until the recording has been read to its end. 0 or -ECANCELED. Suspends. */
int trial_wait_end(struct trial *t) MUST_CHECK;

/* Write what came out: samples, samples/s of real time; total, heading and inclination error in degrees. */
void trial_report(const struct trial *t, FILE *out);

#endif
