/*
 * Height and vertical speed. The numbers of the standard atmosphere and of the filter were computed from the
 * published formulas, independently of the code.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/altitude.h"
#include "daemon/fusion/baro.h"
#include "daemon/fusion/climb.h"

Test(baro, standard_atmosphere)
{
	static const struct {
		double height_m, pressure_pa;
	} rows[] = {
		{0, 101325.00},    {1, 101312.99},    {10, 101204.93},
		{100, 100129.44},  {500, 95460.84},   {1000, 89874.56},
		{5000, 54019.89},  {-100, 102532.10}, {56.067, 100653.27},
		{110.884, 100000}, {540.337, 95000},  {988.500, 90000},
		{3016.22, 69964},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double h = baro_height_m(rows[i].pressure_pa, BARO_SEA_LEVEL_PA);
		double p = baro_pressure_pa(rows[i].height_m, BARO_SEA_LEVEL_PA);

		cr_expect(epsilon_eq(dbl, h, rows[i].height_m, 0.01));
		cr_expect(epsilon_eq(dbl, p, rows[i].pressure_pa, 0.06));
	}
}

/* Kalata's index is sigma_a dt^2 / sigma_z, so tau is sqrt(sigma_z / sigma_a). */
Test(climb, gains_of_the_steady_state)
{
	static const struct {
		double dt_s, sigma_a, sigma_z, height, speed;
	} rows[] = {
		{0.01, 0.5, 0.3, 0.018091699, 0.016515214},
		{0.02, 0.5, 0.3, 0.035855722, 0.032730283},
		{0.01, 0.1, 0.5, 0.006304595, 0.001993685},
		{0.1, 1, 1, 0.131850991, 0.093174514},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double tau_s = sqrt(rows[i].sigma_z / rows[i].sigma_a);
		struct climb_gains g = climb_gains(rows[i].dt_s, tau_s);

		cr_expect(epsilon_eq(dbl, g.height, rows[i].height, 1e-9));
		cr_expect(epsilon_eq(dbl, g.speed, rows[i].speed, 1e-9));
	}
}

Test(climb, step_of_the_measured_height)
{
	const struct climb_gains gains = {sqrt(2) * 0.01, 0.01};
	static const struct {
		int step;
		double height_m;
	} rows[] = {{100, 0.945745}, {200, 1.200204}, {500, 1.015335}, {1000, 1.000003}};
	struct climb c = {0};
	size_t row = 0;

	for (int i = 1; i <= 1000; i++) {
		climb_predict(&c, 0, 0.01);
		climb_correct(&c, 1, gains);
		if (i == rows[row].step)
			cr_expect(
				epsilon_eq(dbl, c.height_m, rows[row++].height_m, 1e-6));
	}
	cr_expect(eq(sz, row, ARRAY_LEN(rows)));
}

/* A barometer with 10 Hz and an accelerometer with 100 Hz in a lift. */
struct cabin {
	struct altitude *altitude;
	int64_t t_ns;
	double height_m, speed_m_s;
	double offset;      /* of the accelerometer */
	double pressure_pa; /* at the start */
	bool blind;         /* the barometer is silent */
};

static void start(struct cabin *c)
{
	*c = (struct cabin){.altitude = altitude_new(1), .pressure_pa = 99000};
	cr_assert(ne(ptr, c->altitude, NULL));
}

static int feed(struct altitude *a, int64_t t_ns, float pressure_pa)
{
	struct sample s = {.t_ns = t_ns, .chan = CHAN_PRESSURE, .v = {pressure_pa}};

	return altitude_feed(a, 0, &s);
}

static void run(struct cabin *c, double accel, double seconds, bool at_rest)
{
	double start_m = baro_height_m(c->pressure_pa, BARO_SEA_LEVEL_PA);

	for (int i = 0; i < (int)(seconds * 100 + 0.5); i++) {
		double p;

		c->t_ns += 10 * NS_PER_MS;
		c->height_m += c->speed_m_s * 0.01 + accel * 0.01 * 0.01 / 2;
		c->speed_m_s += accel * 0.01;
		p = baro_pressure_pa(start_m + c->height_m, BARO_SEA_LEVEL_PA);
		altitude_accel(c->altitude, c->t_ns, (float)(accel + c->offset), at_rest);
		if (i % 10 == 0 && !c->blind)
			cr_assert(eq(int, feed(c->altitude, c->t_ns, (float)p), 0));
	}
}

Test(altitude, unknown_before_the_first_pressure)
{
	struct cabin c;

	start(&c);
	cr_expect(isnan(altitude_m(c.altitude)));
	altitude_accel(c.altitude, 1, 0.5F, false);
	cr_expect(isnan(altitude_m(c.altitude)));
	cr_expect(isnan(altitude_speed_m_s(c.altitude)));
	cr_assert(eq(int, feed(c.altitude, 2, 99000), 0));
	cr_expect(eq(flt, altitude_m(c.altitude), 0));
	altitude_free(c.altitude);
}

Test(altitude, follows_a_lift)
{
	struct cabin c;

	start(&c);
	run(&c, 0, 5, true);
	run(&c, 1, 2, false);
	/* The barometer alone lags by about tau; together they do not. */
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), c.height_m, 0.03));
	cr_expect(epsilon_eq(dbl, (double)altitude_speed_m_s(c.altitude), 2, 0.03));
	run(&c, 0, 5, false);
	run(&c, -1, 2, false);
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), c.height_m, 0.05));
	cr_expect(epsilon_eq(dbl, (double)altitude_speed_m_s(c.altitude), 0, 0.05));
	altitude_free(c.altitude);
}

Test(altitude, offset_of_the_accelerometer_is_learnt_at_rest)
{
	struct cabin c;

	start(&c);
	c.offset = 0.3;
	run(&c, 0, 30, true);
	run(&c, 0, 10, false);
	/* Not learnt, it would show as 0.3 m. */
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), 0, 0.01));
	altitude_free(c.altitude);
}

Test(altitude, works_without_an_accelerometer)
{
	struct altitude *a = altitude_new(1);
	double p = baro_pressure_pa(3, 99000);

	cr_assert(eq(int, feed(a, 0, 99000), 0));
	for (int i = 1; i <= 100; i++)
		cr_assert(eq(int, feed(a, i * 100 * NS_PER_MS, (float)p), 0));
	cr_expect(epsilon_eq(dbl, (double)altitude_m(a),
			     baro_height_m(p, BARO_SEA_LEVEL_PA) -
				     baro_height_m(99000, BARO_SEA_LEVEL_PA),
			     0.02));
	altitude_free(a);
}

Test(altitude, drops_old_samples)
{
	struct sample s = {.t_ns = 2 * NS_PER_S, .chan = CHAN_PRESSURE, .v = {101325}};
	struct altitude *a = altitude_new(1.0F);

	cr_assert(eq(int, altitude_feed(a, 0, &s), 0));
	s.t_ns = NS_PER_S;
	cr_assert(eq(int, altitude_feed(a, 0, &s), -EINVAL));
	altitude_free(a);
}

Test(altitude, drops_what_is_no_air_pressure)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 0, -101325, 1e6F};
	struct cabin c;

	start(&c);
	run(&c, 0, 2, true);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		cr_expect(eq(int, feed(c.altitude, c.t_ns + 1, bad[i]), -ERANGE));
	altitude_accel(c.altitude, c.t_ns + 1, NAN, true);
	altitude_accel(c.altitude, c.t_ns - 1, 100, false);
	run(&c, 0, 1, true);
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), 0, 0.001));
	altitude_free(c.altitude);
}

Test(altitude, other_channels_are_ignored)
{
	struct sample s = {.t_ns = 1, .chan = CHAN_TEMP, .v = {20}};
	struct altitude *a = altitude_new(1);

	cr_expect(eq(int, altitude_feed(a, 0, &s), 0));
	cr_expect(isnan(altitude_m(a)));
	altitude_free(a);
}

Test(altitude, a_silent_barometer_leaves_the_height_unknown)
{
	struct cabin c;

	start(&c);
	run(&c, 0, 2, true);
	c.blind = true;
	run(&c, 0.5, 2, false);
	/* For a moment the accelerometer goes on alone. */
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), c.height_m, 0.05));
	run(&c, 0, 10, false);
	cr_expect(isnan(altitude_m(c.altitude)));
	c.blind = false;
	run(&c, -0.5, 2, false);
	run(&c, 0, 5, false);
	cr_expect(epsilon_eq(dbl, (double)altitude_m(c.altitude), c.height_m, 0.05));
	cr_expect(epsilon_eq(dbl, (double)altitude_speed_m_s(c.altitude), 0, 0.05));
	altitude_free(c.altitude);
}
