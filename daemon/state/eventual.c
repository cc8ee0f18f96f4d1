/* Loops over what a value is, now and whenever it matters again. */
#include <errno.h>

#include "daemon/rt/task.h"
#include "daemon/state/await.h"
#include "daemon/state/internal.h"

void eventual_open(struct eventual *e, struct value *v, const struct pred *p,
		   const struct await_opt *opt)
{
	*e = (struct eventual){.v = v, .pred = *p};
	if (opt)
		e->opt = *opt;
	e->opt.still = true;
	value_ref(v);
}

void eventual_close(struct eventual *e)
{
	if (!e->v)
		return;
	datum_fini(&e->last);
	value_unref(e->v);
	e->v = NULL;
}

/* One turn of the loop, on the stack of the task that waits. */
struct turn {
	struct waiter waiter;
	struct wait wait;
	const struct eventual *e;
};

/* Is what a look found worth a turn: something other than what was there when it was last yielded? */
static bool matters(const struct eventual *e, int look, const struct datum *now)
{
	if (look == 0)
		return e->have_last;
	return !e->have_last || !datum_equal(now, &e->last);
}

static void wake_if_it_matters(struct waiter *w, int r, const struct datum *now,
			       const struct datum *old)
{
	struct turn *turn = container_of(w, struct turn, waiter);

	(void)old;
	if (r >= 0 && !matters(turn->e, r, now))
		return;
	waiter_remove(w);
	task_wake(&turn->wait, r < 0 ? r : 0);
}

static bool stop_waiting(struct wait *wait)
{
	waiter_remove(&container_of(wait, struct turn, wait)->waiter);
	return true;
}

static void describe(const struct wait *w, char *buf, size_t size)
{
	waiter_describe(&container_of(w, struct turn, wait)->waiter, buf, size);
}

/* The loop's owner gets a copy of *@d, which becomes the last one yielded. */
static void yield_datum(struct eventual *e, const struct datum *d, struct datum *ret)
{
	datum_fini(&e->last);
	e->last = datum_copy(d);
	e->have_last = true;
	if (ret)
		*ret = datum_copy(d);
}

/* What the value is once the window of held_for is full, if that is news: 1, else 0 or an error. */
static int after_window(struct eventual *e, struct datum *ret)
{
	struct datum d;
	int r = value_await(e->v, &e->pred, &e->opt, &d);

	if (r < 0)
		return r;
	r = matters(e, 1, &d);
	if (r > 0)
		yield_datum(e, &d, ret);
	datum_fini(&d);
	return r;
}

/* Each time round this looks at the value, and only what it sees then counts. */
int eventual_next(struct eventual *e, struct datum *ret)
{
	struct turn turn = {
		.waiter = {.every = true,
			   .stale_use = e->opt.stale_use,
			   .fresh_ns = e->opt.fresh_ns,
			   .pred = e->pred,
			   .tell = wake_if_it_matters},
		.wait = {.kind = "value", .abort = stop_waiting, .describe = describe},
		.e = e,
	};
	bool suspended = false;
	int r;

	if (e->pred.op == PRED_CHANGED)
		return -EINVAL;
	for (;;) {
		r = await_check();
		if (r < 0)
			return r;
		r = waiter_look(&turn.waiter, e->v);
		if (r == 0)
			e->have_last = false;
		if (r > 0 && !matters(e, r, &e->v->now))
			r = 0;
		if (r != 0 && !suspended) {
			suspended = true;
			task_yield();
			continue;
		}
		if (r > 0 && e->opt.held_for_ns > 0)
			r = after_window(e, ret);
		else if (r > 0)
			yield_datum(e, &e->v->now, ret);
		if (r != 0)
			return r < 0 ? r : 0;
		suspended = true;
		turn.wait.what = e->v->info.name;
		waiter_add(&turn.waiter, e->v);
		r = task_park(&turn.wait);
		if (r < 0)
			return r;
	}
}
