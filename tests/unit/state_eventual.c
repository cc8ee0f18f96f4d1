/* Loops over what a value is: rule V13. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/seed.h"
#include "tests/unit/state_run.h"

struct looping {
	struct value *v;
	struct pred pred;
	struct await_opt opt;
	double body_s;
	double got[64];
	int64_t at[64];
	int count, result;
};

static int loop_task(void *arg)
{
	struct looping *l = arg;
	struct eventual e;
	struct datum d;

	eventual_open(&e, l->v, &l->pred, &l->opt);
	while ((l->result = eventual_next(&e, &d)) == 0) {
		/* Never a datum that no longer matches, never an old one. */
		cr_assert(datum_equal(&d, value_get(l->v)));
		cr_assert(eq(int, pred_test(&l->pred, &d, NULL), 1));
		l->at[l->count] = rt_now();
		l->got[l->count++] = d.n;
		if (l->body_s > 0 && task_sleep((int64_t)(l->body_s * 1e9)) < 0)
			break;
	}
	eventual_close(&e);
	eventual_close(&e);
	return 0;
}

static void expect(const struct looping *l, int n, const double *got)
{
	cr_assert(eq(int, l->count, n));
	for (int i = 0; i < n; i++)
		cr_assert(ieee_ulp_eq(dbl, l->got[i], got[i], 1));
}

static int conflates(void *arg)
{
	struct value *v = value_of(1);
	struct looping l = {.v = v, .pred = pred(PRED_GT, 0)};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "loop", loop_task, &l);
	settle();
	expect(&l, 1, (double[]){1});
	set(v, 2);
	set(v, 3);
	settle();
	expect(&l, 2, (double[]){1, 3});
	set(v, 4);
	set(v, 3); /* A -> B -> A within one pass */
	settle();
	expect(&l, 2, (double[]){1, 3});
	set(v, 5);
	set(v, -1); /* matched for an instant only */
	settle();
	expect(&l, 2, (double[]){1, 3});
	set(v, 3); /* the loop has seen that it did not match */
	settle();
	expect(&l, 3, (double[]){1, 3, 3});
	value_free(v);
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, l.result, -EPIPE));
	return 0;
}

Test(eventual, V13_yields_what_is)
{
	run(conflates);
}

static int busy_body(void *arg)
{
	struct value *v = value_of(1);
	struct looping l = {.v = v, .pred = pred(PRED_GT, 0), .body_s = 1};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "loop", loop_task, &l);
	nap(0.5);
	set(v, 2);
	nap(0.1);
	set(v, 1); /* A -> B -> A while the body runs */
	nap(1);
	expect(&l, 1, (double[]){1});
	set(v, 2);
	nap(0.1);
	set(v, -1);
	nap(0.1);
	set(v, 7); /* never misses the latest */
	nap(2);
	expect(&l, 3, (double[]){1, 2, 7});
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, l.result, -ECANCELED));
	value_free(v);
	return 0;
}

Test(eventual, V13_while_the_body_runs)
{
	run(busy_body);
}

static int held(void *arg)
{
	struct value *v = value_of(1);
	struct looping l = {
		.v = v, .pred = pred(PRED_GT, 0), .opt.held_for_ns = NS_PER_S};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "loop", loop_task, &l);
	nap(0.5);
	set(v, 2);
	nap(1);
	expect(&l, 1, (double[]){2});
	cr_assert(eq(i64, l.at[0], NS_PER_S));
	nap(5);
	expect(&l, 1, (double[]){2}); /* waits for a change */
	set(v, 3);
	nap(0.5);
	set(v, -1);
	set(v, 4);
	nap(1.5);
	expect(&l, 2, (double[]){2, 4});
	cr_assert(eq(i64, l.at[1], 8 * NS_PER_S));
	value_free(v);
	return nursery_close(&n, 0);
}

Test(eventual, V13_held_for_yields_when_the_window_ends)
{
	run(held);
}

/*
 * Random sets in random groups, each followed by quiet: the loop looks once after each group that
 * brought a transition, and yields by the rule.
 */
struct model {
	double last, got[64];
	bool have_last;
	int count;
};

static void model_look(struct model *m, double x)
{
	if (x <= 0) {
		m->have_last = false;
	} else if (!m->have_last || m->last != x) {
		m->have_last = true;
		m->last = m->got[m->count++] = x;
	}
}

static unsigned seed;

static int random_sets(void *arg)
{
	struct model m = {0};
	struct value *v = value_of(1);
	struct looping l = {.v = v, .pred = pred(PRED_GT, 0)};
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "loop", loop_task, &l);
	settle();
	model_look(&m, 1);
	for (int group = 0; group < 60; group++) {
		double x = value_get(v)->n;

		for (int i = rand_r(&seed) % 4; i > 0; i--) {
			x = (double)(rand_r(&seed) % 4) - 1;
			set(v, x);
		}
		settle();
		model_look(&m, x);
	}
	expect(&l, m.count, m.got);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(eventual, V13_property)
{
	unsigned first = (unsigned)test_seed(1);

	for (unsigned i = 0; i < 200; i++) {
		seed = first * 1000 + i;
		run(random_sets);
	}
}
