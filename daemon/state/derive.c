/* Values that follow another one in the course of time. */
#include "daemon/state/derive.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/rt/rt.h"
#include "daemon/state/hold.h"
#include "daemon/state/internal.h"

struct held {
	struct pred pred;
	struct hold hold;
	struct value *out;
};

static int held_compute(void *arg, struct value *const *inputs, unsigned n,
			struct datum *ret)
{
	struct held *h = arg;
	bool stale = inputs[0]->state != VALUE_OK;
	int r = stale ? 0 : pred_test(&h->pred, &inputs[0]->now, NULL);

	(void)n;
	/* A window that the timer has just filled stays full. */
	*ret = datum_bool(hold_look(&h->hold, r > 0, stale));
	return r < 0 ? r : 0;
}

static void held_done(struct hold *hold)
{
	value_recompute(container_of(hold, struct held, hold)->out);
}

static void held_free(void *arg)
{
	struct held *h = arg;

	if (rt_current())
		hold_break(&h->hold);
	free(h);
}

/* All kinds: a derivation of one input with a heap object of its own. */
static int derive_one(const struct value_info *info, struct value *v,
		      const struct derivation *how, struct value **ret)
{
	int r = value_derive(info, &v, 1, how, ret);

	if (r < 0)
		how->arg_free(how->arg);
	return r;
}

int value_held_for(const struct value_info *info, struct value *v, const struct pred *p,
		   int64_t for_ns, struct value **ret)
{
	struct derivation how = {.compute = held_compute, .arg_free = held_free};
	struct held *h;
	int r;

	if (for_ns < 0 || p->op == PRED_CHANGED || p->op == PRED_STALE)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->pred = *p;
	h->hold.for_ns = for_ns;
	h->hold.done = held_done;
	how.arg = h;
	r = derive_one(info, v, &how, ret);
	if (r == 0)
		h->out = *ret;
	return r;
}

struct hysteresis {
	double rise, fall;
	bool on;
};

static int hysteresis_compute(void *arg, struct value *const *inputs, unsigned n,
			      struct datum *ret)
{
	struct hysteresis *h = arg;
	const struct datum *d = &inputs[0]->now;

	(void)n;
	if (d->type != DATUM_NUMBER || d->n <= h->fall)
		h->on = false;
	else if (d->n >= h->rise)
		h->on = true;
	*ret = datum_bool(h->on);
	return 0;
}

int value_hysteresis(const struct value_info *info, struct value *v, double rise,
		     double fall, struct value **ret)
{
	struct derivation how = {.compute = hysteresis_compute, .arg_free = free};
	struct hysteresis *h;

	if (!(fall < rise))
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->rise = rise;
	h->fall = fall;
	how.arg = h;
	return derive_one(info, v, &how, ret);
}

#define RAMP_STEP_NS (20 * NS_PER_MS)

struct ramp {
	int64_t rise_ns, fall_ns;
	double level; /* at @t_ns */
	bool up;      /* where it goes since then */
	int64_t t_ns;
	struct timer timer;
	struct value *out;
};

/* Where it is now. */
static double ramp_level(const struct ramp *p)
{
	int64_t way_ns = p->up ? p->rise_ns : p->fall_ns;
	double part = way_ns > 0 ? (double)(rt_now() - p->t_ns) / (double)way_ns : 1;

	return p->up ? fmin(p->level + part, 1) : fmax(p->level - part, 0);
}

static int ramp_compute(void *arg, struct value *const *inputs, unsigned n,
			struct datum *ret)
{
	struct ramp *p = arg;
	const struct datum *d = &inputs[0]->now;
	double left;

	(void)n;
	p->level = ramp_level(p);
	p->t_ns = rt_now();
	p->up = inputs[0]->state == VALUE_OK && d->type == DATUM_BOOL && d->b;
	p->level = ramp_level(p); /* a jump is made at once */
	left = p->up ? (1 - p->level) * (double)p->rise_ns
		     : p->level * (double)p->fall_ns;
	if (left > 0)
		timer_arm(&p->timer,
			  rt_now() + (left < (double)RAMP_STEP_NS ? (int64_t)ceil(left)
								  : RAMP_STEP_NS));
	else if (timer_armed(&p->timer))
		timer_disarm(&p->timer);
	*ret = datum_number(p->level);
	return 0;
}

static void ramp_step(struct timer *timer)
{
	value_recompute(container_of(timer, struct ramp, timer)->out);
}

static void ramp_free(void *arg)
{
	struct ramp *p = arg;

	if (rt_current() && timer_armed(&p->timer))
		timer_disarm(&p->timer);
	free(p);
}

int value_ramp(const struct value_info *info, struct value *v, int64_t rise_ns,
	       int64_t fall_ns, struct value **ret)
{
	struct derivation how = {.compute = ramp_compute, .arg_free = ramp_free};
	struct ramp *p;
	int r;

	if (rise_ns < 0 || fall_ns < 0)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->rise_ns = rise_ns;
	p->fall_ns = fall_ns;
	p->t_ns = rt_now();
	p->timer.fn = ramp_step;
	how.arg = p;
	r = derive_one(info, v, &how, ret);
	if (r == 0)
		p->out = *ret;
	return r;
}
