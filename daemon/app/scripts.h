/* The configured behaviours: where their scripts are, and what happens when one cannot be loaded. */
#ifndef DAEMON_APP_SCRIPTS_H
#define DAEMON_APP_SCRIPTS_H
#include <stdbool.h>

#include "daemon/app/config.h"
#include "daemon/behave/supervisor.h"

/* Where scripts are looked for, the first wins; NULL ends. Lives for ever. */
const char *const *scripts_folders(void);

/*
 * Load all behaviours of @c. What is wrong with their entries in the configuration goes to @errs. What is
 * wrong with a script is logged, and the others run; with @check it goes to @errs as well.
 * Returns 0, -EINVAL after errors in @errs, or -ENOMEM.
 */
int scripts_load(struct supervisor *s, const struct config *c, bool check,
		 struct conf_errors *errs) MUST_CHECK;

#endif
