/*
 * What sensors do when they are ill, fed to all of fusion: the estimates say that they are degraded, are
 * never NaN, and recover.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/altitude.h"
#include "daemon/fusion/attitude.h"
#include "daemon/fusion/motion.h"

#define DEG (M_PI / 180)
#define GRAVITY 9.80665F
#define STEP_NS (5 * NS_PER_MS)

/* A robot that stands, leaning by 20 degrees about x, with its front to the north. */
struct patient {
	struct motion_conf conf;
	struct attitude attitude;
	struct motion motion;
	struct altitude *altitude;
	struct estimate_attitude a;
	struct estimate_motion m;
	int64_t t_ns;
	unsigned n;
};

/* Change the samples of one moment; NULL: they are right. */
typedef void illness(struct patient *p, struct sample s[4]);

static void start(struct patient *p)
{
	*p = (struct patient){.altitude = altitude_new(1)};
	cr_assert(ne(ptr, p->altitude, NULL));
	conf_defaults(motion_fields, &p->conf);
	attitude_init(&p->attitude, &vqf_params_default, 200, 200);
	motion_init(&p->motion, &p->conf);
	altitude_baro(p->altitude, 0, 200, 0.5, false);
}

/* Small and never twice the same: what a real sensor adds. */
static float hiss(unsigned n)
{
	return (float)(n * 7919 % 1000) / 1000 - 0.5F;
}

static void feed(struct patient *p, const struct sample *s)
{
	if (attitude_feed(&p->attitude, s) == 0)
		motion_sample(&p->motion, s);
	if (s->chan == CHAN_PRESSURE)
		(void)!altitude_feed(p->altitude, 0, s);
}

static void expect_finite(const struct patient *p)
{
	const struct estimate_attitude *a = &p->a;
	float sum = a->roll_rad + a->pitch_rad + a->yaw_rad + a->up_accel +
		    a->gyro_bias_sigma + p->m.tilt_rad;
	float norm = 0;

	for (int i = 0; i < 3; i++)
		sum += a->linear_accel[i] + a->rate[i] + a->gyro_bias[i];
	for (int i = 0; i < 4; i++) {
		sum += a->quat_6d[i];
		norm += a->quat_9d[i] * a->quat_9d[i];
	}
	cr_assert(isfinite(sum));
	cr_assert(not(isinf(altitude_m(p->altitude))));
	cr_assert(not(isinf(altitude_speed_m_s(p->altitude))));
	cr_assert(epsilon_eq(flt, norm, 1, 1e-4F));
}

static void run(struct patient *p, double seconds, illness *ill)
{
	const float up = GRAVITY * (float)cos(20 * DEG);
	const float side = GRAVITY * (float)sin(20 * DEG);

	for (int i = 0; i < (int)(seconds * 200); i++) {
		float e = hiss(p->n++);
		int64_t t = p->t_ns += STEP_NS;
		struct sample s[4] = {
			{t, CHAN_GYRO, {0.001F * e, -0.001F * e, 0.002F * e}},
			{t, CHAN_ACCEL, {0.02F * e, side, up + 0.03F * e}},
			{t, CHAN_MAG, {19e-6F, 1e-7F * e, -45e-6F}},
			{t, CHAN_PRESSURE, {99000 + e}},
		};

		if (ill)
			ill(p, s);
		for (int k = 0; k < 4; k++)
			feed(p, &s[k]);
		if (attitude_estimate(&p->attitude, &p->a) < 0)
			continue;
		p->m = motion_update(&p->motion, &p->a);
		if (!p->a.degraded)
			altitude_accel(p->altitude, p->a.t_ns, p->a.up_accel,
				       p->a.at_rest);
		expect_finite(p);
	}
}

static void not_numbers(struct patient *p, struct sample s[4])
{
	static const float bad[] = {NAN, INFINITY, -INFINITY};

	for (int k = 0; k < 4; k++)
		s[k].v[p->n % 3] = bad[p->n % ARRAY_LEN(bad)];
}

static void huge(struct patient *p, struct sample s[4])
{
	(void)p;
	for (int k = 0; k < 4; k++)
		s[k].v[0] = s[k].v[1] = 3e38F;
}

/* At the end of a range of 250 deg/s and 2 g. */
static void clipped(struct patient *p, struct sample s[4])
{
	(void)p;
	s[0].v[2] = 4.3633F;
	s[1].v[0] = -19.6F;
}

static void frozen(struct patient *p, struct sample s[4])
{
	(void)p;
	for (int i = 0; i < 3; i++)
		s[0].v[i] = 0.05F;
}

static void frozen_accel(struct patient *p, struct sample s[4])
{
	(void)p;
	s[1].v[0] = 1;
	s[1].v[1] = 2;
	s[1].v[2] = 9.5F;
}

/* It stays at what it showed last. */
static void frozen_baro(struct patient *p, struct sample s[4])
{
	(void)p;
	s[3].v[0] = 99000.4F;
}

static void without_baro(struct patient *p, struct sample s[4])
{
	(void)p;
	s[3].chan = CHAN_TEMP;
}

static void no_air(struct patient *p, struct sample s[4])
{
	(void)p;
	s[3].v[0] = 0;
}

/* Each second sample comes with the time of long ago. */
static void out_of_order(struct patient *p, struct sample s[4])
{
	for (int k = 0; k < 4; k++)
		s[k].t_ns -= p->n % 2 ? 2 * STEP_NS + 1 : 0;
}

static void zeros(struct patient *p, struct sample s[4])
{
	(void)p;
	for (int k = 0; k < 4; k++)
		s[k].v[0] = s[k].v[1] = s[k].v[2] = 0;
}

/* Beside a motor: a field that swings by more than the earth's. */
static void motor(struct patient *p, struct sample s[4])
{
	s[2].v[0] += 80e-6F * (float)sin(p->n * 0.3);
	s[2].v[1] += 80e-6F * (float)cos(p->n * 0.3);
}

static void without_accel(struct patient *p, struct sample s[4])
{
	(void)p;
	s[1].chan = CHAN_TEMP;
}

/* As at the start: level, to the north, standing, with nothing happening. */
static void expect_well(struct patient *p)
{
	cr_expect(not(p->a.degraded));
	cr_expect(p->a.at_rest);
	cr_expect(p->m.still);
	cr_expect(not(p->m.moving));
	cr_expect(not(p->m.fallen));
	cr_expect(epsilon_eq(dbl, (double)p->a.roll_rad, 20 * DEG, 0.5 * DEG));
	cr_expect(epsilon_eq(dbl, (double)p->a.pitch_rad, 0, 0.5 * DEG));
	cr_expect(epsilon_eq(dbl, (double)altitude_m(p->altitude), 0, 0.3));
	cr_expect(epsilon_eq(dbl, (double)altitude_speed_m_s(p->altitude), 0, 0.3));
	cr_expect(not(altitude_degraded(p->altitude)));
	cr_expect(not(p->m.free_fall));
	cr_expect(not(p->m.picked_up));
	cr_expect(not(p->m.shaken));
	cr_expect(eq(uint, p->m.taps, 0));
	for (int i = 0; i < 3; i++)
		cr_expect(epsilon_eq(dbl, (double)p->a.gyro_bias[i], 0, 0.1 * DEG));
}

/* Two seconds of @ill, which is of which estimates? Then a minute to recover. */
enum { ATTITUDE = 1, HEIGHT = 2 };

static void suffer(illness *ill, unsigned of)
{
	struct patient p;
	float yaw_rad;

	start(&p);
	run(&p, 20, NULL);
	expect_well(&p);
	yaw_rad = p.a.yaw_rad;
	run(&p, 2, ill);
	cr_expect(eq(int, p.a.degraded, (of & ATTITUDE) != 0));
	cr_expect(eq(int, altitude_degraded(p.altitude), (of & HEIGHT) != 0));
	run(&p, 60, NULL);
	expect_well(&p);
	cr_expect(epsilon_eq(dbl, (double)p.a.yaw_rad, (double)yaw_rad, 2 * DEG));
	altitude_free(p.altitude);
}

Test(bad_input, not_a_number)
{
	suffer(not_numbers, ATTITUDE | HEIGHT);
}

Test(bad_input, huge_numbers)
{
	suffer(huge, ATTITUDE | HEIGHT);
}

Test(bad_input, clipped)
{
	suffer(clipped, ATTITUDE);
}

Test(bad_input, frozen_gyroscope)
{
	suffer(frozen, ATTITUDE);
}

Test(bad_input, frozen_accelerometer)
{
	suffer(frozen_accel, ATTITUDE);
}

Test(bad_input, frozen_barometer)
{
	suffer(frozen_baro, HEIGHT);
}

Test(bad_input, barometer_is_silent)
{
	suffer(without_baro, HEIGHT);
}

Test(bad_input, no_air_pressure)
{
	suffer(no_air, HEIGHT);
}

/* What stays the same for ever is no height: after five seconds it is not known, and then found again. */
Test(bad_input, a_barometer_frozen_for_long)
{
	struct patient p;

	start(&p);
	run(&p, 20, NULL);
	run(&p, 0.3, frozen_baro);
	cr_expect(not(altitude_degraded(p.altitude)), "by chance, perhaps");
	run(&p, 4, frozen_baro);
	cr_expect(altitude_degraded(p.altitude));
	cr_expect(lt(dbl, fabs((double)altitude_m(p.altitude)), 1));
	run(&p, 4, frozen_baro);
	cr_expect(altitude_degraded(p.altitude));
	cr_expect(isnan(altitude_m(p.altitude)));
	run(&p, 60, NULL);
	expect_well(&p);
	altitude_free(p.altitude);
}

/* One that is coarse beside its noise repeats itself at rest: that is no fault. */
Test(bad_input, a_coarse_barometer_at_rest)
{
	struct patient p;

	start(&p);
	altitude_baro(p.altitude, 0, 200, (double)INFINITY, false);
	run(&p, 20, NULL);
	run(&p, 20, frozen_baro);
	cr_expect(not(altitude_degraded(p.altitude)));
	altitude_free(p.altitude);
}

/* Coarse motion sensors as well. */
Test(bad_input, a_coarse_gyroscope_at_rest)
{
	const struct attitude_repeats coarse = {(double)INFINITY, 30, 0};
	struct patient p;

	start(&p);
	attitude_expect(&p.attitude, &coarse);
	run(&p, 20, frozen);
	cr_expect(not(p.a.degraded));
	altitude_free(p.altitude);
}

Test(bad_input, out_of_order)
{
	suffer(out_of_order, ATTITUDE | HEIGHT);
}

Test(bad_input, only_zeros)
{
	suffer(zeros, ATTITUDE | HEIGHT);
}

Test(bad_input, accelerometer_is_silent)
{
	suffer(without_accel, ATTITUDE);
}

Test(bad_input, magnetometer_beside_a_motor)
{
	struct patient p;
	float yaw_rad;

	start(&p);
	run(&p, 20, NULL);
	yaw_rad = p.a.yaw_rad;
	run(&p, 10, motor);
	cr_expect(p.a.disturbed);
	cr_expect(eq(u32, p.a.rejected, CHAN_BIT(CHAN_MAG)));
	cr_expect(epsilon_eq(dbl, (double)p.a.yaw_rad, (double)yaw_rad, 2 * DEG));
	run(&p, 10, NULL);
	expect_well(&p);
	cr_expect(not(p.a.disturbed));
	altitude_free(p.altitude);
}

/* A field that stays the same while the robot turns would turn the heading along. */
static void frozen_mag(struct patient *p, struct sample s[4])
{
	(void)p;
	s[0].v[2] += 1;
	s[2].v[1] = 0;
}

Test(bad_input, frozen_magnetometer)
{
	struct patient p;
	float turned;

	start(&p);
	run(&p, 20, NULL);
	turned = p.a.yaw_rad;
	cr_expect(not(attitude_mag_frozen(&p.attitude)));
	run(&p, 3, frozen_mag);
	cr_expect(p.a.degraded);
	cr_expect(attitude_mag_frozen(&p.attitude));
	turned = remainderf(p.a.yaw_rad - turned, 2 * (float)M_PI);
	/* Three radians about an axis that leans by 20 degrees. */
	cr_expect(epsilon_eq(dbl, fabs((double)turned), 3, 0.1), "%g", (double)turned);
	run(&p, 60, NULL);
	cr_expect(not(attitude_mag_frozen(&p.attitude)));
	expect_well(&p);
	altitude_free(p.altitude);
}

static void without_mag(struct patient *p, struct sample s[4])
{
	(void)p;
	s[2].chan = CHAN_TEMP;
}

Test(bad_input, magnetometer_is_silent)
{
	struct patient p;
	float sigma_rad;

	start(&p);
	run(&p, 20, NULL);
	cr_expect(eq(u32, p.a.used & CHAN_BIT(CHAN_MAG), CHAN_BIT(CHAN_MAG)));
	sigma_rad = p.a.heading_sigma;
	run(&p, 10, without_mag);
	cr_expect(eq(u32, p.a.used, CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_ACCEL)));
	cr_expect(gt(flt, p.a.heading_sigma, sigma_rad), "it is less and less known");
	run(&p, 1, NULL);
	cr_expect(eq(u32, p.a.used & CHAN_BIT(CHAN_MAG), CHAN_BIT(CHAN_MAG)));
	altitude_free(p.altitude);
}

/* Time jumps by @jump_ns, as after a suspend, or as no clock should. */
static void jump(int64_t jump_ns)
{
	struct patient p;

	start(&p);
	p.t_ns = 1000 * NS_PER_S;
	run(&p, 20, NULL);
	p.t_ns += jump_ns;
	run(&p, 1, NULL);
	cr_expect(p.a.degraded);
	cr_expect(altitude_degraded(p.altitude));
	cr_expect(not(p.m.free_fall));
	cr_expect(not(p.m.picked_up));
	run(&p, 20, NULL);
	expect_well(&p);
	cr_expect(eq(i64, p.a.t_ns, p.t_ns), "time goes on from there");
	altitude_free(p.altitude);
}

Test(bad_input, gap_of_ten_seconds)
{
	jump(10 * NS_PER_S);
}

Test(bad_input, a_night_of_suspend)
{
	jump(8 * 3600 * NS_PER_S);
}

Test(bad_input, time_goes_backwards)
{
	jump(-10 * NS_PER_S);
	jump(-900 * NS_PER_S);
}

/* One sample from the far future must not silence all that come after it. */
Test(bad_input, one_time_in_the_future)
{
	struct patient p;

	start(&p);
	run(&p, 20, NULL);
	for (int k = 0; k < 3; k++)
		feed(&p, &(struct sample){
				 .t_ns = INT64_MAX, .chan = CHAN_GYRO, .v = {0, 0, 0}});
	feed(&p, &(struct sample){
			 .t_ns = INT64_MAX, .chan = CHAN_ACCEL, .v = {0, 0, GRAVITY}});
	feed(&p,
	     &(struct sample){.t_ns = INT64_MAX, .chan = CHAN_PRESSURE, .v = {99000}});
	run(&p, 60, NULL);
	expect_well(&p);
	cr_expect(eq(i64, p.a.t_ns, p.t_ns));
	altitude_free(p.altitude);
}
