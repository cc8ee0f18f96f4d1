/* The buses of a configuration. */
#include "daemon/app/config_buses.h"

#include <stdlib.h>
#include <string.h>

#include "hal/i2c_mux.h"
#include "hal/i2c_node.h"

static const char *const mux_names[] = {"tca9548a"};

/* The buses from one to its adapter, that one first. */
struct way {
	const struct conf_bus *bus[I2C_HOPS_MAX + 1];
	unsigned n;
};

/* Whether it leads to an adapter. */
static bool find_way(const struct config *c, const char *name, struct way *ret)
{
	const struct conf_bus *bus = config_bus(c, name);

	for (ret->n = 0; bus && ret->n < ARRAY_LEN(ret->bus);
	     bus = config_bus(c, bus->on)) {
		ret->bus[ret->n++] = bus;
		if (!bus->mux[0])
			return true;
	}
	return false;
}

bool config_buses_meet(const struct config *c, const char *a, const char *b)
{
	struct way wa;
	struct way wb;
	const struct conf_bus *ma;
	const struct conf_bus *mb;

	if (!find_way(c, a, &wa) || !find_way(c, b, &wb))
		return strcmp(a, b) == 0;
	if (wa.bus[wa.n - 1] != wb.bus[wb.n - 1])
		return false;
	/* From the adapter outwards, to where the ways part. */
	while (wa.n > 0 && wb.n > 0 && wa.bus[wa.n - 1] == wb.bus[wb.n - 1])
		wa.n--, wb.n--;
	if (wa.n == 0 || wb.n == 0)
		return true;
	ma = wa.bus[wa.n - 1];
	mb = wb.bus[wb.n - 1];
	return ma->address != mb->address;
}

static void complain_unknown_bus(const struct conf_at *at, const struct config *c,
				 const char *name)
{
	const char **names = calloc(c->n_buses, sizeof(*names));

	for (size_t i = 0; names && i < c->n_buses; i++)
		names[i] = c->buses[i].name;
	conf_complain_unknown(at, "bus", name, names, names ? c->n_buses : 0);
	free(names);
}

static void check_mux(const struct conf_at *at, const struct config *c, size_t i)
{
	const struct conf_bus *bus = &c->buses[i];
	struct conf_at mux = conf_child(at, "mux");
	struct conf_at on = conf_child(at, "on");
	struct conf_at channel = conf_child(at, "channel");
	struct way way;

	if (strcmp(bus->mux, mux_names[0]) != 0)
		conf_complain_unknown(&mux, "multiplexer", bus->mux, mux_names,
				      ARRAY_LEN(mux_names));
	if (!bus->address)
		conf_complain(at, "\"address\" is missing: that of the multiplexer");
	if (!channel.node)
		conf_complain(at, "\"channel\" is missing; 0 to %d",
			      I2C_MUX_CHANNELS - 1);
	if (!on.node)
		conf_complain(at, "\"on\" is missing: the bus of the multiplexer");
	else if (!config_bus(c, bus->on))
		complain_unknown_bus(&on, c, bus->on);
	else if (!find_way(c, bus->name, &way))
		conf_complain(&on,
			      "leads to no adapter, or through more than %d multiplexers",
			      I2C_HOPS_MAX);
	for (size_t k = 0; k < i; k++) {
		const struct conf_bus *other = &c->buses[k];

		if (other->mux[0] && strcmp(other->on, bus->on) == 0 &&
		    other->address == bus->address && other->channel == bus->channel)
			conf_complain(at, "channel %d of the multiplexer is buses.%s",
				      bus->channel, other->name);
	}
}

static void check_adapter(const struct conf_at *at, const struct conf_bus *bus)
{
	static const char *const only[] = {"on", "address", "channel"};
	struct conf_at path = conf_child(at, "path");
	char why[192];

	for (size_t i = 0; i < ARRAY_LEN(only); i++) {
		struct conf_at key = conf_child(at, only[i]);

		if (key.node)
			conf_complain(&key, "is of a bus with \"mux\"");
	}
	if (!bus->path[0])
		conf_complain(at, "\"path\" is missing, or \"mux\" and where it is");
	else if (!i2c_node_plausible(bus->path, why, sizeof(why)))
		conf_complain(&path, "%s", why);
}

void config_check_buses(const struct conf_at *root, const struct config *c)
{
	struct conf_at section = conf_child(root, "buses");

	for (size_t i = 0; i < c->n_buses; i++) {
		struct conf_at at = conf_child(&section, c->buses[i].name);
		struct conf_at path = conf_child(&at, "path");

		if (!c->buses[i].mux[0])
			check_adapter(&at, &c->buses[i]);
		else if (path.node)
			conf_complain(&path, "is of a bus without \"mux\"");
		else
			check_mux(&at, c, i);
	}
}
