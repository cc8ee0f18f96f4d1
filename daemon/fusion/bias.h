/*
 * The gyroscope's bias, from two sources: at rest the rate itself, in motion the drift of the
 * inclination that the accelerometer keeps correcting. A Kalman filter of three states joins them.
 */
#ifndef DAEMON_FUSION_BIAS_H
#define DAEMON_FUSION_BIAS_H
#include "daemon/fusion/lowpass.h"
#include "daemon/fusion/vqf_params.h"

enum {
	BIAS_MATRIX = 9,              /* the rotation, row by row ... */
	BIAS_CHANS = BIAS_MATRIX + 3, /* ... and the bias in earth axes */
};

struct bias {
	double rad_s[3]; /* the estimate, sensor axes */
	struct {
		double xx, xy, xz, yy, yz, zz;
	} cov;           /* its covariance, rad^2/s^2 */
	double cov_max;  /* what is known at power-on; it does not get worse */
	double cov_step; /* random walk in one sample */
	double rest_var, motion_var, vertical_var; /* of one measurement of each kind */
	double clip_rad_s;
	struct lowpass lp;
	double state[LOWPASS_STATE(BIAS_CHANS)];
};

/* What acceleration tells about the bias. */
struct bias_hint {
	const double *matrix; /* the present rotation, sensor to earth, row by row */
	double drift_rad_s
		[2]; /* rate about the earth's x and y at which the inclination drifted */
	const double
		*rest_rate; /* at rest the mean rate, sensor axes, rad/s; else NULL */
};

/* @dt_s is the nominal time between updates. */
void bias_init(struct bias *bias, const struct vqf_params *params, double dt_s);

/* Forget the past except for the estimate and its covariance. */
void bias_restart(struct bias *bias);

void bias_update(struct bias *bias, const struct bias_hint *hint);

/* One standard deviation of the worst known axis or less than that, rad/s. */
double bias_sigma_rad_s(const struct bias *bias);

#endif
