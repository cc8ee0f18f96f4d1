/* What the tests of the state layer share: a body on the virtual clock, and what records or counts. */
#ifndef TESTS_UNIT_STATE_RUN_H
#define TESTS_UNIT_STATE_RUN_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"

/* Run @fn as the root task on the virtual clock; it returns 0. */
static inline void run(int (*fn)(void *))
{
	const struct rt_conf conf = {
		.clock = RT_CLOCK_VIRTUAL,
		.slow_step_ns = -1, /* a busy machine says nothing into what is counted */
	};

	cr_assert(eq(int, rt_run(&conf, fn, NULL), 0));
}

static inline void settle(void)
{
	cr_assert(eq(int, task_wait_all_blocked(), 0));
}

static inline void nap(double s)
{
	cr_assert(eq(int, task_sleep((int64_t)(s * 1e9)), 0));
}

static inline struct value *make(const struct value_info *info)
{
	struct value *v;

	cr_assert(eq(int, value_new(info, &v), 0));
	return v;
}

static inline struct value *value_of(double n)
{
	struct value *v = make(&(struct value_info){.name = "v"});

	cr_assert(
		eq(int, value_set(v, &(struct datum){.type = DATUM_NUMBER, .n = n}), 0));
	return v;
}

static inline void set(struct value *v, double n)
{
	const struct datum d = datum_number(n);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static inline struct pred pred(enum pred_op op, double a)
{
	return (struct pred){.op = op, .a = a, .datum = datum_number(a)};
}

/* A task that waits once, and what came of it. */
struct waiting {
	struct value *v;
	struct pred pred;
	struct await_opt opt;
	bool transition;

	bool done;
	int result;
	int64_t t_ns;
	struct datum now, old;
	unsigned order;
};

static unsigned waiting_order;

static inline int waiting_task(void *arg)
{
	struct waiting *w = arg;

	if (w->transition)
		w->result =
			value_await_transition(w->v, &w->pred, &w->opt, &w->now, &w->old);
	else
		w->result = value_await(w->v, &w->pred, &w->opt, &w->now);
	w->done = true;
	w->t_ns = rt_now();
	w->order = ++waiting_order;
	return w->result == -ECANCELED ? -ECANCELED : 0;
}

/* A predicate: numbers above *@arg. Every look is counted. */
static int above_looks;

static inline int counted_above(void *arg, const struct datum *now,
				const struct datum *old)
{
	(void)old;
	above_looks++;
	return now->type == DATUM_NUMBER && now->n > *(double *)arg;
}

/* A watch that counts what it is told of, and keeps whether the last was a change. */
static int watched;
static bool watched_change;

static inline void watch(struct value_watch *w, struct value *v, bool changed)
{
	(void)w;
	(void)v;
	watched++;
	watched_change = changed;
}

/* A sink of the log that counts the lines in the int at @arg and shows none. */
static inline void swallow(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)text;
	++*(int *)arg;
}

#define expect_number(d, x)                                                              \
	do {                                                                             \
		cr_assert(eq(int, (int)(d).type, DATUM_NUMBER));                         \
		cr_assert(ieee_ulp_eq(dbl, (d).n, x, 1));                                \
	} while (0)

#endif
