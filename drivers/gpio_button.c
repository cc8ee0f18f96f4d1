/* A button, a touch pad or any other switch on a GPIO line. */
#include <errno.h>

#include "drivers/driver.h"

struct gpio_button_conf {
	bool active_low;
	int bias;
};

/* In the order of enum gpio_bias. */
static const char *const biases[] = {"as_is", "pull_up", "pull_down", "off", NULL};

static const struct conf_field gpio_button_fields[] = {
	CONF_BOOL(gpio_button_conf, active_low, false,
		  "Pressed is low: a switch to ground."),
	CONF_ENUM(gpio_button_conf, bias, GPIO_BIAS_AS_IS, biases,
		  "The line's own resistor."),
	CONF_END,
};

static void gpio_button_line(const void *conf, struct gpio_request *req)
{
	const struct gpio_button_conf *c = conf;

	req->edge = GPIO_EDGE_BOTH;
	req->active_low = c->active_low;
	req->bias = (enum gpio_bias)c->bias;
}

static int gpio_button_edge(const void *conf, const struct gpio_event *e, uint8_t *raw)
{
	(void)conf;
	raw[0] = e->level;
	return 1;
}

static int gpio_button_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			      size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	if (len != 1 || raw[0] > 1)
		return -EBADMSG;
	*ret = (struct sample){.t_ns = t_ns, .chan = CHAN_PRESSED, .v = {raw[0]}};
	return 1;
}

const struct driver driver_gpio_button = {
	.name = "gpio_button",
	.summary = "button or touch pad on a GPIO line",
	.bus = BUS_GPIO,
	.chans = CHAN_BIT(CHAN_PRESSED),
	.conf = gpio_button_fields,
	.conf_size = sizeof(struct gpio_button_conf),
	.raw_max = 1,
	.line = gpio_button_line,
	.edge = gpio_button_edge,
	.decode = gpio_button_decode,
};
