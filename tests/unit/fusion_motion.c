/* Motion events one by one: how long they last, their thresholds, gaps and bad samples. */
#include <string.h>

#include "tests/unit/fusion_motion_rig.h"

Test(motion, taps_are_counted_in_series)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 2);
	knock(&r, 60);
	cr_expect(eq(uint, r.now.taps, 1));
	stand(&r, 0.2);
	knock(&r, 60);
	cr_expect(eq(uint, r.now.taps, 2));
	stand(&r, 0.2);
	knock(&r, 60);
	cr_expect(eq(uint, r.now.taps, 3));
	stand(&r, 0.35);
	cr_expect(eq(uint, r.now.taps, 3));
	stand(&r, 0.1);
	cr_expect(eq(uint, r.now.taps, 0));
	knock(&r, 60);
	cr_expect(eq(uint, r.now.taps, 1), "a new series");
}

Test(motion, echo_of_a_tap_is_not_another_one)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 2);
	knock(&r, 60);
	stand(&r, 0.04);
	knock(&r, 60);
	stand(&r, 0.1);
	cr_expect(eq(uint, r.now.taps, 1));
}

Test(motion, put_down_is_true_for_a_moment)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 3);
	lift(&r, 0.3);
	cr_expect(r.now.picked_up);
	lower(&r, 0.3);
	cr_expect(r.now.picked_up, "until it has been still for a time");
	cr_expect(not(r.now.put_down));
	/* 1.5 s until it counts as still, 1 s more until it stands, and then for 1 s. */
	stand(&r, 2.8);
	cr_expect(r.now.put_down);
	cr_expect(not(r.now.picked_up));
	stand(&r, 1);
	cr_expect(not(r.now.put_down));
}

Test(motion, held_still_in_the_hand_is_not_put_down)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 3);
	lift(&r, 0.3);
	lean(&r, 25 * DEG, 0.8);
	stand(&r, 4);
	cr_expect(r.now.still);
	cr_expect(r.now.picked_up);
	stand(&r, 4);
	cr_expect(not(r.now.picked_up), "after some seconds that is its place");
}

Test(motion, free_fall_is_known_before_the_impact)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 3);
	/* 120 ms after it lost hold; a table's height takes 390. */
	for (int i = 0; i < 24; i++)
		step(&r, none, (double[]){0, 0, -GRAVITY});
	cr_expect(r.now.free_fall);
	cr_expect(not(r.now.fallen));
}

Test(motion, fallen_lasts_until_it_stands_again)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 3);
	topple(&r);
	stand(&r, 20);
	cr_expect(r.now.fallen, "it still lies there");
	carry(&r, none, (double[]){-88 * DEG, 0, 0}, 1.5);
	cr_expect(r.now.fallen, "not while it is being put upright");
	stand(&r, 6);
	cr_expect(not(r.now.fallen));
}

Test(motion, angles_have_hysteresis)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 2);
	lean(&r, 28 * DEG, 1);
	cr_expect(not(r.now.tilted));
	lean(&r, 4 * DEG, 0.5);
	cr_expect(r.now.tilted);
	lean(&r, -4 * DEG, 0.5);
	cr_expect(r.now.tilted, "28 degrees are not upright yet");
	lean(&r, -5 * DEG, 0.5);
	cr_expect(not(r.now.tilted));
}

Test(motion, thresholds_are_those_of_the_configuration)
{
	struct robot r;

	start(&r, 1);
	r.conf.tapped.accel_m_s2 = 6;
	r.conf.tilted.angle_rad = (float)(10 * DEG);
	stand(&r, 2);
	knock(&r, 8);
	cr_expect(eq(uint, r.now.taps, 1));
	lean(&r, 15 * DEG, 1);
	cr_expect(r.now.tilted);
}

Test(motion, a_gap_is_no_event)
{
	struct robot r;

	start(&r, 1);
	stand(&r, 3);
	shake(&r, 30, 0.4);
	r.seen = 0;
	r.t_ns += 10 * NS_PER_S;
	stand(&r, 0.3);
	cr_expect(eq(uint, r.seen, 0), "neither what was before it nor the gap itself");
	stand(&r, 3);
	cr_expect(r.now.still);
}

Test(motion, bad_samples_change_nothing)
{
	const float bad[] = {NAN, INFINITY, -INFINITY};
	struct robot r;
	struct robot spared;

	start(&r, 1);
	stand(&r, 3);
	spared = r;
	spared.motion.conf = &spared.conf;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sample s = {r.t_ns + 1, CHAN_ACCEL, {0, bad[i], 0}};

		motion_sample(&r.motion, &s);
	}
	motion_sample(&r.motion, &(struct sample){r.t_ns, CHAN_ACCEL, {100, 0, 0}});
	motion_sample(&r.motion, &(struct sample){-1, CHAN_ACCEL, {100, 0, 0}});
	motion_sample(&r.motion, &(struct sample){r.t_ns + 1, CHAN_MAG, {100, 0, 0}});
	play_shake(&r);
	play_shake(&spared);
	cr_expect(eq(int, memcmp(&r.motion.now, &spared.motion.now, sizeof(r.now)), 0));
	cr_expect(eq(uint, r.seen, spared.seen));
}
