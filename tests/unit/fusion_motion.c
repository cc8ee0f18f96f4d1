/*
 * Motion events on synthetic motions: found when there, silent when not. A robot with a position and an
 * orientation is moved; what its sensor measures follows from both, with noise, and saturates at 16 g.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/motion.h"

#define DEG (M_PI / 180)
#define TAU (2 * M_PI)
#define GRAVITY 9.80665
#define FULL_SCALE (16 * GRAVITY)
#define ACCEL_NOISE 0.04 /* m/s^2, as of an MPU-6050 */
#define GYRO_NOISE 0.001 /* rad/s */
#define RATE_HZ 200
#define DT_S (1.0 / RATE_HZ)

enum { STEP_NS = 1000000000 / RATE_HZ };

enum event {
	STILL,
	MOVING,
	PICKED_UP,
	PUT_DOWN,
	TAPPED,
	SHAKEN,
	TILTED,
	UPSIDE_DOWN,
	FREE_FALL,
	FALLEN,
	EVENTS,
};

static const char *const event_names[EVENTS] = {
	"still",  "moving", "picked_up",   "put_down",  "tapped",
	"shaken", "tilted", "upside_down", "free_fall", "fallen",
};

#define BIT(e) (1u << (e))

struct robot {
	struct motion_conf conf;
	struct attitude attitude;
	struct motion motion;
	struct estimate_motion now;
	struct quat q; /* the truth, body -> earth */
	int64_t t_ns;
	uint64_t random;
	unsigned seen; /* BIT()s of the events since it was last cleared */
	unsigned taps; /* the highest count since then */
};

static void start(struct robot *r, uint64_t seed)
{
	*r = (struct robot){.q = QUAT_IDENTITY, .random = seed};
	conf_defaults(motion_fields, &r->conf);
	attitude_init(&r->attitude, &vqf_params_default, RATE_HZ, RATE_HZ);
	motion_init(&r->motion, &r->conf);
}

/* -1 to 1, by xorshift64* (Vigna 2016). */
static double noise(struct robot *r)
{
	r->random ^= r->random >> 12;
	r->random ^= r->random << 25;
	r->random ^= r->random >> 27;
	return (double)(int64_t)(r->random * UINT64_C(0x2545f4914f6cdd1d)) * 0x1p-63;
}

static void look(struct robot *r)
{
	const struct estimate_motion *m = &r->now;
	const bool on[EVENTS] = {
		m->still,  m->moving, m->picked_up,   m->put_down,  m->taps > 0,
		m->shaken, m->tilted, m->upside_down, m->free_fall, m->fallen,
	};

	for (int e = 0; e < EVENTS; e++)
		r->seen |= on[e] ? BIT(e) : 0;
	if (m->taps > r->taps)
		r->taps = m->taps;
}

static void feed(struct robot *r, enum chan chan, const double v[3])
{
	struct sample s = {r->t_ns, chan, {(float)v[0], (float)v[1], (float)v[2]}};

	cr_assert(eq(int, attitude_feed(&r->attitude, &s), 0));
	motion_sample(&r->motion, &s);
}

/* One sample: turning with @rate (body axes), accelerating by @accel (earth axes). */
static void step(struct robot *r, const double rate[3], const double accel[3])
{
	const double force[3] = {accel[0], accel[1], accel[2] + GRAVITY};
	double angle = sqrt(vec_dot(rate, rate)) * DT_S;
	double s = angle > 0 ? sin(angle / 2) / angle * DT_S : 0;
	struct estimate_attitude a;
	double felt[3];
	double gyro[3];

	r->t_ns += STEP_NS;
	r->q = quat_normalise(quat_mul(r->q, (struct quat){cos(angle / 2), s * rate[0],
							   s * rate[1], s * rate[2]}));
	quat_rotate(quat_conj(r->q), force, felt);
	for (int i = 0; i < 3; i++) {
		felt[i] += ACCEL_NOISE * noise(r);
		felt[i] = fmin(fmax(felt[i], -FULL_SCALE), FULL_SCALE);
		gyro[i] = rate[i] + GYRO_NOISE * noise(r);
	}
	feed(r, CHAN_ACCEL, felt);
	feed(r, CHAN_GYRO, gyro);
	cr_assert(eq(int, attitude_estimate(&r->attitude, &a), 0));
	r->now = motion_update(&r->motion, &a);
	look(r);
}

static const double none[3] = {0, 0, 0};

static void stand(struct robot *r, double seconds)
{
	for (double t = 0; t < seconds; t += DT_S)
		step(r, none, none);
}

/* The speed, and its derivative, of a minimum-jerk move by 1 within a time of 1. */
static double speed_at(double u)
{
	return 30 * u * u * (1 - u) * (1 - u);
}

static double accel_at(double u)
{
	return 60 * u * (1 - u) * (1 - 2 * u);
}

/* Move by @way_m (earth axes) and turn by @turn_rad (body axes) in @seconds, smoothly. */
static void carry(struct robot *r, const double way_m[3], const double turn_rad[3],
		  double seconds)
{
	for (double t = 0; t < seconds; t += DT_S) {
		double v = speed_at(t / seconds) / seconds;
		double a = accel_at(t / seconds) / (seconds * seconds);

		step(r, (double[]){turn_rad[0] * v, turn_rad[1] * v, turn_rad[2] * v},
		     (double[]){way_m[0] * a, way_m[1] * a, way_m[2] * a});
	}
}

static void lift(struct robot *r, double height_m)
{
	carry(r, (double[]){0.1, 0, height_m}, none, 0.8);
}

/* Back to the table, with the small knock of arriving there. */
static void lower(struct robot *r, double height_m)
{
	carry(r, (double[]){-0.1, 0, -height_m}, none, 0.8);
	step(r, none, (double[]){0, 0, 5});
	step(r, none, (double[]){0, 0, -3});
}

static void lean(struct robot *r, double angle_rad, double seconds)
{
	carry(r, none, (double[]){angle_rad, 0, 0}, seconds);
}

/* To and fro at 5 Hz. */
static void shake(struct robot *r, double accel, double seconds)
{
	for (double t = 0; t < seconds; t += DT_S)
		step(r, none, (double[]){accel * sin(TAU * 5 * t), 0, 0});
}

/* A finger: 10 ms of @accel, and the table's answer. */
static void knock(struct robot *r, double accel)
{
	step(r, none, (double[]){0, 0, -accel});
	step(r, none, (double[]){0, 0, -accel / 2});
	step(r, none, (double[]){0, 0, accel / 4});
}

/* Fall freely, turning slowly, and stop within 15 ms. */
static void drop(struct robot *r, double height_m)
{
	const double turn[3] = {0.3, 0.2, 0};
	double speed = 0;

	for (double h = height_m; h > 0; h -= speed * DT_S) {
		step(r, turn, (double[]){0, 0, -GRAVITY});
		speed += GRAVITY * DT_S;
	}
	for (int i = 0; i < 3; i++)
		step(r, none, (double[]){0, 0, speed / (3 * DT_S)});
}

/* Turn over an edge, faster and faster as a falling pole does, and hit the table. */
static void topple(struct robot *r)
{
	double angle = 2 * DEG;
	double rate = 0;

	while (angle < 90 * DEG) {
		/* A pole of 15 cm about its foot: 3 g / (2 L) sin(angle); the sensor at the top. */
		double accel = 1.5 * GRAVITY / 0.15 * sin(angle);
		double along = accel * 0.15;
		double inward = rate * rate * 0.15;

		rate += accel * DT_S;
		angle += rate * DT_S;
		step(r, (double[]){rate, 0, 0},
		     (double[]){0, -along * cos(angle) + inward * sin(angle),
				-along * sin(angle) - inward * cos(angle)});
	}
	step(r, none, (double[]){0, 0, rate * 0.15 / (2 * DT_S)});
	step(r, none, (double[]){0, 0, rate * 0.15 / (2 * DT_S)});
}

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

static void play_shake(struct robot *r)
{
	lift(r, 0.2);
	shake(r, 30, 1.2);
	lower(r, 0.2);
	stand(r, 4);
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

/* Play @scene; returns the events that were seen, and prints each that should not be so. */
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
