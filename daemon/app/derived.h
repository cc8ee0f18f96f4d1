/*
 * Values that the configuration defines, by an expression or of other values: "fusion": { "values": {
 * NAME: { "is": ... } or { "of": ... } } }. What can be done with either is in quantity.h.
 */
#ifndef DAEMON_APP_DERIVED_H
#define DAEMON_APP_DERIVED_H
#include "daemon/app/config.h"
#include "daemon/state/world.h"

/*
 * Make them in @world, in the order of the file; one may read those above it.
 * Returns 0; -EINVAL after errors in @errs; or -ENOMEM.
 */
int derived_add(const struct config *c, struct world *world,
		struct conf_errors *errs) MUST_CHECK;

/*
 * Put @take under its name, the key of @at, into @world, which owns it then; on failure it is freed.
 * Returns 0; -EINVAL after an error in @at->errs; or -ENOMEM.
 */
int derived_adopt(const struct conf_at *at, struct world *world,
		  struct value *take) MUST_CHECK;

#endif
