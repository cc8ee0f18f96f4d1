/* Values that the configuration makes of others: combined, filtered, compared; on the virtual clock. */
#include <math.h>
#include <stdlib.h>

#include "tests/seed.h"
#include "tests/unit/app_quantity_rig.h"

static int combining(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s, "\"near\": {\"of\": [\"left.distance\", \"right.distance\"], "
		 "\"combine\": \"min\", \"gate\": [\"2cm\", 4]},"
		 "\"mean\": {\"of\": [\"left.distance\", \"right.distance\", "
		 "\"rear.distance\"], \"combine\": \"mean\"},"
		 "\"median\": {\"of\": [\"left.distance\", \"right.distance\", "
		 "\"rear.distance\"], \"combine\": \"median\"},"
		 "\"any\": {\"of\": [\"head.touched\", \"pir.pressed\"], \"combine\": "
		 "\"any\"},"
		 "\"all\": {\"of\": [\"head.touched\", \"pir.pressed\"], \"combine\": "
		 "\"all\"}");
	cr_expect(eq(int, value_state(find(&s, "near")), VALUE_UNSET));
	cr_expect(eq(str, (char *)value_info(find(&s, "near"))->unit, "m"));
	set(s.left, 1);
	cr_expect(eq(dbl, number_of(&s, "near"), 1));
	set(s.right, 0.5);
	set(s.rear, 3);
	cr_expect(eq(dbl, number_of(&s, "near"), 0.5));
	cr_expect(eq(dbl, number_of(&s, "mean"), 1.5));
	cr_expect(eq(dbl, number_of(&s, "median"), 1));
	/* Out of the gate: as if it were not there. */
	set(s.right, 0.01);
	cr_expect(eq(dbl, number_of(&s, "near"), 1));
	set(s.right, 9);
	cr_expect(eq(dbl, number_of(&s, "near"), 1));

	set_bool(s.touch, false);
	set_bool(s.pir, true);
	cr_expect(truth_of(&s, "any"));
	cr_expect(not(truth_of(&s, "all")));
	close_stage(&s);
	return 0;
}

Test(app_quantity, several_become_one)
{
	run(combining);
}

static int growing_stale(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s, "\"near\": {\"of\": [\"left.distance\", \"right.distance\"], "
		 "\"combine\": \"min\"},"
		 "\"known\": {\"of\": \"near\", \"filters\": [{\"timeout\": \"5s\"}]}");
	set(s.left, 1);
	set(s.right, 2);
	nap(0.9);
	set(s.right, 2);
	nap(0.2);
	/* The left one has grown stale: the right one goes on alone, with its age. */
	cr_expect(eq(int, value_state(s.left), VALUE_STALE));
	set(s.right, 2.5);
	cr_expect(eq(dbl, number_of(&s, "near"), 2.5));
	cr_expect(eq(i64, value_sample_ns(find(&s, "near")), rt_now()));
	nap(1.1);
	cr_expect(eq(int, value_state(find(&s, "near")), VALUE_STALE));
	cr_expect(eq(int, value_state(find(&s, "known")), VALUE_STALE));
	/* A timeout makes it known that nothing is known. */
	nap(4);
	cr_expect(eq(int, value_state(find(&s, "known")), VALUE_OK));
	cr_expect(eq(int, value_get(find(&s, "known"))->type, DATUM_NULL));
	set(s.left, 1);
	cr_expect(eq(dbl, number_of(&s, "known"), 1));
	close_stage(&s);
	return 0;
}

Test(app_quantity, stale_ones_are_left_out_and_all_stale_is_stale)
{
	run(growing_stale);
}

/* Whatever a sensor says that is no number of this world is as if it were silent, and when it is well it counts. */
static int talking_nonsense(void *arg)
{
	static const double nonsense[] = {(double)NAN, HUGE_VAL, -HUGE_VAL, 1e300};
	struct stage s;

	(void)arg;
	OPEN(&s,
	     "\"near\": {\"of\": [\"left.distance\", \"right.distance\"], "
	     "\"combine\": \"min\"},"
	     "\"voted\": {\"of\": [\"left.distance\", \"right.distance\", "
	     "\"rear.distance\"], \"combine\": \"vote\", \"tolerance\": 0.5},"
	     "\"alone\": {\"of\": \"left.distance\", \"filters\": [{\"median\": 3}]}");
	set(s.left, 1);
	set(s.right, 1.2);
	set(s.rear, 1.1);
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		nap(0.2);
		set(s.left, nonsense[i]);
		set(s.right, 1.2);
		set(s.rear, 1.1);
		cr_expect(eq(dbl, number_of(&s, "near"), 1.2));
		cr_expect(epsilon_eq(dbl, number_of(&s, "voted"), 1.1, 0.15));
		cr_expect(eq(int, value_state(find(&s, "alone")), VALUE_STALE));
		cr_expect(eq(dbl, value_get(find(&s, "alone"))->n, 1));
	}
	nap(0.2);
	set(s.left, 1);
	cr_expect(eq(dbl, number_of(&s, "near"), 1));
	cr_expect(eq(dbl, number_of(&s, "alone"), 1));
	close_stage(&s);
	return 0;
}

Test(app_quantity, nonsense_is_left_out)
{
	run(talking_nonsense);
}

/* What it said is not kept until the other one, which is seldom heard, speaks again. */
static int falling_silent(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s, "\"near\": {\"of\": [\"left.distance\", \"map.distance\"], \"combine\": "
		 "\"min\"}");
	set(s.map, 3);
	set(s.left, 1);
	cr_expect(eq(dbl, number_of(&s, "near"), 1));
	nap(1.1);
	cr_expect(eq(int, value_state(s.left), VALUE_STALE));
	cr_expect(eq(dbl, number_of(&s, "near"), 3));
	close_stage(&s);
	return 0;
}

Test(app_quantity, one_that_falls_silent_is_left_out_at_once)
{
	run(falling_silent);
}

/* What the model knows of an input. */
struct model_input {
	double x;
	int64_t t_ns; /* 0: never */
};

/* Readings of the last second that are in the gate of 0.5 to 4, sorted; their number. */
static int model_known(const struct model_input in[3], double ret[3])
{
	int n = 0;

	for (int i = 0; i < 3; i++) {
		int k = n;

		if (!in[i].t_ns || rt_now() - in[i].t_ns >= NS_PER_S || in[i].x < 0.5 ||
		    in[i].x > 4)
			continue;
		for (; k > 0 && ret[k - 1] > in[i].x; k--)
			ret[k] = ret[k - 1];
		ret[k] = in[i].x;
		n++;
	}
	return n;
}

static bool is_near(const struct stage *s, const char *name, double want)
{
	const struct value *v = find(s, name);

	return value_state(v) == VALUE_OK && value_get(v)->type == DATUM_NUMBER &&
	       fabs(value_get(v)->n - want) < 1e-9;
}

/* One random step: a reading of one input, or time passes. */
static void model_step(const struct stage *s, struct model_input in[3], unsigned *seed)
{
	struct value *const inputs[3] = {s->left, s->right, s->rear};
	int i = rand_r(seed) % 6;

	if (i < 3) {
		in[i].x = (double)(rand_r(seed) % 5000) / 1000;
		in[i].t_ns = rt_now();
		set(inputs[i], in[i].x);
	} else {
		nap((double)(rand_r(seed) % 500) / 1000);
	}
}

static int random_readings(void *arg)
{
	struct model_input in[3] = {0};
	unsigned seed = (unsigned)test_seed(20261121);
	struct stage s;

	(void)arg;
#define THREE                                                                            \
	"{\"of\": [\"left.distance\", \"right.distance\", \"rear.distance\"], "          \
	"\"gate\": [0.5, 4], \"combine\": "
	OPEN(&s,
	     "\"min\": " THREE "\"min\"}, \"max\": " THREE "\"max\"}, \"mean\": " THREE
	     "\"mean\"}, \"median\": " THREE "\"median\"}, \"sum\": " THREE "\"sum\"}");
#undef THREE
	nap(1);
	for (int step = 0; step < 5000; step++) {
		double x[3];
		double sum = 0;
		int n;
		bool good;

		model_step(&s, in, &seed);
		n = model_known(in, x);
		for (int i = 0; i < n; i++)
			sum += x[i];
		if (n == 0)
			good = value_state(find(&s, "sum")) != VALUE_OK &&
			       value_state(find(&s, "median")) != VALUE_OK;
		else
			good = is_near(&s, "min", x[0]) && is_near(&s, "max", x[n - 1]) &&
			       is_near(&s, "mean", sum / n) && is_near(&s, "sum", sum) &&
			       is_near(&s, "median", (x[(n - 1) / 2] + x[n / 2]) / 2);
		cr_assert(good, "step %d, %d known", step, n);
	}
	close_stage(&s);
	return 0;
}

Test(app_quantity, random_readings_are_combined_as_in_a_simple_model)
{
	run(random_readings);
}

static int limits(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s,
	     "\"far\": {\"of\": \"left.distance\", \"above\": \"30cm\", \"below\": 0.2},"
	     "\"close\": {\"of\": \"left.distance\", \"above\": 0.3, \"below\": 0.2, "
	     "\"invert\": true},"
	     "\"gap\": {\"is\": \"right.distance - left.distance\", \"above\": 0.5, "
	     "\"below\": 0.1, \"filters\": [{\"median\": 3}]}");
	set(s.left, 0.25);
	cr_expect(not(truth_of(&s, "far")));
	cr_expect(not(truth_of(&s, "close")));
	set(s.left, 0.3);
	cr_expect(truth_of(&s, "far"));
	set(s.left, 0.25);
	cr_expect(truth_of(&s, "far"));
	cr_expect(not(truth_of(&s, "close")));
	set(s.left, 0.2);
	cr_expect(not(truth_of(&s, "far")));
	cr_expect(truth_of(&s, "close"));
	set(s.left, 0.25);
	cr_expect(truth_of(&s, "close"));
	/* An expression goes the same way: one spike is none. */
	set(s.right, 0.25);
	set(s.right, 0.26);
	set(s.right, 3);
	cr_expect(not(truth_of(&s, "gap")));
	set(s.right, 3.1);
	cr_expect(truth_of(&s, "gap"));
	close_stage(&s);
	return 0;
}

Test(app_quantity, limits_with_hysteresis)
{
	run(limits);
}

static int presence(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s, "\"there\": {\"of\": [\"head.touched\", \"pir.pressed\"], \"combine\": "
		 "\"any\", \"filters\": [{\"delayed_off\": \"10s\"}]}");
	set_bool(s.touch, false);
	set_bool(s.pir, true);
	cr_expect(truth_of(&s, "there"));
	nap(1);
	set_bool(s.pir, false);
	nap(9.9);
	cr_expect(truth_of(&s, "there"));
	nap(0.2);
	cr_expect(not(truth_of(&s, "there")));
	cr_expect(
		eq(i64, value_change_ns(find(&s, "there")), rt_now() - 100 * NS_PER_MS));
	close_stage(&s);
	return 0;
}

Test(app_quantity, filters_act_when_time_has_passed)
{
	run(presence);
}

/* Every new sample counts, also one that is equal to the last. */
static int equal_samples(void *arg)
{
	struct stage s;

	(void)arg;
	OPEN(&s, "\"mean\": {\"of\": \"left.distance\", \"filters\": "
		 "[{\"sliding_window_moving_average\": 4}]}");
	set(s.left, 0);
	for (int i = 0; i < 3; i++) {
		nap(0.01);
		set(s.left, 1);
	}
	cr_expect(eq(dbl, number_of(&s, "mean"), 0.75));
	nap(0.01);
	set(s.left, 1);
	cr_expect(eq(dbl, number_of(&s, "mean"), 1));
	close_stage(&s);
	return 0;
}

Test(app_quantity, equal_samples_count)
{
	run(equal_samples);
}

static void expect_sources(const struct stage *s, const char *left, const char *right,
			   const char *rear, const char *health)
{
	const struct datum *d = value_get(find(s, "range.sources"));

	cr_assert(eq(int, d->type, DATUM_TABLE));
	cr_expect(
		eq(str, (char *)datum_text(datum_get(d, "left.distance")), (char *)left));
	cr_expect(eq(str, (char *)datum_text(datum_get(d, "right.distance")),
		     (char *)right));
	cr_expect(
		eq(str, (char *)datum_text(datum_get(d, "rear.distance")), (char *)rear));
	cr_expect(eq(str, (char *)datum_text(value_get(find(s, "health.range"))),
		     (char *)health));
}

static int voting(void *arg)
{
	double before;
	struct stage s;

	(void)arg;
	OPEN(&s, "\"range\": {\"of\": [\"left.distance\", \"right.distance\", "
		 "\"rear.distance\"], \"combine\": \"vote\", \"tolerance\": \"5cm\"}");
	value_batch_begin();
	set(s.left, 1);
	set(s.right, 1.02);
	set(s.rear, 1.04);
	value_batch_end();
	cr_expect(epsilon_eq(dbl, number_of(&s, "range"), 1.02, 1e-6));
	expect_sources(&s, "used", "used", "used", "running");
	nap(0.5);
	set(s.rear, 2);
	before = number_of(&s, "range");
	cr_expect(epsilon_eq(dbl, before, 1.02, 0.001));
	expect_sources(&s, "used", "used", "left out", "degraded");
	/* One falls silent: an event, not a jump. */
	for (int i = 0; i < 20; i++) {
		nap(0.1);
		set(s.left, 1);
		set(s.rear, 2);
	}
	expect_sources(&s, "used", "silent", "left out", "degraded");
	cr_expect(lt(dbl, fabs(number_of(&s, "range") - 1), 0.03));
	nap(2);
	cr_expect(eq(int, value_state(find(&s, "range")), VALUE_STALE));
	expect_sources(&s, "silent", "silent", "silent", "lost");
	close_stage(&s);
	return 0;
}

Test(app_quantity, a_vote_says_whom_it_uses)
{
	run(voting);
}
