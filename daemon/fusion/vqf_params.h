/* What the orientation filter can be tuned with. */
#ifndef DAEMON_FUSION_VQF_PARAMS_H
#define DAEMON_FUSION_VQF_PARAMS_H
#include <stdbool.h>

#include "daemon/base/conf.h"

struct vqf_params {
	/* Inclination and heading: faster than this the gyroscope is believed, slower the others. */
	double tau_acc_s;
	double tau_mag_s;

	/* Gyroscope bias. The sigmas say what one measurement of it is worth. */
	double bias_init_rad_s;   /* how large it may be at power-on */
	double bias_forget_s;     /* in this time it wanders by 0.1 deg/s */
	double bias_clip_rad_s;   /* a look at it is never believed to be further off */
	double bias_motion_rad_s; /* sigma, from the drift of the inclination */
	double bias_vertical;     /* less is known about the vertical, in motion; 0..1 */
	double bias_rest_rad_s;   /* sigma, at rest */

	/* Rest: rate and acceleration stay for some time near their own short-time mean. */
	double rest_min_s;
	double rest_tau_s;
	double rest_gyr_rad_s;
	double rest_acc_m_s2;

	/* Magnetic disturbance: norm and dip of the field differ from the ones learnt. */
	double mag_current_tau_s; /* smoothing of the present norm and dip */
	double mag_ref_tau_s;     /* smoothing of the reference */
	double mag_norm_ratio;    /* how far the norm may be off, relative */
	double mag_dip_rad;       /* how far the dip may be off */
	double mag_new_s;         /* a new field must be seen in motion for so long ... */
	double mag_new_first_s;   /* ... and the first one for so long */
	double mag_new_gyr_rad_s; /* in motion: turning at least as fast */
	double mag_clean_s;       /* undisturbed for so long: the disturbance is over */
	double mag_reject_s;      /* a disturbance is waited out for so long */
	double mag_reject_factor; /* afterwards the field counts so many times less */

	/* Changes to the paper, see below. */
	double bias_max_rad_s; /* it is never believed to be larger */
	double rest_first_s; /* rest_min_s as long as nothing has moved since the start */
	double bias_interval_s; /* the bias is learnt at most so often */
	bool mag_first_at_rest; /* the first field may also be learnt at rest */
	bool mag_keep_rest; /* the end of a rest ends the averaging of first headings */
	double mag_lag_max_s; /* the magnetometer's delay is learnt up to this, either way; 0: not */
	bool coning; /* the axis moves between two rates */
};

/*
 * The values of Laidig and Seel 2023, Table 2, and some changes, none of which depends on the kind of
 * motion or on the sensor:
 *
 * - A robot is switched on standing still. Until something moves, half a second of stillness, the time
 *   constant of the rest detection, is enough to learn the bias from; the paper waits for 1.5 s. And a
 *   steady rate of some degrees per second is a bias as cheap sensors have it (MPU-6050: 20 deg/s); to the
 *   paper more than 2 are motion, now and later, and the filter never gets over it.
 * - A field that is steady for 5 s at rest is the first reference. The paper wants 5 s of turning, and
 *   until then it cannot tell a disturbance from the earth's field. If motion then shows another field,
 *   steady for 5 s, it was a magnet beside the robot: that field is the reference, and the heading is found anew.
 * - The first headings are averaged, each weighing the same, until tau_mag_s have passed. When a rest ends
 *   in this time, the mean is kept and followed by the usual filter: what is measured in motion is worse
 *   than what was measured at rest, and must not weigh as much.
 * - The bias is learnt about 50 times in a second, from the corrections summed up, instead of with every
 *   sample. It changes within minutes, and this is the costliest part of all.
 * - The magnetometer's delay is learnt and made good (maglag.h).
 * - Between two rates the axis moves. The paper takes it as fixed, which is an error that grows with the square
 *   of the interval, and does not average out when a tumbling robot's axis goes round.
 */
extern const struct vqf_params vqf_params_default;

/* The keys of "fusion": { "attitude": { "vqf": ... } }, with the values of vqf_params_default. */
extern const struct conf_field vqf_fields[];

/* The paper's algorithm, and nothing else. */
extern const struct vqf_params vqf_params_paper;

#endif
