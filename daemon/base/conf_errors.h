/*
 * The list of everything that is wrong with a configuration, collected in one run and shown at once:
 *
 *     robot.jsonc:14:38: sensors.imu.rate: 500Hz is out of range; 1Hz to 225Hz
 *     robot.jsonc:15:5: sensors.mga: unknown key; allowed: imu, mag; did you mean "mag"?
 *
 * A warning has the word "warning" behind the place and does not count as an error.
 */
#ifndef DAEMON_BASE_CONF_ERRORS_H
#define DAEMON_BASE_CONF_ERRORS_H
#include <stdbool.h>

#include "daemon/base/macros.h"

/* What a list holds at most; the rest is counted. */
#define CONF_ERRORS_MAX 100

/* Where something is; column counts characters from 1. line 0: the file as a whole. */
struct conf_place {
	const char *file; /* NULL: nowhere, such as a key that nobody wrote */
	unsigned line;
	unsigned col;
};

struct conf_error {
	bool warning;
	char *text; /* the whole line, without a newline; UTF-8 without control characters */
};

/* Storage is the caller's: start with {0}, end with conf_errors_fini(). */
struct conf_errors {
	struct conf_error *list;
	size_t n;
	size_t n_errors;  /* of those in the list and those that found no room */
	size_t n_dropped; /* what found no room */
};

void conf_errors_fini(struct conf_errors *errs);

/*
 * Add an error, or a warning, about what is at @at, called @path ("sensors.imu.rate"; "" for none).
 * Long texts are cut. Foreign bytes in it are made harmless.
 */
void conf_error(struct conf_errors *errs, struct conf_place at, const char *path,
		const char *fmt, ...) PRINTF_LIKE(4, 5);
void conf_warning(struct conf_errors *errs, struct conf_place at, const char *path,
		  const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Move all of @from, which is empty afterwards, behind those of @to. */
void conf_errors_move(struct conf_errors *to, struct conf_errors *from);

#endif
