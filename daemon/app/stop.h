/* Signals that ask the daemon to stop. */
#ifndef DAEMON_APP_STOP_H
#define DAEMON_APP_STOP_H
#include "daemon/base/macros.h"

/* Block them in the whole process: to be called before any thread starts. 0 or a negative errno. */
int stop_block_signals(void) MUST_CHECK;

/*
 * A task: the first SIGTERM or SIGINT asks all to come to an end within 2 s, a second one cancels at
 * once. Suspends.
 */
int stop_on_signals(void *unused);

#endif
