/* Several motion sensors and magnetometers, one attitude: losing one is no jump, and a falseticker is left out. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/imus.h"

#define DEG (M_PI / 180)
#define HZ 100
#define STEP_NS (NS_PER_S / HZ)
#define GRAVITY 9.80665

enum fault { WELL, SILENT, STUCK, SPINNING, BENT };

/* A robot that rests for ten seconds, then turns and leans, with sensors that have biases of their own. */
struct robot {
	struct imus imus;
	unsigned n, n_mags;
	enum fault imu[3], mag[3];
	double offset_rad; /* of the second magnetometer's heading */
	float last[3][2][3], last_mag[3][3];
	struct quat q; /* body to earth */
	double rate[3];
	int64_t t_ns;
	unsigned steps;
	struct estimate_attitude a;
	struct quat shown; /* the estimate of the step before */
	double jump_rad; /* the most that the estimate's step differs from the true one */
};

static const double bias[3][3] = {
	{0.01, -0.02, 0.015}, {-0.02, 0.01, -0.01}, {0.02, 0.02, 0}};

static void start(struct robot *r, unsigned n, unsigned n_mags)
{
	struct imu_nominal nominal[3];

	*r = (struct robot){.n = n, .n_mags = n_mags, .q = QUAT_IDENTITY};
	for (int i = 0; i < 3; i++)
		nominal[i] = (struct imu_nominal){.hz = HZ};
	imus_init(&r->imus, &vqf_params_default, n, nominal, n_mags, nominal);
}

static double hiss(unsigned n)
{
	return (double)(n * 7919 % 1000) / 1000 - 0.5;
}

/* The angle between two orientations. */
static double between(struct quat a, struct quat b)
{
	struct quat d = quat_mul(quat_conj(a), b);

	return 2 * atan2(sqrt(d.x * d.x + d.y * d.y + d.z * d.z), fabs(d.w));
}

static struct quat estimate(const struct robot *r)
{
	const float *q = r->a.quat_9d;

	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

static void feed(struct robot *r, unsigned i, enum chan chan, const double v[3])
{
	struct sample s = {.t_ns = r->t_ns + i * NS_PER_MS, .chan = chan};
	float *last = chan == CHAN_MAG ? r->last_mag[i] : r->last[i][chan == CHAN_GYRO];
	enum fault fault = chan == CHAN_MAG ? r->mag[i] : r->imu[i];

	for (unsigned k = 0; k < 3; k++) {
		double scale = chan == CHAN_MAG ? 1e-7 : 0.01;
		double x = v[k] + scale * hiss(r->steps * 3 + k + 17 * i);

		if (fault == SPINNING && chan == CHAN_GYRO && k == 2)
			x += 1;
		if (fault == BENT)
			x += chan == CHAN_MAG ? 40e-6 : chan == CHAN_ACCEL ? 4 : 0;
		if (fault != STUCK)
			last[k] = (float)x;
		s.v[k] = last[k];
	}
	if (fault == SILENT)
		return;
	if (chan == CHAN_MAG)
		(void)!imus_feed_mag(&r->imus, i, &s);
	else
		(void)!imus_feed(&r->imus, i, &s);
}

static void measure(struct robot *r)
{
	static const double up[3] = {0, 0, GRAVITY};
	static const double north[3] = {0, 19e-6, -45e-6};
	double accel[3];
	double mag[3];

	quat_rotate(quat_conj(r->q), up, accel);
	for (unsigned i = 0; i < r->n; i++) {
		double gyro[3];

		for (int k = 0; k < 3; k++)
			gyro[k] = r->rate[k] + bias[i][k];
		feed(r, i, CHAN_GYRO, gyro);
		feed(r, i, CHAN_ACCEL, accel);
	}
	for (unsigned i = 0; i < r->n_mags; i++) {
		struct quat turned =
			quat_mul(quat_about_up(i == 1 ? r->offset_rad : 0), r->q);

		quat_rotate(quat_conj(turned), north, mag);
		feed(r, i, CHAN_MAG, mag);
	}
}

static void note_jump(struct robot *r, struct quat before)
{
	bool known = r->shown.w != 0 || r->shown.x != 0;
	struct quat now;

	if (imus_estimate(&r->imus, &r->a) < 0)
		return;
	now = estimate(r);
	if (known) {
		struct quat moved = quat_mul(now, quat_conj(r->shown));
		struct quat really = quat_mul(r->q, quat_conj(before));

		r->jump_rad = fmax(r->jump_rad, between(moved, really));
	}
	r->shown = now;
}

static void run(struct robot *r, double seconds, bool moving)
{
	for (int k = 0; k < (int)(seconds * HZ); k++) {
		double t = (double)r->steps / HZ;
		struct quat before = r->q;
		double h = 0.5 / HZ;

		r->rate[0] = moving ? 0.8 * sin(1.3 * t) : 0;
		r->rate[1] = moving ? 0.6 * cos(0.9 * t) : 0;
		r->rate[2] = moving ? 0.7 * sin(0.4 * t) : 0;
		r->q = quat_normalise(
			quat_mul(r->q, (struct quat){1, h * r->rate[0], h * r->rate[1],
						     h * r->rate[2]}));
		r->steps++;
		r->t_ns += STEP_NS;
		measure(r);
		note_jump(r, before);
	}
}

/* Rests, is moved, and all is well. */
static void begin(struct robot *r, unsigned n, unsigned n_mags)
{
	start(r, n, n_mags);
	run(r, 10, false);
	run(r, 20, true);
	cr_assert(lt(dbl, between(estimate(r), r->q), 2 * DEG));
	cr_assert(eq(uint, r->imus.used, 0));
	for (unsigned i = 1; i < n; i++)
		cr_assert(eq(int, (int)r->imus.verdict[i].verdict, VOTE_STANDBY));
	r->jump_rad = 0;
}

static void expect_taken_over(struct robot *r, enum vote_verdict why)
{
	cr_expect(eq(int, (int)r->imus.verdict[0].verdict, (int)why));
	cr_expect(eq(uint, r->imus.used, 1));
	cr_expect(eq(int, (int)r->imus.verdict[1].verdict, VOTE_USED));
	cr_expect(not(r->a.degraded));
	for (int k = 0; k < 3; k++)
		cr_expect(epsilon_eq(dbl, (double)r->a.gyro_bias[k], bias[1][k], 0.003),
			  "the bias is that of the one in use, %g",
			  (double)r->a.gyro_bias[k]);
	cr_expect(lt(dbl, between(estimate(r), r->q), 2.5 * DEG), "%g",
		  between(estimate(r), r->q) / DEG);
}

Test(imus, one_alone_is_as_ever)
{
	struct robot r;

	begin(&r, 1, 1);
	cr_expect(not(r.imus.chosen));
	r.imu[0] = SILENT;
	run(&r, 1, true);
	cr_expect(eq(uint, r.imus.used, 0));
}

Test(imus, losing_one_in_motion_is_no_jump)
{
	struct robot r;

	begin(&r, 2, 1);
	r.imu[0] = SILENT;
	run(&r, 0.15, true);
	cr_expect(eq(uint, r.imus.used, 0));
	/* What it moved in the meantime is no jump, but has to be made good. */
	run(&r, 0.15, true);
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(lt(dbl, between(estimate(&r), r.q), 2 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
	r.jump_rad = 0;
	run(&r, 10, true);
	cr_expect(lt(dbl, r.jump_rad, 0.3 * DEG), "%g", r.jump_rad / DEG);
	expect_taken_over(&r, VOTE_SILENT);
	/* It comes back, and stands by: changing back would be for nothing. */
	r.imu[0] = WELL;
	run(&r, 3, true);
	cr_expect(eq(int, (int)r.imus.verdict[0].verdict, VOTE_STANDBY));
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(lt(dbl, r.jump_rad, 0.3 * DEG), "%g", r.jump_rad / DEG);
}

/* Without a magnetometer the two have headings of their own, which stay apart for ever. */
Test(imus, headings_without_origin_go_on)
{
	struct robot r;

	begin(&r, 2, 0);
	/* As if it had been switched on later, standing otherwise. */
	r.imus.imu[1].attitude.vqf.gyr =
		quat_mul(quat_about_up(1), r.imus.imu[1].attitude.vqf.gyr);
	run(&r, 5, true);
	r.imu[0] = SILENT;
	run(&r, 0.5, true);
	r.jump_rad = 0;
	run(&r, 20, true);
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(lt(dbl, r.jump_rad, 0.3 * DEG), "%g", r.jump_rad / DEG);
	cr_expect(lt(dbl, between(estimate(&r), r.q), 4 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
}

Test(imus, a_frozen_one_is_replaced)
{
	struct robot r;

	begin(&r, 2, 1);
	r.imu[0] = STUCK;
	run(&r, 0.4, true);
	cr_expect(eq(uint, r.imus.used, 0));
	run(&r, 0.3, true);
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(lt(dbl, between(estimate(&r), r.q), 2.5 * DEG),
		  "what the frozen one made of it is gone, %g",
		  between(estimate(&r), r.q) / DEG);
	run(&r, 10, true);
	expect_taken_over(&r, VOTE_FROZEN);
}

Test(imus, a_false_gyroscope_is_left_out)
{
	struct robot r;

	begin(&r, 3, 1);
	r.imu[0] = SPINNING;
	run(&r, 1, true);
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(eq(str, (char *)r.imus.verdict[0].unit, (char *)"rad/s"));
	cr_expect(gt(dbl, r.imus.verdict[0].off, 0.3));
	cr_expect(lt(dbl, between(estimate(&r), r.q), 2.5 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
	run(&r, 10, true);
	expect_taken_over(&r, VOTE_OUTVOTED);
}

Test(imus, a_false_accelerometer_is_left_out)
{
	struct robot r;

	begin(&r, 3, 1);
	r.imu[0] = BENT;
	run(&r, 10, true);
	cr_expect(eq(str, (char *)r.imus.verdict[0].unit, (char *)"m/s^2"));
	expect_taken_over(&r, VOTE_OUTVOTED);
}

/* Of two it is open who is right, and that is said. */
Test(imus, two_that_contradict_each_other)
{
	struct robot r;

	begin(&r, 2, 1);
	r.imu[1] = BENT;
	run(&r, 2, false);
	cr_expect(eq(uint, r.imus.used, 0), "the one that goes on as it was");
	cr_expect(eq(int, (int)r.imus.verdict[1].verdict, VOTE_OUTVOTED));
	cr_expect(r.a.degraded);
	r.imu[1] = WELL;
	run(&r, 5, false);
	cr_expect(not(r.a.degraded));
	cr_expect(eq(int, (int)r.imus.verdict[1].verdict, VOTE_STANDBY));
}

Test(imus, all_are_lost_and_come_back)
{
	struct robot r;

	begin(&r, 2, 1);
	r.imu[0] = r.imu[1] = SILENT;
	run(&r, 2, false);
	r.imu[1] = WELL;
	run(&r, 10, false);
	cr_expect(eq(uint, r.imus.used, 1));
	cr_expect(lt(dbl, between(estimate(&r), r.q), 3 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
}

static void expect_other_mag(struct robot *r, enum vote_verdict why)
{
	cr_expect(eq(int, (int)r->imus.mag_verdict[0].verdict, (int)why));
	cr_expect(eq(uint, r->imus.used_mag, 1));
	cr_expect(lt(dbl, r->jump_rad, 0.3 * DEG), "%g", r->jump_rad / DEG);
	cr_expect(eq(u32, r->a.used & CHAN_BIT(CHAN_MAG), CHAN_BIT(CHAN_MAG)));
}

/* Two magnetometers differ by some degrees: the heading follows the other one slowly. */
Test(imus, losing_a_magnetometer_is_no_jump)
{
	struct robot r;

	begin(&r, 1, 2);
	r.offset_rad = 5 * DEG;
	run(&r, 5, true);
	r.mag[0] = SILENT;
	run(&r, 3, true);
	expect_other_mag(&r, VOTE_SILENT);
	run(&r, 40, true);
	cr_expect(epsilon_eq(dbl, between(estimate(&r), r.q), 5 * DEG, 1.5 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
}

Test(imus, a_false_magnetometer_is_left_out)
{
	struct robot r;

	begin(&r, 1, 3);
	r.mag[0] = BENT;
	run(&r, 5, true);
	expect_other_mag(&r, VOTE_OUTVOTED);
	cr_expect(lt(dbl, between(estimate(&r), r.q), 2 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
}

Test(imus, a_frozen_magnetometer_is_replaced)
{
	struct robot r;

	begin(&r, 1, 2);
	r.mag[0] = STUCK;
	run(&r, 3, false);
	cr_expect(eq(uint, r.imus.used_mag, 0), "a coarse one at rest may");
	run(&r, 3, true);
	cr_expect(eq(uint, r.imus.used_mag, 1));
	cr_expect(lt(dbl, between(estimate(&r), r.q), 3 * DEG), "%g",
		  between(estimate(&r), r.q) / DEG);
}
