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
	.rest_first_s = 0.5,
	.bias_interval_s = 0.008,
	.mag_first_at_rest = true,
	.mag_keep_rest = true,
	.mag_lag_max_s = 0.05,
};

const struct vqf_params vqf_params_paper = {
	TABLE_2,
	.rest_first_s = 1.5,
};
