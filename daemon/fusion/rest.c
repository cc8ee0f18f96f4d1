/* Rest detection (Laidig and Seel 2023, section 3.5). */
#include "daemon/fusion/rest.h"

#include <math.h>
#include <string.h>

void rest_init(struct rest *rest, const struct vqf_params *params, double gyr_dt_s,
	       double acc_dt_s)
{
	*rest = (struct rest){
		.gyr_max_rad_s = params->rest_gyr_rad_s,
		.acc_max_m_s2 = params->rest_acc_m_s2,
		.mean_max_rad_s = params->bias_clip_rad_s,
		.min_s = params->rest_min_s,
	};
	lowpass_init(&rest->gyr_lp, params->rest_tau_s, gyr_dt_s);
	lowpass_init(&rest->acc_lp, params->rest_tau_s, acc_dt_s);
}

static void moved(struct rest *rest)
{
	rest->still_s = 0;
	rest->at_rest = false;
}

void rest_restart(struct rest *rest)
{
	lowpass_restart(&rest->gyr_lp, rest->gyr_chan, 3);
	lowpass_restart(&rest->acc_lp, rest->acc_chan, 3);
	moved(rest);
}

static double distance_sq(const double a[3], const double b[3])
{
	double x = a[0] - b[0];
	double y = a[1] - b[1];
	double z = a[2] - b[2];

	return x * x + y * y + z * z;
}

void rest_gyro(struct rest *rest, const double rate[3])
{
	double *mean = rest->rate;
	double max = rest->mean_max_rad_s;

	memcpy(mean, rate, sizeof(rest->rate));
	lowpass_step(&rest->gyr_lp, rest->gyr_chan, mean, 3);
	if (distance_sq(rate, mean) >= rest->gyr_max_rad_s * rest->gyr_max_rad_s ||
	    fabs(mean[0]) > max || fabs(mean[1]) > max || fabs(mean[2]) > max)
		moved(rest);
}

void rest_accel(struct rest *rest, const double acc[3], double dt_s)
{
	double mean[3] = {acc[0], acc[1], acc[2]};

	lowpass_step(&rest->acc_lp, rest->acc_chan, mean, 3);
	if (distance_sq(acc, mean) >= rest->acc_max_m_s2 * rest->acc_max_m_s2) {
		moved(rest);
	} else {
		rest->still_s += dt_s;
		rest->at_rest = rest->still_s >= rest->min_s;
	}
}
