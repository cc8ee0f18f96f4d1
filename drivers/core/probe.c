/* Which chip answers at an address? */
#include "drivers/core/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rt/rt.h"

static void explain(const struct device_conf *conf, int r, int64_t since_ns,
		    char why[PROBE_WHY_MAX])
{
	const struct error *e = error_last(r);
	const char *name = strerrorname_np(-r);

	if (e && e->text[0] && e->t_ns >= since_ns)
		(void)snprintf(why, PROBE_WHY_MAX, "%s", e->text);
	else
		(void)snprintf(why, PROBE_WHY_MAX, "%s at 0x%02x on bus %s (%s)",
			       r == -ENXIO       ? "no answer"
			       : r == -ETIMEDOUT ? "no answer in time"
						 : strerror(-r),
			       (unsigned)conf->address, conf->bus, name ? name : "?");
}

int probe_device(const char *role, const struct device_conf *conf,
		 const struct device_ports *ports, char why[PROBE_WHY_MAX])
{
	int64_t since_ns = rt_now();
	struct device d;
	int r;

	why[0] = '\0';
	/* One that is held in reset has to wait for its turn. */
	if (!conf->chip->probe || (conf->chip->bus == BUS_I2C && conf->xshut[0]))
		return 0;
	device_init(&d, role, conf, ports);
	r = conf->chip->probe(&d.io, conf->settings);
	if (r < 0)
		explain(conf, r, since_ns, why);
	return r;
}

static bool can_ask(const struct driver *d, uint8_t address)
{
	if (d->bus != BUS_I2C || !d->probe)
		return false;
	if (d->addr_last)
		return address >= d->addrs[0] && address <= d->addr_last;
	for (size_t i = 0; i < DRIVER_ADDRS && d->addrs[i]; i++)
		if (d->addrs[i] == address)
			return true;
	return false;
}

const struct driver *probe_candidate(uint8_t address, size_t i)
{
	for (size_t k = 0; driver_table[k]; k++)
		if (can_ask(driver_table[k], address) && i-- == 0)
			return driver_table[k];
	return NULL;
}

uint8_t probe_next_address(uint8_t after)
{
	for (uint8_t a = (uint8_t)(after + 1); a <= 0x77; a++)
		if (probe_candidate(a, 0))
			return a;
	return 0;
}
