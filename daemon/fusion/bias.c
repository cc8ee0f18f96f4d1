/* Estimation of the gyroscope's bias (Laidig and Seel 2023, section 3.4). */
#include "daemon/fusion/bias.h"

#include <math.h>
#include <string.h>

#include "daemon/fusion/quat.h"

static double square(double x)
{
	return x * x;
}

/*
 * The variance that a measurement must be given for the filter to settle at standard deviation
 * @sigma, when the state wanders by the variance @step between measurements.
 */
static double measurement_var(double sigma, double step)
{
	return square(square(sigma)) / step + square(sigma);
}

/* What follows from the parameters alone. */
static void weigh(struct bias *bias, const struct vqf_params *params, double dt_s)
{
	const double wander_rad_s = 0.1 * M_PI / 180;
	double step = square(wander_rad_s) * dt_s / params->bias_forget_s;

	bias->cov_max = square(params->bias_init_rad_s);
	bias->cov_step = step;
	bias->rest_var = measurement_var(params->bias_rest_rad_s, step);
	bias->motion_var = measurement_var(params->bias_motion_rad_s, step);
	bias->clip_rad_s = params->bias_clip_rad_s;
	bias->max_rad_s = params->bias_max_rad_s;
	bias->vertical_var = bias->motion_var / fmax(params->bias_vertical, 1e-10);
}

void bias_retune(struct bias *bias, const struct vqf_params *params, double dt_s)
{
	weigh(bias, params, dt_s);
	lowpass_retune(&bias->lp, bias->state, BIAS_CHANS, params->tau_acc_s, dt_s);
}

void bias_init(struct bias *bias, const struct vqf_params *params, double dt_s)
{
	*bias = (struct bias){0};
	weigh(bias, params, dt_s);
	bias->cov.xx = bias->cov.yy = bias->cov.zz = bias->cov_max;
	lowpass_init(&bias->lp, params->tau_acc_s, dt_s);
}

void bias_restart(struct bias *bias)
{
	lowpass_restart(&bias->lp, bias->state, BIAS_CHANS);
}

static double clip(double x, double max)
{
	if (x > max)
		return max;
	return x < -max ? -max : x;
}

/*
 * One scalar measurement: the part of the bias along @axis was @seen. With independent measurements,
 * one after the other is the same as all at once, and needs no inverse of a matrix.
 */
static void measure(struct bias *bias, const double axis[3], double seen, double var)
{
	double x = axis[0];
	double y = axis[1];
	double z = axis[2];
	/* Covariance of the bias with what is measured. */
	double cx = bias->cov.xx * x + bias->cov.xy * y + bias->cov.xz * z;
	double cy = bias->cov.xy * x + bias->cov.yy * y + bias->cov.yz * z;
	double cz = bias->cov.xz * x + bias->cov.yz * y + bias->cov.zz * z;
	double weight = 1 / (var + cx * x + cy * y + cz * z);
	double step = weight * (seen - vec_dot(axis, bias->rad_s));

	bias->rad_s[0] += cx * step;
	bias->rad_s[1] += cy * step;
	bias->rad_s[2] += cz * step;
	bias->cov.xx -= weight * cx * cx;
	bias->cov.xy -= weight * cx * cy;
	bias->cov.xz -= weight * cx * cz;
	bias->cov.yy -= weight * cy * cy;
	bias->cov.yz -= weight * cy * cz;
	bias->cov.zz -= weight * cz * cz;
}

/*
 * Three measurements: the parts of the bias along @axes, three rows of three, were @seen. One that is far
 * off what is believed counts as one that is less far off.
 */
static void correct(struct bias *bias, const double *axes, const double seen[3],
		    const double var[3])
{
	double credible[3];

	for (size_t i = 0; i < 3; i++) {
		double believed = vec_dot(axes + 3 * i, bias->rad_s);

		credible[i] = believed + clip(seen[i] - believed, bias->clip_rad_s);
	}
	for (size_t i = 0; i < 3; i++)
		measure(bias, axes + 3 * i, credible[i], var[i]);
	for (int i = 0; i < 3; i++)
		bias->rad_s[i] = clip(bias->rad_s[i], bias->max_rad_s);
}

static void learn_at_rest(struct bias *bias, const double rate[3])
{
	static const double axes[BIAS_MATRIX] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
	const double var[3] = {bias->rest_var, bias->rest_var, bias->rest_var};

	correct(bias, axes, rate, var);
}

/* @smooth is the low-pass filtered rotation, row by row, and bias in earth axes. */
static void learn_in_motion(struct bias *bias, const double smooth[BIAS_CHANS],
			    const double drift_rad_s[2])
{
	const double var[3] = {bias->motion_var, bias->motion_var, bias->vertical_var};
	const double seen[3] = {
		smooth[BIAS_MATRIX] + drift_rad_s[0],
		smooth[BIAS_MATRIX + 1] + drift_rad_s[1],
		/* Nothing shows a bias about the vertical: what is believed of it fades slowly. */
		0,
	};

	correct(bias, smooth, seen, var);
}

/* The variance of an axis after another sample in which nobody looked. */
static double wander(const struct bias *bias, double var)
{
	return var < bias->cov_max ? var + bias->cov_step : var;
}

void bias_update(struct bias *bias, const struct bias_hint *hint)
{
	double smooth[BIAS_CHANS];

	/* The corrections answer to the rotation and the bias of the last seconds: delay these alike. */
	memcpy(smooth, hint->matrix, BIAS_MATRIX * sizeof(*smooth));
	for (size_t i = 0; i < 3; i++)
		smooth[BIAS_MATRIX + i] = vec_dot(hint->matrix + 3 * i, bias->rad_s);
	lowpass_step(&bias->lp, bias->state, smooth, BIAS_CHANS);

	bias->cov.xx = wander(bias, bias->cov.xx);
	bias->cov.yy = wander(bias, bias->cov.yy);
	bias->cov.zz = wander(bias, bias->cov.zz);
	if (hint->rest_rate)
		learn_at_rest(bias, hint->rest_rate);
	else
		learn_in_motion(bias, smooth, hint->drift_rad_s);
}

double bias_sigma_rad_s(const struct bias *bias)
{
	double max = fmax(fmax(bias->cov.xx, bias->cov.yy), bias->cov.zz);

	return sqrt(max);
}
