/* What the daemon does on a signal: stop, stop at once, read its configuration, say what its tasks do. */
#ifndef DAEMON_APP_STOP_H
#define DAEMON_APP_STOP_H
#include "daemon/base/macros.h"
#include "daemon/rt/signals.h"

struct stop {
	/* Called on the first signal that asks for the end; must not suspend. */
	void (*stop)(void *arg, const char *reason);
	/* Called on SIGHUP; must not suspend. NULL: SIGHUP asks for the end. */
	void (*reload)(void *arg);
	void *arg;
	struct signals signals; /* private */
};

/* Catch the signals from here on: before any thread starts. 0 or a negative errno. */
int stop_open(struct stop *s) MUST_CHECK;
void stop_close(struct stop *s);

/*
 * A task: the first SIGTERM or SIGINT calls stop, a second one cancels everything; SIGHUP calls reload, but of a
 * program that was started from a terminal it means that this is gone, and asks for the end; SIGUSR1 writes
 * the task dump to standard error. @stop is a struct stop. Returns -ECANCELED. Suspends.
 */
int stop_run(void *stop);

#endif
