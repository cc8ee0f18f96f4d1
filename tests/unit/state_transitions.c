/* Loops over transitions: rule V12; scenarios AV-10 and AV-11. */
#include "tests/unit/state_run.h"

#include <string.h>

static int calls;

/* Counts its calls; matches numbers above *@arg. */
static int above(void *arg, const struct datum *now, const struct datum *old)
{
	(void)old;
	calls++;
	return now->type == DATUM_NUMBER && now->n > *(double *)arg;
}

struct edges {
	struct value *v;
	struct pred pred;
	unsigned queue;
	double body_s;
	double now[8], old[8];
	int count, result;
	uint64_t dropped;
};

static int edges_task(void *arg)
{
	struct edges *e = arg;
	struct transitions t;
	struct datum now, old;

	cr_assert(eq(int, transitions_open(&t, e->v, &e->pred, NULL, e->queue), 0));
	while ((e->result = transitions_next(&t, &now, &old)) == 0 && e->count < 8) {
		e->now[e->count] = now.n;
		e->old[e->count++] = old.n;
		if (e->body_s > 0 &&
		    (e->result = task_sleep((int64_t)(e->body_s * 1e9))) < 0)
			break;
	}
	e->dropped = t.dropped;
	transitions_close(&t);
	return e->result == -ECANCELED ? -ECANCELED : 0;
}

static void expect_edges(const struct edges *e, int n, const double (*pairs)[2])
{
	cr_assert(eq(int, e->count, n));
	for (int i = 0; i < n; i++) {
		cr_assert(ieee_ulp_eq(dbl, e->now[i], pairs[i][0], 1));
		cr_assert(ieee_ulp_eq(dbl, e->old[i], pairs[i][1], 1));
	}
}

static int av_10(void *arg)
{
	static const struct {
		double body_s, at[3];
		bool twice;
		int n;
		double pairs[3][2];
	} rows[] = {
		{0, {0, .1, .2}, false, 3, {{1, 0}, {2, 1}, {3, 2}}},
		{1, {0, .9, 1.8}, false, 2, {{1, 0}, {3, 2}}},
		{0, {0, .1, .2}, true, 3, {{1, 0}, {2, 1}, {3, 2}}},
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value *v = value_of(0);
		struct edges e = {.v = v, .pred.op = PRED_ANY, .body_s = rows[i].body_s};
		int64_t start = rt_now();
		struct nursery n;

		nursery_open(&n);
		nursery_go(&n, "edges", edges_task, &e);
		settle();
		for (int k = 0; k < 3; k++) {
			int64_t at = start + (int64_t)(rows[i].at[k] * 1e9);

			cr_assert(eq(int, task_sleep_until(at), 0));
			set(v, k + 1);
		}
		if (rows[i].twice)
			set(v, 4);
		nap(2);
		value_close(v);
		cr_assert(eq(int, nursery_close(&n, 0), 0));
		cr_assert(eq(int, e.result, -EPIPE));
		expect_edges(&e, rows[i].n, rows[i].pairs);
		value_free(v);
	}
	return 0;
}

Test(transitions, V12_AV_10_edges_in_the_body_are_dropped)
{
	run(av_10);
}

static int queued(void *arg)
{
	struct value *v = value_of(0);
	struct edges e = {.v = v, .pred.op = PRED_ANY, .body_s = 1, .queue = 2};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "edges", edges_task, &e);
	settle();
	set(v, 1);
	settle();
	for (int i = 2; i <= 5; i++)
		set(v, i);
	value_close(v); /* what is queued comes before the end */
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	expect_edges(&e, 3, (const double[][2]){{1, 0}, {4, 3}, {5, 4}});
	cr_assert(eq(u64, e.dropped, 2));
	cr_assert(eq(int, e.result, -EPIPE));
	value_free(v);
	return 0;
}

Test(transitions, V12_a_queue_keeps_the_newest)
{
	run(queued);
}

static int open_counts(void *arg)
{
	struct value *v = value_of(0);
	const struct pred any = {.op = PRED_ANY};
	struct transitions t;
	struct datum now;

	(void)arg;
	cr_assert(eq(int, transitions_open(&t, v, &any, NULL, 0), 0));
	set(v, 1);
	set(v, 2);
	cr_assert(eq(int, transitions_next(&t, &now, NULL), 0));
	expect_number(now, 1);
	value_free(v);
	cr_assert(eq(int, transitions_next(&t, &now, NULL), -EPIPE));
	transitions_close(&t);
	transitions_close(&t);
	return 0;
}

Test(transitions, V12_registered_from_the_call_on)
{
	run(open_counts);
}

static int av_11(void *arg)
{
	static double two = 1.5;
	struct value *v = value_of(0);
	struct pred is_two = {.op = PRED_FN, .fn = above, .arg = &two};
	struct edges a = {.v = v, .pred.op = PRED_ANY};
	struct edges b = {.v = v, .pred = pred(PRED_EQ, 2)};
	struct edges c = b;
	struct edges counted = {.v = v, .pred = is_two};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "a", edges_task, &a);
	nursery_go(&n, "b", edges_task, &b);
	nursery_go(&n, "c", edges_task, &c);
	nursery_go(&n, "counted", edges_task, &counted);
	settle();
	calls = 0;
	for (int i = 1; i <= 4; i++) {
		set(v, i);
		nap(0.1);
	}
	cr_assert(eq(int, calls, 4));
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	expect_edges(&a, 4, (const double[][2]){{1, 0}, {2, 1}, {3, 2}, {4, 3}});
	expect_edges(&b, 1, (const double[][2]){{2, 1}});
	expect_edges(&c, 1, (const double[][2]){{2, 1}});
	set(v, 9);
	cr_assert(eq(int, calls, 4));
	value_free(v);
	return 0;
}

Test(transitions, AV_11_loops_side_by_side)
{
	run(av_11);
}

/* S1: what a queue keeps is charged; when there is no room for more the loop ends with that, after what it has. */
static int charged_queue(void *arg)
{
	const struct pred any = {.op = PRED_ANY};
	struct account *a = account_new(1000);
	const struct await_opt opt = {.account = a};
	struct value *v = value_of(0);
	struct transitions t;
	struct datum now, old;
	int n = 0;

	(void)arg;
	cr_assert(eq(int, transitions_open(&t, v, &any, &opt, 1000), -ENOMEM));
	cr_assert(eq(sz, a->used, 0));
	cr_assert(eq(int, transitions_open(&t, v, &any, &opt, 8), 0));
	for (int i = 0; i < 8; i++) {
		char text[100];
		struct datum d;

		memset(text, 'a' + i, sizeof(text));
		cr_assert(eq(int, datum_string(text, sizeof(text), &d), 0));
		cr_assert(eq(int, value_set(v, &d), 0));
		datum_fini(&d);
	}
	cr_assert(le(sz, a->used, 1000));
	while (transitions_next(&t, &now, &old) == 0) {
		cr_assert(eq(int, datum_text(&now)[0], 'a' + n));
		datum_fini(&now);
		datum_fini(&old);
		n++;
	}
	cr_assert(ge(int, n, 1));
	cr_assert(lt(int, n, 8));
	cr_assert(eq(int, transitions_next(&t, &now, &old), -ENOMEM));
	transitions_close(&t);
	cr_assert(eq(sz, a->used, 0));
	account_unref(a);
	value_free(v);
	return 0;
}

Test(transitions, S1_a_queue_is_charged)
{
	run(charged_queue);
}
