/*
 * Expressions as derived values: evaluated again when an input changed, got a new sample, became stale
 * or fresh, and when an age() reaches its limit.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "daemon/state/expr_internal.h"
#include "daemon/state/internal.h"

struct follower {
	struct expr *e;
	struct value *out;
	struct value *nothing; /* the input of an expression that reads none */
	struct timer timer;
};

static int follow(void *arg, struct value *const *inputs, unsigned n, struct datum *ret)
{
	struct follower *f = arg;
	struct datum d;
	int64_t next_ns;

	(void)inputs;
	(void)n;
	(void)expr_eval_next(f->e, &d, &next_ns); /* the truth of it is in the datum */
	if (f->e->has_age && rt_current()) {
		if (next_ns == TIME_NEVER)
			timer_disarm(&f->timer);
		else
			timer_arm(&f->timer, next_ns);
	}
	*ret = datum_copy(&d);
	return 0;
}

static void limit_reached(struct timer *t)
{
	value_recompute(container_of(t, struct follower, timer)->out);
}

static void follower_free(void *arg)
{
	struct follower *f = arg;

	if (f->e->has_age && rt_current())
		timer_disarm(&f->timer);
	value_free(f->nothing);
	expr_free(f->e);
	free(f);
}

static int derive(struct follower *f, const struct value_info *info)
{
	const struct derivation how = {
		.compute = follow, .arg_free = follower_free, .arg = f, .asks = true};
	int r;

	if (f->e->n_deps > 0)
		return value_derive(info, f->e->deps, f->e->n_deps, &how, &f->out);
	r = value_new(&(struct value_info){0}, &f->nothing);
	return r < 0 ? r : value_derive(info, &f->nothing, 1, &how, &f->out);
}

int expr_value(struct expr *take, const struct value_info *info, struct value **ret)
{
	struct follower *f = calloc(1, sizeof(*f));
	int r;

	if (!f) {
		expr_free(take);
		return -ENOMEM;
	}
	f->e = take;
	f->timer.fn = limit_reached;
	r = derive(f, info);
	if (r < 0) {
		follower_free(f);
		return r;
	}
	*ret = f->out;
	return 0;
}
