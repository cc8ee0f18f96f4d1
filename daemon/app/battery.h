/*
 * The battery, as values of the world: battery.percent, .time_left, .charging, .low and .critical, concluded
 * (fusion/charge.h) from the values of its voltage and its current.
 */
#ifndef DAEMON_APP_BATTERY_H
#define DAEMON_APP_BATTERY_H
#include "daemon/app/config.h"
#include "daemon/state/world.h"

struct battery;

/*
 * Make the values of the battery that @c has; *@ret is NULL when it has none. Its voltage and current are
 * in @world already. Returns 0; -EINVAL after errors in @errs; or another negative errno.
 */
int battery_new(const struct config *c, struct world *world, struct conf_errors *errs,
		struct battery **ret) MUST_CHECK;
void battery_free(struct battery *b); /* before the world; NULL is fine */

#endif
