/* A light, or anything else that is on or off, on a GPIO line. */
#include <errno.h>
#include <math.h>

#include "drivers/driver.h"

struct gpio_led_conf {
	bool active_low;
};

static const struct conf_field gpio_led_fields[] = {
	CONF_BOOL(gpio_led_conf, active_low, false, "On is low."),
	CONF_END,
};

static void gpio_led_line(const void *conf, struct gpio_request *req)
{
	const struct gpio_led_conf *c = conf;

	req->output = true;
	req->active_low = c->active_low;
}

/* A plain line has no levels in between: half is on. */
static int gpio_led_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	(void)conf;
	if (c->channel > 0 || c->value < 0 || c->value > 1)
		return -ERANGE;
	ret_raw[0] = c->value >= 0.5f; /* NaN is off */
	return 1;
}

static int gpio_led_write(struct dev_io *io, const void *conf, const uint8_t *raw,
			  size_t len)
{
	(void)conf;
	(void)len;
	return gpio_set(io->line, raw[0]);
}

static int gpio_led_safe(const void *conf, uint8_t *ret_raw)
{
	(void)conf;
	ret_raw[0] = 0;
	return 1;
}

const struct driver driver_gpio_led = {
	.name = "gpio_led",
	.summary = "light or switch on a GPIO line",
	.bus = BUS_GPIO,
	.conf = gpio_led_fields,
	.conf_size = sizeof(struct gpio_led_conf),
	.raw_max = 1,
	.line = gpio_led_line,
	.command_unit = "",
	.channels = 1,
	.encode = gpio_led_encode,
	.write = gpio_led_write,
	.safe = gpio_led_safe,
};
