/* The service bus: both sockets, from their claim to their end. */
#include "daemon/link/bus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/runtime_dir.h"
#include "daemon/base/runtime_socket.h"
#include "daemon/link/methods.h"
#include "daemon/link/publish.h"
#include "daemon/rt/rt.h"

#define ENDPOINT_MAX (128 + RUNTIME_PATH_MAX)

static const char ipc[] = "ipc://";
static const char variable[] = "$RUNTIME";

const struct conf_field bus_conf_fields[] = {
	CONF_STRING(bus_conf, state, "ipc://$RUNTIME/state",
		    "Where the values are published, a ZeroMQ endpoint."),
	CONF_STRING(bus_conf, control, "ipc://$RUNTIME/control",
		    "Where requests are answered, a ZeroMQ endpoint."),
	CONF_END,
};

/* An endpoint that is ours. */
struct place {
	char endpoint[ENDPOINT_MAX];
	int claim; /* of its socket's file; -1: none */
};

struct bus {
	char boot[17];
	struct place state, control;
	struct zctx *ctx;
	struct publish *publish;
	struct rpc *rpc;
	struct methods methods;
};

/* Why an endpoint cannot be had, for people. */
static const char *reason(int r)
{
	switch (r) {
	case -EADDRINUSE:
		return "another daemon serves it; stop that one, or choose another place "
		       "in "
		       "the configuration (bus.state, bus.control)";
	case -EEXIST:
		return "there is a file that is no socket";
	case -ENOENT:
		return "the folder is not there";
	case -EACCES:
		return "permission denied: the folder belongs to somebody else";
	case -EPROTONOSUPPORT:
		return "only ipc:// is offered: tcp needs keys and a list of peers";
	default:
		return strerror(-r);
	}
}

/* Replace $RUNTIME by the daemon's folder, which is made when it is asked for. */
static int expand(const char *endpoint, char *ret)
{
	const char *at = strstr(endpoint, variable);
	char dir[RUNTIME_PATH_MAX] = "";
	int r;

	if (!at) {
		snprintf(ret, ENDPOINT_MAX, "%s", endpoint);
		return 0;
	}
	r = runtime_dir_make(dir);
	if (r < 0) {
		LOG(ERR, "bus: the runtime folder %s cannot be used: %s", dir,
		    r == -EPERM ? "it belongs to somebody else" : strerror(-r));
		return r;
	}
	snprintf(ret, ENDPOINT_MAX, "%.*s%s%s", (int)(at - endpoint), endpoint, dir,
		 at + sizeof(variable) - 1);
	return 0;
}

static int claim(struct place *p, const char *endpoint)
{
	int r = expand(endpoint, p->endpoint);

	if (r < 0)
		return r;
	if (strncmp(p->endpoint, ipc, sizeof(ipc) - 1) == 0)
		r = p->claim = runtime_socket_claim(p->endpoint + sizeof(ipc) - 1);
	else if (strncmp(p->endpoint, "inproc://", 9) != 0)
		r = -EPROTONOSUPPORT;
	if (r < 0)
		LOG(ERR, "bus: cannot bind to %s: %s", p->endpoint, reason(r));
	return r < 0 ? r : 0;
}

static void release(const struct place *p)
{
	runtime_socket_release(p->claim, p->endpoint + sizeof(ipc) - 1);
}

static int open_state(struct bus *bus, struct world *world)
{
	int r = publish_new(bus->ctx, world, bus->state.endpoint, bus->boot,
			    &bus->publish);

	if (r < 0)
		LOG(ERR, "bus: cannot bind to %s: %s", bus->state.endpoint, reason(r));
	return r;
}

static int open_control(struct bus *bus)
{
	int r = rpc_new(bus->ctx, bus->control.endpoint, &bus->rpc);

	if (r < 0)
		LOG(ERR, "bus: cannot bind to %s: %s", bus->control.endpoint, reason(r));
	return r;
}

static int add_methods(struct bus *bus, struct world *world)
{
	bus->methods = (struct methods){
		.world = world,
		.rpc = bus->rpc,
		.publish = bus->publish,
		.boot = bus->boot,
		.state_endpoint = bus->state.endpoint,
		.started_ns = rt_now(),
	};
	return methods_register(&bus->methods);
}

static int open_all(struct bus *bus, const struct bus_conf *conf, struct world *world)
{
	int r = claim(&bus->state, conf->state);

	if (r == 0)
		r = claim(&bus->control, conf->control);
	if (r == 0)
		r = zctx_open(&bus->ctx);
	if (r == 0)
		r = open_state(bus, world);
	if (r == 0)
		r = open_control(bus);
	return r < 0 ? r : add_methods(bus, world);
}

int bus_new(const struct bus_conf *conf, struct world *world, struct bus **ret)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->state.claim = bus->control.claim = -1;
	snprintf(bus->boot, sizeof(bus->boot), "%016" PRIx64, rt_random());
	r = open_all(bus, conf, world);
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	rpc_free(bus->rpc);
	publish_free(bus->publish);
	zctx_close(bus->ctx);
	release(&bus->control);
	release(&bus->state);
	free(bus);
}

struct rpc *bus_control(struct bus *bus)
{
	return bus->rpc;
}

void bus_on_status(struct bus *bus, void (*fn)(void *arg, cJSON *status), void *arg)
{
	bus->methods.status = fn;
	bus->methods.status_arg = arg;
}

const char *bus_boot_id(const struct bus *bus)
{
	return bus->boot;
}

int bus_run(void *arg)
{
	struct bus *bus = arg;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "publish", publish_run, bus->publish);
	return nursery_close(&n, rpc_run(bus->rpc));
}
