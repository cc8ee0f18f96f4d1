/* How waits end that are not met: cancelled, out of time, closed, failed (C6, C7, V6, V15, V18). */
#include "tests/unit/state_run.h"

/* Each kind of wait, cancelled: its predicate is not looked at any more. */
static int av_4(void *arg)
{
	static double high = 100, low = 0;
	struct value *v = value_of(10);
	struct waiting w[] = {
		{.v = v, .pred = {.op = PRED_FN, .fn = counted_above, .arg = &high}},
		{.v = v,
		 .pred = {.op = PRED_FN, .fn = counted_above, .arg = &low},
		 .opt.held_for_ns = NS_PER_S},
		{.v = v,
		 .pred = {.op = PRED_FN, .fn = counted_above, .arg = &high},
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
		above_looks = 0;
		set(v, 20 + (double)i);
		cr_assert(eq(int, above_looks, 0));
	}
	value_free(v);
	return 0;
}

Test(await, V18_AV_4_cancelled_waits_leave_nothing)
{
	run(av_4);
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
