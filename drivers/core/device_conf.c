/* The configuration that all devices have: driver, bus, address, line, the chips' own settings. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/core/device.h"

#define NAMES_MAX 128 /* drivers named in an error text */

static const struct conf_field no_fields[] = {CONF_END};

static bool is_kind(const struct driver *d, const char *kind)
{
	return (d->chans != 0) == (strcmp(kind, "sensor") == 0);
}

static int find_driver(const struct conf_at *at, const char *kind,
		       struct device_conf *conf)
{
	struct conf_at key = conf_child(at, "driver");
	const char *names[NAMES_MAX];
	size_t n = 0;

	conf->chip = driver_find(conf->driver);
	if (conf->chip && is_kind(conf->chip, kind))
		return 0;
	conf->chip = NULL;
	for (size_t i = 0; driver_table[i] && n < NAMES_MAX; i++)
		if (is_kind(driver_table[i], kind))
			names[n++] = driver_table[i]->name;
	if (key.node)
		conf_complain_unknown(&key, kind, conf->driver, names, n);
	else
		conf_complain(&key, "missing; the chip, such as \"%s\"",
			      n ? names[0] : "");
	return -EINVAL;
}

/* Whether the chip can be at @addr. */
static bool has_addr(const struct driver *d, int addr)
{
	if (d->addr_last)
		return addr >= d->addrs[0] && addr <= d->addr_last;
	for (size_t i = 0; i < DRIVER_ADDRS && d->addrs[i]; i++)
		if (d->addrs[i] == addr)
			return true;
	return false;
}

static int complain_address(const struct conf_at *at, const struct driver *d, int addr)
{
	struct conf_at key = conf_child(at, "address");
	char list[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < DRIVER_ADDRS && d->addrs[i] && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s0x%02x",
					i ? ", " : "", d->addrs[i]);
	if (d->addr_last && len < sizeof(list))
		(void)snprintf(list + len, sizeof(list) - len, " to 0x%02x",
			       d->addr_last);
	conf_complain(&key, "%s is never at 0x%02x; %s", d->name, (unsigned)addr, list);
	return -EINVAL;
}

static int check_place(const struct conf_at *at, struct device_conf *conf)
{
	const struct driver *d = conf->chip;
	bool i2c = d->bus == BUS_I2C;
	struct conf_at key = conf_child(at, i2c ? "bus" : "line");

	if (d->bus != BUS_NONE && !(i2c ? conf->bus : conf->line)[0]) {
		conf_complain(&key, "missing; %s is on %s", d->name,
			      i2c                  ? "an I2C bus"
			      : d->bus == BUS_GPIO ? "a GPIO line"
						   : "a PWM output");
		return -EINVAL;
	}
	if ((d->trigger_line != NULL) != (conf->trigger[0] != '\0')) {
		key = conf_child(at, "trigger");
		conf_complain(&key,
			      d->trigger_line ? "missing; %s has two lines"
					      : "%s has no such line",
			      d->name);
		return -EINVAL;
	}
	if (!i2c)
		return 0;
	if (conf->address == 0)
		conf->address = d->addrs[0];
	return has_addr(d, conf->address) ? 0 : complain_address(at, d, conf->address);
}

/* Settings of chips that are not in use stay legal, and are checked. */
static int read_settings(const struct conf_at *at, struct device_conf *conf)
{
	_Alignas(max_align_t) uint8_t unused[DRIVER_CONF_MAX];
	int r = 0;

	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct conf_at own = conf_child(at, d->name);

		assert(d->conf_size <= DRIVER_CONF_MAX);
		if (conf_read(&own, d->conf ? d->conf : no_fields, NULL,
			      d == conf->chip ? conf->settings : unused) < 0)
			r = -EINVAL;
	}
	return r;
}

int device_conf_complete(const struct conf_at *at, const char *kind,
			 struct device_conf *conf)
{
	int found = find_driver(at, kind, conf);
	int place = found == 0 ? check_place(at, conf) : 0;
	int settings = read_settings(at, conf);

	return found < 0 || place < 0 || settings < 0 ? -EINVAL : 0;
}

int64_t device_reading_ns(const struct device_conf *conf)
{
	const struct driver *d = conf->chip;
	unsigned frames = d->fifo ? d->fifo->watermark(conf->settings) : 0;

	if (!d->period_ns)
		return 0;
	return d->period_ns(conf->settings) * (frames ? frames : 1);
}
