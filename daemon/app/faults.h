/*
 * Faults on demand, for those who want to see what the robot does then: simulated chips do not answer, answer
 * nonsense or late, simulated lines lose edges, the loop is stuck. Only where the configuration has dev.faults.
 */
#ifndef DAEMON_APP_FAULTS_H
#define DAEMON_APP_FAULTS_H
#include "daemon/app/body.h"
#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/link/rpc.h"

/* Placed by the caller, who keeps it while requests are served. */
struct faults {
	const struct config *conf;
	struct hardware *hardware;
	const struct senses *senses;
	const struct body *body;
};

/* Register fault.inject. As rpc_register(). */
int faults_register(struct faults *f, struct rpc *rpc) MUST_CHECK;

#endif
