/* Waits that time takes part in: held_for (V10), stale and fresh values, gaps (V16). */
#include "tests/unit/state_run.h"

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
