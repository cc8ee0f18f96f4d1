/* The configuration that all devices have: driver, bus, address, line, the chips' own settings. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/core/device.h"

#define NAMES_MAX 128 /* drivers named in an error text */

static const struct conf_field no_fields[] = {CONF_END};

static int find_driver(const struct conf_at *at, enum driver_kind kind,
		       struct device_conf *conf)
{
	struct conf_at key = conf_child(at, "driver");
	const char *names[NAMES_MAX];
	size_t n = 0;

	conf->chip = driver_find_kind(kind, conf->driver);
	if (conf->chip)
		return 0;
	for (size_t i = 0; driver_table[i] && n < NAMES_MAX; i++)
		if (driver_kind(driver_table[i]) == kind)
			names[n++] = driver_table[i]->name;
	if (key.node)
		conf_complain_unknown(&key, kind == DRIVER_SENSOR ? "sensor" : "actuator",
				      conf->driver, names, n);
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
	conf_complain(&key, "%s is never at 0x%02x; %s%s", d->name, (unsigned)addr, list,
		      d->set_address ? ", elsewhere with \"xshut\"" : "");
	return -EINVAL;
}

/* Where a device is, by the kind of its bus; and the keys that say so, or are for such devices only. */
static const char *const places[] = {
	[BUS_NONE] = "is nowhere",
	[BUS_I2C] = "is on an I2C bus (\"bus\", \"address\")",
	[BUS_GPIO] = "is on a GPIO line (\"line\")",
	[BUS_PWM] = "is on a PWM output (\"line\")",
	[BUS_IIO] = "is a device of the kernel (\"device\")",
	[BUS_PEER] = "is another service (\"peer\", \"method\")",
	[BUS_TOPIC] = "hears another service (\"peer\", \"topic\")",
};
/*
 * A chip on I2C may be read through the kernel instead, or give way to a service, and back: either way all may say
 * where it is.
 */
#define SWAPPED (1 << BUS_I2C | 1 << BUS_IIO | 1 << BUS_TOPIC)
static const struct {
	const char *key;
	unsigned buses; /* 1 << enum bus_kind */
} place_keys[] = {
	{"bus", SWAPPED},
	{"address", SWAPPED},
	{"xshut", 1 << BUS_I2C},
	{"line", 1 << BUS_GPIO | 1 << BUS_PWM},
	{"trigger", 1 << BUS_GPIO},
	{"device", SWAPPED},
	{"peer", 1 << BUS_PEER | SWAPPED},
	{"topic", SWAPPED},
	{"method", 1 << BUS_PEER},
	{"valid_for", 1 << BUS_PEER},
};

/* "" takes back what another file says. */
static bool is_said(const struct conf_at *key)
{
	return key->node && !(cJSON_IsString(key->node) && !key->node->valuestring[0]);
}

void device_conf_idle(const struct conf_at *at, const char *name, const char *why)
{
	struct conf_at key = conf_child(at, name);

	if (is_said(&key))
		conf_warn(&key, "not used: %s", why);
}

/* A line that the chip has no use for is free for others. */
static void idle_line(const struct conf_at *at, const char *key, const char *chip,
		      const char *why, char line[DEVICE_LINE_MAX])
{
	char text[96];

	(void)snprintf(text, sizeof(text), "%s %s", chip, why);
	if (line[0])
		device_conf_idle(at, key, text);
	memset(line, 0, DEVICE_LINE_MAX);
}

/* What only another chip needs: to swap is to change the name of the driver (K2). */
static void idle_keys(const struct conf_at *at, struct device_conf *conf)
{
	const struct driver *d = conf->chip;

	for (size_t i = 0; i < ARRAY_LEN(place_keys); i++) {
		char why[96];

		(void)snprintf(why, sizeof(why), "%s %s", d->name, places[d->bus]);
		if (!(place_keys[i].buses & 1U << d->bus))
			device_conf_idle(at, place_keys[i].key, why);
	}
	if (d->bus != BUS_GPIO && d->bus != BUS_PWM)
		memset(conf->line, 0, sizeof(conf->line));
	if (d->bus != BUS_GPIO)
		memset(conf->trigger, 0, sizeof(conf->trigger));
	else if (!d->trigger_line)
		idle_line(at, "trigger", d->name, "has no such line", conf->trigger);
	if (d->bus != BUS_I2C)
		memset(conf->xshut, 0, sizeof(conf->xshut));
	else if (!d->set_address)
		idle_line(at, "xshut", d->name, "cannot be given an address",
			  conf->xshut);
}

int device_conf_check_none(const struct conf_at *at)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(place_keys); i++) {
		struct conf_at key = conf_child(at, place_keys[i].key);

		if (!is_said(&key))
			continue;
		conf_complain(&key, "is the chip's, in \"devices\"; leave it out");
		r = -EINVAL;
	}
	return r;
}

void device_conf_idle_irq(const struct conf_at *at, const struct driver *d,
			  char line[DEVICE_LINE_MAX])
{
	const char *how = "has no data-ready output that its driver uses; it is read on "
			  "a schedule";

	if (!d || d->data_ready)
		return;
	if (d->edge)
		how = "has no data-ready output; it is the line itself that tells";
	else if (d->bus == BUS_TOPIC)
		how = "has no data-ready output; it is told by the service";
	idle_line(at, "irq", d->name, how, line);
}

/* The key without which a device on such a bus is nowhere. */
static int check_key(const struct conf_at *at, const struct device_conf *conf,
		     const char *key, const char *text, const char *what)
{
	struct conf_at it = conf_child(at, key);

	if (text[0])
		return 0;
	conf_complain(&it, "missing; %s %s", conf->chip->name, what);
	return -EINVAL;
}

static int check_keys(const struct conf_at *at, const struct device_conf *conf)
{
	int peer, own;

	switch (conf->chip->bus) {
	case BUS_NONE:
		return 0;
	case BUS_I2C:
		return check_key(at, conf, "bus", conf->bus, "is on an I2C bus");
	case BUS_GPIO:
		return check_key(at, conf, "line", conf->line, "is on a GPIO line");
	case BUS_PWM:
		return check_key(at, conf, "line", conf->line, "is on a PWM output");
	case BUS_IIO:
		return check_key(at, conf, "device", conf->device,
				 "reads a device of the kernel, such as \"bmp280\"");
	case BUS_PEER:
		peer = check_key(at, conf, "peer", conf->peer, "commands a service");
		own = check_key(at, conf, "method", conf->method,
				"calls one of the service's methods");
		return peer < 0 ? peer : own;
	case BUS_TOPIC:
		peer = check_key(at, conf, "peer", conf->peer, "hears a service");
		own = check_key(at, conf, "topic", conf->topic,
				"hears what the service publishes under one name");
		return peer < 0 ? peer : own;
	}
	return 0;
}

static int check_place(const struct conf_at *at, struct device_conf *conf)
{
	const struct driver *d = conf->chip;
	struct conf_at key;

	if (check_keys(at, conf) < 0)
		return -EINVAL;
	if (d->trigger_line && !conf->trigger[0]) {
		key = conf_child(at, "trigger");
		conf_complain(&key, "missing; %s has two lines", d->name);
		return -EINVAL;
	}
	if (d->bus != BUS_I2C)
		return 0;
	key = conf_child(at, "address");
	if (conf->address == 0 && key.node) /* refused, and told */
		return -EINVAL;
	if (conf->address == 0)
		conf->address = d->addrs[0];
	if (conf->xshut[0] || has_addr(d, conf->address))
		return 0;
	return complain_address(at, d, conf->address);
}

/* Where in a device's configuration the settings of @d are. */
static struct conf_at settings_at(const struct conf_at *at, const struct driver *d)
{
	return conf_child(at, d->conf_key ? d->conf_key : d->name);
}

uint32_t device_chans(const struct device_conf *conf)
{
	const struct driver *d = conf->chip;

	if (!d)
		return 0;
	return d->measures ? d->measures(conf->settings) : d->chans;
}

/* What a driver for chips of any kind measures is for the configuration to say. */
static int check_measures(const struct conf_at *at, const struct device_conf *conf)
{
	struct conf_at own;

	if (!conf->chip || !conf->chip->measures || device_chans(conf))
		return 0;
	own = settings_at(at, conf->chip);
	if (!own.node)
		conf_complain(&own, "missing; what it measures, such as "
				    "{ \"channels\": [\"accel\", \"gyro\"] }");
	return -EINVAL;
}

/* Settings of chips that are not in use stay legal, and are checked. */
static int read_settings(const struct conf_at *at, struct device_conf *conf)
{
	_Alignas(max_align_t) uint8_t unused[DRIVER_CONF_MAX];
	int r = 0;

	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct conf_at own = settings_at(at, d);
		void *settings = d == conf->chip ? conf->settings : unused;

		assert(d->conf_size <= DRIVER_CONF_MAX);
		if (d->conf_key && !d->conf_key[0])
			continue;
		if (conf_read(&own, d->conf ? d->conf : no_fields, NULL, settings) < 0)
			r = -EINVAL;
		if (d->conf_read && d->conf_read(&own, settings) < 0)
			r = -EINVAL;
	}
	return check_measures(at, conf) < 0 ? -EINVAL : r;
}

int device_conf_complete(const struct conf_at *at, enum driver_kind kind,
			 struct device_conf *conf)
{
	int found = find_driver(at, kind, conf);
	int place = 0;
	int settings;

	if (found == 0) {
		idle_keys(at, conf);
		place = check_place(at, conf);
	}
	settings = read_settings(at, conf);
	return found < 0 || place < 0 || settings < 0 ? -EINVAL : 0;
}

const char *device_place(const struct device_conf *conf)
{
	switch (conf->chip->bus) {
	case BUS_NONE:
	case BUS_I2C:
		break;
	case BUS_GPIO:
	case BUS_PWM:
		return conf->line;
	case BUS_IIO:
		return conf->device;
	case BUS_PEER:
		return conf->peer;
	case BUS_TOPIC:
		return conf->topic;
	}
	return "";
}

int64_t device_reading_ns(const struct device_conf *conf)
{
	const struct driver *d = conf->chip;
	unsigned frames = d->fifo ? d->fifo->watermark(conf->settings) : 0;

	if (!d->period_ns)
		return 0;
	return d->period_ns(conf->settings) * (frames ? frames : 1);
}
