/* What can be asked about the robot's chips. */
#include "daemon/app/drivers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app/senses_internal.h"
#include "daemon/base/nearest.h"
#include "daemon/rt/rt.h"
#include "drivers/core/probe.h"

static double seconds_ago(int64_t t_ns)
{
	return (double)(rt_now() - t_ns) / 1e9;
}

static void add_address(cJSON *o, const char *bus, int address)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%02x", (unsigned)address);
	cJSON_AddStringToObject(o, "bus", bus);
	cJSON_AddStringToObject(o, "address", text);
}

static void add_place(cJSON *o, const struct device_conf *d)
{
	switch (d->chip->bus) {
	case BUS_I2C:
		add_address(o, d->bus, d->address);
		break;
	case BUS_IIO:
		cJSON_AddStringToObject(o, "device", d->device);
		break;
	case BUS_PEER:
		cJSON_AddStringToObject(o, "peer", d->peer);
		break;
	case BUS_TOPIC:
		cJSON_AddStringToObject(o, "peer", d->peer);
		cJSON_AddStringToObject(o, "topic", d->topic);
		break;
	case BUS_NONE:
	case BUS_GPIO:
	case BUS_PWM:
		cJSON_AddStringToObject(o, "line", d->line);
		break;
	}
}

/* Only what was counted: kinds of faults that never happened are left out. */
static void add_faults(cJSON *o, const struct device_health *h)
{
	cJSON *faults = cJSON_AddObjectToObject(o, "faults");

	for (int f = 0; f < FAULT_COUNT; f++)
		if (h->faults[f])
			cJSON_AddNumberToObject(faults,
						device_fault_name((enum device_fault)f),
						(double)h->faults[f]);
}

static cJSON *describe(const char *role, const char *kind, const struct device_conf *d,
		       const struct device_health *h)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "role", role);
	cJSON_AddStringToObject(o, "kind", kind);
	cJSON_AddStringToObject(o, "driver", d->driver);
	add_place(o, d);
	cJSON_AddStringToObject(o, "state", device_state_name(h->state));
	cJSON_AddNumberToObject(o, "since_s", seconds_ago(h->since_ns));
	cJSON_AddStringToObject(o, "why", h->why);
	cJSON_AddNumberToObject(o, "good", (double)h->good);
	cJSON_AddNumberToObject(o, "retries", h->retries);
	if (h->last_ns)
		cJSON_AddNumberToObject(o, "last_s", seconds_ago(h->last_ns));
	add_faults(o, h);
	return o;
}

static cJSON *describe_sense(const struct sense *sense)
{
	const struct device_health h = sensor_health(sense->sensor);
	cJSON *o = describe(sense->conf->role, "sensor", &sense->conf->sensor.device, &h);
	cJSON *values = cJSON_AddArrayToObject(o, "values");

	for (int c = 0; c < CHAN_COUNT; c++)
		if (sense->values[c])
			cJSON_AddItemToArray(
				values,
				cJSON_CreateString(value_info(sense->values[c])->name));
	return o;
}

static int list(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct drivers *d = arg;

	(void)params;
	(void)err;
	*ret = cJSON_CreateArray();
	for (size_t i = 0; i < d->senses->n; i++)
		cJSON_AddItemToArray(*ret, describe_sense(&d->senses->sense[i]));
	for (size_t i = 0; i < body_chips(d->body); i++) {
		struct body_chip_info c = body_chip_info(d->body, i);

		cJSON_AddItemToArray(*ret,
				     describe(c.name, "actuator", c.device, &c.health));
	}
	return 0;
}

/* The device of the robot that is at @address of @bus, or NULL: it is not asked, as it may be busy. */
static const char *owner_of(const struct drivers *d, const char *bus, uint8_t address,
			    const struct device_conf **ret)
{
	for (size_t i = 0; i < d->senses->n; i++) {
		const struct conf_sensor *s = d->senses->sense[i].conf;

		*ret = &s->sensor.device;
		if ((*ret)->chip->bus == BUS_I2C && (*ret)->address == address &&
		    strcmp((*ret)->bus, bus) == 0)
			return s->role;
	}
	for (size_t i = 0; i < body_chips(d->body); i++) {
		struct body_chip_info c = body_chip_info(d->body, i);

		*ret = c.device;
		if ((*ret)->chip->bus == BUS_I2C && (*ret)->address == address &&
		    strcmp((*ret)->bus, bus) == 0)
			return c.name;
	}
	return NULL;
}

static void add_configured(cJSON *found, const char *bus, uint8_t address,
			   const char *role, const struct device_conf *conf)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *names = cJSON_CreateArray();

	add_address(o, bus, address);
	cJSON_AddItemToArray(names, cJSON_CreateString(conf->driver));
	cJSON_AddItemToObject(o, "drivers", names);
	cJSON_AddStringToObject(o, "role", role);
	cJSON_AddItemToArray(found, o);
}

/*
 * Ask for every chip that may be at @address. What a probe says about another chip is kept, in case that none
 * says yes. Returns 0 or -ECANCELED. Suspends.
 */
static int ask(const struct drivers *d, const char *bus, uint8_t address, cJSON *found)
{
	struct device_conf conf = {.address = address};
	struct device_ports ports;
	cJSON *names = cJSON_CreateArray();
	char why[PROBE_WHY_MAX] = "";
	int r = -ENXIO;
	bool answers = false;

	snprintf(conf.bus, sizeof(conf.bus), "%s", bus);
	ports = hardware_ports(d->hardware, &conf);
	for (size_t i = 0; (conf.chip = probe_candidate(address, i)) != NULL; i++) {
		if (conf.chip->conf)
			conf_defaults(conf.chip->conf, conf.settings);
		r = probe_device("probe", &conf, &ports, why);
		if (r == 0)
			cJSON_AddItemToArray(names, cJSON_CreateString(conf.chip->name));
		answers = answers || r == 0 || r == -ENODEV;
		/* Nobody there, or somebody's: the next driver would find the same. */
		if (r != 0 && r != -ENODEV)
			break;
	}
	if (answers || (r != -ENXIO && r != -ECANCELED)) {
		cJSON *o = cJSON_CreateObject();

		add_address(o, bus, address);
		if (names->child)
			why[0] = '\0';
		cJSON_AddItemToObject(o, "drivers", names);
		cJSON_AddStringToObject(o, "why", why);
		cJSON_AddItemToArray(found, o);
	} else {
		cJSON_Delete(names);
	}
	return r == -ECANCELED ? r : 0;
}

/* Suspends. */
static int probe_bus(const struct drivers *d, const char *bus, cJSON *found)
{
	int r = 0;

	for (uint8_t a = probe_next_address(0); a && r == 0; a = probe_next_address(a)) {
		const struct device_conf *conf;
		const char *role = owner_of(d, bus, a, &conf);

		if (role)
			add_configured(found, bus, a, role, conf);
		else
			r = ask(d, bus, a, found);
	}
	return r;
}

static int no_bus(const struct config *c, const char *bus, struct rpc_error *err)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (; n < c->n_buses && n < ARRAY_LEN(names); n++)
		names[n] = c->buses[n].name;
	near = nearest_name(bus, names, n);
	rpc_fail(err, RPC_INVALID_PARAMS, "params.bus", "no bus \"%.40s\"", bus);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return -EINVAL;
}

static int probe(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct drivers *d = arg;
	const char *bus =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "bus"));
	cJSON *found = cJSON_CreateArray();
	bool known = false;
	int r = 0;

	for (size_t i = 0; i < d->conf->n_buses && r == 0; i++) {
		const char *name = d->conf->buses[i].name;

		if (bus && strcmp(bus, name) != 0)
			continue;
		known = true;
		r = probe_bus(d, name, found);
	}
	if (r == 0 && (known || !bus)) {
		*ret = found;
		return 0;
	}
	cJSON_Delete(found);
	return r < 0 ? r : no_bus(d->conf, bus, err);
}

int drivers_register(struct drivers *d, struct rpc *rpc)
{
	static const struct rpc_method table[] = {
		{"drivers.list", "The robot's chips and how they are.", false, list,
		 NULL},
		{"drivers.probe", "Which known chips answer on the buses.", false, probe,
		 NULL},
	};

	return rpc_register_all(rpc, table, ARRAY_LEN(table), d);
}
