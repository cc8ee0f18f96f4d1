/*
 * Orientation from gyroscope, accelerometer and magnetometer: the VQF algorithm.
 *
 * D. Laidig, T. Seel: "VQF: Highly Accurate IMU Orientation Estimation with Bias Estimation and
 * Magnetic Disturbance Rejection", Information Fusion 91 (2023), doi 10.1016/j.inffus.2022.10.014.
 *
 * The orientation is a chain of three rotations: the integrated rate takes the sensor into an almost
 * inertial frame; there the low-pass filtered acceleration shows where up is, and a slow correction
 * levels the frame; in the levelled frame the magnetic field shows a heading offset. Leaving off the last
 * one is the 6D result, free of magnetism; with it, it is the 9D result. Earth axes are east, north, up.
 *
 * Rates, accelerations and fields are given in sensor axes and must be finite. The rate of a moment comes
 * before the acceleration and the field of that moment.
 */
#ifndef DAEMON_FUSION_VQF_H
#define DAEMON_FUSION_VQF_H
#include <stdbool.h>

#include "daemon/fusion/bias.h"
#include "daemon/fusion/heading.h"
#include "daemon/fusion/magfield.h"
#include "daemon/fusion/maglag.h"
#include "daemon/fusion/quat.h"
#include "daemon/fusion/rest.h"
#include "daemon/fusion/vqf_params.h"

struct vqf {
	const struct vqf_params *params;
	struct quat gyr;    /* sensor -> almost inertial frame */
	struct quat level;  /* almost inertial frame -> level frame */
	double heading_rad; /* level frame -> earth, about up */
	struct heading_sigma heading_sigma;
	double matrix[9]; /* sensor -> level frame, if matrix_valid */
	bool matrix_valid;
	struct lowpass acc_lp;
	double acc_state[LOWPASS_STATE(LOWPASS_VEC)];
	struct rest rest;
	struct bias bias;
	double drift_rad[2]; /* corrections of the inclination, about x and y, and ... */
	double drift_s;      /* ... the time in which they came together */
	int drift_count;     /* and their number */
	int drift_enough;    /* so many are a measurement of the bias */
	struct magfield field;
	struct maglag lag;
	double rate[3];        /* the newest, less the bias, rad/s */
	double mag_first_gain; /* 1, 1/2, 1/3 ...: the first headings are averaged; 0: done */
	bool mag_first_at_rest; /* some of them were seen at rest */
	double mag_rejected_s;  /* how long a disturbance has been waited out */
};

/* Nominal times between samples, s, above 0. */
struct vqf_rates {
	double gyr_s, acc_s, mag_s;
};

/* Start level, heading north, with the bias 0. @params must stay. */
void vqf_init(struct vqf *vqf, const struct vqf_params *params, struct vqf_rates nominal);

/*
 * Start again after a gap in the samples, during which the sensor may have been turned: keeps the bias,
 * the magnetic reference and the orientation, and corrects the latter as fast as at the start.
 */
void vqf_restart(struct vqf *vqf);

/*
 * Other parameters, or other rates, for a filter in use: what it has learnt stays, and what it puts out
 * does not jump. @params must stay; it may be what the filter has been using all along, with new contents.
 */
void vqf_retune(struct vqf *vqf, const struct vqf_params *params,
		struct vqf_rates nominal);

/*
 * After vqf_restart(): the samples come from another gyroscope and accelerometer, whose bias is not known;
 * or from another magnetometer, which sees another field, at another time. The orientation is the robot's
 * and stays.
 */
void vqf_forget_imu(struct vqf *vqf, struct vqf_rates nominal);
void vqf_forget_mag(struct vqf *vqf, struct vqf_rates nominal);

/*
 * Feed one sample: rate in rad/s, acceleration in m/s^2, field in any unit; @dt_s after the last one of
 * its kind, above 0. An acceleration or a field of zero says nothing and is left out.
 */
void vqf_gyro(struct vqf *vqf, const double rate[3], double dt_s);
void vqf_accel(struct vqf *vqf, const double acc[3], double dt_s);
void vqf_mag(struct vqf *vqf, const double mag[3], double dt_s);

/* Sensor -> level frame with an arbitrary heading that drifts; not disturbed by magnets. */
struct quat vqf_quat_6d(const struct vqf *vqf);

/* Sensor -> east, north, up. */
struct quat vqf_quat_9d(const struct vqf *vqf);

/* Is the field just now taken for a disturbance and left out of account? */
bool vqf_rejects_mag(const struct vqf *vqf);

#endif
