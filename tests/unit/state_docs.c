/*
 * The C examples of docs/VALUES_BY_EXAMPLE.md, compiled and run: each ```c block there stands here word for word
 * (tests/behave/behave_docs.c looks).
 */
#include "tests/unit/state_run.h"

#include "daemon/rt/scope.h"

/* The values of the examples. */
static struct value *touched, *battery, *x, *y, *sum;
static unsigned n_sums, n_greeted, n_lights;

static void greet(void)
{
	n_greeted++;
}

static void show_light(bool on)
{
	(void)on;
	n_lights++;
}

static struct value *bool_value(const char *name)
{
	struct datum no = datum_bool(false);
	struct value *v;

	cr_assert(eq(int, value_new(&(struct value_info){.name = name}, &v), 0));
	cr_assert(eq(int, value_set(v, &no), 0));
	return v;
}

static void set_bool(struct value *v, bool b)
{
	struct datum d = datum_bool(b);

	cr_assert(eq(int, value_set(v, &d), 0));
}

/* Greet whoever touches the head, until it is cancelled. Suspends. */
static int greet_on_touch(void *arg)
{
	const struct pred is_true = {.op = PRED_TRUE};

	(void)arg;
	for (;;) {
		int r = value_await_transition(touched, &is_true, NULL, NULL, NULL);

		if (r < 0)
			return r; /* cancelled, or the value has closed */
		greet();
	}
}

static int greets(void *arg)
{
	struct nursery n;

	touched = bool_value("head.touched");
	nursery_open(&n);
	nursery_go(&n, "greet", greet_on_touch, arg);
	for (int i = 0; i < 3; i++) {
		nap(1);
		set_bool(touched, true);
		settle();
		set_bool(touched, false);
	}
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(uint, n_greeted, 3));
	value_free(touched);
	return 0;
}

Test(docs, transition)
{
	run(greets);
}

/* Wait at most 10 s for a battery below 20 % that stays there for 5. Suspends. */
static int await_low(void)
{
	const struct pred low = {.op = PRED_LT, .a = 20};
	const struct await_opt opt = {.held_for_ns = 5 * NS_PER_S};
	struct scope s;

	scope_enter_after(&s, 10 * NS_PER_S);
	return scope_leave_timeout(&s, value_await(battery, &low, &opt, NULL));
}

static int waits_for_low(void *arg)
{
	(void)arg;
	battery = value_of(80);
	cr_assert(eq(int, await_low(), -ETIMEDOUT));
	set(battery, 19);
	cr_assert(eq(int, await_low(), 0));
	cr_assert(eq(i64, rt_now(), 15 * NS_PER_S));
	value_free(battery);
	return 0;
}

Test(docs, held_for_and_timeout)
{
	run(waits_for_low);
}

static int add(void *arg, struct value *const *inputs, unsigned n, struct datum *ret)
{
	(void)arg;
	(void)n;
	*ret = datum_number(value_get(inputs[0])->n + value_get(inputs[1])->n);
	return 0;
}

static int make_sum(void)
{
	static const struct value_info info = {.name = "sum", .unit = "m"};
	const struct derivation how = {.compute = add};

	return value_derive(&info, (struct value *const[]){x, y}, 2, &how, &sum);
}

static void move_both(double new_x, double new_y)
{
	const struct datum dx = datum_number(new_x), dy = datum_number(new_y);

	value_batch_begin();
	(void)value_set(x, &dx); /* fails only once it is closed */
	(void)value_set(y, &dy);
	value_batch_end(); /* the sum changes once */
}

static void count_sums(struct value_watch *w, struct value *v, bool is_change)
{
	(void)w;
	(void)v;
	n_sums += is_change;
}

static int sums(void *arg)
{
	struct value_watch watch = {.fn = count_sums};

	(void)arg;
	x = value_of(1);
	y = value_of(2);
	cr_assert(eq(int, make_sum(), 0));
	value_watch_add(&watch, sum);
	move_both(10, 20);
	cr_assert(eq(dbl, value_get(sum)->n, 30));
	cr_assert(eq(uint, n_sums, 1));
	value_watch_remove(&watch);
	value_free(sum);
	value_free(y);
	value_free(x);
	return 0;
}

Test(docs, derived_in_a_batch)
{
	run(sums);
}

/* Keep the light in line with the touch. Suspends. */
static int follow_touch(void *arg)
{
	const struct pred any = {.op = PRED_ANY};
	struct datum now;
	struct eventual e;
	int r;

	(void)arg;
	eventual_open(&e, touched, &any, NULL);
	while ((r = eventual_next(&e, &now)) == 0)
		show_light(now.b);
	eventual_close(&e);
	return r;
}

static int follows(void *arg)
{
	struct nursery n;

	touched = bool_value("head.touched");
	nursery_open(&n);
	nursery_go(&n, "follow", follow_touch, arg);
	settle();
	set_bool(touched, true);
	set_bool(touched, false); /* within one step: nothing to show */
	settle();
	cr_assert(eq(uint, n_lights, 1));
	set_bool(touched, true);
	settle();
	cr_assert(eq(uint, n_lights, 2));
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	value_free(touched);
	return 0;
}

Test(docs, eventual)
{
	run(follows);
}
