/*
 * The methods of the control socket that every daemon has: they read and set named values, and tell how
 * the daemon is.
 *
 *	status                            version, uptime, counters, health; and what the application adds
 *	values.list {"prefix": "imu."}    every value: name, v, state, unit, age_s, source, help
 *	values.get {"name": "imu.accel"}  one of them
 *	values.set {"name": ..., "v": ...}  set a parameter, or a value that nobody owns
 *	behaviours.list                   what the behaviours show about themselves
 *	tasks.dump                        the tree of tasks, as text
 *	methods.list                      these
 */
#ifndef DAEMON_LINK_METHODS_H
#define DAEMON_LINK_METHODS_H
#include <cjson/cJSON.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/link/publish.h"
#include "daemon/link/rpc.h"
#include "daemon/state/world.h"

/* What the methods look at; placed by the caller, who keeps it while the server runs. */
struct methods {
	struct world *world;
	struct rpc *rpc;
	struct publish *publish;
	const char *boot;
	const char *state_endpoint;
	int64_t started_ns;
	void (*status)(void *arg, cJSON *status); /* adds to it; NULL: nothing to add */
	void *status_arg;
};

/* Register them all. Returns 0 or rpc_register()'s errors. */
int methods_register(struct methods *m) MUST_CHECK;

#endif
