/*
 * Sensirion SHT31 (and SHT30, SHT35): humidity and temperature, on I2C.
 *
 * Commands as in the data sheet "SHT3x-DIS", version 7 (sections 4.3, 4.9, 4.11 to 4.13). Each measurement is
 * a single shot of high repeatability. There is no identity register; every word comes with a checksum.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	CMD_SINGLE_SHOT_HIGH = 0x2400,
	CMD_BREAK = 0x3093, /* end periodic measurements */
	CMD_SOFT_RESET = 0x30a2,
	CMD_READ_STATUS = 0xf32d,
};

enum { STATUS_LEN = 3, DATA_LEN = 6 }; /* two bytes and a checksum each */

#define MEASURE_NS (15500 * NS_PER_US) /* the longest: table 4 */
#define BREAK_NS NS_PER_MS
#define RESET_NS (1500 * NS_PER_US)

struct sht31_conf {
	double rate_hz;
};

static const struct conf_field sht31_fields[] = {
	CONF_REAL(sht31_conf, rate_hz, 1, 0.1, 10, "Hz",
		  "Measurements per second; more than 1 warm the chip."),
	CONF_END,
};

/* Do two bytes and their checksum belong together? */
static bool word_is_whole(const uint8_t *b)
{
	return bytes_crc8(b, 2) == b[2];
}

static int command(struct dev_io *io, unsigned cmd)
{
	return i2c_write_reg(&io->i2c, (uint8_t)(cmd >> 8), (uint8_t)cmd);
}

static int sht31_probe(struct dev_io *io, const void *conf)
{
	uint8_t cmd[] = {CMD_READ_STATUS >> 8, CMD_READ_STATUS & 0xff};
	uint8_t b[STATUS_LEN];
	struct i2c_msg_part parts[] = {
		{.buf = cmd, .len = sizeof(cmd)},
		{.buf = b, .len = sizeof(b), .read = 1},
	};
	int r = i2c_transfer(&io->i2c, parts, ARRAY_LEN(parts));

	(void)conf;
	if (r < 0 || word_is_whole(b))
		return r;
	return ident_refuse(
		&io->i2c,
		"an SHT31 ends its status with a checksum, this is 0x%02x%02x%02x", b[0],
		b[1], b[2]);
}

static int sht31_setup(struct dev_io *io, const void *conf)
{
	int r = command(io, CMD_BREAK);

	(void)conf;
	if (r == 0)
		r = task_sleep(BREAK_NS);
	if (r == 0)
		r = command(io, CMD_SOFT_RESET);
	return r < 0 ? r : task_sleep(RESET_NS);
}

static int64_t sht31_period_ns(const void *conf)
{
	const struct sht31_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int sht31_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	(void)conf;
	*ret_delay_ns = MEASURE_NS;
	return command(io, CMD_SINGLE_SHOT_HIGH);
}

static int sht31_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct i2c_msg_part part = {.buf = raw, .len = DATA_LEN, .read = 1};
	int r = i2c_transfer(&io->i2c, &part, 1);

	(void)conf;
	return r < 0 ? r : DATA_LEN;
}

static int sht31_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	if (len != DATA_LEN || !word_is_whole(raw) || !word_is_whole(raw + 3))
		return -EBADMSG;
	ret[0] = (struct sample){.t_ns = t_ns,
				 .chan = CHAN_TEMP,
				 .v = {-45 + 175 * (float)bytes_u16be(raw) / 65535}};
	ret[1] = (struct sample){.t_ns = t_ns,
				 .chan = CHAN_HUMIDITY,
				 .v = {(float)bytes_u16be(raw + 3) / 65535}};
	return 2;
}

const struct driver driver_sht31 = {
	.name = "sht31",
	.summary = "Sensirion SHT31 humidity and temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x44, 0x45},
	.chans = CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_HUMIDITY),
	.conf = sht31_fields,
	.conf_size = sizeof(struct sht31_conf),
	.raw_max = DATA_LEN,
	.probe = sht31_probe,
	.setup = sht31_setup,
	.period_ns = sht31_period_ns,
	.trigger = sht31_trigger,
	.read = sht31_read,
	.decode = sht31_decode,
};
