/* A value whose source goes, comes back, or gets another rhythm; and who uses it. */
#include "tests/unit/state_run.h"

#include "daemon/state/derive.h"

static int lapse(void *arg)
{
	struct waiting w = {.v = value_of(1), .pred = pred(PRED_GT, 0)};
	struct waiting held = {
		.v = w.v, .pred = pred(PRED_GT, 0), .opt.held_for_ns = NS_PER_S};
	struct nursery n;

	(void)arg;
	value_lapse(w.v);
	cr_assert(eq(int, (int)value_state(w.v), VALUE_STALE));
	expect_number(*value_get(w.v), 1);
	cr_assert(eq(u64, value_version(w.v), 1)); /* no change, no edge */
	value_lapse(w.v);
	nursery_open(&n);
	nursery_go(&n, "w", waiting_task, &w);
	nursery_go(&n, "held", waiting_task, &held);
	nap(5);
	cr_assert(not(w.done)); /* V16: nothing is true of what is stale */
	set(w.v, 1);
	settle();
	cr_assert(w.done);
	nap(0.5);
	value_lapse(w.v); /* breaks the window */
	nap(0.1);
	set(w.v, 1);
	nap(0.9);
	cr_assert(not(held.done));
	nap(0.2);
	cr_assert(held.done);
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	datum_fini(&w.now);
	datum_fini(&held.now);
	value_free(w.v);
	return 0;
}

Test(source, V16_gone_it_is_stale_and_waits_go_on)
{
	run(lapse);
}

static int rhythm(void *arg)
{
	struct value *v;

	(void)arg;
	cr_assert(eq(
		int,
		value_new(&(struct value_info){.name = "v", .stale_after_ns = NS_PER_S},
			  &v),
		0));
	value_set_stale_after(v, 2 * NS_PER_S); /* while it is unset */
	cr_assert(eq(int, (int)value_state(v), VALUE_UNSET));
	value_lapse(v);
	cr_assert(eq(int, (int)value_state(v), VALUE_UNSET));
	set(v, 1);
	nap(1.5);
	cr_assert(eq(int, (int)value_state(v), VALUE_OK));
	value_set_stale_after(v, 3 * NS_PER_S); /* counted from the last sample */
	nap(1.4);
	cr_assert(eq(int, (int)value_state(v), VALUE_OK));
	nap(0.2);
	cr_assert(eq(int, (int)value_state(v), VALUE_STALE));
	set(v, 1);
	nap(1);
	value_set_stale_after(v, NS_PER_S / 2); /* which is past */
	nap(0.001);
	cr_assert(eq(int, (int)value_state(v), VALUE_STALE));
	set(v, 1);
	value_set_stale_after(v, 0);
	nap(1000);
	cr_assert(eq(int, (int)value_state(v), VALUE_OK));
	value_free(v);
	return 0;
}

Test(source, V16_another_rhythm_counts_at_once)
{
	run(rhythm);
}

static int uses(void *arg)
{
	struct value *v = value_of(0);
	struct waiting w[2] = {{.v = v, .pred = pred(PRED_GT, 0)},
			       {.v = v, .pred = pred(PRED_GT, 0), .transition = true}};
	const struct pred p = pred(PRED_GT, 0);
	struct value *derived;
	const char *name;
	struct nursery n;

	(void)arg;
	cr_assert(eq(uint, value_uses(v, &name), 0));
	cr_assert(name == NULL);
	nursery_open(&n);
	nursery_go(&n, "a", waiting_task, &w[0]);
	nursery_go(&n, "b", waiting_task, &w[1]);
	settle();
	cr_assert(eq(uint, value_uses(v, &name), 2));
	cr_assert(name == NULL);
	cr_assert(
		eq(int,
		   value_held_for(&(struct value_info){.name = "d"}, v, &p, 1, &derived),
		   0));
	cr_assert(eq(uint, value_uses(v, &name), 3));
	cr_assert(eq(str, (char *)name, "d"));
	value_free(derived);
	nursery_cancel(&n, "enough");
	(void)!nursery_close(&n, 0);
	cr_assert(eq(uint, value_uses(v, &name), 0)); /* V18 */
	value_free(v);
	return 0;
}

Test(source, it_is_known_who_uses_it)
{
	run(uses);
}
