/*
 * drivers.calibrate: find the offset of a role's gyroscope while the robot stands still, keep it, and use it from
 * then on.
 */
#ifndef DAEMON_APP_CALIBRATE_H
#define DAEMON_APP_CALIBRATE_H
#include "daemon/app/senses.h"
#include "daemon/link/rpc.h"

/* Register the method; @s is borrowed while requests are served. As rpc_register(). */
int calibrate_register(struct senses *s, struct rpc *rpc) MUST_CHECK;

#endif
