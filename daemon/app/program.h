/* A script that runs as a program: alone, or in the place of a robot's behaviours. */
#ifndef DAEMON_APP_PROGRAM_H
#define DAEMON_APP_PROGRAM_H
#include <stdbool.h>

#include "daemon/app/options.h"
#include "daemon/base/macros.h"
#include "daemon/state/world.h"

/* What a signal leaves a program that takes notice of it (cancelling(), waits with `soft`). */
#define PROGRAM_GRACE_NS NS_PER_S

struct program {
	const char *path;
	struct world *world; /* what it finds there */
	bool failed; /* it ended with an error, which was written to standard error */
};

/* Run it to its end. Any task. Returns 0, also when it failed, or -ECANCELED. Suspends. */
int program_run(struct program *p) MUST_CHECK;

/*
 * Run o->script without a robot, in a world that has nothing but the clock, until it ends, its duration
 * is over, or a signal asks it to stop. Returns an exit code.
 */
int program_alone(const struct options *o) MUST_CHECK;

#endif
