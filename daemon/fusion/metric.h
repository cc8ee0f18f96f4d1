/*
 * How far an estimated orientation is from an optically measured one, as in the BROAD benchmark
 * (Laidig et al. 2021, doi 10.3390/data6070072): the error quaternion in earth axes, split into
 * inclination and heading.
 */
#ifndef DAEMON_FUSION_METRIC_H
#define DAEMON_FUSION_METRIC_H
#include "daemon/fusion/quat.h"

/* Angles, rad, 0 to pi. */
struct metric_error {
	double total, heading, inclination;
};

/* Sums of squares; zero to start with. */
struct metric {
	struct metric_error sum_sq;
	long count;
};

/* Both of length 1. */
struct metric_error metric_error(struct quat estimate, struct quat truth);

/* Count one sample. One whose estimate or truth is not finite, or zero, is left out. */
void metric_add(struct metric *m, struct quat estimate, struct quat truth);

/* Root mean square errors, rad; NaN before the first sample. */
struct metric_error metric_rmse(const struct metric *m);

#endif
