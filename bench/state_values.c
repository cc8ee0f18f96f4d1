/* What observable values cost: waking, not waking, composing, fanning out. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "daemon/base/log.h"
#include "daemon/base/macros.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"

#define ROUNDS 7 /* the best of so many counts: the machine has other things to do */

static void give_up(const char *what, int r)
{
	fprintf(stderr, "state_values: %s: error %d\n", what, r);
	exit(1);
}

static struct value *value_of(double n)
{
	const struct value_info info = {.name = "bench"};
	const struct datum d = datum_number(n);
	struct value *v;
	int r = value_new(&info, &v);

	if (r == 0)
		r = value_set(v, &d);
	if (r < 0)
		give_up("value", r);
	return v;
}

static void set(struct value *v, double n)
{
	const struct datum d = datum_number(n);
	int r = value_set(v, &d);

	if (r < 0)
		give_up("set", r);
}

/* Two tasks and two values: each waits until its value has come so far, and sets the other's. */
struct player {
	struct value *mine, *other;
	int turns;
	int ahead; /* what it sets is so much more than what it waited for */
};

static int play(void *arg)
{
	struct player *p = arg;

	for (int i = 1; i <= p->turns; i++) {
		struct pred reached = {.op = PRED_GE, .a = i};
		int r = value_await(p->mine, &reached, NULL, NULL);

		if (r < 0)
			return r;
		set(p->other, i + p->ahead);
	}
	return 0;
}

static double wake_c_us(void)
{
	enum { TURNS = 200000 };
	struct value *a = value_of(0), *b = value_of(0);
	struct player one = {.mine = a, .other = b, .turns = TURNS};
	struct player two = {.mine = b, .other = a, .turns = TURNS, .ahead = 1};
	struct nursery n;
	int64_t start;
	int r;

	nursery_open(&n);
	nursery_go(&n, "one", play, &one);
	nursery_go(&n, "two", play, &two);
	task_yield();
	task_yield();
	start = bench_now_ns();
	set(a, 1);
	r = nursery_close(&n, 0);
	if (r < 0)
		give_up("ping-pong", r);
	start = bench_now_ns() - start;
	value_free(a);
	value_free(b);
	return (double)start / (2.0 * TURNS) / (double)NS_PER_US;
}

static void not_told(struct waiter *w, int r, const struct datum *now,
		     const struct datum *old)
{
	(void)w;
	(void)r;
	(void)now;
	(void)old;
	give_up("a predicate matched", 0);
}

/* A thousand waiters that do not match, less what a set costs without them. */
static double miss_ns(void)
{
	enum { WAITERS = 1000, SETS = 2000 };
	struct waiter *w = calloc(WAITERS, sizeof(*w));
	struct value *v = value_of(0);
	int64_t bare, full;

	if (!w)
		give_up("waiters", 0);
	bare = bench_now_ns();
	for (int i = 0; i < SETS; i++)
		set(v, i);
	bare = bench_now_ns() - bare;
	for (int i = 0; i < WAITERS; i++) {
		w[i].pred = (struct pred){.op = PRED_LT, .a = -1 - i};
		w[i].tell = not_told;
		waiter_add(&w[i], v);
	}
	full = bench_now_ns();
	for (int i = 0; i < SETS; i++)
		set(v, i);
	full = bench_now_ns() - full;
	for (int i = 0; i < WAITERS; i++)
		waiter_remove(&w[i]);
	free(w);
	value_free(v);
	return (double)(full - bare) / ((double)WAITERS * SETS);
}

static double compose4_us(void)
{
	enum { SETS = 200000 };
	static const char *const keys[] = {"a", "b", "c", "d"};
	const struct value_info info = {.name = "composed"};
	struct value *in[4], *all;
	int64_t start;
	int r;

	for (int i = 0; i < 4; i++)
		in[i] = value_of(i);
	r = value_compose(&info, keys, in, 4, false, &all);
	if (r < 0)
		give_up("compose", r);
	start = bench_now_ns();
	for (int i = 0; i < SETS; i++)
		set(in[i & 3], i + 10);
	start = bench_now_ns() - start;
	value_free(all);
	for (int i = 0; i < 4; i++)
		value_free(in[i]);
	return (double)start / SETS / (double)NS_PER_US;
}

static int wait_for_next(void *arg)
{
	struct player *p = arg;

	for (int i = 1; i <= p->turns; i++) {
		struct pred reached = {.op = PRED_GE, .a = i};
		int r = value_await(p->mine, &reached, NULL, NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

/* From the set until all of a thousand tasks have run and wait again, for each of them. */
static double fanout1000_us(void)
{
	enum { TASKS = 1000, SETS = 50 };
	struct player p = {.mine = value_of(0), .turns = SETS};
	struct nursery n;
	int64_t start;
	int r;

	nursery_open(&n);
	for (int i = 0; i < TASKS; i++)
		nursery_go(&n, "fan", wait_for_next, &p);
	task_yield();
	task_yield();
	start = bench_now_ns();
	for (int i = 1; i <= SETS; i++) {
		set(p.mine, i);
		task_yield();
	}
	start = bench_now_ns() - start;
	r = nursery_close(&n, 0);
	if (r < 0)
		give_up("fan-out", r);
	value_free(p.mine);
	return (double)start / ((double)TASKS * SETS) / (double)NS_PER_US;
}

static const struct {
	const char *name, *unit;
	double (*run)(void);
} benches[] = {
	{"state.wake_c_us", "us", wake_c_us},
	{"state.miss_ns", "ns", miss_ns},
	{"state.compose4_us", "us", compose4_us},
	{"state.fanout1000_us", "us", fanout1000_us},
};

static int run_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(benches); i++) {
		double best = 0;

		if (!bench_wants(benches[i].name))
			continue;
		for (int round = 0; round < ROUNDS; round++) {
			double x = benches[i].run();

			if (round == 0 || x < best)
				best = x;
		}
		bench_report(benches[i].name, best, benches[i].unit, NULL, 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	/* Long steps and tasks that wake all the time are what is measured here. */
	const struct rt_conf conf = {.slow_step_ns = -1};

	log_set_level(LOG_LEVEL_ERR);
	bench_begin(argc, argv);
	return rt_run(&conf, run_all, NULL) < 0;
}
