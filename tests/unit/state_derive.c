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

static double level(const struct value *ramp)
{
	return value_get(ramp)->n;
}

static void turn(struct value *v, bool to)
{
	const struct datum d = datum_bool(to);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static int ramp(void *arg)
{
	struct value *v, *up;

	(void)arg;
	cr_assert(eq(int, value_new(&(struct value_info){.stale_after_ns = NS_PER_S}, &v),
		     0));
	cr_assert(eq(int, value_ramp(&(struct value_info){0}, v, -1, 0, &up), -EINVAL));
	cr_assert(eq(int,
		     value_ramp(&(struct value_info){0}, v, NS_PER_S / 2, NS_PER_S, &up),
		     0));
	cr_assert(eq(int, (int)value_state(up), VALUE_UNSET));
	turn(v, false);
	expect_number(*value_get(up), 0);
	turn(v, true);
	nap(0.25);
	cr_assert(epsilon_eq(dbl, level(up), 0.5, 0.05));
	turn(v, false); /* turns round where it is, exact to the transaction */
	cr_assert(ieee_ulp_eq(dbl, level(up), 0.5, 4));
	turn(v, true);
	nap(0.25);
	expect_number(*value_get(up), 1);
	cr_assert(eq(i64, value_change_ns(up), rt_now()));
	nap(0.5); /* the boolean was true last 0.75 s ago */
	expect_number(*value_get(up), 1);
	nap(0.5); /* V16: stale, and on its way down */
	cr_assert(eq(int, (int)value_state(up), VALUE_STALE));
	nap(1);
	expect_number(*value_get(up), 0);
	turn(v, true);
	value_free(v);
	cr_assert(eq(int, (int)value_state(up), VALUE_CLOSED));
	nap(1);
	value_free(up);
	return 0;
}

Test(derive, ramp)
{
	run(ramp);
}

/* What changes because time has passed has changed now, not when its input was measured. */
static int changed_now(void *arg)
{
	struct value *v = value_of(6), *held;
	struct pred p = pred(PRED_GT, 5);

	(void)arg;
	cr_assert(eq(int, value_held_for(&(struct value_info){0}, v, &p, NS_PER_S, &held),
		     0));
	nap(1.5);
	cr_assert(on(held));
	cr_assert(eq(i64, rt_now() - value_change_ns(held), NS_PER_S / 2));
	cr_assert(eq(i64, rt_now() - value_sample_ns(held), 3 * NS_PER_S / 2));
	value_free(held);
	value_free(v);
	return 0;
}

Test(derive, V1_P5_time_of_the_change)
{
	run(changed_now);
}
