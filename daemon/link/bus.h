/*
 * The service bus: the state socket and the control socket with the methods every daemon has, as one
 * thing that the daemon starts.
 *
 *	bus_new(&conf, world, &bus);
 *	rpc_register_all(bus_control(bus), my_methods, n, my_part);
 *	nursery_go(&n, "bus", bus_run, bus);
 *	...
 *	bus_free(bus);
 */
#ifndef DAEMON_LINK_BUS_H
#define DAEMON_LINK_BUS_H
#include <cjson/cJSON.h>

#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/link/rpc.h"
#include "daemon/state/world.h"

/* The table "bus" of the configuration. "$RUNTIME" is the daemon's runtime folder. */
struct bus_conf {
	char state[128];
	char control[128];
};
extern const struct conf_field bus_conf_fields[];

struct bus;

/*
 * Make the runtime folder, bind both sockets, and register the methods: status, values.list,
 * values.get, values.set, behaviours.list, tasks.dump, methods.list. Inside rt_run(). Borrows @world.
 * Returns 0; or a negative errno after a line in the log that says which socket and why: another daemon
 * that serves it is -EADDRINUSE.
 */
int bus_new(const struct bus_conf *conf, struct world *world,
	    struct bus **ret) MUST_CHECK;

/* Close the sockets and remove their files. bus_run() must have ended. NULL is fine. */
void bus_free(struct bus *bus);

/* The control socket, to register further methods before bus_run(). */
struct rpc *bus_control(struct bus *bus);

/* Have @fn add what the daemon knows (the robot's name, say) to the object that "status" returns. */
void bus_on_status(struct bus *bus, void (*fn)(void *arg, cJSON *status), void *arg);

/* The daemon's start id: 16 hexadecimal digits. Lives as long as the bus. */
const char *bus_boot_id(const struct bus *bus);

/* The task that serves both sockets, until it is cancelled. @arg is a struct bus. Suspends. */
int bus_run(void *arg);

#endif
