/* What can be asked about the robot's chips: which there are, how they are, which answer. */
#ifndef DAEMON_APP_DRIVERS_H
#define DAEMON_APP_DRIVERS_H
#include "daemon/app/body.h"
#include "daemon/app/config.h"
#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/link/rpc.h"

/* Placed by the caller, who keeps it while requests are served. */
struct drivers {
	const struct config *conf;
	struct hardware *hardware;
	const struct senses *senses;
	const struct body *body;
};

/* Register drivers.list and drivers.probe. As rpc_register(). */
int drivers_register(struct drivers *d, struct rpc *rpc) MUST_CHECK;

#endif
