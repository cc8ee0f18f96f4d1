/*
 * Values that the configuration defines by an expression: "fusion": { "values": { NAME: { "is": ... } } }.
 */
#ifndef DAEMON_APP_DERIVED_H
#define DAEMON_APP_DERIVED_H
#include "daemon/app/config.h"
#include "daemon/state/world.h"

/* The keys of one of them. */
extern const struct conf_field derived_fields[];

/*
 * Make them in @world, in the order of the file; one may read those above it.
 * Returns 0; -EINVAL after errors in @errs; or -ENOMEM.
 */
int derived_add(const struct config *c, struct world *world,
		struct conf_errors *errs) MUST_CHECK;

#endif
