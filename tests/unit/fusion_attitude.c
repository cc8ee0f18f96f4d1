/* Attitude from synthetic samples whose right answer is known: inclination, rate, bias and rest. */
#include "tests/unit/fusion_attitude_rig.h"

Test(attitude, nothing_is_known_before_the_first_samples)
{
	struct estimate_attitude e;
	struct body b;

	start(&b);
	cr_expect(eq(int, attitude_estimate(&b.attitude, &e), -EAGAIN));
	feed(&b, CHAN_GYRO, still);
	cr_expect(eq(int, attitude_estimate(&b.attitude, &e), -EAGAIN));
	feed(&b, CHAN_ACCEL, (double[]){0, 0, GRAVITY});
	cr_expect(eq(int, attitude_estimate(&b.attitude, &e), 0));
}

Test(attitude, gravity_shows_the_inclination)
{
	struct estimate_attitude e;
	struct body b;

	start(&b);
	b.q = turned(QUAT_IDENTITY, (double[]){30 * DEG, 0, 0}, 1);
	run(&b, still, 1, false);
	e = estimate(&b);
	cr_expect(epsilon_eq(dbl, (double)e.roll_rad, 30 * DEG, 1e-4));
	cr_expect(epsilon_eq(dbl, (double)e.pitch_rad, 0, 1e-4));
	cr_expect(epsilon_eq(dbl, (double)e.up_accel, 0, 1e-4));
	for (int i = 0; i < 3; i++)
		cr_expect(epsilon_eq(dbl, (double)e.linear_accel[i], 0, 1e-3));
	cr_expect(eq(u32, e.used, CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_ACCEL)));
}

Test(attitude, upside_down_is_found_too)
{
	struct body b;

	start(&b);
	b.q = (struct quat){0, 1, 0, 0};
	run(&b, still, 1, false);
	cr_expect(lt(dbl, fabs(fabs((double)estimate(&b).roll_rad) - M_PI), 1e-3));
}

Test(attitude, constant_rate_is_integrated)
{
	const double rate[3] = {0.5, -1, 2};
	struct body b;

	start(&b);
	run(&b, still, 1, true);
	run(&b, rate, 10, true);
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 0.2));
	for (int i = 0; i < 3; i++)
		cr_expect(epsilon_eq(dbl, (double)estimate(&b).rate[i], rate[i], 0.005));
}

Test(attitude, real_sample_times_are_integrated)
{
	struct body b;
	double angle = 0;

	/* A turn about the vertical, seen at uneven intervals of 2 to 8 ms. */
	start(&b);
	for (int i = 0; i < 1000; i++) {
		double dt_s = 0.002 + 0.0001 * (i % 61);

		b.t_ns += (int64_t)llround(dt_s * 1e9);
		if (i > 0)
			angle += dt_s;
		feed(&b, CHAN_GYRO, (double[]){0, 0, 1});
		feed(&b, CHAN_ACCEL, (double[]){0, 0, GRAVITY});
	}
	/* The first sample has no interval; the nominal one is taken. */
	angle += 1.0 / RATE_HZ;
	cr_expect(lt(dbl,
		     error_deg(quat_from(estimate(&b).quat_6d), quat_about_up(angle)),
		     0.01));
}

Test(attitude, bias_is_learnt_at_rest)
{
	const double bias[3] = {0.01, -0.005, 0.008};
	struct body b;

	start(&b);
	memcpy(b.bias, bias, sizeof(bias));
	run(&b, still, 10, true);
	cr_expect(estimate(&b).at_rest);
	for (int i = 0; i < 3; i++)
		cr_expect(epsilon_eq(dbl, (double)estimate(&b).gyro_bias[i], bias[i],
				     0.0005));
	cr_expect(lt(dbl, (double)estimate(&b).gyro_bias_sigma, 0.1 * DEG));
}

Test(attitude, a_large_bias_is_learnt_before_anything_has_moved)
{
	const double rate[3] = {0.3, -0.5, 0.4};
	const double slow[3] = {0, 0, 5 * DEG};
	struct body b;

	start(&b);
	b.bias[0] = 5 * DEG;
	b.bias[2] = -4 * DEG;
	run(&b, still, 4, true);
	cr_expect(
		epsilon_eq(dbl, (double)estimate(&b).gyro_bias[0], b.bias[0], 0.1 * DEG));
	cr_expect(
		epsilon_eq(dbl, (double)estimate(&b).gyro_bias[2], b.bias[2], 0.1 * DEG));
	run(&b, rate, 20, true);
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 1.0));
	/* It is known now: the same rate is rest again, and a slow turn, also after a gap, is none. */
	run(&b, still, 4, true);
	cr_expect(estimate(&b).at_rest);
	b.t_ns += NS_PER_S;
	run(&b, slow, 4, true);
	cr_expect(not(estimate(&b).at_rest));
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 1.0));
}

Test(attitude, bias_is_learnt_in_motion)
{
	const double bias[3] = {0.005, -0.004, 0.003};
	const double rates[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
	struct body b;

	start(&b);
	memcpy(b.bias, bias, sizeof(bias));
	for (int i = 0; i < 60; i++)
		run(&b, rates[i % 3], 2, true);
	cr_expect(not(estimate(&b).at_rest));
	for (int i = 0; i < 3; i++)
		cr_expect(epsilon_eq(dbl, (double)estimate(&b).gyro_bias[i], bias[i],
				     0.0015));
}

Test(attitude, rest_ends_with_motion)
{
	struct body b;

	/* At the start half a second is enough; once something has moved, it takes longer. */
	start(&b);
	run(&b, still, 0.4, true);
	cr_expect(not(estimate(&b).at_rest));
	run(&b, still, 0.2, true);
	cr_expect(estimate(&b).at_rest);
	run(&b, (double[]){0, 0, 0.2}, 0.1, true);
	cr_expect(not(estimate(&b).at_rest));
	run(&b, still, 1.3, true);
	cr_expect(not(estimate(&b).at_rest));
	run(&b, still, 1, true);
	cr_expect(estimate(&b).at_rest);
}

/*
 * Twenty seconds of an axis that goes round twice a second, tumbling, at 6 rad/s, seen by a gyroscope that
 * says the mean of each 10 ms. How far off the integrated rotation is in the end, degrees.
 */
static double error_of_tumbling(const struct vqf_params *params)
{
	enum { STEPS = 2000, PARTS = 50 };
	const double dt_s = 0.01;
	struct quat truth = QUAT_IDENTITY;
	struct vqf vqf;

	vqf_init(&vqf, params, (struct vqf_rates){dt_s, dt_s, dt_s});
	for (int i = 0; i < STEPS; i++) {
		double mean[3] = {0};

		for (int k = 0; k < PARTS; k++) {
			double angle = 4 * M_PI * dt_s * (i + (k + 0.5) / PARTS);
			double rate[3] = {6 * cos(angle), 6 * sin(angle), 1};

			truth = turned(truth, rate, dt_s / PARTS);
			for (int j = 0; j < 3; j++)
				mean[j] += rate[j] / PARTS;
		}
		vqf_gyro(&vqf, mean, dt_s);
	}
	return error_deg(vqf.gyr, truth);
}

Test(attitude, tumbling_is_integrated)
{
	struct vqf_params fixed_axis = vqf_params_default;

	fixed_axis.coning = false;
	cr_expect(gt(dbl, error_of_tumbling(&fixed_axis), 3.0));
	cr_expect(lt(dbl, error_of_tumbling(&vqf_params_default), 0.15));
}

Test(attitude, state_is_small)
{
	cr_expect(le(sz, sizeof(struct vqf), 1200));
}

Test(attitude, defaults_of_the_configuration_are_the_parameters)
{
	struct vqf_params conf = {0};
	const struct vqf_params *p = &vqf_params_default;

	conf_defaults(vqf_fields, &conf);
	for (const struct conf_field *f = vqf_fields; f->type != CONF_TYPE_END; f++)
		cr_expect(eq(int,
			     memcmp((char *)&conf + f->offset, (char *)p + f->offset,
				    f->size),
			     0),
			  "%s", f->name);
}
