/* Values that follow an expression: their inputs, their age, their moment. */
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
#include "tests/unit/state_expr_rig.h"

static bool is(const struct value *v, bool b)
{
	const struct datum *d = value_get(v);

	return value_state(v) == VALUE_OK && d->type == DATUM_BOOL && d->b == b;
}

static struct value *derive(struct robot *bot, const char *s)
{
	static const struct value_info info = {.name = "when"};
	struct value *v = NULL;

	cr_assert(eq(int, expr_value(need(bot, s), &info, &v), 0));
	return v;
}

Test(expr_value, follows_its_inputs)
{
	struct robot bot;
	struct value *v;
	struct datum d = datum_bool(true);
	uint64_t version;

	robot_init(&bot);
	v = derive(&bot, "count > 5 or gone > 1");
	cr_assert(is(v, false), "an unset input makes it false, not unset");
	cr_assert(eq(int, value_set(v, &d), -EROFS));
	version = value_version(v);
	set(bot.v[COUNT], datum_number(4));
	cr_assert(eq(u64, value_version(v), version));
	set(bot.v[COUNT], datum_number(6));
	cr_assert(is(v, true));
	set(bot.v[GONE], datum_number(0));
	cr_assert(is(v, true));
	set(bot.v[COUNT], datum_null());
	cr_assert(is(v, false));
	value_free(v);

	v = derive(&bot, "mood");
	set(bot.v[MOOD], text("sad"));
	cr_assert(eq(str, (char *)datum_text(value_get(v)), "sad"));
	set(bot.v[MOOD], text("glad"));
	cr_assert(eq(str, (char *)datum_text(value_get(v)), "glad"));
	value_free(v);

	v = derive(&bot, "count + 1");
	cr_assert(eq(int, value_get(v)->type, DATUM_NULL));
	set(bot.v[COUNT], datum_number(1));
	cr_assert(epsilon_eq(dbl, value_get(v)->n, 2, 0));
	value_free(v);
	robot_fini(&bot);
}

Test(expr_value, closes_with_an_input)
{
	struct robot bot;
	struct value *v;

	robot_init(&bot);
	v = derive(&bot, "count > 2 and gone > 1");
	value_close(bot.v[GONE]);
	cr_assert(eq(int, value_state(v), VALUE_CLOSED));
	set(bot.v[COUNT], datum_number(7));
	value_free(v);
	robot_fini(&bot);
}

struct mixture {
	struct value_watch watch;
	unsigned seen, mixed;
};

static void look_for_mixture(struct value_watch *w, struct value *v, bool changed)
{
	struct mixture *m = container_of(w, struct mixture, watch);
	const struct datum *d = value_get(v);

	(void)changed;
	m->seen++;
	m->mixed += (datum_get(d, "count")->n > 5) != datum_get(d, "many")->b;
}

Test(expr_value, V3_no_mixture_with_its_input)
{
	static const char *const keys[] = {"count", "many"};
	struct mixture m = {.watch.fn = look_for_mixture};
	struct robot bot;
	struct value *many, *both;

	robot_init(&bot);
	many = derive(&bot, "count > 5");
	cr_assert(
		eq(int,
		   value_compose(&(struct value_info){0}, keys,
				 (struct value *[]){bot.v[COUNT], many}, 2, false, &both),
		   0));
	value_watch_add(&m.watch, both);
	set(bot.v[COUNT], datum_number(9));
	set(bot.v[COUNT], datum_number(1));
	cr_assert(eq(uint, m.seen, 2));
	cr_assert(eq(uint, m.mixed, 0));
	value_watch_remove(&m.watch);
	value_free(both);
	value_free(many);
	robot_fini(&bot);
}

Test(expr_value, constants)
{
	struct robot bot;
	struct value *v;

	robot_init(&bot);
	v = derive(&bot, "1 < 2");
	cr_assert(is(v, true));
	value_free(v);
	robot_fini(&bot);
}

/* Sets already queued when the first change is seen: the last one decides. */
struct burst {
	struct value_watch watch;
	bool done;
};

static void burst(struct value_watch *w, struct value *v, bool changed)
{
	struct burst *b = container_of(w, struct burst, watch);
	struct datum low = datum_number(0);

	(void)changed;
	if (b->done)
		return;
	b->done = true;
	cr_assert(eq(int, value_set(v, &low), 0));
}

Test(expr_value, sees_sets_in_their_order)
{
	struct robot bot;
	struct burst b = {.watch.fn = burst};
	struct value *v;

	robot_init(&bot);
	value_watch_add(&b.watch, bot.v[COUNT]);
	v = derive(&bot, "count > 5");
	set(bot.v[COUNT], datum_number(9)); /* followed at once by 0 */
	cr_assert(is(v, false));
	value_free(v);
	value_watch_remove(&b.watch);
	robot_fini(&bot);
}

static int age_flips(void *arg)
{
	struct robot *bot = arg;
	struct value *older, *younger, *limited;
	struct expr *e;

	set(bot->v[COUNT], datum_number(1));
	set(bot->v[WAIT], datum_number(2000));
	older = derive(bot, "age(count) > 5s");
	younger = derive(bot, "5 >= age(count)");
	limited = derive(bot, "age(count) >= wait");
	e = need(bot, "age(count) >= 5s and head.touched");
	cr_assert(is(older, false) && is(younger, true) && is(limited, false));
	cr_assert(eq(i64, expr_next_ns(e), rt_now() + 5 * NS_PER_S));

	cr_assert(eq(int, task_sleep(2 * NS_PER_S), 0));
	cr_assert(is(limited, true) && is(older, false));
	set(bot->v[WAIT], datum_number(3000)); /* a limit may move */
	cr_assert(is(limited, false));
	cr_assert(eq(int, task_sleep(3 * NS_PER_S), 0));
	cr_assert(is(older, false) && is(younger, true), "5 s are not more than 5 s");
	cr_assert(is(limited, true));
	cr_assert(eq(int, expr_eval(e, NULL), EXPR_TRUE));
	cr_assert(eq(i64, expr_next_ns(e), TIME_NEVER));
	cr_assert(eq(int, task_sleep(1), 0));
	cr_assert(is(older, true) && is(younger, false));

	/* An equal datum is no change, but a sample. */
	set(bot->v[COUNT], datum_number(1));
	cr_assert(is(older, false) && is(younger, true) && is(limited, false));
	cr_assert(eq(int, task_sleep(6 * NS_PER_S), 0));
	cr_assert(is(older, true) && is(younger, false));
	value_free(older);
	value_free(younger);
	value_free(limited);
	expr_free(e);
	return 0;
}

static int staleness(void *arg)
{
	static const struct value_info info = {.name = "fast",
					       .stale_after_ns = NS_PER_S};
	struct robot *bot = arg;
	struct value *fast, *asks, *needs;

	cr_assert(eq(int, value_new(&info, &fast), 0));
	value_free(bot->v[GONE]);
	bot->v[GONE] = fast;
	asks = derive(bot, "stale(gone)");
	needs = derive(bot, "gone > 1");
	cr_assert(is(asks, true) && is(needs, false));
	set(fast, datum_number(2));
	cr_assert(is(asks, false) && is(needs, true));
	cr_assert(eq(int, task_sleep(2 * NS_PER_S), 0));
	cr_assert(is(asks, true) && is(needs, false));
	set(fast, datum_number(2));
	cr_assert(is(asks, false) && is(needs, true));
	value_free(asks);
	value_free(needs);
	return 0;
}

static int with_robot(int (*fn)(void *arg))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct robot bot;
	int r;

	robot_init(&bot);
	r = rt_run(&conf, fn, &bot);
	robot_fini(&bot);
	return r;
}

Test(expr_value, age_flips_at_its_moment)
{
	cr_assert(eq(int, with_robot(age_flips), 0));
}

Test(expr_value, becomes_stale_and_fresh)
{
	cr_assert(eq(int, with_robot(staleness), 0));
}
