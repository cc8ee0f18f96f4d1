/* The settings of such values: what is refused with which words, and other ones while in use. */
#include "daemon/app/quantity.h"
#include "tests/unit/app_quantity_rig.h"

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
