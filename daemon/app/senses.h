/*
 * From sensors to the world: each sensor's samples become values, and what fusion concludes from them
 * becomes values in the same transaction, so that behaviours never see new data beside old conclusions.
 */
#ifndef DAEMON_APP_SENSES_H
#define DAEMON_APP_SENSES_H
#include "daemon/app/config.h"
#include "daemon/app/hardware.h"
#include "daemon/rt/nursery.h"
#include "daemon/state/world.h"

struct senses;

/*
 * Make the sensors of @c and their values in @world; all are borrowed and outlive it.
 * Returns 0; -EINVAL after errors in @errs (a value that has an owner); or another negative errno.
 */
int senses_new(const struct config *c, struct hardware *hw, struct world *world,
	       struct conf_errors *errs, struct senses **ret) MUST_CHECK;
void senses_free(
	struct senses *s); /* after the sensors' tasks have ended; NULL is fine */

/* Start one service of @n for each sensor. */
void senses_go(struct senses *s, struct nursery *n);

/* The parameters of fusion in the configuration have changed: they count from now on. */
void senses_retune(struct senses *s);

#endif
