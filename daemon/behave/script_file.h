/* Where the script of a behaviour is. */
#ifndef DAEMON_BEHAVE_SCRIPT_FILE_H
#define DAEMON_BEHAVE_SCRIPT_FILE_H
#include <stddef.h>

#include "daemon/base/conf.h"
#include "daemon/base/macros.h"

/*
 * Find the file of the behaviour @name: @script, or "<name>.lua" for "", in the first of the @folders (a
 * NULL-terminated list, or NULL) that has it; a @script with a slash is a path and is not looked for. @at is the
 * behaviour's entry in the configuration, or NULL. Writes the path to @buf.
 * Returns 0, or -ENOENT with the reason in @errs: where it was looked for, and the nearest name.
 */
int script_file(const char *const *folders, const char *name, const char *script,
		const struct conf_at *at, struct conf_errors *errs, char *buf,
		size_t size) MUST_CHECK;

#endif
