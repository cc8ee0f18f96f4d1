/*
 * A sensor that the kernel drives, through IIO (hal/iio.h): any chip, for the kernel knows it.
 *
 * What such a device measures is found out when it is opened; which values there will be has to be known
 * before. So the configuration says which channels are wanted, and the device is refused, with what it does
 * offer, if it lacks one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/chan_list.h"
#include "drivers/driver.h"

_Static_assert(sizeof(struct iio_layout) <= DRIVER_TRIM_MAX, "the layout is the trim");
_Static_assert(IIO_RAW_MAX <= DRIVER_RAW_MAX, "a scan is a reading");
_Static_assert(IIO_CHANS_MAX <= DRIVER_SAMPLES, "a scan is decoded at once");

#define IIO_CHANS                                                                        \
	(CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_MAG) |               \
	 CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_PRESSURE) | CHAN_BIT(CHAN_HUMIDITY) |       \
	 CHAN_BIT(CHAN_DISTANCE) | CHAN_BIT(CHAN_VOLTAGE) | CHAN_BIT(CHAN_CURRENT) |     \
	 CHAN_BIT(CHAN_POWER) | CHAN_BIT(CHAN_ILLUMINANCE))

struct iio_conf {
	double rate_hz;
	bool buffer;
	char trigger[32];
	uint32_t chans;
	uint32_t n_picks;
	struct iio_pick picks[IIO_PICKS_MAX];
};

static const struct conf_field iio_fields[] = {
	CONF_LIST(
		"channels", NULL,
		"What is read of it: [\"accel\", \"gyro\"]. Where the kernel has several "
		"of a kind, with its name: { \"voltage\": \"voltage1\" }."),
	CONF_REAL(iio_conf, rate_hz, 10, 0.01, 10000, "Hz",
		  "Measurements per second; a device that offers certain ones takes the "
		  "next higher."),
	CONF_BOOL(iio_conf, buffer, false,
		  "Read the kernel's buffer, with the times at which it was filled; else "
		  "attributes, on a schedule."),
	CONF_STRING(iio_conf, trigger, "",
		    "The trigger that fills the buffer; without it the device's own."),
	CONF_END,
};

/* { "voltage": "voltage1" }: the channel, with the kernel's name of it at @at. */
static int read_pick(const struct conf_at *at, int chan, struct iio_conf *c)
{
	struct iio_pick *pick = &c->picks[c->n_picks];
	const char *name = conf_text(at);

	if (!name)
		return -EINVAL;
	if (chan_info[chan].width > 1) {
		conf_complain(at, "of %s there is one; only its name is wanted",
			      chan_info[chan].name);
		return -EINVAL;
	}
	/* It becomes a part of file names. */
	if (name[0] == '\0' || strlen(name) >= sizeof(pick->name) ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] != '\0' ||
	    c->n_picks == IIO_PICKS_MAX) {
		conf_complain(at, "no name of a channel of the kernel, such as "
				  "\"voltage1\" of in_voltage1_raw");
		return -EINVAL;
	}
	pick->chan = (uint8_t)chan;
	(void)snprintf(pick->name, sizeof(pick->name), "%s", name);
	c->n_picks++;
	return 0;
}

static int read_channel(const struct conf_at *item, struct iio_conf *c)
{
	struct conf_at pick;
	int chan = chan_list_item(item, IIO_CHANS,
				  "the kernel's name of it, such as "
				  "{ \"voltage\": \"voltage1\" }",
				  &c->chans, &pick);

	if (chan < 0)
		return chan;
	return pick.node ? read_pick(&pick, chan, c) : 0;
}

/* A device's numbers have to fit one reading. */
static int check_size(const struct conf_at *list, const struct iio_conf *c)
{
	int chans = 0;
	int numbers = 0;

	for (int i = 0; i < CHAN_COUNT; i++) {
		if (!(c->chans & CHAN_BIT(i)))
			continue;
		chans++;
		numbers += chan_info[i].width;
	}
	if (chans <= IIO_CHANS_MAX && numbers <= IIO_ELEMENTS_MAX)
		return 0;
	conf_complain(list, "too many; at most %d channels with %d numbers",
		      IIO_CHANS_MAX, IIO_ELEMENTS_MAX);
	return -EINVAL;
}

static int iio_conf_read(const struct conf_at *at, void *conf)
{
	struct conf_at list = conf_child(at, "channels");
	struct iio_conf *c = conf;
	int r = 0;

	c->chans = c->n_picks = 0;
	memset(c->picks, 0, sizeof(c->picks)); /* plans compare settings byte by byte */
	if (!at->node)
		return 0;
	for (struct conf_at it = conf_first(&list); it.node; it = conf_next(&it))
		if (read_channel(&it, c) < 0)
			r = -EINVAL;
	if (r == 0 && c->chans == 0) {
		conf_complain(&list, "missing; what is read, such as "
				     "[\"accel\", \"gyro\"]");
		r = -EINVAL;
	}
	return r < 0 ? r : check_size(&list, c);
}

static uint32_t iio_measures(const void *conf)
{
	return ((const struct iio_conf *)conf)->chans;
}

static void iio_request(const void *conf, struct iio_request *req)
{
	const struct iio_conf *c = conf;

	req->chans = c->chans;
	req->rate_hz = c->rate_hz;
	req->buffered = c->buffer;
	req->trigger = c->trigger;
	req->picks = c->picks;
	req->n_picks = c->n_picks;
}

static int64_t iio_period_ns(const void *conf)
{
	return (int64_t)((double)NS_PER_S / ((const struct iio_conf *)conf)->rate_hz);
}

static int iio_trim(struct dev_io *io, uint8_t *ret_trim)
{
	memcpy(ret_trim, &io->iio->layout, sizeof(io->iio->layout));
	return 0;
}

static int iio_wait_scan(struct dev_io *io, const void *conf, int64_t until_ns,
			 int64_t *ret_t_ns)
{
	const struct iio_conf *c = conf;

	return c->buffer ? iio_wait(io->iio, until_ns, ret_t_ns) : -EAGAIN;
}

static int iio_read_raw(struct dev_io *io, const void *conf, uint8_t *raw)
{
	(void)conf;
	return iio_read(io->iio, raw);
}

static int iio_decode_raw(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	struct iio_layout layout;

	(void)conf;
	memcpy(&layout, trim, sizeof(layout)); /* trim is not aligned for it */
	return iio_decode(&layout, raw, len, t_ns, ret);
}

const struct driver driver_iio = {
	.name = "iio",
	.summary = "any sensor that the kernel drives (IIO)",
	.bus = BUS_IIO,
	.chans = IIO_CHANS,
	.measures = iio_measures,
	.conf = iio_fields,
	.conf_size = sizeof(struct iio_conf),
	.conf_read = iio_conf_read,
	.trim_max = sizeof(struct iio_layout),
	.raw_max = IIO_RAW_MAX,
	.iio = iio_request,
	.trim = iio_trim,
	.period_ns = iio_period_ns,
	.wait = iio_wait_scan,
	.read = iio_read_raw,
	.decode = iio_decode_raw,
};
