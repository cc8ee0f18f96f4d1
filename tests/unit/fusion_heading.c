/* Heading from a magnetometer: magnets, sudden and from the start, a late one, and how sure it is. */
#include "tests/unit/fusion_attitude_rig.h"

Test(heading, field_shows_the_heading)
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

Test(heading, disturbance_is_kept_out_after_motion)
{
	expect_disturbance_kept_out((double[]){0, 0, 1});
}

Test(heading, disturbance_is_kept_out_after_rest)
{
	expect_disturbance_kept_out(still);
}

Test(heading, motion_does_not_dilute_a_heading_found_at_rest)
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

Test(heading, a_magnet_where_it_was_switched_on_is_found_out_in_motion)
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

Test(heading, heading_sigma_falls_with_a_field_and_grows_without_one)
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

Test(heading, heading_of_a_late_magnetometer_is_right)
{
	/* Late by 4 samples, 20 ms: 2 rad/s turn the heading by 2.3 degrees. After 100 s of such turning
	 * four fifths of the delay are known, and half a degree is left at most. */
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
	cr_expect(gt(dbl, b.attitude.vqf.lag.s, 0.8 * 0.02));
	cr_expect(lt(dbl, b.attitude.vqf.lag.s, 0.021));
}
