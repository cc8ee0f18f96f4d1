/* Values as cases of choose(). */
#include "daemon/state/choice.h"

#include <errno.h>

#include "daemon/state/internal.h"

static void told(struct waiter *w, int r, const struct datum *now,
		 const struct datum *old)
{
	struct choice_value *c = container_of(w, struct choice_value, waiter);

	(void)old;
	waiter_remove(w);
	if (r > 0)
		c->now = datum_copy(now);
	task_wake(&c->wait, r < 0 ? r : 0);
}

static int arm(struct choice_case *of)
{
	struct choice_value *c = container_of(of, struct choice_value, c);
	int r;

	if (c->waiter.pred.op == PRED_CHANGED)
		return -EINVAL;
	r = waiter_look(&c->waiter, c->v);
	if (r < 0)
		return r;
	if (r > 0) {
		c->now = datum_copy(&c->v->now);
		return 0;
	}
	waiter_add(&c->waiter, c->v);
	return CHOICE_ARMED;
}

static bool take_back(struct wait *wait)
{
	waiter_remove(&container_of(wait, struct choice_value, wait)->waiter);
	return true;
}

static void describe(const struct wait *w, char *buf, size_t size)
{
	waiter_describe(&container_of(w, struct choice_value, wait)->waiter, buf, size);
}

struct choice_case *choice_value(struct choice_value *c, struct value *v,
				 const struct pred *p, const struct await_opt *opt)
{
	*c = (struct choice_value){
		.c = {.arm = arm, .wait = &c->wait},
		.v = v,
		.waiter = {.pred = *p, .tell = told},
		.wait = {.kind = "value",
			 .what = v->info.name,
			 .abort = take_back,
			 .describe = describe},
	};
	if (opt) {
		c->waiter.stale_use = opt->stale_use;
		c->waiter.fresh_ns = opt->fresh_ns;
	}
	return &c->c;
}

void choice_value_fini(struct choice_value *c)
{
	datum_fini(&c->now);
}
