/* Combinations of functions, each a nursery. */
#include "daemon/rt/combine.h"

#include <assert.h>
#include <errno.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

#define NOT_ENDED UINT64_MAX

static int run_call(void *arg)
{
	struct call *c = arg;

	c->result = c->fn(c->arg);
	return c->result;
}

int wait_all(struct call *calls, size_t n)
{
	struct nursery all;

	nursery_open(&all);
	for (size_t i = 0; i < n; i++)
		nursery_go(&all, calls[i].name, run_call, &calls[i]);
	return nursery_close(&all, 0);
}

/* The first that ends, in whatever way, ends the race. */
static int race(void *arg)
{
	struct call *c = arg;
	struct rt_stats stats;

	if (run_call(c) < 0)
		return c->result;
	rt_stats(&stats);
	c->ended = stats.passes;
	nursery_cancel(c->race, "another call was faster");
	return c->result;
}

static int first_ended(const struct call *calls, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (calls[i].ended < calls[best].ended)
			best = i;
	return calls[best].ended == NOT_ENDED ? -ECANCELED : (int)best;
}

int wait_any(struct call *calls, size_t n)
{
	struct nursery any;
	int r;

	assert(n > 0);
	nursery_open(&any);
	for (size_t i = 0; i < n; i++) {
		calls[i].race = &any;
		calls[i].ended = NOT_ENDED;
		nursery_go(&any, calls[i].name, race, &calls[i]);
	}
	r = nursery_close(&any, 0);
	/* A winner stays one though the losers were cancelled from outside meanwhile. */
	return r < 0 && r != -ECANCELED ? r : first_ended(calls, n);
}

/* What runs beside a body until one of both has ended. */
struct beside {
	const struct call *call;
	struct scope *body; /* cancelled when the call has ended; NULL: it goes on */
};

static int run_beside(void *arg)
{
	struct beside *b = arg;
	int r = b->call->fn(b->call->arg);

	if (r >= 0 && b->body)
		scope_cancel(b->body, CANCEL_EXPLICIT, b->call->name);
	return r;
}

/* Run @body in @s, the call as a service: it is cancelled when the body has ended. */
static int run_both(struct beside *b, struct scope *s, const struct call *body)
{
	const struct task_opt opt = {.name = b->call->name, .service = true};
	struct nursery n;
	int r;

	nursery_open(&n);
	scope_init(s);
	r = nursery_start(&n, NULL, &opt, run_beside, b);
	scope_enter(s);
	if (r == 0)
		r = body->fn(body->arg);
	r = scope_leave(s, r);
	return nursery_close(&n, r);
}

int move_on_when(const struct call *wait, const struct call *body, bool *ret_moved_on)
{
	struct scope s;
	struct beside b = {.call = wait, .body = &s};
	int r = run_both(&b, &s, body);

	if (ret_moved_on)
		*ret_moved_on = s.absorbed;
	return r;
}

int run_and_cancelling(const struct call *fn, const struct call *body)
{
	struct scope s;
	struct beside b = {.call = fn};

	return run_both(&b, &s, body);
}
