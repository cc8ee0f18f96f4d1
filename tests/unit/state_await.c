/* Waits: rules V7 to V11, V15, V16; scenarios AV-1 to AV-7. */
#include <math.h>

#include "tests/unit/state_run.h"

static int calls;

/* Counts its calls; matches numbers above *@arg. */
static int above(void *arg, const struct datum *now, const struct datum *old)
{
	(void)old;
	calls++;
	return now->type == DATUM_NUMBER && now->n > *(double *)arg;
}

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

/* Each kind of wait, cancelled: its predicate is not looked at any more. */
static int av_4(void *arg)
{
	static double high = 100, low = 0;
	struct value *v = value_of(10);
	struct waiting w[] = {
		{.v = v, .pred = {.op = PRED_FN, .fn = above, .arg = &high}},
		{.v = v,
		 .pred = {.op = PRED_FN, .fn = above, .arg = &low},
		 .opt.held_for_ns = NS_PER_S},
		{.v = v,
		 .pred = {.op = PRED_FN, .fn = above, .arg = &high},
		 .transition = true},
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		struct nursery n;

		nursery_open(&n);
		nursery_go(&n, "w", waiting_task, &w[i]);
		settle();
		nursery_cancel(&n, "test");
		cr_assert(eq(int, nursery_close(&n, 0), 0));
		cr_assert(w[i].done && w[i].result == -ECANCELED);
		calls = 0;
		set(v, 20 + (double)i);
		cr_assert(eq(int, calls, 0));
	}
	value_free(v);
	return 0;
}

Test(await, V18_AV_4_cancelled_waits_leave_nothing)
{
	run(av_4);
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
	struct pred p = {.op = PRED_FN, .fn = above, .arg = &high};
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
	calls = 0;
	set(v, 11);
	cr_assert(eq(int, calls, 2));
	set(v, 11);
	cr_assert(eq(int, calls, 2)); /* V2: no change, no look */
	cr_assert(eq(int, value_touch(v), 0));
	cr_assert(eq(int, calls, 4));
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

static int av_13(void *arg)
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
	run(av_13);
}

/* held_for: from the later of the start and the match; a break restarts, changes inside do not. */
static int held(void *arg)
{
	struct value *v = value_of(10);
	struct waiting w = {
		.v = v, .pred = pred(PRED_GT, 5), .opt.held_for_ns = NS_PER_S};
	struct waiting late = w;
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	nap(0.5);
	nursery_go(&n, "late", waiting_task, &late);
	nap(0.25);
	set(v, 11);
	nap(0.2);
	set(v, 12);
	cr_assert(not(w.done));
	nap(0.5);
	cr_assert(eq(i64, w.t_ns, NS_PER_S));
	expect_number(w.now, 12);
	set(v, 1); /* an instant is a break */
	set(v, 13);
	nap(3);
	cr_assert(eq(i64, late.t_ns, 2450 * NS_PER_MS));
	expect_number(late.now, 13);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V10_held_for)
{
	run(held);
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

/* Match and cancellation in one pass: what completed first wins; and the other way round. */
static int race(void *arg)
{
	struct value *v = value_of(0);
	struct waiting first = {.v = v, .pred = pred(PRED_GT, 5)};
	struct waiting second = first, before = first;
	struct nursery n, m, k;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "first", waiting_task, &first);
	settle();
	set(v, 6);
	nursery_cancel(&n, "too late");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, first.result, 0));
	expect_number(first.now, 6);
	set(v, 0);
	nursery_open(&m);
	nursery_go(&m, "second", waiting_task, &second);
	settle();
	nursery_cancel(&m, "in time");
	set(v, 6);
	cr_assert(eq(int, nursery_close(&m, 0), 0));
	cr_assert(eq(int, second.result, -ECANCELED));
	nursery_open(&k);
	nursery_cancel(&k, "before");
	nursery_go(&k, "before", waiting_task, &before);
	cr_assert(eq(int, nursery_close(&k, 0), 0));
	cr_assert(eq(int, before.result, -ECANCELED));
	value_free(v);
	return 0;
}

Test(await, C6_match_and_cancel_in_one_pass)
{
	run(race);
}

static int deadline(void *arg)
{
	struct value *v = value_of(0);
	struct pred p = pred(PRED_GT, 5);
	struct scope s;

	(void)arg;
	scope_enter_after(&s, NS_PER_S);
	cr_assert(eq(int, scope_leave_timeout(&s, value_await(v, &p, NULL, NULL)),
		     -ETIMEDOUT));
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	scope_enter_after(&s, NS_PER_S);
	cr_assert(eq(
		int,
		scope_leave_timeout(&s, value_await_transition(v, &p, NULL, NULL, NULL)),
		-ETIMEDOUT));
	value_free(v);
	return 0;
}

Test(await, V15_a_timeout_is_a_scope)
{
	run(deadline);
}

/* A task that waits, and ends when it is asked to. */
static int waiting_softly(void *arg)
{
	struct scope s;

	scope_enter_soft(&s);
	return scope_leave(&s, waiting_task(arg));
}

static int soft(void *arg)
{
	struct value *v = value_of(0);
	struct waiting hard = {.v = v, .pred = pred(PRED_GT, 5)};
	struct waiting gentle = {.v = v, .pred = pred(PRED_GT, 5)};
	struct waiting already = {.v = v, .pred = pred(PRED_EQ, 0)};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "hard", waiting_task, &hard);
	nursery_go(&n, "gentle", waiting_softly, &gentle);
	settle();
	scope_cancel_soft(&n.scope, CANCEL_EXPLICIT, NS_PER_S, "please");
	nursery_go(&n, "already", waiting_softly, &already);
	nap(0.5);
	cr_assert(eq(int, gentle.result, -ECANCELED));
	cr_assert(eq(int, already.result, -ECANCELED));
	cr_assert(not(hard.done));
	cr_assert(eq(int, nursery_close(&n, task_sleep_forever()), 0));
	cr_assert(eq(int, hard.result, -ECANCELED));
	value_free(v);
	return 0;
}

Test(await, C7_soft_waits_end_on_soft_cancellation)
{
	run(soft);
}

static int closing(void *arg)
{
	struct value *v = value_of(0);
	struct waiting w[] = {
		{.v = v, .pred = pred(PRED_GT, 5)},
		{.v = v, .pred = pred(PRED_EQ, 0), .opt.held_for_ns = NS_PER_S},
		{.v = v, .pred = pred(PRED_ANY, 0), .transition = true},
	};
	struct pred any = pred(PRED_ANY, 0);
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		nursery_go(&n, "w", waiting_task, &w[i]);
	settle();
	value_close(v);
	settle();
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		cr_assert(w[i].done && w[i].result == -EPIPE);
	cr_assert(eq(int, value_await(v, &any, NULL, NULL), -EPIPE));
	cr_assert(eq(int, value_await_transition(v, &any, NULL, NULL, NULL), -EPIPE));
	cr_assert(eq(int, value_touch(v), -EPIPE));
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V15_closing_ends_every_wait)
{
	run(closing);
}

/* Freed between the match and the waiter's step: the waiter keeps what it needs. */
static int freed_early(void *arg)
{
	struct value *v = value_of(0);
	struct waiting w = {.v = v, .pred = pred(PRED_GT, 5), .opt.still = true};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	set(v, 6);
	value_free(v);
	settle();
	cr_assert(w.done && w.result == -EPIPE);
	return nursery_close(&n, 0);
}

Test(await, V15_a_value_freed_under_a_waiter)
{
	run(freed_early);
}

static int stale_waits(void *arg)
{
	struct value *v;
	struct waiting plain, use, gone, fresh;
	struct nursery n;

	(void)arg;
	cr_assert(eq(
		int,
		value_new(&(struct value_info){.name = "v", .stale_after_ns = NS_PER_S},
			  &v),
		0));
	plain = (struct waiting){.v = v, .pred = pred(PRED_GE, 0)};
	use = (struct waiting){.v = v, .pred = pred(PRED_GE, 0), .opt.stale_use = true};
	gone = (struct waiting){.v = v, .pred = pred(PRED_STALE, 0)};
	fresh = (struct waiting){
		.v = v, .pred = pred(PRED_EQ, 1), .opt.fresh_ns = 100 * NS_PER_MS};
	nursery_open(&n);
	nursery_go(&n, "gone", waiting_task, &gone);
	settle();
	set(v, 1);
	nap(0.5);
	nursery_go(&n, "fresh", waiting_task, &fresh);
	settle();
	cr_assert(not(fresh.done));
	set(v, 1); /* equal, but new */
	settle();
	cr_assert(eq(i64, fresh.t_ns, NS_PER_S / 2));
	nap(2);
	cr_assert(eq(i64, gone.t_ns, NS_PER_S * 3 / 2));
	nursery_go(&n, "plain", waiting_task, &plain);
	nursery_go(&n, "use", waiting_task, &use);
	settle();
	cr_assert(use.done && !plain.done);
	set(v, 1); /* V2: ends stale, which is a transaction */
	settle();
	cr_assert(plain.done && plain.result == 0);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V16_stale_and_fresh)
{
	run(stale_waits);
}

/* A gap of 0.2 s: forgiven with a grace of 0.5 s, a break without. */
static int grace(void *arg)
{
	struct value *v;
	struct waiting strict, lenient;
	struct nursery n;

	(void)arg;
	cr_assert(eq(int,
		     value_new(&(struct value_info){.name = "v",
						    .stale_after_ns = NS_PER_S / 10},
			       &v),
		     0));
	strict = (struct waiting){
		.v = v, .pred = pred(PRED_EQ, 1), .opt.held_for_ns = NS_PER_S};
	lenient = strict;
	lenient.opt.grace_ns = NS_PER_S / 2;
	nursery_open(&n);
	nursery_go(&n, "strict", waiting_task, &strict);
	nursery_go(&n, "lenient", waiting_task, &lenient);
	settle();
	for (int i = 0; i <= 60; i++) {
		if (i < 10 || i > 12)
			set(v, 1); /* every 50 ms; stale from 0.55 s to 0.65 s */
		nap(0.05);
	}
	cr_assert(eq(i64, lenient.t_ns, NS_PER_S));
	cr_assert(eq(i64, strict.t_ns, 1650 * NS_PER_MS));
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V16_held_for_forgives_a_gap_of_grace)
{
	run(grace);
}

static int fails(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	(void)old;
	return now->n > 5 ? -EBADMSG : 0;
}

static int failing(void *arg)
{
	struct value *v = value_of(0);
	struct waiting bad = {.v = v, .pred = {.op = PRED_FN, .fn = fails}};
	struct waiting good = {.v = v, .pred = pred(PRED_GT, 5)};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "bad", waiting_task, &bad);
	nursery_go(&n, "good", waiting_task, &good);
	settle();
	set(v, 6);
	settle();
	cr_assert(eq(int, bad.result, -EBADMSG));
	cr_assert(eq(int, good.result, 0));
	value_free(v);
	return nursery_close(&n, 0);
}

Test(await, V6_a_failing_predicate_fails_its_waiter_only)
{
	run(failing);
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
