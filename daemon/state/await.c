/* Waiting for a value: until it matches, until it has matched for a while, until it changes. */
#include "daemon/state/await.h"

#include <assert.h>
#include <errno.h>

#include "daemon/rt/rt.h"
#include "daemon/state/hold.h"
#include "daemon/state/internal.h"

static const struct await_opt ordinary;

int await_check(void)
{
	assert(transaction.batch == 0); /* a batch must not suspend */
	return task_check();
}

/* One wait, on the stack of the task that waits. */
struct await {
	struct waiter waiter;
	struct wait wait;
	struct hold hold;
	struct datum now, old; /* what was captured */
};

static void await_describe(const struct wait *w, char *buf, size_t size)
{
	waiter_describe(&container_of(w, struct await, wait)->waiter, buf, size);
}

static void await_init(struct await *a, const struct value *v, const struct pred *p,
		       const struct await_opt *opt)
{
	a->waiter.pred = *p;
	a->waiter.stale_use = opt->stale_use;
	a->waiter.fresh_ns = opt->fresh_ns;
	a->wait.kind = "value";
	a->wait.what = v->info.name;
	a->wait.describe = await_describe;
	a->hold.for_ns = opt->held_for_ns;
	a->hold.grace_ns = opt->grace_ns;
}

static bool await_abort(struct wait *wait)
{
	struct await *a = container_of(wait, struct await, wait);

	waiter_remove(&a->waiter);
	hold_break(&a->hold);
	return true;
}

static void capture(struct await *a, const struct datum *now, const struct datum *old)
{
	datum_fini(&a->now);
	a->now = datum_copy(now);
	if (old)
		a->old = datum_copy(old);
}

/* The wait is over: with what @now is, or with an error. */
static void finish(struct await *a, int r, const struct datum *now,
		   const struct datum *old)
{
	waiter_remove(&a->waiter);
	hold_break(&a->hold);
	if (r > 0)
		capture(a, now, old);
	task_wake(&a->wait, r < 0 ? r : 0);
}

static void first_match(struct waiter *w, int r, const struct datum *now,
			const struct datum *old)
{
	finish(container_of(w, struct await, waiter), r, now, old);
}

/* Whether this look, with the result @r, fills the window of held_for. */
static bool fills(struct await *a, const struct value *v, int r)
{
	if (a->waiter.fresh_ns > 0)
		a->hold.good_ns = time_add(v->sample_ns, a->waiter.fresh_ns);
	return hold_look(&a->hold, r > 0,
			 v->state == VALUE_STALE && !a->waiter.stale_use);
}

static void every_look(struct waiter *w, int r, const struct datum *now,
		       const struct datum *old)
{
	struct await *a = container_of(w, struct await, waiter);

	if (r < 0 || fills(a, w->v, r))
		finish(a, r, now, old);
}

static void window_full(struct hold *h)
{
	struct await *a = container_of(h, struct await, hold);

	finish(a, 1, &a->waiter.v->now, NULL);
}

/* Until it matches; what it is then is captured. A match now is a checkpoint, unless one was taken. */
static int level(struct await *a, struct value *v, bool *suspended)
{
	int r = await_check();

	if (r < 0)
		return r;
	r = waiter_look(&a->waiter, v);
	if (r >= 0 && a->hold.for_ns > 0)
		r = fills(a, v, r);
	if (r == 0) {
		*suspended = true;
		waiter_add(&a->waiter, v);
		return task_park(&a->wait);
	}
	if (r > 0)
		capture(a, &v->now, NULL);
	if (!*suspended)
		task_yield();
	*suspended = true;
	return r < 0 ? r : 0;
}

static void give(struct datum *from, struct datum *ret, bool give_it)
{
	if (ret && give_it)
		*ret = *from;
	else
		datum_fini(from);
}

int value_await(struct value *v, const struct pred *p, const struct await_opt *opt,
		struct datum *ret)
{
	struct await a = {.wait.abort = await_abort, .hold.done = window_full};
	bool suspended = false;
	int r;

	if (p->op == PRED_CHANGED)
		return -EINVAL;
	opt = opt ? opt : &ordinary;
	await_init(&a, v, p, opt);
	a.waiter.every = opt->held_for_ns > 0;
	a.waiter.tell = a.waiter.every ? every_look : first_match;
	value_ref(v); /* it may be freed while the task is ready to run */
	do {
		r = level(&a, v, &suspended);
		if (r == 0 && opt->still) {
			r = waiter_look(&a.waiter, v);
			if (r > 0)
				capture(&a, &v->now, NULL);
		} else if (r == 0) {
			r = 1;
		}
	} while (r == 0);
	value_unref(v);
	give(&a.now, ret, r > 0);
	return r < 0 ? r : 0;
}

int value_await_transition(struct value *v, const struct pred *p,
			   const struct await_opt *opt, struct datum *ret_now,
			   struct datum *ret_old)
{
	struct await a = {.wait.abort = await_abort};
	int r;

	await_init(&a, v, p, opt ? opt : &ordinary);
	a.waiter.edge = true;
	a.waiter.tell = first_match;
	r = await_check();
	if (r < 0)
		return r;
	if (v->state == VALUE_CLOSED) {
		task_yield();
		return -EPIPE;
	}
	waiter_add(&a.waiter, v);
	r = task_park(&a.wait);
	give(&a.now, ret_now, r == 0);
	give(&a.old, ret_old, r == 0);
	return r;
}
