/* Values as cases of choose(): the first match counts, the others are left alone. */
#include "daemon/state/choice.h"

#include "tests/unit/state_run.h"

/* A task that chooses between two values and a time. */
struct chooser {
	struct value *a, *b;
	struct pred pa, pb;
	int64_t late_ns;

	int chosen, result;
	struct datum now;
};

static int chooses(void *arg)
{
	struct chooser *ch = arg;
	struct choice_value a, b;
	struct choice_timer late;
	struct choice_case *const cases[] = {
		choice_value(&a, ch->a, &ch->pa, NULL),
		choice_value(&b, ch->b, &ch->pb, NULL),
		choice_timer(&late, ch->late_ns),
	};

	ch->chosen = choose(cases, ARRAY_LEN(cases));
	if (ch->chosen == 0 || ch->chosen == 1) {
		struct choice_value *c = ch->chosen == 0 ? &a : &b;

		ch->result = c->c.result;
		ch->now = datum_copy(&c->now);
	}
	choice_value_fini(&a);
	choice_value_fini(&b);
	return ch->chosen < 0 ? ch->chosen : 0;
}

static struct chooser above(double a, double b)
{
	return (struct chooser){
		.a = value_of(0),
		.b = value_of(0),
		.pa = pred(PRED_GT, a),
		.pb = pred(PRED_GT, b),
		.late_ns = 10 * NS_PER_S,
	};
}

static void free_values(struct chooser *ch)
{
	value_free(ch->a);
	value_free(ch->b);
}

static int first_match(void *arg)
{
	struct chooser ch = above(5, 5);
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses, &ch);
	settle();
	set(ch.a, 4);
	set(ch.b, 7);
	set(ch.a, 9); /* too late */
	set(ch.b, 0);
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, ch.chosen, 1));
	expect_number(ch.now, 7);
	free_values(&ch);
	return 0;
}

Test(choice, N7_V9_first_match_is_captured)
{
	run(first_match);
}

static int true_now(void *arg)
{
	struct chooser ch = above(5, 5);

	(void)arg;
	set(ch.a, 6);
	set(ch.b, 7);
	cr_assert(eq(int, chooses(&ch), 0));
	cr_assert(eq(int, ch.chosen, 0)); /* in the order of the cases */
	expect_number(ch.now, 6);
	set(ch.a, 0);
	set(ch.b, 0);
	cr_assert(eq(int, chooses(&ch), 0));
	cr_assert(eq(int, ch.chosen, 2));
	cr_assert(eq(i64, rt_now(), 10 * NS_PER_S));
	free_values(&ch);
	return 0;
}

Test(choice, N7_what_is_true_now_and_time)
{
	run(true_now);
}

static int ends(void *arg)
{
	struct chooser ch = above(5, 5);
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses, &ch);
	settle();
	value_close(ch.b);
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, ch.chosen, 1));
	cr_assert(eq(int, ch.result, -EPIPE));
	cr_assert(eq(int, chooses(&ch), 0)); /* closed before */
	cr_assert(eq(int, ch.result, -EPIPE));

	free_values(&ch);
	ch = above(5, 5);
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses, &ch);
	settle();
	nursery_cancel(&n, "enough");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, ch.chosen, -ECANCELED));
	set(ch.a, 9); /* nobody waits */
	free_values(&ch);
	return 0;
}

Test(choice, V15_closed_and_cancelled)
{
	run(ends);
}

/* A predicate that never matches, and sets what another case waits for. */
static int sets_other(void *arg, const struct datum *now, const struct datum *old)
{
	(void)now;
	(void)old;
	set(arg, 8);
	return 0;
}

static int matches_and_sets_other(void *arg, const struct datum *now,
				  const struct datum *old)
{
	(void)sets_other(arg, now, old);
	return 1;
}

static int set_off_while_arming(void *arg)
{
	struct chooser ch = above(5, 5);

	(void)arg;
	ch.pb = (struct pred){.op = PRED_FN, .fn = sets_other, .arg = ch.a};
	cr_assert(eq(int, chooses(&ch), 0));
	cr_assert(eq(int, ch.chosen, 0));
	expect_number(ch.now, 8);

	set(ch.a, 0);
	ch.pb.fn = matches_and_sets_other;
	cr_assert(eq(int, chooses(&ch), 0));
	cr_assert(eq(int, ch.chosen, 0));
	cr_assert(
		eq(int, task_checkpoint(), 0)); /* nothing is left that wakes this task */
	free_values(&ch);
	return 0;
}

Test(choice, N7_a_predicate_sets_off_an_earlier_case)
{
	run(set_off_while_arming);
}
