/* Is the sensor at rest? Both the rate and the acceleration stay near their own short-time mean. */
#ifndef DAEMON_FUSION_REST_H
#define DAEMON_FUSION_REST_H
#include <stdbool.h>

#include "daemon/fusion/lowpass.h"
#include "daemon/fusion/vqf_params.h"

struct rest {
	struct lowpass gyr_lp, acc_lp;
	double gyr_state[LOWPASS_STATE(LOWPASS_VEC)];
	double acc_state[LOWPASS_STATE(LOWPASS_VEC)];
	double rate
		[LOWPASS_VEC]; /* the mean rate, rad/s: at rest, the gyroscope's bias */
	double still_s;        /* how long nothing moved */
	bool moved;            /* since the start */
	bool known;            /* the bias: a rest has ended */
	bool at_rest;
};

/* @dt_s is the nominal time between samples of each sensor. */
void rest_init(struct rest *rest, const struct vqf_params *params, double gyr_dt_s,
	       double acc_dt_s);

/* Other parameters or other rates for one in use. */
void rest_retune(struct rest *rest, const struct vqf_params *params, double gyr_dt_s,
		 double acc_dt_s);

/* Forget the past, except that the bias is known: as at the start. */
void rest_restart(struct rest *rest);

/* One sample of the rate, and what is believed of its bias, rad/s. */
void rest_gyro(struct rest *rest, const struct vqf_params *params, const double rate[3],
	       const double bias[3]);

/* One sample of the acceleration, m/s^2, @dt_s after the last one. */
void rest_accel(struct rest *rest, const struct vqf_params *params, const double acc[3],
		double dt_s);

#endif
