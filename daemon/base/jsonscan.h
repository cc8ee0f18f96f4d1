/*
 * The strict look at JSON text before a lenient parser (cJSON) gets it: grammar, encoding, numbers,
 * depth, duplicate keys, and the place of every value. For json.c; all others use json.h.
 */
#ifndef DAEMON_BASE_JSONSCAN_H
#define DAEMON_BASE_JSONSCAN_H
#include "daemon/base/conf_errors.h"

/* Objects and lists inside each other; cJSON recurses, and tasks have small stacks. */
#define JSON_DEPTH_MAX 32

/* Where a value and its key begin; key_line 0: a list's item or the top has no key. */
struct json_mark {
	unsigned line;
	unsigned col;
	unsigned key_line;
	unsigned key_col;
};

/* The marks of all values in the order in which they begin, which is the pre-order of their tree. */
struct json_marks {
	struct json_mark *list; /* free() it, after failures too */
	size_t n;
	size_t cap;
};

/*
 * Check the @len bytes of @text, one JSON value. Errors go to @errs as of the file @file: all of
 * encodings, strings, numbers and duplicate keys, and of errors in structure the first that hides what
 * follows it.
 *
 * With @blank, a copy of the text, comments and trailing commas are allowed and become spaces there,
 * so that it is plain JSON of the same layout; without, they are errors. With @marks (zeroed), places are
 * recorded.
 *
 * Returns 0 when a parser may have it, -EINVAL after errors, -ENOMEM.
 */
int json_scan(const char *text, size_t len, char *blank, struct json_marks *marks,
	      const char *file, struct conf_errors *errs) MUST_CHECK;

#endif
