/* What is set, closed or freed from inside a transaction: rules V5 and V15. */
#include "tests/unit/state_run.h"

static struct value *echo;
static int depth;

/* Sets another value from inside a predicate: two as one batch, then one. */
static int echoes(void *arg, const struct datum *now, const struct datum *old)
{
	const struct datum next = datum_number(now->n * 10);
	double before = value_get(echo)->n;

	(void)arg;
	(void)old;
	cr_assert(eq(int, depth++, 0));
	value_batch_begin();
	cr_assert(eq(int, value_set(echo, &next), 0));
	cr_assert(eq(int, value_set(echo, now), 0));
	value_batch_end();
	cr_assert(eq(int, value_set(echo, &next), 0));
	cr_assert(eq(dbl, value_get(echo)->n, before)); /* queued, not done */
	depth--;
	return 0;
}

static int nested(void *arg)
{
	struct value *v = value_of(1);
	struct waiting w = {.v = v, .pred = {.op = PRED_FN, .fn = echoes}};
	struct transitions t;
	const struct pred any = {.op = PRED_ANY};
	struct datum now;
	struct nursery n;

	(void)arg;
	echo = value_of(0);
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	settle();
	cr_assert(eq(int, transitions_open(&t, echo, &any, NULL, 8), 0));
	set(v, 2);
	expect_number(*value_get(echo), 20);
	cr_assert(eq(int, transitions_next(&t, &now, NULL), 0));
	expect_number(now, 2); /* the batch, as one */
	cr_assert(eq(int, transitions_next(&t, &now, NULL), 0));
	expect_number(now, 20);
	transitions_close(&t);
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	value_free(v);
	value_free(echo);
	return 0;
}

Test(nested, V5_sets_inside_are_queued)
{
	run(nested);
}

static int counted; /* the result of the last set */

static void count_up(struct value_watch *w, struct value *v, bool changed)
{
	const struct datum next = datum_number(value_get(v)->n + 1);

	(void)w;
	(void)changed;
	counted = value_set(v, &next);
}

static int endless(void *arg)
{
	struct value *v = value_of(0);
	struct value_watch w = {.fn = count_up};
	int lines = 0;

	(void)arg;
	log_set_sink(swallow, &lines);
	value_watch_add(&w, v);
	set(v, 1);
	cr_assert(eq(int, counted, -ELOOP));
	cr_assert(eq(int, lines, 1));
	value_watch_remove(&w);
	set(v, 5);
	expect_number(*value_get(v), 5);
	value_free(v);
	log_set_sink(NULL, NULL);
	return 0;
}

Test(nested, V5_an_endless_chain_is_refused)
{
	run(endless);
}

/* Inside a predicate even closing and freeing wait until the transaction is done. */
static int closes(void *arg, const struct datum *now, const struct datum *old)
{
	struct value **v = arg;

	(void)old;
	if (now->n < 5)
		return 0;
	value_free(*v);
	cr_assert(ne(int, (int)value_state(*v), VALUE_CLOSED));
	return 0;
}

static int close_inside(void *arg)
{
	struct value *v = value_of(0);
	struct waiting w[2] = {{.v = v, .pred = {.op = PRED_FN, .fn = closes, .arg = &v}},
			       {.v = v, .pred = pred(PRED_GT, 5)}};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "w0", waiting_task, &w[0]);
	nursery_go(&n, "w1", waiting_task, &w[1]);
	settle();
	set(v, 6);
	settle();
	cr_assert(eq(int, w[0].result, -EPIPE));
	cr_assert(w[1].done && w[1].result == 0);
	return nursery_close(&n, 0);
}

Test(nested, V15_closing_inside_a_predicate)
{
	run(close_inside);
}

/* A predicate that sets what it looks at, when its wait begins: the look is taken again. */
static int lifts(void *arg, const struct datum *now, const struct datum *old)
{
	const struct datum next = datum_number(now->n + 1);

	(void)old;
	if (now->n < *(double *)arg)
		cr_assert(eq(int, value_set(echo, &next), 0));
	return now->n >= *(double *)arg;
}

static int self_setting(void *arg)
{
	double near = 5, far = 100;
	struct pred p = {.op = PRED_FN, .fn = lifts, .arg = &near};
	struct datum d;

	(void)arg;
	echo = value_of(2);
	cr_assert(eq(int, value_await(echo, &p, NULL, &d), 0));
	expect_number(d, 5);
	p.arg = &far;
	cr_assert(eq(int, value_await(echo, &p, NULL, &d), -ELOOP));
	value_free(echo);
	return 0;
}

Test(nested, V5_a_predicate_that_sets_what_it_looks_at)
{
	run(self_setting);
}
