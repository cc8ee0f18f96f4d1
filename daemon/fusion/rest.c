/* Rest detection (Laidig and Seel 2023, section 3.5). */
#include "daemon/fusion/rest.h"

#include <math.h>
#include <string.h>

void rest_init(struct rest *rest, const struct vqf_params *params, double gyr_dt_s,
	       double acc_dt_s)
{
	*rest = (struct rest){0};
	lowpass_init(&rest->gyr_lp, params->rest_tau_s, gyr_dt_s);
	lowpass_init(&rest->acc_lp, params->rest_tau_s, acc_dt_s);
}

void rest_retune(struct rest *rest, const struct vqf_params *params, double gyr_dt_s,
		 double acc_dt_s)
{
	lowpass_retune(&rest->gyr_lp, rest->gyr_state, LOWPASS_VEC, params->rest_tau_s,
		       gyr_dt_s);
	lowpass_retune(&rest->acc_lp, rest->acc_state, LOWPASS_VEC, params->rest_tau_s,
		       acc_dt_s);
}

void rest_restart(struct rest *rest)
{
	lowpass_restart(&rest->gyr_lp, rest->gyr_state, LOWPASS_VEC);
	lowpass_restart(&rest->acc_lp, rest->acc_state, LOWPASS_VEC);
	rest->still_s = 0;
	rest->moved = false;
	rest->at_rest = false;
}

static void move(struct rest *rest)
{
	rest->known |= rest->at_rest;
	rest->still_s = 0;
	rest->moved = true;
	rest->at_rest = false;
}

static double distance_sq(const double a[3], const double b[3])
{
	double x = a[0] - b[0];
	double y = a[1] - b[1];
	double z = a[2] - b[2];

	return x * x + y * y + z * z;
}

static bool is_within(const double a[3], const double b[3], double max)
{
	return fabs(a[0] - b[0]) <= max && fabs(a[1] - b[1]) <= max &&
	       fabs(a[2] - b[2]) <= max;
}

/* May a gyroscope at rest show the steady rate @mean, if its bias is believed to be @bias? */
static bool may_be_bias(const struct rest *rest, const struct vqf_params *params,
			const double mean[3], const double bias[3])
{
	static const double zero[3];

	if (is_within(mean, zero, params->bias_clip_rad_s))
		return true;
	if (!is_within(mean, zero, params->bias_max_rad_s))
		return false;
	/* Robots are switched on standing: until something has moved, it is bias. */
	return (!rest->moved && !rest->known) ||
	       is_within(mean, bias, params->bias_clip_rad_s);
}

void rest_gyro(struct rest *rest, const struct vqf_params *params, const double rate[3],
	       const double bias[3])
{
	double *mean = rest->rate;

	memcpy(mean, rate, 3 * sizeof(*mean));
	lowpass_step(&rest->gyr_lp, rest->gyr_state, mean, LOWPASS_VEC);
	if (distance_sq(rate, mean) >= params->rest_gyr_rad_s * params->rest_gyr_rad_s ||
	    !may_be_bias(rest, params, mean, bias))
		move(rest);
}

void rest_accel(struct rest *rest, const struct vqf_params *params, const double acc[3],
		double dt_s)
{
	double mean[LOWPASS_VEC] = {acc[0], acc[1], acc[2]};
	double enough_s = rest->moved ? params->rest_min_s : params->rest_first_s;

	lowpass_step(&rest->acc_lp, rest->acc_state, mean, LOWPASS_VEC);
	if (distance_sq(acc, mean) >= params->rest_acc_m_s2 * params->rest_acc_m_s2) {
		move(rest);
		return;
	}
	rest->still_s += dt_s;
	rest->at_rest = rest->still_s >= enough_s;
}
