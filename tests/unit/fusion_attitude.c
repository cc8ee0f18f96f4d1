/* Attitude from synthetic samples whose right answer is known. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/fusion/attitude.h"

#define DEG (M_PI / 180)
#define GRAVITY 9.80665
#define RATE_HZ 200

enum { STEP_NS = 1000000000 / RATE_HZ };

/* The field in Berlin: 49 uT, 67 degrees below the horizon, to the north. */
static const double earth_field[3] = {0, 19e-6, -45e-6};

/* A body that is turned and measured without noise. */
struct body {
	struct attitude attitude;
	struct quat q; /* the truth, body -> earth */
	int64_t t_ns;
	double bias[3];   /* of its gyroscope, rad/s */
	double magnet[3]; /* added to the field, body axes, T */
	int mag_late;     /* by so many samples */
	struct quat past[8];
};

static void start(struct body *b)
{
	*b = (struct body){.q = QUAT_IDENTITY};
	attitude_init(&b->attitude, &vqf_params_default, RATE_HZ, RATE_HZ);
}

static struct sample sample(enum chan chan, int64_t t_ns, const double v[3])
{
	return (struct sample){t_ns, chan, {(float)v[0], (float)v[1], (float)v[2]}};
}

static void feed(struct body *b, enum chan chan, const double v[3])
{
	struct sample s = sample(chan, b->t_ns, v);

	cr_assert(eq(int, attitude_feed(&b->attitude, &s), 0));
}

static struct quat turned(struct quat q, const double rate[3], double dt_s)
{
	double norm = sqrt(vec_dot(rate, rate));
	double s = norm > 0 ? sin(norm * dt_s / 2) / norm : 0;
	struct quat d = {cos(norm * dt_s / 2), s * rate[0], s * rate[1], s * rate[2]};

	return quat_normalise(quat_mul(q, d));
}

/* Turn with @rate for @seconds, measuring all the while; without the magnetometer if @mag is false. */
static void run(struct body *b, const double rate[3], double seconds, bool mag)
{
	static const double gravity[3] = {0, 0, GRAVITY};

	for (int i = 0; i < (int)(seconds * RATE_HZ); i++) {
		double gyro[3];
		double accel[3];
		double field[3];

		b->t_ns += STEP_NS;
		b->q = turned(b->q, rate, 1.0 / RATE_HZ);
		memmove(b->past + 1, b->past, sizeof(b->past) - sizeof(b->past[0]));
		b->past[0] = b->q;
		quat_rotate(quat_conj(b->q), gravity, accel);
		quat_rotate(quat_conj(b->past[b->mag_late]), earth_field, field);
		for (int k = 0; k < 3; k++) {
			gyro[k] = rate[k] + b->bias[k];
			field[k] += b->magnet[k];
		}
		feed(b, CHAN_ACCEL, accel);
		if (mag)
			feed(b, CHAN_MAG, field);
		feed(b, CHAN_GYRO, gyro);
	}
}

static struct estimate_attitude estimate(const struct body *b)
{
	struct estimate_attitude e;

	cr_assert(eq(int, attitude_estimate(&b->attitude, &e), 0));
	return e;
}

static struct quat quat_from(const float q[4])
{
	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

static double error_deg(struct quat a, struct quat b)
{
	struct quat e = quat_mul(a, quat_conj(b));

	return 2 * atan2(sqrt(e.x * e.x + e.y * e.y + e.z * e.z), fabs(e.w)) / DEG;
}

static const double still[3] = {0, 0, 0};

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

Test(attitude, field_shows_the_heading)
{
	struct estimate_attitude e;
	struct body b;

	start(&b);
	b.q = quat_about_up(2.0);
	run(&b, still, 1, true);
	e = estimate(&b);
	cr_expect(epsilon_eq(dbl, (double)e.yaw_rad, 2.0, 1e-5));
	cr_expect(lt(dbl, error_deg(quat_from(e.quat_9d), b.q), 0.001));
	/* Without the field, heading stays where it started. */
	cr_expect(lt(dbl, error_deg(quat_from(e.quat_6d), QUAT_IDENTITY), 0.001));
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

/* A field learnt in the given kind of motion tells a disturbance from it. */
static void expect_disturbance_kept_out(const double learning_rate[3])
{
	const double rate[3] = {0, 0, 1};
	struct body b;

	start(&b);
	run(&b, learning_rate, 20, true);
	cr_expect(not(estimate(&b).disturbed));
	cr_expect(eq(u32, estimate(&b).rejected, 0));
	b.magnet[0] = 20e-6;
	b.magnet[2] = 30e-6;
	run(&b, rate, 10, true);
	cr_expect(estimate(&b).disturbed);
	cr_expect(eq(u32, estimate(&b).rejected, CHAN_BIT(CHAN_MAG)));
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 1.0));
	b.magnet[0] = 0;
	b.magnet[2] = 0;
	run(&b, rate, 2, true);
	cr_expect(not(estimate(&b).disturbed));
}

Test(attitude, disturbance_is_kept_out_after_motion)
{
	expect_disturbance_kept_out((double[]){0, 0, 1});
}

Test(attitude, disturbance_is_kept_out_after_rest)
{
	expect_disturbance_kept_out(still);
}

Test(attitude, motion_does_not_dilute_a_heading_found_at_rest)
{
	struct body b;

	/* A second is too short to learn the field, so the disturbance counts, but slowly: averaged,
	 * its 65 degrees would weigh two thirds. */
	start(&b);
	b.q = quat_about_up(-1);
	run(&b, still, 1, true);
	b.magnet[0] = 40e-6;
	run(&b, (double[]){0, 0, 0.4}, 2, true);
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 15.0));
}

Test(attitude, a_magnet_where_it_was_switched_on_is_found_out_in_motion)
{
	struct body b;

	start(&b);
	b.magnet[0] = 20e-6;
	b.magnet[2] = 10e-6;
	run(&b, still, 20, true);
	cr_expect(not(estimate(&b).disturbed));
	cr_expect(gt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 30.0));
	b.magnet[0] = 0;
	b.magnet[2] = 0;
	run(&b, (double[]){0, 0.1, 0.6}, 6, true);
	cr_expect(not(estimate(&b).disturbed));
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 1.0));
}

Test(attitude, heading_sigma_falls_with_a_field_and_grows_without_one)
{
	const double rate[3] = {0, 0, 1};
	struct body b;
	double followed;
	double waited;

	/* Before any field, any heading is as likely as another. */
	start(&b);
	run(&b, still, 1, false);
	cr_expect(epsilon_eq(dbl, (double)estimate(&b).heading_sigma, M_PI / sqrt(3),
			     1e-3));
	run(&b, rate, 20, true);
	followed = (double)estimate(&b).heading_sigma;
	cr_expect(lt(dbl, followed, 3 * DEG));

	/* A disturbance is left out: the heading is as sure as the bias. */
	b.magnet[0] = 20e-6;
	b.magnet[2] = 30e-6;
	run(&b, rate, 5, true);
	cr_assert(eq(u32, estimate(&b).rejected, CHAN_BIT(CHAN_MAG)));
	waited = (double)estimate(&b).heading_sigma;
	cr_expect(gt(dbl, waited, followed));
	run(&b, rate, 20, true);
	cr_expect(gt(dbl, (double)estimate(&b).heading_sigma, waited + 0.5 * DEG));
	b.magnet[0] = 0;
	b.magnet[2] = 0;
	run(&b, rate, 40, true);
	cr_expect(lt(dbl, (double)estimate(&b).heading_sigma, 3 * DEG));
}

Test(attitude, state_is_small)
{
	cr_expect(le(sz, sizeof(struct vqf), 1200));
}

Test(attitude, heading_of_a_late_magnetometer_is_right)
{
	/* Late by 4 samples, 20 ms: 2 rad/s turn the heading by 2.3 degrees. */
	const double there[3] = {0.2, 0.1, 2};
	const double back[3] = {-0.1, -0.2, -2};
	struct body b;

	start(&b);
	b.mag_late = 4;
	run(&b, still, 6, true);
	for (int i = 0; i < 100; i++)
		run(&b, i % 2 ? back : there, 1, true);
	run(&b, there, 10, true);
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 0.5));
	cr_expect(epsilon_eq(dbl, b.attitude.vqf.lag.s, 0.02, 0.003));
}

Test(attitude, order_within_a_burst_does_not_matter)
{
	const double accel[3] = {1, 2, 9};
	const double gyro[3] = {3, -2, 1};
	const double mag[3] = {10e-6, 20e-6, -40e-6};
	struct body one;
	struct body other;

	start(&one);
	start(&other);
	for (int i = 0; i < 100; i++) {
		one.t_ns = other.t_ns = (i + 1) * (int64_t)STEP_NS;
		feed(&one, CHAN_GYRO, gyro);
		feed(&one, CHAN_ACCEL, accel);
		feed(&one, CHAN_MAG, mag);
		feed(&other, CHAN_MAG, mag);
		feed(&other, CHAN_ACCEL, accel);
		feed(&other, CHAN_GYRO, gyro);
	}
	for (int i = 0; i < 4; i++)
		cr_expect(
			eq(flt, estimate(&one).quat_9d[i], estimate(&other).quat_9d[i]));
}

/* Offer a sample with @bad on one axis after the other; each must be refused. */
static void offer_bad(struct body *b, enum chan chan, float bad)
{
	for (int axis = 0; axis < 3; axis++) {
		struct sample s = {b->t_ns + STEP_NS, chan, {0, 0, 0}};

		s.v[axis] = bad;
		cr_assert(eq(int, attitude_feed(&b->attitude, &s), -ERANGE));
	}
}

Test(attitude, bad_samples_are_refused_and_change_nothing)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30F};
	const double rate[3] = {0.1, 0.2, 0.3};
	struct body spared;
	struct body b;

	start(&b);
	run(&b, rate, 3, true);
	spared = b;
	for (int i = 0; i < 4; i++) {
		offer_bad(&b, CHAN_GYRO, bad[i]);
		offer_bad(&b, CHAN_ACCEL, bad[i]);
		offer_bad(&b, CHAN_MAG, bad[i]);
	}
	cr_expect(eq(u64, b.attitude.refused, 36));
	run(&b, rate, 1, true);
	run(&spared, rate, 1, true);
	for (int i = 0; i < 4; i++)
		cr_expect(eq(flt, estimate(&b).quat_9d[i], estimate(&spared).quat_9d[i]));
	for (int i = 0; i < 3; i++)
		cr_expect(eq(flt, estimate(&b).gyro_bias[i],
			     estimate(&spared).gyro_bias[i]));
}

Test(attitude, old_samples_are_refused)
{
	struct sample s = {0, CHAN_GYRO, {0.1F, 0, 0}};
	struct body b;

	start(&b);
	run(&b, still, 1, true);
	s.t_ns = b.t_ns;
	cr_expect(eq(int, attitude_feed(&b.attitude, &s), -EINVAL));
	s.t_ns = b.t_ns - STEP_NS;
	cr_expect(eq(int, attitude_feed(&b.attitude, &s), -EINVAL));
	s.t_ns = INT64_MIN;
	cr_expect(eq(int, attitude_feed(&b.attitude, &s), -EINVAL));
	s.t_ns = b.t_ns + STEP_NS;
	cr_expect(eq(int, attitude_feed(&b.attitude, &s), 0));
	cr_expect(eq(u64, b.attitude.refused, 3));
}

Test(attitude, other_channels_are_ignored)
{
	struct sample s = {1, CHAN_PRESSURE, {101325, 0, 0}};
	struct body b;

	start(&b);
	cr_expect(eq(int, attitude_feed(&b.attitude, &s), 0));
	cr_expect(eq(u64, b.attitude.refused, 0));
}

Test(attitude, extremes_never_poison_the_state)
{
	const double limit[3] = {chan_info[CHAN_ACCEL].limit, chan_info[CHAN_GYRO].limit,
				 chan_info[CHAN_MAG].limit};
	struct estimate_attitude e;
	struct body b;

	/* Everything at its limit, zero, and tiny, in turn, at wild intervals. */
	start(&b);
	for (int i = 0; i < 2000; i++) {
		const double scale[] = {1, 0, -1, 1e-30, 0.5};

		b.t_ns += i % 7 == 0 ? 1 : (int64_t)(i % 11) * 100 * NS_PER_MS + 1;
		for (int c = 0; c < 3; c++) {
			double v[3];

			for (int k = 0; k < 3; k++)
				v[k] = limit[c] * scale[(i + k + c) % 5] * 0.999;
			feed(&b, (enum chan)c, v);
		}
	}
	e = estimate(&b);
	for (int i = 0; i < 4; i++)
		cr_expect(isfinite(e.quat_9d[i]) && isfinite(e.quat_6d[i]));
	for (int i = 0; i < 3; i++)
		cr_expect(isfinite(e.gyro_bias[i]) && isfinite(e.linear_accel[i]));
	/* And it recovers. */
	b.q = turned(QUAT_IDENTITY, (double[]){0.3, 0.2, 0.1}, 1);
	b.t_ns += NS_PER_S;
	run(&b, still, 60, true);
	cr_expect(lt(dbl, fabs((double)estimate(&b).up_accel), 0.01));
}

Test(attitude, a_gap_keeps_the_bias_and_finds_the_orientation_anew)
{
	const double bias[3] = {0.01, -0.005, 0.008};
	struct body b;

	start(&b);
	memcpy(b.bias, bias, sizeof(bias));
	run(&b, still, 20, true);
	/* Unseen, it was turned by 90 degrees. */
	b.t_ns += 10 * NS_PER_S;
	b.q = turned(QUAT_IDENTITY, (double[]){M_PI / 2, 0, 0}, 1);
	run(&b, still, 1, true);
	cr_expect(lt(dbl, error_deg(quat_from(estimate(&b).quat_9d), b.q), 0.5));
	cr_expect(epsilon_eq(dbl, (double)estimate(&b).gyro_bias[0], bias[0], 0.0005));
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
