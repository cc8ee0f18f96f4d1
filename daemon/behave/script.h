/* A script that runs on its own, without a robot: `instinct run FILE.lua`. */
#ifndef DAEMON_BEHAVE_SCRIPT_H
#define DAEMON_BEHAVE_SCRIPT_H
#include <stddef.h>

#include "daemon/base/macros.h"
#include "daemon/state/world.h"

struct script_conf {
	const char *path;
	struct world *world; /* what `value "name"` finds; NULL: nothing */
	size_t heap_max;     /* bytes; 0: 4 MiB */
	/* Whose lib/ folders `require "name"` looks in; the first wins, NULL ends. NULL: none. */
	const char *const *folders;
	/* A line that it prints, without newline, of @len bytes. NULL: standard output. */
	void (*print)(void *arg, const char *line, size_t len);
	void *arg;
};

#define SCRIPT_WHY 2048

/*
 * Run it to its end. Returns 0, -ECANCELED, or another negative errno with the error and its traceback
 * in @why (SCRIPT_WHY bytes). Any task. Suspends.
 */
int script_run(const struct script_conf *conf, char *why) MUST_CHECK;

#endif
