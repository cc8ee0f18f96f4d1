/*
 * HC-SR04 ultrasonic distance sensor, on two GPIO lines: a pulse on `trigger` starts a measurement, and a
 * pulse on `line` lasts as long as the sound was under way.
 *
 * Times as in the maker's user guide (ElecFreaks, "Ultrasonic Ranging Module HC-SR04"). The kernel's time
 * stamps of the edges count, so a late loop measures as a quick one would. The echo pin has 5 V: most boards
 * need a voltage divider.
 */
#include <errno.h>
#include <math.h>

#include "drivers/driver.h"

#define PULSE_NS (20 * NS_PER_US) /* 10 us at least */
#define CYCLE_NS (60 * NS_PER_MS) /* after which no echo of the last pulse is left */
#define ECHO_MAX_NS                                                                      \
	(25 * NS_PER_MS) /* 4 m: what is longer is no echo, but that there was none */

/* Speed of sound by the temperature of the air. */
#define SOUND_M_S 331.3
#define SOUND_M_S_PER_C 0.606

enum { DATA_LEN = 4 }; /* the width of the pulse, ns, low byte first */

struct hcsr04_conf {
	double rate_hz;
	double air_degc;
};

static const struct conf_field hcsr04_fields[] = {
	CONF_REAL(hcsr04_conf, rate_hz, 10, 0.1, 16, "Hz", "Measurements per second."),
	CONF_REAL(hcsr04_conf, air_degc, 20, -20, 60, "degC",
		  "Temperature of the air, for the speed of sound."),
	CONF_END,
};

static void hcsr04_line(const void *conf, struct gpio_request *req)
{
	(void)conf;
	req->edge = GPIO_EDGE_BOTH;
}

static void hcsr04_trigger_line(const void *conf, struct gpio_request *req)
{
	(void)conf;
	req->output = true;
}

static int64_t hcsr04_period_ns(const void *conf)
{
	const struct hcsr04_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

/* The next edge to @level of those since @start_ns: when it was. Suspends. */
static int wait_level(struct dev_io *io, bool level, int64_t start_ns, int64_t *ret_ns)
{
	struct gpio_event e;
	int r;

	do {
		r = gpio_wait_until(io->line, start_ns + CYCLE_NS, &e);
		if (r < 0)
			return r;
	} while (e.level != level || e.t_ns < start_ns);
	*ret_ns = e.t_ns;
	return 0;
}

static int pulse(struct dev_io *io)
{
	int r = gpio_set(io->trigger, true);
	int slept = r < 0 ? r : task_sleep(PULSE_NS);

	/* Also when cancelled, so that it is low when the line is closed. */
	r = gpio_set(io->trigger, false);
	return slept < 0 ? slept : r;
}

static int hcsr04_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int64_t start_ns = rt_now();
	int64_t rise_ns = 0;
	int64_t fall_ns = 0;
	int r = pulse(io);

	(void)conf;
	if (r == 0)
		r = wait_level(io, true, start_ns, &rise_ns);
	if (r == -ETIMEDOUT)
		return error_set(r, "the echo line %s does not rise", io->line->name);
	if (r == 0)
		r = wait_level(io, false, rise_ns, &fall_ns);
	if (r == -ETIMEDOUT)
		return error_set(r, "the echo line %s does not fall", io->line->name);
	if (r < 0)
		return r;
	for (int i = 0; i < DATA_LEN; i++)
		raw[i] = (uint8_t)((fall_ns - rise_ns) >> 8 * i);
	return DATA_LEN;
}

static int hcsr04_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			 size_t len, int64_t t_ns, struct sample *ret)
{
	const struct hcsr04_conf *c = conf;
	uint32_t width_ns = 0;
	double metres = (double)NAN;

	(void)trim;
	if (len != DATA_LEN)
		return -EBADMSG;
	for (int i = 0; i < DATA_LEN; i++)
		width_ns |= (uint32_t)raw[i] << 8 * i;
	if (width_ns == 0 || width_ns > CYCLE_NS)
		return -EBADMSG;
	if (width_ns < ECHO_MAX_NS)
		metres =
			width_ns * 1e-9 * (SOUND_M_S + SOUND_M_S_PER_C * c->air_degc) / 2;
	*ret = (struct sample){.t_ns = t_ns, .chan = CHAN_DISTANCE, .v = {(float)metres}};
	return 1;
}

const struct driver driver_hcsr04 = {
	.name = "hcsr04",
	.summary = "HC-SR04 ultrasonic distance, two GPIO lines",
	.bus = BUS_GPIO,
	.chans = CHAN_BIT(CHAN_DISTANCE),
	.conf = hcsr04_fields,
	.conf_size = sizeof(struct hcsr04_conf),
	.raw_max = DATA_LEN,
	.line = hcsr04_line,
	.trigger_line = hcsr04_trigger_line,
	.period_ns = hcsr04_period_ns,
	.read = hcsr04_read,
	.decode = hcsr04_decode,
};
