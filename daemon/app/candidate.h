/* A configuration that may become the running one: read and put together, beside the robot. */
#ifndef DAEMON_APP_CANDIDATE_H
#define DAEMON_APP_CANDIDATE_H
#include "daemon/app/config.h"
#include "daemon/app/options.h"

struct candidate {
	const struct config *running; /* what it is laid over, with an overlay */
	const struct options *options;
	const char *overlay; /* JSON by a command; NULL: the files of @options */

	struct conf_errors errs; /* the result */
	struct config *config;   /* good, unless NULL */
};

/*
 * For thread_run(): read, check, and put a robot together of it in a runtime of its own, without hardware, so that
 * expressions and scripts are checked as well. @candidate is a struct candidate; given to candidate_fini() in any
 * case. Returns 0, -EINVAL after errors in errs, or -ENOMEM.
 */
int candidate_read(void *candidate);
void candidate_fini(struct candidate *c);

#endif
