/* Motion events on synthetic motions: found when there, silent when not. */
#include <stdio.h>

#include "tests/unit/fusion_motion_rig.h"

static const char *const event_names[EVENTS] = {
	"still",  "moving", "picked_up",   "put_down",  "tapped",
	"shaken", "tilted", "upside_down", "free_fall", "fallen",
};

/* What happens after the robot has stood still for three seconds. */
struct scene {
	const char *name;
	void (*play)(struct robot *r);
	unsigned happens; /* BIT()s; the others must not */
};

static void play_nothing(struct robot *r)
{
	stand(r, 10);
}

static void play_lift(struct robot *r)
{
	lift(r, 0.3);
	carry(r, (double[]){0.3, 0.2, 0}, (double[]){0.1, 0.1, 0.5}, 1.5);
	carry(r, (double[]){-0.3, -0.2, 0}, (double[]){-0.1, -0.1, -0.5}, 1.5);
	lower(r, 0.3);
	stand(r, 4);
}

static void play_quick_lift(struct robot *r)
{
	carry(r, (double[]){0, 0, 0.15}, none, 0.5);
	stand(r, 0.2);
	carry(r, (double[]){0, 0, -0.15}, none, 0.5);
	stand(r, 4);
}

static void play_taken_by_leaning(struct robot *r)
{
	lean(r, 20 * DEG, 1);
	lean(r, -20 * DEG, 1);
	stand(r, 4);
}

static void play_drive(struct robot *r)
{
	for (int i = 0; i < 3; i++) {
		carry(r, (double[]){0.8, 0, 0}, none, 1.5);
		carry(r, none, (double[]){0, 0, 2}, 1.2);
	}
	stand(r, 3);
}

static void play_push(struct robot *r)
{
	carry(r, (double[]){0.01, 0, 0}, none, 0.15);
	stand(r, 3);
}

static void play_tap(struct robot *r)
{
	knock(r, 50);
	stand(r, 3);
}

static void play_touch(struct robot *r)
{
	knock(r, 8);
	stand(r, 3);
}

static void play_rock(struct robot *r)
{
	shake(r, 6, 2);
	stand(r, 3);
}

static void play_turn_over(struct robot *r)
{
	lift(r, 0.2);
	lean(r, 175 * DEG, 1.5);
	lean(r, -175 * DEG, 1.5);
	lower(r, 0.2);
	stand(r, 4);
}

static void play_ramp(struct robot *r)
{
	/* Too slow to be told from drift, as the ramp of a hill. */
	carry(r, none, (double[]){0.12, 0, 0}, 12);
	stand(r, 3);
}

static void play_table_fall(struct robot *r)
{
	drop(r, 0.75);
	stand(r, 0.5);
}

static void play_fall_from_hands(struct robot *r)
{
	lift(r, 0.4);
	drop(r, 0.4);
	stand(r, 0.5);
}

static void play_hop(struct robot *r)
{
	/* One centimetre: weightless for 45 ms. */
	drop(r, 0.01);
	stand(r, 3);
}

static void play_topple(struct robot *r)
{
	topple(r);
	stand(r, 3);
}

static void play_lie_down(struct robot *r)
{
	lift(r, 0.1);
	lean(r, 90 * DEG, 1.5);
	lower(r, 0.1);
	stand(r, 8);
}

#define LIFTED (BIT(STILL) | BIT(MOVING) | BIT(PICKED_UP) | BIT(PUT_DOWN))

static const struct scene scenes[] = {
	{"nothing", play_nothing, BIT(STILL)},
	{"lift and put down", play_lift, LIFTED},
	{"quick lift", play_quick_lift, LIFTED},
	{"leaned in the hand", play_taken_by_leaning, LIFTED},
	{"drive and turn", play_drive, BIT(STILL) | BIT(MOVING)},
	{"push", play_push, BIT(STILL)},
	{"tap", play_tap, BIT(STILL) | BIT(TAPPED)},
	{"gentle touch", play_touch, BIT(STILL)},
	{"shake", play_shake, LIFTED | BIT(SHAKEN)},
	{"rock gently", play_rock, BIT(STILL) | BIT(MOVING)},
	{"turn over", play_turn_over, LIFTED | BIT(TILTED) | BIT(UPSIDE_DOWN)},
	{"slow ramp", play_ramp, BIT(STILL)},
	{"fall off the table", play_table_fall,
	 BIT(STILL) | BIT(MOVING) | BIT(FREE_FALL) | BIT(FALLEN)},
	{"fall out of hands", play_fall_from_hands,
	 BIT(STILL) | BIT(MOVING) | BIT(PICKED_UP) | BIT(FREE_FALL) | BIT(FALLEN)},
	{"hop", play_hop, BIT(STILL) | BIT(TAPPED)},
	{"topple", play_topple, BIT(STILL) | BIT(MOVING) | BIT(TILTED) | BIT(FALLEN)},
	{"laid on its side", play_lie_down, LIFTED | BIT(TILTED)},
};

/* Play @scene; returns the events that were seen. */
static unsigned play(const struct scene *scene, uint64_t seed)
{
	struct robot r;

	start(&r, seed);
	stand(&r, 3);
	scene->play(&r);
	return r.seen;
}

Test(motion, events_are_found_when_there_and_silent_when_not)
{
	const uint64_t seed = 20231;
	long counts[EVENTS][2][2] = {{{0}}};

	printf("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
		unsigned seen = play(&scenes[i], seed + i);

		for (int e = 0; e < EVENTS; e++) {
			int is = (scenes[i].happens & BIT(e)) != 0;
			int said = (seen & BIT(e)) != 0;

			counts[e][is][said]++;
			cr_expect(is == said, "%s: %s should be %d", scenes[i].name,
				  event_names[e], is);
		}
	}
	for (int e = 0; e < EVENTS; e++)
		printf("%-12s found %2ld, missed %ld, wrong %ld, rightly silent %2ld\n",
		       event_names[e], counts[e][1][1], counts[e][1][0], counts[e][0][1],
		       counts[e][0][0]);
}
