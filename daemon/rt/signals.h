/*
 * Signals as values: instead of interrupting, they wait to be received by a task.
 *
 * Open before other threads start: a thread takes its mask from the one that starts it, and a signal
 * goes to any thread that does not block it.
 */
#ifndef DAEMON_RT_SIGNALS_H
#define DAEMON_RT_SIGNALS_H
#include <signal.h>
#include <stdint.h>

#include "daemon/base/macros.h"

struct choice_case;
struct choice_fd;

/* Placed by the caller; all private. */
struct signals {
	int fd;
	sigset_t before; /* the thread's mask */
};

/*
 * Receive the signals @signos, which ends with 0, from here on.
 * Returns 0 or a negative errno (-EMFILE, -ENOMEM).
 */
int signals_open(struct signals *s, const int *signos) MUST_CHECK;

/*
 * The number of the next signal; signals of one number that came before this call are one.
 * Returns it, or -EBUSY when another task already waits for one, or -ECANCELED. Suspends.
 */
int signals_recv(struct signals *s) MUST_CHECK;

/* For choose(): a signal is there. signals_recv() then returns at once, and takes it. */
struct choice_case *choice_signal(struct choice_fd *c, struct signals *s);

/* What was not received is delivered as it would have been before signals_open(). */
void signals_close(struct signals *s);

/*
 * A task that ends the program as its users expect: the first SIGTERM or SIGINT cancels the root
 * softly, with a grace of *@grace_ns (an int64_t); the second cancels it at once. Start it as a service
 * with nursery_start_ready(), so that the signals are caught when that returns.
 */
int signals_guard(void *grace_ns);

#endif
