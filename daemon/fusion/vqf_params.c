/* Parameters of the orientation filter: the paper's, and ours. */
#include "daemon/fusion/vqf_params.h"

#include <math.h>

#define DEG (M_PI / 180)

/* Laidig and Seel 2023, Table 2. */
/* clang-format off */
#define TABLE_2                                \
	.tau_acc_s = 3,                        \
	.tau_mag_s = 9,                        \
	.bias_init_rad_s = 0.5 * DEG,          \
	.bias_forget_s = 100,                  \
	.bias_clip_rad_s = 2 * DEG,            \
	.bias_motion_rad_s = 0.1 * DEG,        \
	.bias_vertical = 0.0001,               \
	.bias_rest_rad_s = 0.03 * DEG,         \
	.rest_min_s = 1.5,                     \
	.rest_tau_s = 0.5,                     \
	.rest_gyr_rad_s = 2 * DEG,             \
	.rest_acc_m_s2 = 0.5,                  \
	.mag_current_tau_s = 0.05,             \
	.mag_ref_tau_s = 20,                   \
	.mag_norm_ratio = 0.1,                 \
	.mag_dip_rad = 10 * DEG,               \
	.mag_new_s = 20,                       \
	.mag_new_first_s = 5,                  \
	.mag_new_gyr_rad_s = 20 * DEG,         \
	.mag_clean_s = 0.5,                    \
	.mag_reject_s = 60,                    \
	.mag_reject_factor = 2
/* clang-format on */

const struct vqf_params vqf_params_default = {
	TABLE_2,
	.bias_max_rad_s = 10 * DEG,
	.rest_first_s = 0.5,
	.bias_interval_s = 0.02,
	.mag_first_at_rest = true,
	.mag_keep_rest = true,
	.mag_lag_max_s = 0.05,
	.coning = true,
};

const struct vqf_params vqf_params_paper = {
	TABLE_2,
	.bias_max_rad_s = 2 * DEG,
	.rest_first_s = 1.5,
};

const struct conf_field vqf_fields[] = {
	CONF_REAL(vqf_params, tau_acc_s, 3, .01, 1000, "s",
		  "Inclination: faster than this the gyroscope is believed, slower the "
		  "accelerometer."),
	CONF_REAL(
		vqf_params, tau_mag_s, 9, .01, 1000, "s",
		"Heading: faster than this the gyroscope is believed, slower the field."),
	CONF_REAL(vqf_params, bias_init_rad_s, 0.5 * DEG, 0.001 * DEG, 20 * DEG, "rad/s",
		  "How large the gyroscope's bias may be at power-on."),
	CONF_REAL(vqf_params, bias_forget_s, 100, 1, 1e6, "s",
		  "In this time the bias wanders by 0.1 deg/s."),
	CONF_REAL(vqf_params, bias_clip_rad_s, 2 * DEG, 0.01 * DEG, 20 * DEG, "rad/s",
		  "A look at the bias is never believed to be further off what is known; "
		  "a mean rate that is, is motion."),
	CONF_REAL(vqf_params, bias_motion_rad_s, 0.1 * DEG, 0.001 * DEG, 10 * DEG,
		  "rad/s",
		  "How sure one look at the bias in motion is; more learns slower."),
	CONF_REAL(vqf_params, bias_vertical, 0.0001, 0, 1, "",
		  "How much of it counts for the vertical axis."),
	CONF_REAL(vqf_params, bias_rest_rad_s, 0.03 * DEG, 0.001 * DEG, 10 * DEG, "rad/s",
		  "How sure one look at the bias at rest is; more learns slower."),
	CONF_REAL(vqf_params, rest_min_s, 1.5, 0, 60, "s", "Still for so long is rest."),
	CONF_REAL(vqf_params, rest_tau_s, 0.5, 0.01, 60, "s",
		  "Still is what stays near the mean of this time."),
	CONF_REAL(vqf_params, rest_gyr_rad_s, 2 * DEG, 0.01 * DEG, 50 * DEG, "rad/s",
		  "How near the rate must stay."),
	CONF_REAL(vqf_params, rest_acc_m_s2, 0.5, 0.001, 10, "m/s^2",
		  "How near the acceleration must stay."),
	CONF_REAL(vqf_params, mag_current_tau_s, 0.05, 0, 10, "s",
		  "Smoothing of the present field's norm and dip."),
	CONF_REAL(vqf_params, mag_ref_tau_s, 20, 0.1, 1000, "s",
		  "Smoothing of the norm and dip that are taken for the earth's."),
	CONF_REAL(vqf_params, mag_norm_ratio, 0.1, 0.001, 1, "",
		  "A norm further off than this share is a disturbance."),
	CONF_REAL(vqf_params, mag_dip_rad, 10 * DEG, 0.1 * DEG, 90 * DEG, "rad",
		  "A dip further off than this is a disturbance."),
	CONF_REAL(vqf_params, mag_new_s, 20, 0, 1000, "s",
		  "Another field becomes the reference when it is steady for so long in "
		  "motion."),
	CONF_REAL(vqf_params, mag_new_first_s, 5, 0, 1000, "s",
		  "And the first one after so long."),
	CONF_REAL(vqf_params, mag_new_gyr_rad_s, 20 * DEG, 0, 1000 * DEG, "rad/s",
		  "In motion: turning at least as fast."),
	CONF_REAL(vqf_params, mag_clean_s, 0.5, 0, 60, "s",
		  "Undisturbed for so long, a disturbance is over."),
	CONF_REAL(vqf_params, mag_reject_s, 60, 0, 1e6, "s",
		  "A disturbance is waited out for so long."),
	CONF_REAL(vqf_params, mag_reject_factor, 2, 1, 1000, "",
		  "Then the field counts so many times less."),
	CONF_REAL(
		vqf_params, bias_max_rad_s, 10 * DEG, 0.01 * DEG, 50 * DEG, "rad/s",
		"A bias is never believed to be larger. Until something has moved since "
		"the start, a steady rate up to this is bias."),
	CONF_REAL(vqf_params, rest_first_s, 0.5, 0, 60, "s",
		  "As rest_min, until something has moved since the start."),
	CONF_REAL(vqf_params, bias_interval_s, 0.02, 0, 1, "s",
		  "The bias is learnt at most so often in motion; 0: with each sample."),
	CONF_REAL(vqf_params, mag_lag_max_s, 0.05, 0, 0.2, "s",
		  "The magnetometer's delay behind the gyroscope, or the gyroscope's, is "
		  "learnt up to this; 0: not at all."),
	CONF_BOOL(vqf_params, mag_first_at_rest, true,
		  "The first field may also be learnt at rest."),
	CONF_BOOL(vqf_params, mag_keep_rest, true,
		  "A heading found at rest is not averaged with what motion shows."),
	CONF_BOOL(vqf_params, coning, true,
		  "Between two rates the axis of rotation moves; false: it is fixed."),
	CONF_END,
};
