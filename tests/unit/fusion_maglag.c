/* The magnetometer's delay, learnt from synthetic fields. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/maglag.h"
#include "daemon/fusion/quat.h"

#define DT_S 0.005
#define MAX_S 0.05

/*
 * Swing to and fro about the vertical for @seconds, measuring a field that is late by @late_s, every @dt_s.
 */
static void swing_at(struct maglag *lag, double dt_s, double late_s, double seconds,
		     double amplitude_rad)
{
	const double w = 2 * M_PI * 0.8;

	for (int i = 0; i < (int)(seconds / dt_s); i++) {
		double t = i * dt_s;
		double rate = amplitude_rad * w * cos(w * t);
		/* In level axes a late field is turned by the angle covered since. */
		double late = amplitude_rad * (sin(w * t) - sin(w * (t - late_s)));
		double field[3] = {-20 * sin(late), 20 * cos(late), -40};
		double turned[3];

		vec_cross((double[]){0, 0, rate}, field, turned);
		maglag_update(lag, field, turned, dt_s, MAX_S);
	}
}

static void swing(struct maglag *lag, double late_s, double seconds, double amplitude_rad)
{
	swing_at(lag, DT_S, late_s, seconds, amplitude_rad);
}

Test(maglag, is_learnt_in_motion)
{
	struct maglag lag = {0};

	swing(&lag, 0.012, 300, 1);
	cr_expect(epsilon_eq(dbl, lag.s, 0.012, 0.001));
}

/* The gyroscope is late. */
Test(maglag, may_be_less_than_nothing)
{
	struct maglag lag = {0};

	swing(&lag, -0.012, 300, 1);
	cr_expect(epsilon_eq(dbl, lag.s, -0.012, 0.001));
}

/* The promise: half of it after 32 rad^2/s^2 * s across the field, nine tenths after 9 times that. */
Test(maglag, is_learnt_as_fast_as_promised)
{
	/* 20 of 45 uT are across the axis, at 3.55 rad/s in the mean square. */
	const double per_s = 0.2 * 3.55 * 3.55;
	struct maglag lag = {0};

	swing(&lag, 0.012, 32 / per_s, 1);
	cr_expect(epsilon_eq(dbl, lag.s, 0.006, 0.001));
	swing(&lag, 0.012, 8 * 32 / per_s, 1);
	cr_expect(epsilon_eq(dbl, lag.s, 0.0108, 0.0004));
}

Test(maglag, is_learnt_as_fast_at_any_rate)
{
	struct maglag fast = {0};
	struct maglag slow = {0};

	swing_at(&fast, 0.0035, 0.012, 20, 1);
	swing_at(&slow, 0.02, 0.012, 20, 1);
	cr_expect(gt(dbl, fast.s, 0.005));
	cr_expect(epsilon_eq(dbl, fast.s, slow.s, 0.0002));
}

Test(maglag, little_evidence_is_little_believed)
{
	struct maglag lag = {0};

	swing(&lag, 0.012, 60, 0.02);
	cr_expect(lt(dbl, fabs(lag.s), 0.001));
}

Test(maglag, stays_in_its_range)
{
	struct maglag late = {0};
	struct maglag early = {0};

	swing(&late, 0.1, 60, 1);
	cr_expect(eq(dbl, late.s, MAX_S));
	swing(&early, -0.1, 60, 1);
	cr_expect(eq(dbl, early.s, -MAX_S));
}

Test(maglag, follows_a_change)
{
	struct maglag lag = {0};

	swing(&lag, 0.012, 600, 1);
	swing(&lag, 0.03, 3000, 1);
	cr_expect(epsilon_eq(dbl, lag.s, 0.03, 0.002));
}

Test(maglag, a_jump_of_the_axes_is_no_delay)
{
	const double north[3] = {0, 20, -40};
	const double east[3] = {20, 0, -40};
	const double spin[3] = {0, 0, 3};
	struct maglag lag = {0};
	double turned[3];

	/* From the first sample on it spins; then the level axes are found anew. */
	for (int i = 0; i < 2000; i++) {
		const double *field = i < 1000 ? north : east;

		if (i == 1000)
			maglag_pause(&lag);
		vec_cross(spin, field, turned);
		maglag_update(&lag, field, turned, DT_S, MAX_S);
	}
	cr_expect(lt(dbl, fabs(lag.s), 1e-6));
}
