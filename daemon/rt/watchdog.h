/*
 * The watchdog: a thread that sees when a step of the loop does not come to its end, says in the log which
 * task it is, once, and tells who can act without the loop.
 *
 * The loop's part is one store a step. What runs is asked of the loop's own thread, by a signal, so that
 * nothing is read that might be going away.
 */
#ifndef DAEMON_RT_WATCHDOG_H
#define DAEMON_RT_WATCHDOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

#define WATCHDOG_LIMIT_NS (250 * NS_PER_MS)

struct watchdog_conf {
	int64_t limit_ns; /* seen after once to one and a half times that; 0: WATCHDOG_LIMIT_NS */
	/*
	 * Where the task is: a file, and a line or 0. Called in a signal handler. False: unknown. NULL: nobody
	 * knows.
	 */
	bool (*where)(char *file, size_t size, int *ret_line);
	/*
	 * The loop is stuck in the task @task. Called once for each such step, on the watchdog's thread,
	 * which may not call into the runtime. NULL: the line in the log is all.
	 */
	void (*on_stuck)(void *arg, const char *task);
	void *arg;
};

struct watchdog;

/*
 * Watch the loop of this thread from here on. Returns 0 or the negative errno of starting the thread, or
 * -ENOMEM.
 */
int watchdog_open(const struct watchdog_conf *conf, struct watchdog **ret) MUST_CHECK;

/* On the same thread, inside the same rt_run(). NULL is fine. */
void watchdog_close(struct watchdog *w);

#endif
