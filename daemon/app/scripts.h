/* The configured behaviours: where their scripts are, and what happens when one cannot be loaded. */
#ifndef DAEMON_APP_SCRIPTS_H
#define DAEMON_APP_SCRIPTS_H
#include "daemon/app/config.h"
#include "daemon/behave/supervisor.h"

/* Where scripts are looked for, the first wins; NULL ends. Lives for ever. */
const char *const *scripts_folders(void);

/* Load all behaviours of @c. One that cannot be loaded is logged with its reasons; the others stay. */
void scripts_load(struct supervisor *s, const struct config *c);

#endif
