/* The robot: everything that runs, put together from a configuration. */
#ifndef DAEMON_APP_ROBOT_H
#define DAEMON_APP_ROBOT_H
#include "daemon/app/config.h"
#include "daemon/app/options.h"
#include "daemon/base/macros.h"

/*
 * Run a robot until its duration is over, its recording has ended, or a signal asks it to stop; outputs
 * are then safe. @c follows what is changed meanwhile. Returns an exit code; what went wrong was logged, or is in @errs.
 */
int robot_run(struct config *c, const struct options *o,
	      struct conf_errors *errs) MUST_CHECK;

/*
 * Put everything together without touching hardware: finds what is wrong with expressions and scripts. Any
 * thread that is in no rt_run().
 * Returns 0, -EINVAL after errors in @errs, or -ENOMEM.
 */
int robot_check(const struct config *c, struct conf_errors *errs) MUST_CHECK;

#endif
