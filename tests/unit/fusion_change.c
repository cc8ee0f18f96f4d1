/* Other parameters, and other chips, for fusion that is in use: nothing learnt is lost, and nothing jumps. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>

#include "daemon/fusion/altitude.h"
#include "daemon/fusion/attitude.h"
#include "daemon/fusion/baro.h"
#include "daemon/fusion/motion.h"

#define DEG (M_PI / 180)
#define GRAVITY 9.80665
#define RATE_HZ 200

enum { STEP_NS = 1000000000 / RATE_HZ };

struct head {
	struct vqf_params params;
	struct attitude attitude;
	int64_t t_ns;
	double bias; /* of the gyroscope about x, rad/s */
};

/* Leaning by 30 degrees about x, at rest, with a biased gyroscope. */
static void rest(struct head *h, double seconds)
{
	for (int i = 0; i < (int)(seconds * RATE_HZ); i++) {
		/* Some noise: numbers that never change are doubted. */
		float noise = (float)(h->t_ns / STEP_NS % 5) * 1e-5f;
		struct sample accel = {.chan = CHAN_ACCEL,
				       .v = {noise, (float)(GRAVITY * sin(30 * DEG)),
					     (float)(GRAVITY * cos(30 * DEG))}};
		struct sample gyro = {.chan = CHAN_GYRO, .v = {(float)h->bias, noise}};

		h->t_ns += STEP_NS;
		accel.t_ns = gyro.t_ns = h->t_ns;
		cr_assert(eq(int, attitude_feed(&h->attitude, &accel), 0));
		cr_assert(eq(int, attitude_feed(&h->attitude, &gyro), 0));
	}
}

static struct estimate_attitude look(const struct head *h)
{
	struct estimate_attitude e = {0};

	cr_assert(eq(int, attitude_estimate(&h->attitude, &e), 0));
	return e;
}

static void start(struct head *h, double bias)
{
	*h = (struct head){.params = vqf_params_default, .bias = bias};
	attitude_init(&h->attitude, &h->params, RATE_HZ, RATE_HZ);
	rest(h, 5);
}

static void expect_near(double got, double want, double within, const char *what)
{
	cr_assert(fabs(got - want) <= within, "%s: %g, expected %g within %g", what, got,
		  want, within);
}

Test(fusion_change, parameters_in_use_change_nothing_that_is_known)
{
	struct head h;
	struct estimate_attitude before, after;

	start(&h, 1 * DEG);
	before = look(&h);
	expect_near((double)before.gyro_bias[0], 1 * DEG, 0.05 * DEG, "the bias learnt");
	h.params.tau_acc_s = 0.5;
	h.params.rest_tau_s = 0.1;
	h.params.mag_current_tau_s = 0.2;
	h.params.bias_interval_s = 0.05;
	attitude_retune(&h.attitude, &h.params);
	after = look(&h);
	for (int i = 0; i < 4; i++)
		cr_assert(eq(flt, after.quat_6d[i], before.quat_6d[i]));
	cr_assert(after.at_rest);
	for (int i = 0; i < RATE_HZ; i++) {
		rest(&h, 1.0 / RATE_HZ);
		after = look(&h);
		expect_near((double)after.roll_rad, 30 * DEG, 0.1 * DEG, "roll");
		expect_near((double)after.gyro_bias[0], 1 * DEG, 0.05 * DEG, "bias");
		cr_assert(after.at_rest, "at rest without a break");
		cr_assert(not(after.degraded));
	}
}

Test(fusion_change, a_parameter_takes_effect)
{
	struct head h;

	start(&h, 0);
	cr_assert(look(&h).at_rest);
	h.params.rest_acc_m_s2 = 1e-9;
	attitude_retune(&h.attitude, &h.params);
	/* The same head, now with samples that differ by more than that. */
	for (int i = 0; i < RATE_HZ; i++) {
		struct sample accel = {.chan = CHAN_ACCEL,
				       .v = {0, 0, (float)(GRAVITY + i % 2 * 0.01)}};
		struct sample gyro = {.chan = CHAN_GYRO};

		h.t_ns += STEP_NS;
		accel.t_ns = gyro.t_ns = h.t_ns;
		cr_assert(eq(int, attitude_feed(&h.attitude, &accel), 0));
		cr_assert(eq(int, attitude_feed(&h.attitude, &gyro), 0));
	}
	cr_assert(not(look(&h).at_rest));
}

/* Another chip, with another bias, at another rate, and a clock of its own: no turn is made of it. */
Test(fusion_change, another_imu_goes_on_from_the_same_orientation)
{
	struct head h;
	struct estimate_attitude e;
	float yaw;

	start(&h, 1 * DEG);
	yaw = look(&h).yaw_rad;
	attitude_imu_changed(&h.attitude, 100, true);
	cr_assert(eq(int, attitude_estimate(&h.attitude, &e), -EAGAIN));
	h.bias = -2 * DEG;
	h.t_ns += 300 * NS_PER_MS;
	for (int i = 0; i < 5 * RATE_HZ; i++) {
		rest(&h, 1.0 / RATE_HZ);
		e = look(&h);
		expect_near((double)e.roll_rad, 30 * DEG, 1 * DEG, "roll");
		/* The new bias turns it until it is known. */
		expect_near((double)e.yaw_rad, (double)yaw, 2 * DEG, "yaw");
		if (i == 0)
			cr_assert(e.degraded);
	}
	expect_near((double)e.gyro_bias[0], -2 * DEG, 0.1 * DEG, "the new bias");
	cr_assert(not(e.degraded));
}

Test(fusion_change, the_same_imu_set_up_anew_keeps_its_bias)
{
	struct head h;

	start(&h, 1 * DEG);
	attitude_imu_changed(&h.attitude, 100, false);
	rest(&h, 2.0 / RATE_HZ);
	expect_near((double)look(&h).gyro_bias[0], 1 * DEG, 0.05 * DEG, "bias");
}

/* Two accelerometers that differ by 3 m/s^2 are no tap and no shaking; what lasts stays. */
Test(fusion_change, another_imu_is_no_motion)
{
	struct motion_conf conf;
	struct motion m;
	struct estimate_motion now = {0};
	struct estimate_attitude a = {.quat_6d = {0, 1, 0, 0}, .at_rest = true};
	int64_t t_ns = 0;

	conf_defaults(motion_fields, &conf);
	motion_init(&m, &conf);
	for (int i = 0; i < 10 * RATE_HZ; i++) {
		struct sample s = {.chan = CHAN_ACCEL, .v = {0, 0, -9.8f}};

		if (i == 5 * RATE_HZ)
			motion_restart(&m);
		if (i >= 5 * RATE_HZ)
			s.v[2] = -12.8f;
		t_ns += STEP_NS;
		a.t_ns = s.t_ns = t_ns;
		motion_sample(&m, &s);
		now = motion_update(&m, &a);
		cr_assert(eq(int, now.taps, 0));
		cr_assert(not(now.shaken));
		cr_assert(not(now.free_fall));
		if (i > 4 * RATE_HZ)
			cr_assert(now.upside_down, "sample %d", i);
	}
}

static void pressure(struct altitude *a, int64_t t_ns, double pa)
{
	struct sample s = {.t_ns = t_ns, .chan = CHAN_PRESSURE, .v = {(float)pa}};

	cr_assert(eq(int, altitude_feed(a, 0, &s), 0));
}

/* BMP280s differ by up to 1 hPa, which is 8 m. */
Test(fusion_change, another_barometer_is_no_climb)
{
	struct altitude *a = altitude_new(1);
	int64_t t_ns = 0;

	for (int i = 0; i < 200; i++)
		pressure(a, t_ns += 50 * NS_PER_MS,
			 i < 100 ? 101325 : baro_pressure_pa(2, 101325));
	expect_near((double)altitude_m(a), 2, 0.05, "height");
	altitude_baro(a, 0, 20, (double)INFINITY, true);
	altitude_retune(a, 0.5f, ALTITUDE_TOLERANCE_M);
	for (int i = 0; i < 100; i++) {
		pressure(a, t_ns += 50 * NS_PER_MS, baro_pressure_pa(2, 101325) - 100);
		expect_near((double)altitude_m(a), 2, 0.1, "height with the new one");
	}
	altitude_free(a);
}
