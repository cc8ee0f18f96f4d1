/*
 * Motion events in nine recordings of a hand-held sensor: found when there, silent when not. Skips where the
 * recordings are not.
 *
 * What happens in a trial is known from its description (what was done with the board), and how it leans
 * from the optical reference. The board is taken from a table and put back in each of them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdbool.h>

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/motion.h"
#include "tests/replay/broad.h"

#define DEG (M_PI / 180)

enum event {
	STILL,
	MOVING,
	PICKED_UP,
	PUT_DOWN,
	TAPPED,
	SHAKEN,
	FREE_FALL,
	FALLEN,
	EVENTS
};

static const char *const event_names[EVENTS] = {
	"still",  "moving", "picked_up", "put_down",
	"tapped", "shaken", "free_fall", "fallen",
};

#define BIT(e) (1u << (e))

/* Rest, a hand that takes it, motion, and rest again. */
#define ALWAYS (BIT(STILL) | BIT(MOVING) | BIT(PICKED_UP) | BIT(PUT_DOWN))

/* What happens in each trial, in the order of broad_trials. */
static const unsigned happens[BROAD_TRIALS] = {
	ALWAYS,               /* 02 slow rotation */
	ALWAYS,               /* 09 fast rotation */
	ALWAYS,               /* 12 slow translation */
	ALWAYS | BIT(SHAKEN), /* 16 fast translation, to and fro */
	ALWAYS | BIT(SHAKEN), /* 21 fast rotation and translation */
	ALWAYS | BIT(TAPPED), /* 24 tapping */
	ALWAYS,               /* 26 a vibrating telephone on it */
	ALWAYS,               /* 30 medium speed */
	ALWAYS,               /* 33 medium speed */
};

/* Yes and no, as it is and as it was said. */
struct confusion {
	long hit, missed, wrong, silent;
};

static void count(struct confusion *c, bool is, bool said)
{
	c->hit += is && said;
	c->missed += is && !said;
	c->wrong += !is && said;
	c->silent += !is && !said;
}

static void print(const char *name, const struct confusion *c)
{
	printf("%-20s found %6ld, missed %5ld, wrong %5ld, rightly silent %6ld\n", name,
	       c->hit, c->missed, c->wrong, c->silent);
}

struct player {
	struct motion_conf conf;
	struct attitude attitude;
	struct motion motion;
	struct estimate_motion now;
};

static void start(struct player *p)
{
	conf_defaults(motion_fields, &p->conf);
	attitude_init(&p->attitude, &vqf_params_default, 1 / BROAD_DT_S, 1 / BROAD_DT_S);
	motion_init(&p->motion, &p->conf);
}

static void feed(struct player *p, const struct broad_row *r, int64_t t_ns)
{
	const struct sample samples[2] = {
		{t_ns, CHAN_ACCEL, {r->acc[0], r->acc[1], r->acc[2]}},
		{t_ns, CHAN_GYRO, {r->gyr[0], r->gyr[1], r->gyr[2]}},
	};
	struct estimate_attitude a;

	for (int i = 0; i < 2; i++) {
		cr_assert(eq(int, attitude_feed(&p->attitude, &samples[i]), 0));
		motion_sample(&p->motion, &samples[i]);
	}
	cr_assert(eq(int, attitude_estimate(&p->attitude, &a), 0));
	p->now = motion_update(&p->motion, &a);
}

static unsigned seen(const struct estimate_motion *m)
{
	const bool on[EVENTS] = {
		m->still,    m->moving, m->picked_up, m->put_down,
		m->taps > 0, m->shaken, m->free_fall, m->fallen,
	};
	unsigned bits = 0;

	for (int e = 0; e < EVENTS; e++)
		bits |= on[e] ? BIT(e) : 0;
	return bits;
}

static struct broad_row *load_or_skip(const char *trial, int *ret_rows)
{
	struct broad_row *rows = broad_load_trial(BROAD_DIR, trial, ret_rows);

	if (!rows)
		cr_skip_test("no recordings in %s", BROAD_DIR);
	return rows;
}

/* All that was seen in a trial; @ret_taps counts the taps. */
static unsigned play(const struct broad_row *rows, int n, int *ret_taps)
{
	struct player p;
	unsigned bits = 0;
	unsigned taps = 0;

	*ret_taps = 0;
	start(&p);
	for (int i = 0; i < n; i++) {
		feed(&p, &rows[i], i * (int64_t)(BROAD_DT_S * NS_PER_S));
		bits |= seen(&p.now);
		*ret_taps += p.now.taps > taps;
		taps = p.now.taps;
	}
	return bits;
}

Test(broad_motion, events_are_found_when_there_and_silent_when_not)
{
	struct confusion all[EVENTS] = {{0}};

	for (int i = 0; i < BROAD_TRIALS; i++) {
		struct broad_row *rows;
		unsigned bits;
		int taps;
		int n;

		rows = load_or_skip(broad_trials[i], &n);
		bits = play(rows, n, &taps);
		free(rows);
		/* Counted in the data with half the threshold, trial 24 has 24 knocks. */
		if (happens[i] & BIT(TAPPED))
			cr_expect(taps >= 20 && taps <= 24, "%d taps", taps);
		printf("%-43s %2d taps\n", broad_trials[i], taps);
		for (int e = 0; e < EVENTS; e++) {
			bool is = happens[i] & BIT(e);
			bool said = bits & BIT(e);

			count(&all[e], is, said);
			cr_expect(is == said, "%s: %s should be %d", broad_trials[i],
				  event_names[e], is);
		}
	}
	for (int e = 0; e < EVENTS; e++)
		print(event_names[e], &all[e]);
}

static double true_tilt(const float q[4])
{
	double up = 1 - 2 * ((double)q[1] * (double)q[1] + (double)q[2] * (double)q[2]);

	return acos(fmin(fmax(up, -1), 1));
}

/* How it leans, in each sample that the cameras saw and in which it clearly leans or clearly does not. */
struct leaning {
	struct confusion tilted, upside_down;
};

static void compare(struct leaning *l, const struct player *p, const float truth[4])
{
	double tilt = true_tilt(truth);

	if (isnan(truth[0]))
		return;
	/* Between the angles at which it begins and ends, both are right. */
	if (tilt > 32 * DEG || tilt < 23 * DEG)
		count(&l->tilted, tilt > 30 * DEG, p->now.tilted);
	if (tilt > 152 * DEG || tilt < 138 * DEG)
		count(&l->upside_down, tilt > 150 * DEG, p->now.upside_down);
}

/* A few samples may be wrong: the estimate errs by some degrees in the fast trials. */
Test(broad_motion, leaning_is_as_the_cameras_saw_it)
{
	struct leaning l = {{0}, {0}};

	for (int i = 0; i < BROAD_TRIALS; i++) {
		struct broad_row *rows;
		struct player p;
		int n;

		rows = load_or_skip(broad_trials[i], &n);
		start(&p);
		for (int k = 0; k < n; k++) {
			feed(&p, &rows[k], k * (int64_t)(BROAD_DT_S * NS_PER_S));
			compare(&l, &p, rows[k].truth);
		}
		free(rows);
	}
	print("tilted, samples", &l.tilted);
	print("upside_down, samples", &l.upside_down);
	cr_expect(gt(long, l.tilted.hit, 100000));
	cr_expect(gt(long, l.upside_down.hit, 1000));
	cr_expect(lt(long, l.tilted.missed + l.tilted.wrong, 50));
	cr_expect(lt(long, l.upside_down.missed + l.upside_down.wrong, 50));
}
