/*
 * Spare chips: what else is on simulated buses. A spare is there whatever the configuration says about its
 * address, as a real chip would be: it is found by probes, it can be swapped to, and at the address of a sensor
 * it is what answers.
 */
#ifndef DAEMON_APP_CONFIG_SPARES_H
#define DAEMON_APP_CONFIG_SPARES_H
#include "daemon/app/config.h"

/* The keys of one of them. */
extern const struct conf_field spare_fields[];

/* Read "spares". Returns 0, also after errors in @root->errs, or -ENOMEM. */
int config_read_spares(const struct conf_at *root, struct config *c) MUST_CHECK;

/* The spare at the place of @d, or NULL. */
const struct conf_spare *config_spare_at(const struct config *c,
					 const struct device_conf *d);

#endif
