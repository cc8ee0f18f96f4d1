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

void bias_init(struct bias *bias, const struct vqf_params *params, double dt_s)
{
	const double wander_rad_s = 0.1 * M_PI / 180;
	double step = square(wander_rad_s) * dt_s / params->bias_forget_s;

	*bias = (struct bias){
		.cov_max = square(params->bias_init_rad_s),
		.cov_step = step,
		.rest_var = measurement_var(params->bias_rest_rad_s, step),
		.motion_var = measurement_var(params->bias_motion_rad_s, step),
		.clip_rad_s = params->bias_clip_rad_s,
	};
	bias->vertical_var = bias->motion_var / fmax(params->bias_vertical, 1e-10);
	for (int i = 0; i < 3; i++)
		bias->cov[i][i] = bias->cov_max;
	lowpass_init(&bias->lp, params->tau_acc_s, dt_s);
}

void bias_restart(struct bias *bias)
{
	lowpass_restart(&bias->lp, bias->chan, BIAS_CHANS);
}

static double clip(double x, double max)
{
	return fmin(fmax(x, -max), max);
}

/*
 * One scalar measurement of the part of the bias along @axis: @innovation is what it says beyond the
 * estimate. With independent measurements, one after the other is the same as all at once, and needs
 * no inverse of a matrix.
 */
static void measure(struct bias *bias, const double axis[3], double innovation,
		    double var)
{
	double ph[3];
	double gain;

	for (int i = 0; i < 3; i++)
		ph[i] = vec_dot(bias->cov[i], axis);
	gain = 1 / (var + vec_dot(ph, axis));
	for (int i = 0; i < 3; i++) {
		double k = ph[i] * gain;

		bias->rad_s[i] += k * innovation;
		for (int j = 0; j < 3; j++)
			bias->cov[i][j] -= k * ph[j];
	}
}

/*
 * Three measurements along @axes (three rows of three), given as @error against the estimate before the
 * first of them.
 */
static void correct(struct bias *bias, const double *axes, const double error[3],
		    const double var[3])
{
	double change[3] = {0};
	double before[3];

	memcpy(before, bias->rad_s, sizeof(before));
	for (int i = 0; i < 3; i++) {
		const double *axis = axes + 3 * i;
		double innovation =
			clip(error[i], bias->clip_rad_s) - vec_dot(axis, change);

		measure(bias, axis, innovation, var[i]);
		for (int j = 0; j < 3; j++)
			change[j] = bias->rad_s[j] - before[j];
	}
	for (int i = 0; i < 3; i++)
		bias->rad_s[i] = clip(bias->rad_s[i], bias->clip_rad_s);
}

static void learn_at_rest(struct bias *bias, const double rate[3])
{
	static const double axes[BIAS_MATRIX] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
	const double var[3] = {bias->rest_var, bias->rest_var, bias->rest_var};
	double error[3];

	for (int i = 0; i < 3; i++)
		error[i] = rate[i] - bias->rad_s[i];
	correct(bias, axes, error, var);
}

/* @smooth is the low-pass filtered rotation, row by row, and the level part of the bias. */
static void learn_in_motion(struct bias *bias, const double smooth[BIAS_CHANS],
			    const double drift_rad_s[2])
{
	const double var[3] = {bias->motion_var, bias->motion_var, bias->vertical_var};
	const double error[3] = {
		drift_rad_s[0] + smooth[BIAS_MATRIX] - vec_dot(smooth, bias->rad_s),
		drift_rad_s[1] + smooth[BIAS_MATRIX + 1] -
			vec_dot(smooth + 3, bias->rad_s),
		/* Nothing shows a bias about the vertical: what is believed of it fades slowly. */
		-vec_dot(smooth + 6, bias->rad_s),
	};

	correct(bias, smooth, error, var);
}

void bias_update(struct bias *bias, const struct bias_hint *hint)
{
	double smooth[BIAS_CHANS];

	/* The corrections answer to the rotation and the bias of the last seconds: delay these alike. */
	memcpy(smooth, hint->matrix, sizeof(hint->matrix));
	smooth[BIAS_MATRIX] = vec_dot(hint->matrix[0], bias->rad_s);
	smooth[BIAS_MATRIX + 1] = vec_dot(hint->matrix[1], bias->rad_s);
	lowpass_step(&bias->lp, bias->chan, smooth, BIAS_CHANS);

	for (int i = 0; i < 3; i++)
		if (bias->cov[i][i] < bias->cov_max)
			bias->cov[i][i] += bias->cov_step;
	if (hint->rest_rate)
		learn_at_rest(bias, hint->rest_rate);
	else
		learn_in_motion(bias, smooth, hint->drift_rad_s);
}

double bias_sigma_rad_s(const struct bias *bias)
{
	double max = fmax(fmax(bias->cov[0][0], bias->cov[1][1]), bias->cov[2][2]);

	return sqrt(max);
}
