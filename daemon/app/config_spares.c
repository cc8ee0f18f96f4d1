/* Spare chips: what else is on simulated buses. */
#include "daemon/app/config_spares.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_check.h"
#include "hal/i2c_mux.h"

const struct conf_field spare_fields[] = {
	DEVICE_ROWS(conf_spare),
	CONF_STRING(conf_spare, irq, "", "The GPIO line of its data-ready output."),
	CONF_END,
};

/* Does the bus called @name lead to a simulated adapter? */
static bool is_simulated(const struct config *c, const char *name)
{
	const struct conf_bus *bus = config_bus(c, name);

	/* Buses that lead in a circle are found elsewhere. */
	for (int hops = 0; bus && bus->mux[0] && hops <= I2C_HOPS_MAX; hops++)
		bus = config_bus(c, bus->on);
	return bus && strcmp(bus->path, "sim") == 0;
}

static void read_spare(const struct conf_at *at, const struct config *c,
		       struct conf_spare *s)
{
	struct conf_at bus = conf_child(at, "bus");
	int own = conf_read(at, spare_fields, driver_names, s);

	config_take_name(at, s->name);
	if (device_conf_complete(at, DRIVER_SENSOR, &s->device) < 0 || own < 0)
		return;
	device_conf_idle_irq(at, s->device.chip, s->irq);
	if (!is_simulated(c, s->device.bus))
		conf_complain(&bus, "a spare is on a bus whose path is \"sim\"");
	for (const struct conf_spare *other = c->spares; other < s; other++)
		if (other->device.address == s->device.address &&
		    strcmp(other->device.bus, s->device.bus) == 0)
			conf_complain(
				at, "address 0x%02x on bus %s is taken by spares.%s",
				(unsigned)s->device.address, s->device.bus, other->name);
}

int config_read_spares(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "spares");
	size_t n = 0;

	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it))
		n++;
	c->spares = calloc(n + 1, sizeof(*c->spares));
	if (!c->spares)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it))
		read_spare(&it, c, &c->spares[c->n_spares++]);
	return 0;
}

const struct conf_spare *config_spare_at(const struct config *c,
					 const struct device_conf *d)
{
	for (size_t i = 0; i < c->n_spares; i++)
		if (c->spares[i].device.address == d->address &&
		    strcmp(c->spares[i].device.bus, d->bus) == 0)
			return &c->spares[i];
	return NULL;
}
