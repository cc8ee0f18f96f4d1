/* The daemon's signals, as events of the loop. */
#ifndef DAEMON_APP_SIGNALS_H
#define DAEMON_APP_SIGNALS_H
#include "daemon/base/macros.h"

/* What SIGTERM and SIGINT do. */
struct signals {
	void (*stop)(void *arg, const char *reason); /* the first one; must not suspend */
	void *arg;
};

/* Block them in the whole process: to be called before any thread starts. 0 or a negative errno. */
int signals_block(void) MUST_CHECK;

/*
 * A task: the first SIGTERM or SIGINT calls stop, a second one cancels everything; SIGUSR1 writes the
 * task dump to standard error. @signals is a struct signals. Returns -ECANCELED, or the errno of a
 * system call. Suspends.
 */
int signals_run(void *signals);

#endif
