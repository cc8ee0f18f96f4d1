/*
 * The kill line: an output that is high while all is well and low otherwise, for the enable input of motor
 * drivers or a relay. It goes low when the loop is stuck and when the daemon stops, and stays so until
 * the daemon starts again: to go on is somebody's decision.
 *
 * When the process is killed the kernel gives the line back as it is: hardware that must not run without the
 * daemon takes a pull-down and a watchdog of the service (systemd's, docs/DEPLOY.md) as well.
 */
#ifndef DAEMON_APP_KILL_LINE_H
#define DAEMON_APP_KILL_LINE_H
#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/base/macros.h"
#include "hal/gpio.h"

/* Placed by its user; all zero is closed. */
struct kill_line {
	struct gpio_line *line; /* NULL: the robot has none */
	atomic_bool tripped;
};

/*
 * Take the line @name, low; "": there is none, and the calls below do nothing.
 * Returns 0 or the negative errno of gpio_open(), which is logged.
 */
int kill_line_open(struct kill_line *k, struct gpio_provider *gpio,
		   const char *name) MUST_CHECK;

/* All is well: high, unless it was tripped. */
void kill_line_arm(struct kill_line *k);

/* Low, for good. From any thread. */
void kill_line_trip(struct kill_line *k);

/*
 * Look at the line every second, and say it once when it cannot be driven any more, because its chip has gone; for
 * a task of its own. Returns 0 then, or at once without a line; -ECANCELED. Suspends.
 */
int kill_line_watch(void *kill_line);

/* Low, and given back. */
void kill_line_close(struct kill_line *k);

#endif
