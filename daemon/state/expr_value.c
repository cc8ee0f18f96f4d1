/*
 * Expressions as values: evaluated again when an input changed, got a new sample, became stale or
 * fresh, and when an age() reaches its limit.
 *
 * Derived values are not computed while an input is unset, and not when one merely got a new sample; an
 * expression may ask for just that. So it watches its inputs, and what it finds is set on a value of
 * its own, `found`, which the value handed out copies.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "daemon/state/expr_internal.h"

struct input {
	struct value_watch watch;
	struct follower *follower;
};

struct follower {
	struct expr *e;
	struct value *found;
	/* What `found` was last set to. It may not show it yet: sets made by a watch are queued. */
	struct datum last;
	struct timer timer;
	struct input inputs[];
};

static void follow(struct follower *f)
{
	struct datum d;
	int64_t next_ns;

	(void)expr_eval_next(f->e, &d, &next_ns); /* the truth of it is in the datum */
	if (f->e->has_age && rt_current()) {
		if (next_ns == TIME_NEVER)
			timer_disarm(&f->timer);
		else
			timer_arm(&f->timer, next_ns);
	}
	/* A set that is refused (no room in the queue, a cycle) is tried again at the next event. */
	if (datum_equal(&d, &f->last) || value_set(f->found, &d) < 0)
		return;
	datum_fini(&f->last);
	f->last = datum_copy(&d);
}

static void limit_reached(struct timer *t)
{
	follow(container_of(t, struct follower, timer));
}

static void stop_timer(struct follower *f)
{
	if (f->e->has_age && rt_current())
		timer_disarm(&f->timer);
}

static void input_moved(struct value_watch *w, struct value *v, bool changed)
{
	struct follower *f = container_of(w, struct input, watch)->follower;

	(void)changed; /* a new sample or state matters as well */
	if (value_state(v) == VALUE_CLOSED) {
		stop_timer(f);
		value_close(f->found);
	} else if (value_state(f->found) != VALUE_CLOSED) {
		follow(f);
	}
}

static int copy_found(void *arg, struct value *const *inputs, unsigned n,
		      struct datum *ret)
{
	(void)arg;
	(void)n;
	*ret = datum_copy(value_get(inputs[0]));
	return 0;
}

static void follower_free(void *arg)
{
	struct follower *f = arg;

	stop_timer(f);
	for (unsigned i = 0; i < f->e->n_deps; i++)
		value_watch_remove(&f->inputs[i].watch);
	value_free(f->found);
	datum_fini(&f->last);
	expr_free(f->e);
	free(f);
}

/* A follower of @take, freed by follower_free(). */
static int follower_new(struct expr *take, struct follower **ret)
{
	struct follower *f = calloc(1, sizeof(*f) + take->n_deps * sizeof(f->inputs[0]));
	int r = f ? value_new(&(struct value_info){0}, &f->found) : -ENOMEM;

	if (r < 0) {
		free(f);
		expr_free(take);
		return r;
	}
	f->e = take;
	f->timer.fn = limit_reached;
	for (unsigned i = 0; i < take->n_deps; i++) {
		f->inputs[i].follower = f;
		f->inputs[i].watch.fn = input_moved;
		value_watch_add(&f->inputs[i].watch, take->deps[i]);
	}
	*ret = f;
	return 0;
}

int expr_value(struct expr *take, const struct value_info *info, struct value **ret)
{
	struct follower *f;
	struct derivation how = {.compute = copy_found, .arg_free = follower_free};
	int r = follower_new(take, &f);

	if (r < 0)
		return r;
	/* The first set, since a result that equals the empty `last` would not be one. */
	r = value_set(f->found, &f->last);
	if (r == 0) {
		follow(f);
		how.arg = f;
		r = value_derive(info, &f->found, 1, &how, ret);
	}
	if (r < 0)
		follower_free(f);
	return r;
}
