/*
 * Another configuration for the running robot: the files read again, or one sensor's entry changed by command.
 *
 * A reload is a transaction: the whole is read and put together without hardware, on a thread; what differs from what
 * runs is planned; then all of it is applied, or nothing. Two of them never interleave: the next one waits.
 */
#ifndef DAEMON_APP_RELOAD_H
#define DAEMON_APP_RELOAD_H
#include "daemon/app/config.h"
#include "daemon/app/options.h"
#include "daemon/app/senses.h"
#include "daemon/link/rpc.h"
#include "daemon/state/world.h"

struct reload;

/*
 * @running is what runs and follows what is applied; @o names the files. All are borrowed and outlive it. Inside
 * rt_run(). NULL without memory.
 */
struct reload *reload_new(struct config *running, const struct options *o,
			  struct senses *senses, struct world *world);
void reload_free(
	struct reload *r); /* when nobody uses it any more; NULL is fine. Suspends. */

/* Read the files again, soon; the log says what came of it. Does not suspend. */
void reload_request(struct reload *r);

/* The task that does what was requested, until it is cancelled. @arg is a struct reload. Suspends. */
int reload_run(void *arg);

/* Register config.check, config.plan, config.reload, config.show and drivers.swap. As rpc_register(). */
int reload_register(struct reload *r, struct rpc *rpc) MUST_CHECK;

#endif
