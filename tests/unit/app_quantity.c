/* Values that the configuration makes of others: read from its text, run on the virtual clock. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config.h"
#include "daemon/app/derived.h"
#include "daemon/app/quantity.h"
#include "tests/unit/state_run.h"

/* A world with two distances (stale after a second), two switches and a temperature. */
struct stage {
	struct config conf; /* only its text */
	struct conf_errors errs;
	struct world *world;
	struct value *left, *right, *rear, *touch, *pir, *map;
};

static struct value *number(struct stage *s, const char *name, const char *unit)
{
	const struct value_info info = {.name = name,
					.unit = unit,
					.typed = true,
					.type = DATUM_NUMBER,
					.stale_after_ns = NS_PER_S};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

/* A number that is true until another one comes. */
static struct value *lasting(struct stage *s, const char *name, const char *unit)
{
	const struct value_info info = {
		.name = name, .unit = unit, .typed = true, .type = DATUM_NUMBER};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

static struct value *boolean(struct stage *s, const char *name)
{
	const struct value_info info = {.name = name, .typed = true, .type = DATUM_BOOL};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

/* @values: what stands under fusion.values. */
static int open_stage(struct stage *s, const char *values)
{
	char text[2000];

	*s = (struct stage){0};
	s->world = world_new();
	cr_assert(s->world != NULL);
	s->left = number(s, "left.distance", "m");
	s->right = number(s, "right.distance", "m");
	s->rear = number(s, "rear.distance", "m");
	(void)number(s, "climate.temperature", "degC");
	s->map = lasting(s, "map.distance", "m");
	s->touch = boolean(s, "head.touched");
	s->pir = boolean(s, "pir.pressed");
	(void)snprintf(text, sizeof(text), "{\"fusion\": {\"values\": {%s}}}", values);
	cr_assert(eq(int, json_doc_parse(&s->conf.doc, text, strlen(text), "t", &s->errs),
		     0));
	return derived_add(&s->conf, s->world, &s->errs);
}

static void close_stage(struct stage *s)
{
	world_free(s->world);
	json_doc_fini(&s->conf.doc);
	conf_errors_fini(&s->errs);
}

static void set_bool(struct value *v, bool b)
{
	const struct datum d = datum_bool(b);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static const struct value *find(const struct stage *s, const char *name)
{
	const struct value *v = world_find(s->world, name);

	cr_assert(v != NULL, "%s", name);
	return v;
}

static double number_of(const struct stage *s, const char *name)
{
	cr_assert(eq(int, value_state(find(s, name)), VALUE_OK), "%s is %s", name,
		  value_state_name(value_state(find(s, name))));
	cr_assert(eq(int, value_get(find(s, name))->type, DATUM_NUMBER));
	return value_get(find(s, name))->n;
}

static bool truth_of(const struct stage *s, const char *name)
{
	cr_assert(eq(int, value_get(find(s, name))->type, DATUM_BOOL), "%s", name);
	return value_get(find(s, name))->b;
}

#define OPEN(s, values) cr_assert(eq(int, open_stage(s, values), 0))

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
	unsigned seed = 20261121;
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
		cr_assert(good, "seed 20261121, step %d, %d known", step, n);
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

/* Have the values of @s the settings of @values, which names the same ones? */
static void retune(struct stage *s, const char *values)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at at;
	struct conf_at first;
	char text[1000];

	(void)snprintf(text, sizeof(text), "{%s}", values);
	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	at = conf_root(&doc, &errs);
	first = conf_first(&at);
	for (struct conf_at it = first; it.node; it = conf_next(&it)) {
		struct quantity_next *next;

		cr_assert(eq(int, quantity_prepare(&it, s->world, &next), 0), "%s",
			  values);
		quantity_retune_take(next, false);
	}
	json_doc_fini(&doc);
}

/* The value keeps its identity, what does not change goes on, and limits hold at once. */
static int other_settings(void *arg)
{
	const struct value *near_value;
	struct stage s;

	(void)arg;
	OPEN(&s,
	     "\"near\": {\"of\": \"left.distance\", \"above\": \"30cm\", \"below\": "
	     "\"20cm\", \"invert\": true, \"filters\": [{\"median\": 3}]}, "
	     "\"lower\": {\"is\": \"left.distance / 2\", \"filters\": [{\"scale\": 1}]},"
	     "\"mean\": {\"of\": \"right.distance\", \"gate\": [0, 8], \"filters\": "
	     "[{\"sliding_window_moving_average\": 4}]}");
	near_value = find(&s, "near");
	for (int i = 0; i < 3; i++)
		set(s.left, 0.5);
	cr_expect(not(truth_of(&s, "near")));
	retune(&s,
	       "\"near\": {\"of\": \"left.distance\", \"above\": \"80cm\", \"below\": "
	       "\"60cm\", \"invert\": true, \"filters\": [{\"median\": 3}]}");
	cr_expect(find(&s, "near") == near_value);
	cr_expect(truth_of(&s, "near"), "at once");
	/* The median goes on: one far sample is not enough, two are. */
	set(s.left, 2);
	cr_expect(truth_of(&s, "near"));
	set(s.left, 2.1);
	cr_expect(not(truth_of(&s, "near")));
	/* A chain that stays the same goes on; what is there counts once more. */
	for (int i = 0; i < 3; i++) {
		nap(0.01);
		set(s.right, 1);
	}
	retune(&s,
	       "\"mean\": {\"of\": \"right.distance\", \"gate\": [0, 9], \"filters\": "
	       "[{\"sliding_window_moving_average\": 4}]}");
	set(s.right, 5);
	cr_expect(eq(dbl, number_of(&s, "mean"), 2));
	/* Another chain starts with what is there. */
	retune(&s, "\"lower\": {\"is\": \"left.distance / 2\", \"filters\": [{\"scale\": "
		   "10}]}");
	cr_expect(epsilon_eq(dbl, number_of(&s, "lower"), 10.5, 1e-5));

	close_stage(&s);
	return 0;
}

Test(app_quantity, other_settings_are_taken_while_in_use)
{
	run(other_settings);
}

static int bad_settings(void *arg)
{
	static const char wrong[] =
		"{\"near\": {\"of\": \"left.distance\", \"above\": 1, \"below\": 2}, "
		"\"no\": {}}";
	struct quantity_next *next;
	struct json_doc doc = {0};
	struct conf_at root;
	struct conf_at at;
	struct stage s;

	(void)arg;
	OPEN(&s, "\"near\": {\"of\": \"left.distance\", \"above\": 2, \"below\": 1}");
	cr_assert(eq(int, json_doc_parse(&doc, wrong, strlen(wrong), "t", &s.errs), 0));
	root = conf_root(&doc, &s.errs);
	at = conf_first(&root);
	cr_expect(eq(int, quantity_prepare(&at, s.world, &next), -EINVAL));
	cr_expect(gt(sz, s.errs.n, 0));
	at = conf_next(&at);
	cr_expect(eq(int, quantity_prepare(&at, s.world, &next), -ENOENT));
	json_doc_fini(&doc);
	set(s.left, 1.5);
	cr_expect(not(truth_of(&s, "near")));
	set(s.left, 2.5);
	cr_expect(truth_of(&s, "near"));
	close_stage(&s);
	return 0;
}

Test(app_quantity, bad_settings_change_nothing)
{
	run(bad_settings);
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

static int refusing(void *arg)
{
	static const struct {
		const char *values, *says;
	} bad[] = {
		{"\"a\": {}", "neither \"is\" nor \"of\""},
		{"\"a\": {\"is\": \"1\", \"of\": \"left.distance\"}", "both"},
		{"\"a\": {\"of\": \"left.distence\"}", "did you mean \"left.distance\"?"},
		{"\"a\": {\"of\": []}", "a list of names"},
		{"\"a\": {\"of\": 5}", "a list of names"},
		{"\"a\": {\"of\": [\"left.distance\", \"right.distance\"]}",
		 "\"combine\" is missing"},
		{"\"a\": {\"of\": [\"left.distance\", \"climate.temperature\"], "
		 "\"combine\": \"min\"}",
		 "is in \"m\", but climate.temperature in \"degC\""},
		{"\"a\": {\"of\": [\"left.distance\", \"head.touched\"], \"combine\": "
		 "\"min\"}",
		 "is a number, but head.touched is a boolean"},
		{"\"a\": {\"of\": [\"head.touched\", \"pir.pressed\"], \"combine\": "
		 "\"min\"}",
		 "any, all are for booleans"},
		{"\"a\": {\"of\": [\"left.distance\", \"right.distance\"], \"combine\": "
		 "\"vote\"}",
		 "takes a \"tolerance\""},
		{"\"a\": {\"of\": \"left.distance\", \"above\": 1}", "come together"},
		{"\"a\": {\"of\": \"left.distance\", \"above\": 1, \"below\": 2}",
		 "come together"},
		{"\"a\": {\"of\": \"head.touched\", \"above\": 1, \"below\": 0}",
		 "only a number"},
		{"\"a\": {\"of\": \"left.distance\", \"above\": \"1kg\", \"below\": 0}",
		 "1kg"},
		{"\"a\": {\"of\": \"left.distance\", \"filters\": [{\"medium\": 3}]}",
		 "median"},
		{"\"head.touched\": {\"of\": \"left.distance\"}", "has an owner already"},
		{"\"a\": {\"of\": \"b\"}, \"b\": {\"of\": \"left.distance\"}",
		 "stand before this one"},
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct stage s;

		cr_expect(eq(int, open_stage(&s, bad[i].values), -EINVAL), "%s",
			  bad[i].values);
		cr_assert(gt(sz, s.errs.n, 0), "%s", bad[i].values);
		cr_expect(strstr(s.errs.list[0].text, bad[i].says) != NULL, "%s: %s",
			  bad[i].values, s.errs.list[0].text);
		close_stage(&s);
	}
	return 0;
}

Test(app_quantity, mistakes_are_told_with_place_and_hint)
{
	run(refusing);
}
