/* The VQF orientation filter (Laidig and Seel 2023, sections 3.1 to 3.3). */
#include "daemon/fusion/vqf.h"

#include <math.h>
#include <stddef.h>

/* Not less than one. */
static int drift_enough(const struct vqf_params *params, struct vqf_rates nominal)
{
	return (int)fmax(1, ceil(params->bias_interval_s / nominal.acc_s));
}

void vqf_init(struct vqf *vqf, const struct vqf_params *params, struct vqf_rates nominal)
{
	*vqf = (struct vqf){
		.params = params,
		.gyr = QUAT_IDENTITY,
		.level = QUAT_IDENTITY,
		.drift_enough = drift_enough(params, nominal),
		.mag_first_gain = 1,
		.mag_rejected_s = params->mag_reject_s,
	};
	lowpass_init(&vqf->acc_lp, params->tau_acc_s, nominal.acc_s);
	rest_init(&vqf->rest, params, nominal.gyr_s, nominal.acc_s);
	bias_init(&vqf->bias, params, vqf->drift_enough * nominal.acc_s);
	magfield_init(&vqf->field, params, nominal.mag_s);
	heading_sigma_init(&vqf->heading_sigma);
}

static void forget_drift(struct vqf *vqf)
{
	vqf->drift_rad[0] = 0;
	vqf->drift_rad[1] = 0;
	vqf->drift_s = 0;
	vqf->drift_count = 0;
}

void vqf_restart(struct vqf *vqf)
{
	lowpass_restart(&vqf->acc_lp, vqf->acc_state, LOWPASS_VEC);
	rest_restart(&vqf->rest);
	bias_restart(&vqf->bias);
	magfield_restart(&vqf->field);
	maglag_pause(&vqf->lag);
	forget_drift(vqf);
	for (int i = 0; i < 3; i++)
		vqf->rate[i] = 0;
	vqf->mag_first_gain = 1;
	vqf->mag_first_at_rest = false;
}

void vqf_retune(struct vqf *vqf, const struct vqf_params *params,
		struct vqf_rates nominal)
{
	vqf->params = params;
	vqf->drift_enough = drift_enough(params, nominal);
	vqf->mag_rejected_s = fmin(vqf->mag_rejected_s, params->mag_reject_s);
	lowpass_retune(&vqf->acc_lp, vqf->acc_state, LOWPASS_VEC, params->tau_acc_s,
		       nominal.acc_s);
	rest_retune(&vqf->rest, params, nominal.gyr_s, nominal.acc_s);
	bias_retune(&vqf->bias, params, vqf->drift_enough * nominal.acc_s);
	magfield_retune(&vqf->field, params, nominal.mag_s);
}

void vqf_forget_imu(struct vqf *vqf, struct vqf_rates nominal)
{
	bias_init(&vqf->bias, vqf->params, vqf->drift_enough * nominal.acc_s);
	vqf->rest.known = false;
}

void vqf_forget_mag(struct vqf *vqf, struct vqf_rates nominal)
{
	magfield_init(&vqf->field, vqf->params, nominal.mag_s);
	vqf->lag = (struct maglag){0};
	vqf->mag_rejected_s = vqf->params->mag_reject_s;
}

/* The rotation by the vector @rate times @dt_s. */
static struct quat turn(const double rate[3], double dt_s)
{
	double h = dt_s / 2;
	double half_sq = vec_dot(rate, rate) * h * h;
	double half;
	double s;

	/* 1200 deg/s at 285 Hz are 0.037 rad: there the series are exact to the last digit. */
	if (half_sq < 0.01) {
		s = h * (1 - half_sq / 6 * (1 - half_sq / 20 * (1 - half_sq / 42)));
		return (struct quat){
			1 - half_sq / 2 * (1 - half_sq / 12 * (1 - half_sq / 30)),
			s * rate[0],
			s * rate[1],
			s * rate[2],
		};
	}
	half = sqrt(half_sq);
	s = h * sin(half) / half;
	return (struct quat){cos(half), s * rate[0], s * rate[1], s * rate[2]};
}

/*
 * The rate about a fixed axis that turns as far as @now, which follows @last: each is the mean of its
 * interval, as a gyroscope's filter makes it, and in between the axis has moved (Savage 1998, "Strapdown
 * Inertial Navigation Integration Algorithm Design Part 1", J. Guidance 21(1), section III.A, from Bortz's
 * equation with a rate that changes evenly: a + last x now / 12 for angles).
 */
static void uncone(const double last[3], const double now[3], double dt_s, double ret[3])
{
	double k = dt_s / 12;

	ret[0] = now[0] + k * (last[1] * now[2] - last[2] * now[1]);
	ret[1] = now[1] + k * (last[2] * now[0] - last[0] * now[2]);
	ret[2] = now[2] + k * (last[0] * now[1] - last[1] * now[0]);
}

void vqf_gyro(struct vqf *vqf, const double rate[3], double dt_s)
{
	const double *bias = vqf->bias.rad_s;
	double now[3] = {rate[0] - bias[0], rate[1] - bias[1], rate[2] - bias[2]};
	double mean[3] = {now[0], now[1], now[2]};

	rest_gyro(&vqf->rest, vqf->params, rate, bias);
	if (vqf->params->coning)
		uncone(vqf->rate, now, dt_s, mean);
	vqf->gyr = quat_renormalise(quat_mul(vqf->gyr, turn(mean, dt_s)));
	vqf->matrix_valid = false;
	for (int i = 0; i < 3; i++)
		vqf->rate[i] = now[i];
}

/* Sensor -> level frame as a matrix. */
static const double *level_matrix(struct vqf *vqf)
{
	if (!vqf->matrix_valid) {
		quat_matrix(vqf_quat_6d(vqf), vqf->matrix);
		vqf->matrix_valid = true;
	}
	return vqf->matrix;
}

/* The shortest rotation that takes the unit vector @up to (0, 0, 1). */
static struct quat levelling(const double up[3])
{
	double w_sq = (up[2] + 1) / 2;
	double w;

	/* Upside down, a half turn about any level axis will do. */
	if (w_sq < 1e-12)
		return (struct quat){0, 1, 0, 0};
	w = sqrt(w_sq);
	return (struct quat){w, up[1] / (2 * w), -up[0] / (2 * w), 0};
}

/*
 * The inclination was corrected in the last @dt_s by the rotation from @up to the vertical. When enough
 * of that has come together, the bias is learnt from it.
 */
static void note_drift(struct vqf *vqf, const double up[3], double dt_s)
{
	struct bias_hint hint;

	vqf->drift_rad[0] -= up[1];
	vqf->drift_rad[1] += up[0];
	vqf->drift_s += dt_s;
	if (++vqf->drift_count < vqf->drift_enough)
		return;
	hint = (struct bias_hint){
		.matrix = level_matrix(vqf),
		.drift_rad_s = {vqf->drift_rad[0] / vqf->drift_s,
				vqf->drift_rad[1] / vqf->drift_s},
		.rest_rate = vqf->rest.at_rest ? vqf->rest.rate : NULL,
	};
	bias_update(&vqf->bias, &hint);
	heading_sigma_wait(&vqf->heading_sigma, bias_sigma_rad_s(&vqf->bias),
			   vqf->drift_s);
	forget_drift(vqf);
}

void vqf_accel(struct vqf *vqf, const double acc[3], double dt_s)
{
	double up[LOWPASS_VEC] = {0};
	double norm;

	if (acc[0] == 0 && acc[1] == 0 && acc[2] == 0)
		return;
	rest_accel(&vqf->rest, vqf->params, acc, dt_s);

	quat_rotate(vqf->gyr, acc, up);
	lowpass_step(&vqf->acc_lp, vqf->acc_state, up, LOWPASS_VEC);
	quat_rotate(vqf->level, up, up);
	norm = sqrt(vec_dot(up, up));
	if (norm == 0)
		return;
	for (int i = 0; i < 3; i++)
		up[i] /= norm;
	vqf->level = quat_renormalise(quat_mul(levelling(up), vqf->level));
	vqf->matrix_valid = false;
	note_drift(vqf, up, dt_s);
}

/*
 * The gain of the next of the first headings, which are averaged: 1, 1/2, 1/3 ...; 0 when there are
 * enough, or when a rest ends.
 */
static double averaging_gain(struct vqf *vqf, double dt_s)
{
	const struct vqf_params *p = vqf->params;
	double first = vqf->mag_first_gain;

	if (first == 0)
		return 0;
	if (vqf->rest.at_rest) {
		vqf->mag_first_at_rest = true;
	} else if (vqf->mag_first_at_rest && p->mag_keep_rest) {
		vqf->mag_first_gain = 0;
		return 0;
	}
	vqf->mag_first_gain = first / (first + 1);
	if (vqf->mag_first_gain * p->tau_mag_s < dt_s)
		vqf->mag_first_gain = 0;
	return first;
}

/* How far to follow a heading just seen: 0 not at all, 1 wholly. */
static double heading_gain(struct vqf *vqf, double dt_s)
{
	const struct vqf_params *p = vqf->params;
	double k = lowpass_gain(dt_s, p->tau_mag_s);
	double first = averaging_gain(vqf, dt_s);

	if (!vqf->field.disturbed) {
		vqf->mag_rejected_s -= p->mag_reject_factor * dt_s;
		if (vqf->mag_rejected_s < 0)
			vqf->mag_rejected_s = 0;
	} else if (vqf->mag_rejected_s <= p->mag_reject_s) {
		vqf->mag_rejected_s += dt_s;
		k = 0;
	} else {
		k /= p->mag_reject_factor;
	}
	return k > first ? k : first;
}

/* @angle_rad, at most a turn outside, brought to -pi..pi. */
static double wrap(double angle_rad)
{
	if (angle_rad > M_PI)
		return angle_rad - 2 * M_PI;
	if (angle_rad < -M_PI)
		return angle_rad + 2 * M_PI;
	return angle_rad;
}

/* @mag as it would be without the magnetometer's delay, in level axes; learns the delay. */
static void level_field(struct vqf *vqf, const double mag[3], double dt_s, double ret[3])
{
	const double *matrix = level_matrix(vqf);
	double max_s = vqf->params->mag_lag_max_s;
	double swing[3];
	double rate[3];

	vec_turn(matrix, mag, ret);
	if (max_s <= 0)
		return;
	vec_turn(matrix, vqf->rate, rate);
	vec_cross(rate, ret, swing);
	if (vqf->field.disturbed)
		maglag_pause(&vqf->lag);
	else
		maglag_update(&vqf->lag, ret, swing, dt_s, max_s);
	for (int i = 0; i < 3; i++)
		ret[i] -= vqf->lag.s * swing[i];
}

void vqf_mag(struct vqf *vqf, const double mag[3], double dt_s)
{
	double level[3];
	double offset;
	double gain;

	if (mag[0] == 0 && mag[1] == 0 && mag[2] == 0)
		return;
	level_field(vqf, mag, dt_s, level);
	if (magfield_update(&vqf->field, vqf->params, level, &vqf->rest, dt_s)) {
		vqf->mag_first_gain = 1;
		vqf->mag_first_at_rest = false;
	}

	offset = wrap(atan2(level[0], level[1]) - vqf->heading_rad);
	gain = heading_gain(vqf, dt_s);
	vqf->heading_rad = wrap(vqf->heading_rad + gain * offset);
	heading_sigma_field(&vqf->heading_sigma, offset, gain,
			    lowpass_gain(dt_s, vqf->params->tau_mag_s));
}

struct quat vqf_quat_6d(const struct vqf *vqf)
{
	return quat_mul(vqf->level, vqf->gyr);
}

struct quat vqf_quat_9d(const struct vqf *vqf)
{
	return quat_mul(quat_about_up(vqf->heading_rad), vqf_quat_6d(vqf));
}

bool vqf_rejects_mag(const struct vqf *vqf)
{
	return vqf->field.disturbed && vqf->mag_first_gain == 0 &&
	       vqf->mag_rejected_s <= vqf->params->mag_reject_s;
}
