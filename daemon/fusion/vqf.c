/* The VQF orientation filter (Laidig and Seel 2023, sections 3.1 to 3.3). */
#include "daemon/fusion/vqf.h"

#include <math.h>
#include <stddef.h>

#define DEG (M_PI / 180)

const struct vqf_params vqf_params_default = {
	.tau_acc_s = 3,
	.tau_mag_s = 9,
	.bias_init_rad_s = 0.5 * DEG,
	.bias_forget_s = 100,
	.bias_clip_rad_s = 2 * DEG,
	.bias_motion_rad_s = 0.1 * DEG,
	.bias_vertical = 0.0001,
	.bias_rest_rad_s = 0.03 * DEG,
	.rest_min_s = 1.5,
	.rest_tau_s = 0.5,
	.rest_gyr_rad_s = 2 * DEG,
	.rest_acc_m_s2 = 0.5,
	.mag_current_tau_s = 0.05,
	.mag_ref_tau_s = 20,
	.mag_norm_ratio = 0.1,
	.mag_dip_rad = 10 * DEG,
	.mag_new_s = 20,
	.mag_new_first_s = 5,
	.mag_new_gyr_rad_s = 20 * DEG,
	.mag_clean_s = 0.5,
	.mag_reject_s = 60,
	.mag_reject_factor = 2,
};

void vqf_init(struct vqf *vqf, const struct vqf_params *params, struct vqf_rates nominal)
{
	*vqf = (struct vqf){
		.params = *params,
		.gyr = QUAT_IDENTITY,
		.level = QUAT_IDENTITY,
		.mag_first_gain = 1,
		.mag_rejected_s = params->mag_reject_s,
	};
	lowpass_init(&vqf->acc_lp, params->tau_acc_s, nominal.acc_s);
	rest_init(&vqf->rest, params, nominal.gyr_s, nominal.acc_s);
	bias_init(&vqf->bias, params, nominal.acc_s);
	magfield_init(&vqf->field, params, nominal.mag_s);
}

void vqf_restart(struct vqf *vqf)
{
	lowpass_restart(&vqf->acc_lp, vqf->acc_chan, 3);
	rest_restart(&vqf->rest);
	bias_restart(&vqf->bias);
	magfield_restart(&vqf->field);
	vqf->mag_first_gain = 1;
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

void vqf_gyro(struct vqf *vqf, const double rate[3], double dt_s)
{
	const double *bias = vqf->bias.rad_s;
	const double unbiased[3] = {rate[0] - bias[0], rate[1] - bias[1],
				    rate[2] - bias[2]};

	rest_gyro(&vqf->rest, rate);
	vqf->gyr = quat_normalise(quat_mul(vqf->gyr, turn(unbiased, dt_s)));
}

/* The shortest rotation that takes the unit vector @up to (0, 0, 1). */
static struct quat levelling(const double up[3])
{
	double w = sqrt(fmax((up[2] + 1) / 2, 0));

	if (w < 1e-6)
		return (struct quat){0, 1, 0,
				     0}; /* upside down: any level axis will do */
	return (struct quat){w, up[1] / (2 * w), -up[0] / (2 * w), 0};
}

void vqf_accel(struct vqf *vqf, const double acc[3], double dt_s)
{
	struct bias_hint hint;
	double up[3];
	double norm_sq;

	if (acc[0] == 0 && acc[1] == 0 && acc[2] == 0)
		return;
	rest_accel(&vqf->rest, acc, dt_s);

	quat_rotate(vqf->gyr, acc, up);
	lowpass_step(&vqf->acc_lp, vqf->acc_chan, up, 3);
	quat_rotate(vqf->level, up, up);
	norm_sq = vec_dot(up, up);
	if (norm_sq == 0)
		return;
	for (int i = 0; i < 3; i++)
		up[i] /= sqrt(norm_sq);
	vqf->level = quat_normalise(quat_mul(levelling(up), vqf->level));

	quat_matrix(vqf_quat_6d(vqf), hint.matrix);
	hint.drift_rad_s[0] = -up[1] / dt_s;
	hint.drift_rad_s[1] = up[0] / dt_s;
	hint.rest_rate = vqf->rest.at_rest ? vqf->rest.rate : NULL;
	bias_update(&vqf->bias, &hint);
}

/* How far to follow a heading just seen: 0 not at all, 1 wholly. */
static double heading_gain(struct vqf *vqf, double dt_s)
{
	const struct vqf_params *p = &vqf->params;
	double k = -expm1(-dt_s / p->tau_mag_s);

	if (!vqf->field.disturbed) {
		vqf->mag_rejected_s =
			fmax(vqf->mag_rejected_s - p->mag_reject_factor * dt_s, 0);
	} else if (vqf->mag_rejected_s <= p->mag_reject_s) {
		vqf->mag_rejected_s += dt_s;
		k = 0;
	} else {
		k /= p->mag_reject_factor;
	}

	if (vqf->mag_first_gain > 0) {
		double first = vqf->mag_first_gain;

		k = fmax(k, first);
		first /= first + 1;
		vqf->mag_first_gain = first * p->tau_mag_s < dt_s ? 0 : first;
	}
	return k;
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

void vqf_mag(struct vqf *vqf, const double mag[3], double dt_s)
{
	const double *rate = vqf->rest.rate;
	double level[3];
	double offset;

	if (mag[0] == 0 && mag[1] == 0 && mag[2] == 0)
		return;
	quat_rotate(vqf_quat_6d(vqf), mag, level);
	magfield_update(&vqf->field, &vqf->params, level, sqrt(vec_dot(rate, rate)),
			dt_s);

	offset = wrap(atan2(level[0], level[1]) - vqf->heading_rad);
	vqf->heading_rad = wrap(vqf->heading_rad + heading_gain(vqf, dt_s) * offset);
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
	       vqf->mag_rejected_s <= vqf->params.mag_reject_s;
}
