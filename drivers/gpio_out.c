/* Anything that a GPIO line switches: a relay, a fan, the enable input of a motor driver. */
#include <errno.h>
#include <math.h>

#include "drivers/driver.h"

struct gpio_out_conf {
	bool active_low;
	bool limp_on;
};

static const struct conf_field gpio_out_fields[] = {
	CONF_BOOL(gpio_out_conf, active_low, false, "On is low."),
	CONF_BOOL(gpio_out_conf, limp_on, false,
		  "On while nobody drives it, and in the safe state: such as a brake."),
	CONF_END,
};

/* The level at the start is the safe one. */
static void gpio_out_line(const void *conf, struct gpio_request *req)
{
	const struct gpio_out_conf *c = conf;

	req->output = true;
	req->active_low = c->active_low;
	req->level = c->limp_on;
}

static int gpio_out_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	const struct gpio_out_conf *own = conf;

	if (c->channel > 0 || c->value < 0 || c->value > 1)
		return -ERANGE;
	ret_raw[0] = isnan(c->value) ? own->limp_on : c->value >= 0.5f;
	return 1;
}

static int gpio_out_write(struct dev_io *io, const void *conf, const uint8_t *raw,
			  size_t len)
{
	(void)conf;
	(void)len;
	return gpio_set(io->line, raw[0]);
}

static int gpio_out_safe(const void *conf, uint8_t *ret_raw)
{
	const struct gpio_out_conf *c = conf;

	ret_raw[0] = c->limp_on;
	return 1;
}

const struct driver driver_gpio_out = {
	.name = "gpio_out",
	.summary = "relay, fan or enable input on a GPIO line",
	.bus = BUS_GPIO,
	.conf = gpio_out_fields,
	.conf_size = sizeof(struct gpio_out_conf),
	.raw_max = 1,
	.line = gpio_out_line,
	.command_unit = "",
	.channels = 1,
	.encode = gpio_out_encode,
	.write = gpio_out_write,
	.safe = gpio_out_safe,
};
