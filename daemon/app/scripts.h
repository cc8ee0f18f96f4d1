/* The configured behaviours: where their scripts are, and what happens when one cannot be loaded. */
#ifndef DAEMON_APP_SCRIPTS_H
#define DAEMON_APP_SCRIPTS_H
#include "daemon/app/config.h"
#include "daemon/behave/supervisor.h"

/* Where scripts are looked for, the first wins; NULL ends. Lives for ever. */
const char *const *scripts_folders(void);

/*
 * Load all behaviours of @c. One that cannot be loaded leaves its reasons in @errs; with @errs NULL they
 * are logged. The others stay. Returns 0, -EINVAL after errors in @errs, or -ENOMEM.
 */
int scripts_load(struct supervisor *s, const struct config *c,
		 struct conf_errors *errs) MUST_CHECK;

#endif
