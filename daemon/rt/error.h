/*
 * Errors of tasks: the errno that functions return, with a text, the task and the time; and one shape
 * for several at once: the primary (the first in time) with the others attached.
 */
#ifndef DAEMON_RT_ERROR_H
#define DAEMON_RT_ERROR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/rt/scope.h"

/* Owned by the task or the nursery that shows it. */
struct error {
	int code; /* negative errno */
	int64_t t_ns;
	char task[32];
	char text[160];            /* "" when nobody gave one */
	bool cancelled;            /* its task was when it failed, */
	struct cancel_cause cause; /* for this reason */
	struct error *others;      /* attached errors, in the order in which they came */
	struct error *next;        /* the next among its siblings */
};

/*
 * Give the error that the running task is about to return a text:
 * `return error_set(-EIO, "no answer at 0x%02x", addr);`
 * Returns @code. Without memory the text is lost, the code is not.
 */
int error_set(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * The error last set by the running task or handed to it by nursery_close(), if it has the code @code;
 * else NULL. Valid until the next one.
 */
const struct error *error_last(int code);

/*
 * Write an error and those attached to it on one line: "imu: no answer at 0x68 (EIO); and 1 more:
 * range: timed out (ETIMEDOUT), cancelled by imu 0.012 s earlier: imu failed (nursery)". Returns @buf.
 */
char *error_format(const struct error *e, char *buf, size_t size);

#endif
