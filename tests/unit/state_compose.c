/* Derived and composed values: rules V3, V4, V6, V14, V16; scenarios AV-12, CV-1 to CV-4. */
#include <math.h>
#include <string.h>

#include "tests/unit/state_run.h"

static int computed;

static int times(void *arg, struct value *const *in, unsigned n, struct datum *ret)
{
	double product = arg ? *(double *)arg : 1;

	computed++;
	for (unsigned i = 0; i < n; i++)
		product *= value_get(in[i])->n;
	*ret = datum_number(product);
	return 0;
}

static struct value *derive(struct value *const *in, unsigned n, double *factor)
{
	const struct derivation how = {.compute = times, .arg = factor};
	struct value *v;

	cr_assert(eq(int,
		     value_derive(&(struct value_info){.name = "d"}, in, n, &how, &v),
		     0));
	return v;
}

static int av_12(void *arg)
{
	static double two = 2;
	struct value *v = value_of(1);
	struct value *twice = derive(&v, 1, &two);
	const struct datum d = datum_number(1);

	(void)arg;
	expect_number(*value_get(twice), 2);
	set(v, 10);
	expect_number(*value_get(twice), 20);
	cr_assert(eq(u64, value_version(twice), 2));
	cr_assert(eq(int, value_set(twice, &d), -EROFS));
	cr_assert(value_is_derived(twice) && !value_is_derived(v));
	value_free(twice);
	set(v, 11);
	value_free(v);
	return 0;
}

Test(compose, V14_AV_12_transform)
{
	run(av_12);
}

static int cv_4(void *arg)
{
	struct value *in[] = {value_of(42), value_of(2)};
	struct value *product = derive(in, 2, NULL);

	(void)arg;
	expect_number(*value_get(product), 84);
	set(in[1], 10);
	expect_number(*value_get(product), 420);
	value_free(in[0]);
	cr_assert(eq(int, (int)value_state(product), VALUE_CLOSED));
	set(in[1], 11);
	value_free(in[1]);
	value_free(product);
	return 0;
}

Test(compose, V14_CV_4_closes_with_an_input)
{
	run(cv_4);
}

static double field(const struct datum *d, const char *key)
{
	return datum_get(d, key)->n;
}

static int x_below_0_below_y(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	(void)old;
	return field(now, "x") < 0 && field(now, "y") > 0;
}

static int cv_1(void *arg)
{
	static const char *const keys[] = {"x", "y"};
	struct value *in[] = {value_of(42), value_of(0)};
	struct value *xy;
	struct waiting w = {.pred = {.op = PRED_FN, .fn = x_below_0_below_y}};
	struct nursery n;

	(void)arg;
	cr_assert(eq(int, value_compose(&(struct value_info){0}, keys, in, 2, false, &xy),
		     0));
	cr_assert(ieee_ulp_eq(dbl, field(value_get(xy), "x"), 42, 1));
	w.v = xy;
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	set(in[0], -1);
	settle();
	set(in[0], 0);
	set(in[1], 5);
	settle();
	set(in[1], 10);
	set(in[0], -1);
	set(in[0], 7);
	settle();
	cr_assert(w.done && w.result == 0);
	/* A captured snapshot is not touched by what is composed later. */
	for (int i = 0; i < 5; i++)
		set(in[0], 100 + i);
	cr_assert(ieee_ulp_eq(dbl, field(&w.now, "x"), -1, 1));
	cr_assert(ieee_ulp_eq(dbl, field(&w.now, "y"), 10, 1));
	datum_fini(&w.now);
	value_free(in[0]);
	value_free(in[1]);
	value_free(xy);
	return nursery_close(&n, 0);
}

Test(compose, CV_1_a_snapshot_of_two)
{
	run(cv_1);
}

static int inside_and_bar(void *arg, const struct datum *now, const struct datum *old)
{
	const struct datum *text = datum_get(now, "text");

	return x_below_0_below_y(arg, datum_get(now, "xy"), old) &&
	       strcmp(datum_text(text), "bar") == 0;
}

static int cv_3(void *arg)
{
	static const char *const xy_keys[] = {"x", "y"};
	static const char *const keys[] = {"xy", "text"};
	struct value *in[] = {value_of(1), value_of(2)};
	struct value *both[2], *all;
	struct waiting w = {.pred = {.op = PRED_FN, .fn = inside_and_bar}};
	struct datum text;
	struct nursery n;

	(void)arg;
	cr_assert(eq(
		int,
		value_compose(&(struct value_info){0}, xy_keys, in, 2, false, &both[0]),
		0));
	both[1] = make(&(struct value_info){0});
	cr_assert(eq(int, datum_string("foo", 3, &text), 0));
	cr_assert(eq(int, value_set(both[1], &text), 0));
	datum_fini(&text);
	cr_assert(eq(int,
		     value_compose(&(struct value_info){0}, keys, both, 2, false, &all),
		     0));
	w.v = all;
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	set(in[0], -1);
	set(in[1], 10);
	settle();
	cr_assert(not(w.done));
	cr_assert(eq(int, datum_string("bar", 3, &text), 0));
	cr_assert(eq(int, value_set(both[1], &text), 0));
	datum_fini(&text);
	settle();
	cr_assert(ieee_ulp_eq(dbl, field(datum_get(&w.now, "xy"), "y"), 10, 1));
	datum_fini(&w.now);
	value_free(all);
	value_free(both[0]);
	value_free(both[1]);
	value_free(in[0]);
	value_free(in[1]);
	return nursery_close(&n, 0);
}

Test(compose, CV_3_nested_compose)
{
	run(cv_3);
}

static int cv_2(void *arg)
{
	struct value *v = value_of(1), *d;
	const struct derivation how = {.compute = times};

	(void)arg;
	cr_assert(eq(int, value_derive(&(struct value_info){0}, NULL, 0, &how, &d),
		     -EINVAL));
	value_close(v);
	cr_assert(
		eq(int, value_derive(&(struct value_info){0}, &v, 1, &how, &d), -EPIPE));
	value_free(v);
	return 0;
}

Test(compose, CV_2_bad_inputs)
{
	run(cv_2);
}

static int deep(void *arg)
{
	const struct derivation how = {.compute = times};
	struct value *chain[40] = {value_of(2)};
	int n = 1, r;

	(void)arg;
	while ((r = value_derive(&(struct value_info){0}, &chain[n - 1], 1, &how,
				 &chain[n])) == 0)
		n++;
	cr_assert(eq(int, r, -ELOOP));
	cr_assert(eq(int, n, 33));
	set(chain[0], 3);
	expect_number(*value_get(chain[n - 1]), 3);
	while (n-- > 0)
		value_free(chain[n]);
	return 0;
}

Test(compose, depth_is_bounded)
{
	run(deep);
}

/* A diamond: x, y = 2x, both composed. */
static int diamond_look(void *arg, const struct datum *now, const struct datum *old)
{
	(void)old;
	++*(int *)arg;
	cr_assert(ieee_ulp_eq(dbl, field(now, "y"), 2 * field(now, "x"), 1));
	return 0;
}

static int diamond(void *arg)
{
	static const char *const keys[] = {"x", "y"};
	static double two = 2;
	struct value *in[2], *xy;
	int looks = 0;
	struct waiting w = {.pred = {.op = PRED_FN, .fn = diamond_look, .arg = &looks}};
	struct nursery n;

	(void)arg;
	in[0] = value_of(1);
	in[1] = derive(in, 1, &two);
	cr_assert(eq(int, value_compose(&(struct value_info){0}, keys, in, 2, false, &xy),
		     0));
	w.v = xy;
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	computed = looks = 0;
	for (int i = 0; i < 10; i++)
		set(in[0], 10 + i);
	cr_assert(eq(int, computed, 10));
	cr_assert(eq(int, looks, 10));
	cr_assert(eq(u64, value_version(xy), 11));
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	value_free(xy);
	value_free(in[1]);
	value_free(in[0]);
	return 0;
}

Test(compose, V3_a_diamond_shows_no_mixture)
{
	run(diamond);
}

static int batch(void *arg)
{
	struct value *in[] = {value_of(1), value_of(2)};
	struct value *product = derive(in, 2, NULL);
	struct waiting w = {.v = in[0], .pred = {.op = PRED_ANY}, .transition = true};
	struct value_watch watches = {.fn = watch};
	struct nursery n;

	(void)arg;
	value_watch_add(&watches, product);
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	computed = watched = 0;
	value_batch_begin();
	set(in[0], 5);
	set(in[1], 6);
	set(in[0], 7);
	value_batch_begin();
	set(in[1], 8);
	value_batch_end();
	expect_number(*value_get(in[0]), 7);
	expect_number(*value_get(product), 2);
	value_batch_end();
	expect_number(*value_get(product), 56);
	cr_assert(eq(int, computed, 1));
	cr_assert(eq(int, watched, 1));
	cr_assert(eq(u64, value_version(in[0]), 2));
	settle();
	expect_number(w.now, 7);
	expect_number(w.old, 1);
	value_batch_begin(); /* there and back is no change */
	set(in[0], 1);
	set(in[0], 7);
	value_batch_end();
	cr_assert(eq(u64, value_version(in[0]), 2));
	cr_assert(eq(int, computed, 1));
	value_watch_remove(&watches);
	value_free(product);
	value_free(in[0]);
	value_free(in[1]);
	return nursery_close(&n, 0);
}

Test(compose, V4_a_batch_is_one_transaction)
{
	run(batch);
}

static int staleness(void *arg)
{
	static const struct value_info info = {.name = "v", .stale_after_ns = NS_PER_S};
	struct value *v = make(&info);
	struct value *in[] = {v, value_of(1)};
	struct derivation how = {.compute = times};
	struct value *strict = derive(in, 2, NULL), *keep;
	struct value_watch w = {.fn = watch};

	(void)arg;
	how.keep_stale = true;
	cr_assert(eq(int, value_derive(&info, in, 2, &how, &keep), 0));
	cr_assert(eq(int, (int)value_state(strict), VALUE_UNSET));
	nap(2);
	cr_assert(eq(int, (int)value_state(v), VALUE_UNSET));
	value_watch_add(&w, strict);
	for (int i = 0; i < 4; i++) {
		set(v, 5);
		nap(0.9);
	}
	cr_assert(eq(int, (int)value_state(strict), VALUE_OK));
	cr_assert(eq(i64, value_sample_ns(strict), 0)); /* as old as its oldest input */
	watched = 0;
	nap(0.2);
	cr_assert(eq(int, (int)value_state(v), VALUE_STALE));
	cr_assert(eq(int, (int)value_state(strict), VALUE_STALE));
	cr_assert(eq(int, (int)value_state(keep), VALUE_OK));
	cr_assert(eq(int, watched, 1));
	cr_assert(not(watched_change));
	cr_assert(eq(u64, value_version(v), 1));
	set(v, 5);
	cr_assert(eq(int, (int)value_state(strict), VALUE_OK));
	cr_assert(eq(u64, value_version(strict), 1));
	/* A sample that was old when it came counts from when it was taken. */
	cr_assert(eq(int,
		     value_set_at(v, &(struct datum){.type = DATUM_NUMBER, .n = 1},
				  rt_now() - NS_PER_S / 2),
		     0));
	nap(1.1);
	cr_assert(eq(int, (int)value_state(v), VALUE_STALE));
	value_watch_remove(&w);
	value_free(strict);
	value_free(keep);
	value_free(in[1]);
	value_free(v);
	return 0;
}

Test(compose, V16_stale)
{
	run(staleness);
}

static int sometimes(void *arg, struct value *const *in, unsigned n, struct datum *ret)
{
	(void)arg;
	(void)n;
	if (value_get(in[0])->n < 0)
		return -ERANGE;
	*ret = datum_number(sqrt(value_get(in[0])->n));
	return 0;
}

static int failing(void *arg)
{
	struct derivation how = {.compute = sometimes};
	struct value *v = value_of(4), *root, *fourth;
	int lines = 0;

	(void)arg;
	log_set_sink(swallow, &lines);
	cr_assert(eq(int, value_derive(&(struct value_info){0}, &v, 1, &how, &root), 0));
	how.keep_stale = true;
	cr_assert(eq(int, value_derive(&(struct value_info){0}, &root, 1, &how, &fourth),
		     0));
	nap(1);
	set(v, -1);
	nap(1);
	set(v, -2);
	expect_number(*value_get(root), 2);
	cr_assert(eq(int, (int)value_state(root), VALUE_STALE)); /* not what v says */
	cr_assert(eq(i64, value_sample_ns(root), 0));
	cr_assert(eq(u64, value_version(root), 1));
	cr_assert(eq(str, (char *)value_failure(root), strerror(ERANGE)));
	cr_assert(value_failure(fourth) == NULL);
	cr_assert(
		eq(int, (int)value_state(fourth), VALUE_OK)); /* it keeps what is stale */
	cr_assert(eq(int, lines, 1));
	set(v, 4);
	cr_assert(eq(int, (int)value_state(root), VALUE_OK));
	cr_assert(eq(i64, value_sample_ns(root), 2 * NS_PER_S));
	cr_assert(value_failure(root) == NULL);
	set(v, 9);
	expect_number(*value_get(root), 3);
	value_free(fourth);
	value_free(root);
	value_free(v);
	log_set_sink(NULL, NULL);
	return 0;
}

Test(compose, V14_V16_what_cannot_be_computed_is_stale)
{
	run(failing);
}
