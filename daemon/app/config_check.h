/* Checks of the configuration that look at several of its parts: names, references, ownership. */
#ifndef DAEMON_APP_CONFIG_CHECK_H
#define DAEMON_APP_CONFIG_CHECK_H
#include "daemon/app/config.h"
#include "daemon/state/world.h"

/* Copy the instance's key as its name; an error when it is too long or no name. */
void config_take_name(const struct conf_at *at, char name[NAME_MAX_LEN + 1]);

/* The actuator called @text; an error at @at and -ENOENT when there is none. */
int config_find_actuator(const struct conf_at *at, const struct config *c,
			 const char *text, size_t *ret) MUST_CHECK;

/* Is @role one of them? */
bool config_has_role(const struct conf_roles *roles, const char *role);

/* Find the chip that @a is on, and check the two against each other. */
void config_check_actuator(const struct conf_at *at, const struct config *c,
			   struct conf_actuator *a);

/* What conf_complain() says when a world refuses a value (-EEXIST, -EINVAL), at @section.@name. */
void config_check_owner(const struct config *c, struct conf_errors *errs,
			const char *section, const char *name, const struct world *world,
			const char *value, int r);

/* Buses that are named but not there; two devices on one address; two owners of a line or value. */
void config_check_references(const struct conf_at *root, const struct config *c);

#endif
