/* Debouncing: booleans derived from a value. */
#include "daemon/state/derive.h"

#include <errno.h>
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

/* Both kinds: a derivation of one input with a heap object of its own. */
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
