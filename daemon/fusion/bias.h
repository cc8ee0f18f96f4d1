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

/* The upper half of a symmetric matrix. */
struct bias_cov {
	double xx, xy, xz, yy, yz, zz;
};

struct bias {
	double rad_s[3];     /* the estimate, sensor axes */
	struct bias_cov cov; /* its covariance, rad^2/s^2 */
	double cov_max;      /* the variance at power-on; it does not get worse */
	double cov_step;     /* random walk from one update to the next */
	double rest_var;     /* of a measurement: at rest, ... */
	double motion_var;   /* ... in motion, ... */
	double vertical_var; /* ... in motion and about the vertical */
	double clip_rad_s;   /* of a measurement against what is believed */
	double max_rad_s;    /* of what is believed */
	struct lowpass lp;
	double state[LOWPASS_STATE(BIAS_CHANS)];
};

/* What acceleration tells about the bias; all rates in rad/s. */
struct bias_hint {
	const double *matrix;    /* the present rotation, sensor to earth, row by row */
	double drift_rad_s[2];   /* the inclination drifts about the earth's x and y */
	const double *rest_rate; /* at rest the mean rate, sensor axes; else NULL */
};

/* @dt_s is the nominal time between updates. */
void bias_init(struct bias *bias, const struct vqf_params *params, double dt_s);

/* Other parameters, or another time between updates, for one in use. */
void bias_retune(struct bias *bias, const struct vqf_params *params, double dt_s);

/* Forget the past except for the estimate and its covariance. */
void bias_restart(struct bias *bias);

/* Learn from @hint. */
void bias_update(struct bias *bias, const struct bias_hint *hint);

/* Standard deviation of the least known axis, rad/s. */
double bias_sigma_rad_s(const struct bias *bias);

#endif
