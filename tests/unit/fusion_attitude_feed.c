/* What attitude takes and refuses: order, time, gaps, bad and extreme samples. */
#include "tests/unit/fusion_attitude_rig.h"

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
