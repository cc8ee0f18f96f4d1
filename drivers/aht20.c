/*
 * Aosong AHT20 (and AHT21, DHT20): humidity and temperature, on I2C.
 *
 * Commands as in the data sheet "AHT20 Product manuals" (sections 5.3, 5.4, 6.1 and 6.2). Each measurement is asked
 * for, and the chip rests in between. There is no identity register; what was measured comes with a checksum.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	CMD_STATUS = 0x71,
	CMD_INITIALIZE = 0xbe, /* then 0x08, 0x00 */
	CMD_MEASURE = 0xac,    /* then 0x33, 0x00 */
	CMD_SOFT_RESET = 0xba,
};

enum {
	STATUS_BUSY = 0x80,
	STATUS_CALIBRATED = 0x08,
	DATA_LEN = 7, /* status, two numbers of 20 bits, checksum */
};

#define RESET_NS (20 * NS_PER_MS)
#define INITIALIZE_NS (10 * NS_PER_MS)
#define MEASURE_NS (80 * NS_PER_MS)
#define FULL_SCALE 1048576.0 /* 2^20 */

struct aht20_conf {
	double rate_hz;
};

static const struct conf_field aht20_fields[] = {
	CONF_REAL(aht20_conf, rate_hz, 0.5, 0.1, 5, "Hz",
		  "Measurements per second; more than 0.5 warm the chip."),
	CONF_END,
};

/* All ones are a data line that is stuck high. */
static int aht20_probe(struct dev_io *io, const void *conf)
{
	uint8_t status;
	int r = i2c_read_reg(&io->i2c, CMD_STATUS, &status);

	(void)conf;
	if (r < 0 || (status & STATUS_CALIBRATED && status != 0xff))
		return r;
	return ident_refuse(&io->i2c,
			    "an AHT20's status has bit 3, as it was calibrated; this is "
			    "0x%02x",
			    status);
}

static int aht20_setup(struct dev_io *io, const void *conf)
{
	static const uint8_t how[] = {0x08, 0x00};
	uint8_t cmd = CMD_SOFT_RESET;
	const struct i2c_msg_part part = {.buf = &cmd, .len = 1};
	uint8_t status = 0;
	int r = i2c_transfer(&io->i2c, &part, 1);

	(void)conf;
	if (r == 0)
		r = task_sleep(RESET_NS);
	if (r == 0)
		r = i2c_read_reg(&io->i2c, CMD_STATUS, &status);
	if (r < 0 || status & STATUS_CALIBRATED)
		return r;
	r = i2c_write_regs(&io->i2c, CMD_INITIALIZE, how, sizeof(how));
	return r < 0 ? r : task_sleep(INITIALIZE_NS);
}

static int64_t aht20_period_ns(const void *conf)
{
	const struct aht20_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int aht20_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	static const uint8_t how[] = {0x33, 0x00};

	(void)conf;
	*ret_delay_ns = MEASURE_NS;
	return i2c_write_regs(&io->i2c, CMD_MEASURE, how, sizeof(how));
}

static int aht20_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct i2c_msg_part part = {.buf = raw, .len = DATA_LEN, .read = 1};
	int r = i2c_transfer(&io->i2c, &part, 1);

	(void)conf;
	if (r < 0)
		return r;
	return raw[0] & STATUS_BUSY ? 0 : DATA_LEN;
}

static int aht20_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			size_t len, int64_t t_ns, struct sample *ret)
{
	unsigned humidity;
	unsigned temp;

	(void)conf;
	(void)trim;
	if (len != DATA_LEN || raw[0] & STATUS_BUSY ||
	    bytes_crc8(raw, DATA_LEN - 1) != raw[DATA_LEN - 1])
		return -EBADMSG;
	humidity = (unsigned)raw[1] << 12 | (unsigned)raw[2] << 4 | raw[3] >> 4;
	temp = (raw[3] & 0x0fU) << 16 | (unsigned)raw[4] << 8 | raw[5];
	ret[0] = (struct sample){.t_ns = t_ns,
				 .chan = CHAN_TEMP,
				 .v = {(float)(temp / FULL_SCALE * 200 - 50)}};
	ret[1] = (struct sample){.t_ns = t_ns,
				 .chan = CHAN_HUMIDITY,
				 .v = {(float)(humidity / FULL_SCALE)}};
	return 2;
}

const struct driver driver_aht20 = {
	.name = "aht20",
	.summary = "Aosong AHT20 humidity and temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x38},
	.chans = CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_HUMIDITY),
	.conf = aht20_fields,
	.conf_size = sizeof(struct aht20_conf),
	.raw_max = DATA_LEN,
	.probe = aht20_probe,
	.setup = aht20_setup,
	.period_ns = aht20_period_ns,
	.trigger = aht20_trigger,
	.read = aht20_read,
	.decode = aht20_decode,
};
