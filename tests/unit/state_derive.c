/* Derived booleans: rule P5. */
#include "daemon/state/derive.h"

#include <math.h>

#include "tests/unit/state_run.h"

static bool on(const struct value *v)
{
	return value_get(v)->type == DATUM_BOOL && value_get(v)->b;
}

static int held(void *arg)
{
	struct value *v = value_of(1), *held;
	struct pred p = pred(PRED_GT, 5);
	struct waiting rises = {.pred = {.op = PRED_TRUE}}, falls;
	struct nursery n;

	(void)arg;
	cr_assert(eq(int, value_held_for(&(struct value_info){0}, v, &p, NS_PER_S, &held),
		     0));
	cr_assert(not(on(held)));
	rises.v = held;
	falls = (struct waiting){
		.v = held, .pred = {.op = PRED_FALSE}, .transition = true};
	nursery_open(&n);
	nursery_go(&n, "rises", waiting_task, &rises);
	nursery_go(&n, "falls", waiting_task, &falls);
	set(v, 6);
	nap(0.9);
	set(v, 1);
	set(v, 6);
	set(v, 7);
	nap(0.9);
	cr_assert(not(on(held)));
	nap(0.2);
	cr_assert(on(held));
	cr_assert(eq(i64, rises.t_ns, 1900 * NS_PER_MS));
	nap(1);
	set(v, 1); /* exact to the transaction */
	cr_assert(not(on(held)));
	set(v, 6);
	settle();
	cr_assert(eq(i64, falls.t_ns, 3 * NS_PER_S));
	value_free(held); /* with a window running */
	nap(2);
	value_free(v);
	return nursery_close(&n, 0);
}

Test(derive, P5_held_for)
{
	run(held);
}

static int held_stale(void *arg)
{
	struct value *v, *held;
	struct pred p = pred(PRED_GT, 5);

	(void)arg;
	cr_assert(eq(int,
		     value_new(&(struct value_info){.stale_after_ns = NS_PER_S / 2}, &v),
		     0));
	cr_assert(eq(int, value_held_for(&(struct value_info){0}, v, &p, NS_PER_S, &held),
		     0));
	set(v, 6);
	nap(0.7);
	cr_assert(eq(int, (int)value_state(held), VALUE_STALE));
	set(v, 6); /* the window begins anew */
	for (int i = 0; i < 3; i++) {
		nap(0.3);
		set(v, 6);
	}
	cr_assert(not(on(held)));
	nap(0.2);
	cr_assert(on(held));
	value_free(v);
	cr_assert(eq(int, (int)value_state(held), VALUE_CLOSED));
	value_free(held);
	return 0;
}

Test(derive, P5_held_for_is_broken_by_staleness)
{
	run(held_stale);
}

static int hysteresis(void *arg)
{
	static const struct {
		double set;
		bool on;
	} steps[] = {{3, false}, {4.9, false},         {5, true}, {3, true},
		     {2, false}, {4, false},           {6, true}, {(double)NAN, true},
		     {1, false}, {(double)NAN, false}, {5, true}};
	struct value *v = value_of(0), *h;
	const struct datum null = datum_null();

	(void)arg;
	cr_assert(
		eq(int, value_hysteresis(&(struct value_info){0}, v, 2, 5, &h), -EINVAL));
	cr_assert(eq(int, value_hysteresis(&(struct value_info){0}, v, 5, 2, &h), 0));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		set(v, steps[i].set);
		cr_assert(eq(int, on(h), steps[i].on), "step %zu", i);
	}
	cr_assert(eq(int, value_set(v, &null), 0));
	cr_assert(not(on(h)));
	value_free(h);
	value_free(v);
	return 0;
}

Test(derive, P5_hysteresis)
{
	run(hysteresis);
}
