/* The buses of a configuration: whether they can be, and who meets whom on them. */
#ifndef DAEMON_APP_CONFIG_BUSES_H
#define DAEMON_APP_CONFIG_BUSES_H
#include "daemon/app/config.h"

/*
 * Check the buses themselves: that each is either an adapter, which must not be a file of another kind, or a
 * channel of a multiplexer on a bus that leads to one; no channel twice.
 */
void config_check_buses(const struct conf_at *root, const struct config *c);

/*
 * Do the chips on the buses called @a and @b see each other's transfers? Those on one bus do, those behind a
 * multiplexer and those before it, and those behind two multiplexers of one bus; but not those behind two
 * channels of one.
 */
bool config_buses_meet(const struct config *c, const char *a, const char *b);

#endif
