/* Waits that are met: rules V5, V7 to V9, V11; scenarios AV-1, AV-5 to AV-7. */
#include <math.h>

#include "tests/unit/state_run.h"

static int came_to_null(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	return now->type == DATUM_NULL && old->type != DATUM_NULL;
}

static int av_1(void *arg)
{
	const struct datum null = datum_null();
	struct value *v = value_of(10);
	struct waiting a = {.v = v, .pred = pred(PRED_EQ, 20)};
	struct waiting b = {.v = v, .pred = pred(PRED_GT, 20)};
	struct waiting c = {.v = v, .pred = pred(PRED_ANY, 0), .transition = true};
	struct waiting d = {
		.v = v, .pred = {.op = PRED_FN, .fn = came_to_null}, .transition = true};
	struct waiting e = {.v = v, .pred = pred(PRED_GT, 50)};
	struct waiting *all[] = {&a, &b, &c, &d, &e};
	struct nursery n;

	(void)arg;
	set(v, 20);
	nursery_open(&n);
	nursery_go(&n, "a", waiting_task, &a);
	nursery_go(&n, "b", waiting_task, &b);
	settle();
	nursery_go(&n, "d", waiting_task, &d);
	nursery_go(&n, "e", waiting_task, &e);
	expect_number(a.now, 20);
	set(v, 21);
	settle();
	expect_number(b.now, 21);
	nursery_go(&n, "c", waiting_task, &c);
	settle();
	set(v, 30);
	settle();
	expect_number(c.now, 30);
	expect_number(c.old, 21);
	cr_assert(not(d.done));
	cr_assert(eq(int, value_set(v, &null), 0));
	set(v, 51);
	set(v, 0);
	settle();
	cr_assert(eq(int, (int)d.now.type, DATUM_NULL));
	expect_number(d.old, 30);
	expect_number(e.now, 51);
	expect_number(*value_get(v), 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		cr_assert(all[i]->done && all[i]->result == 0);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V9_AV_1_first_match_is_captured)
{
	run(av_1);
}

static int true_now(void *arg)
{
	struct value *v = value_of(10);
	struct pred p = pred(PRED_EQ, 10);
	struct datum d;
	struct rt_stats before, after;

	(void)arg;
	rt_stats(&before);
	cr_assert(eq(int, value_await(v, &p, NULL, &d), 0));
	rt_stats(&after);
	cr_assert(eq(u64, after.passes, before.passes + 1));
	expect_number(d, 10);
	value_free(v);
	return 0;
}

Test(await, R2_V9_true_now_is_one_checkpoint)
{
	run(true_now);
}

static int av_5_6(void *arg)
{
	struct value *v = value_of(10);
	struct waiting w12 = {.v = v, .pred = pred(PRED_EQ, 12)};
	struct waiting t10 = {.v = v, .pred = pred(PRED_EQ, 10), .transition = true};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "w12", waiting_task, &w12);
	nursery_go(&n, "t10", waiting_task, &t10);
	settle();
	cr_assert(not(t10.done));
	set(v, 9);
	set(v, 10);
	settle();
	expect_number(t10.now, 10);
	expect_number(t10.old, 9);
	set(v, 12);
	settle();
	expect_number(w12.now, 12);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V11_AV_5_AV_6_a_transition_is_never_the_present)
{
	run(av_5_6);
}

/* Looks per set are as many as there are registered waiters; the same function twice counts twice. */
static int av_7(void *arg)
{
	static double high = 100;
	struct value *v = value_of(10);
	struct pred p = {.op = PRED_FN, .fn = counted_above, .arg = &high};
	struct waiting now[2] = {{.v = v, .pred = pred(PRED_EQ, 10)},
				 {.v = v, .pred = pred(PRED_EQ, 10)}};
	struct waiting later[2] = {{.v = v, .pred = p}, {.v = v, .pred = p}};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	for (int i = 0; i < 2; i++) {
		nursery_go(&n, "now", waiting_task, &now[i]);
		nursery_go(&n, "later", waiting_task, &later[i]);
	}
	settle();
	cr_assert(now[0].done && now[1].done);
	above_looks = 0;
	set(v, 11);
	cr_assert(eq(int, above_looks, 2));
	set(v, 11);
	cr_assert(eq(int, above_looks, 2)); /* V2: no change, no look */
	cr_assert(eq(int, value_touch(v), 0));
	cr_assert(eq(int, above_looks, 4));
	nursery_cancel(&n, "test");
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V5_AV_7_one_look_per_registered_waiter)
{
	run(av_7);
}

static int order(void *arg)
{
	struct value *v = value_of(0);
	struct waiting w[5];
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		w[i] = (struct waiting){.v = v, .pred = pred(PRED_GT, (double)(i % 2))};
		nursery_go(&n, "w", waiting_task, &w[i]);
		settle();
	}
	set(v, 5);
	settle();
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		cr_assert(eq(uint, w[i].order, (unsigned)i + 1));
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V8_waiters_wake_in_the_order_of_waiting)
{
	run(order);
}

static int compiled(void *arg)
{
	static const struct {
		struct pred pred;
		double no, yes;
	} rows[] = {
		{{.op = PRED_NE, .datum = {.type = DATUM_NUMBER, .n = 1}}, 1, 2},
		{{.op = PRED_LT, .a = 5}, 5, 4},
		{{.op = PRED_LE, .a = 5}, 6, 5},
		{{.op = PRED_GT, .a = 5}, 5, 6},
		{{.op = PRED_GE, .a = 5}, 4, 5},
		{{.op = PRED_BETWEEN, .a = 1, .b = 2}, 2.5, 2},
		{{.op = PRED_OUTSIDE, .a = 1, .b = 2}, 1, 0.5},
	};
	const struct datum yes = datum_bool(true), no = datum_bool(false),
			   one = datum_number(1), null = datum_null(),
			   nan = datum_number((double)NAN);

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct datum d = datum_number(rows[i].no);

		cr_assert(eq(int, pred_test(&rows[i].pred, &d, NULL), 0), "row %zu", i);
		d = datum_number(rows[i].yes);
		cr_assert(eq(int, pred_test(&rows[i].pred, &d, NULL), 1), "row %zu", i);
		if (i > 0) {
			cr_assert(eq(int, pred_test(&rows[i].pred, &null, NULL), 0));
			cr_assert(eq(int, pred_test(&rows[i].pred, &nan, NULL), 0));
		}
	}
	cr_assert(pred_test(&(struct pred){.op = PRED_TRUE}, &yes, NULL) == 1);
	cr_assert(pred_test(&(struct pred){.op = PRED_TRUE}, &one, NULL) == 0);
	cr_assert(pred_test(&(struct pred){.op = PRED_FALSE}, &no, NULL) == 1);
	cr_assert(pred_test(&(struct pred){.op = PRED_FALSE}, &null, NULL) == 0);
	cr_assert(pred_test(&(struct pred){.op = PRED_CHANGED}, &yes, &no) == 1);
	cr_assert(pred_test(&(struct pred){.op = PRED_CHANGED}, &yes, &yes) == 0);
	return 0;
}

Test(await, V7_comparisons)
{
	run(compiled);
}

static int false_now(void *arg)
{
	struct value *v;
	const struct datum no = datum_bool(false);
	const struct pred is_false = {.op = PRED_FALSE};
	struct datum d;

	(void)arg;
	cr_assert(eq(int, value_new(&(struct value_info){.name = "b"}, &v), 0));
	cr_assert(eq(int, value_set(v, &no), 0));
	cr_assert(eq(int, value_await(v, &is_false, NULL, &d), 0));
	cr_assert(d.type == DATUM_BOOL && !d.b);
	value_free(v);
	return 0;
}

Test(await, AB_1_false_is_a_value_to_wait_for)
{
	run(false_now);
}

/* Wakes a waiter and spoils what it waited for before it runs. */
static int still(void *arg)
{
	struct value *v = value_of(0);
	struct waiting plain = {.v = v, .pred = pred(PRED_GT, 5)};
	struct waiting w = {.v = v, .pred = pred(PRED_GT, 5), .opt.still = true};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "plain", waiting_task, &plain);
	nursery_go(&n, "still", waiting_task, &w);
	settle();
	set(v, 6);
	set(v, 1);
	settle();
	cr_assert(plain.done && !w.done);
	set(v, 7);
	set(v, 8);
	settle();
	expect_number(w.now, 8);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V9_still_looks_again)
{
	run(still);
}

static int refuses_changed(void *arg)
{
	struct value *v = value_of(0);
	struct pred p = pred(PRED_CHANGED, 0);

	(void)arg;
	cr_assert(eq(int, value_await(v, &p, NULL, NULL), -EINVAL));
	value_free(v);
	return 0;
}

Test(await, changed_is_of_transitions)
{
	run(refuses_changed);
}
