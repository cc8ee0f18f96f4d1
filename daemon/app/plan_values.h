/* The part of a plan that is about settings of fusion.values: the values go on with them. */
#ifndef DAEMON_APP_PLAN_VALUES_H
#define DAEMON_APP_PLAN_VALUES_H
#include "daemon/app/plan.h"
#include "daemon/app/quantity.h"
#include "daemon/state/world.h"

/* What the values are to become. Zero to start with. */
struct plan_values {
	struct quantity_next **at;
	size_t n;
};

/*
 * Get ready, so that nothing can fail later on. *@ret is given to plan_values_finish() in any case. Returns 0;
 * -EINVAL with the reason, for people, in @why; or -ENOMEM. Does not suspend.
 */
int plan_values_prepare(const struct plan *p, const struct config *next,
			const struct world *world, struct plan_values *ret, char *why,
			size_t size) MUST_CHECK;

/* Have them so; or, with @drop, leave all as it was. Does not suspend. */
void plan_values_finish(struct plan_values *v, bool drop);

#endif
