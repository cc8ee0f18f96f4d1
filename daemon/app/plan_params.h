/* The part of a plan that is about behaviours' parameters: they are values, and are set while the behaviour runs. */
#ifndef DAEMON_APP_PLAN_PARAMS_H
#define DAEMON_APP_PLAN_PARAMS_H
#include "daemon/app/plan.h"
#include "daemon/state/world.h"

/*
 * Can each parameter of @p become what it shall be? Those of behaviours that do not run cannot, nor can one that the
 * running script, which may be older than its file, does not have or not in this range. Returns 0; or
 * -EINVAL with the reason, for people, in @why. Does not suspend.
 */
int plan_params_check(const struct plan *p, const struct world *world, char *why,
		      size_t size) MUST_CHECK;

/* Set them; those that do not pass the check any more stay as they are. Does not suspend. */
void plan_params_set(const struct plan *p, const struct world *world);

#endif
