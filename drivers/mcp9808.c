/*
 * Microchip MCP9808 temperature sensor, on I2C.
 *
 * Registers as in the data sheet DS25095A (sections 5.1 and 5.2). It measures on and on; what it has measured is in T_A,
 * together with three bits that compare it with limits, of which nothing is used here.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_CONFIG = 0x01,
	REG_T_CRIT = 0x04, /* only compared with: what it holds tells of a reset */
	REG_T_A = 0x05,
	REG_MANUFACTURER_ID = 0x06,
	REG_DEVICE_ID = 0x07, /* and the revision in its low byte */
	REG_RESOLUTION = 0x08,
};

enum {
	MICROCHIP = 0x0054,
	DEVICE = 0x04,
	CONFIG_SHDN = 0x0100,
	T_CRIT_125_C = 0x07d0, /* power-on: 0 */
	T_A_FLAGS = 0xe000,    /* above T_CRIT, above T_UPPER, below T_LOWER */
	T_A_SIGN = 0x1000,
	T_MIN = -40, /* degC: section 1 */
	T_MAX = 125,
	DATA_LEN = 2,
};

struct mcp9808_conf {
	int rate;
};

/* By the resolution, 0.0625 degC to 0.5 degC: section 5.2.5, and t_CONV of section 1. */
static const char *const rates[] = {"4Hz", "7Hz", "15Hz", "33Hz", NULL};
static const int64_t periods_ns[] = {250 * NS_PER_MS, 130 * NS_PER_MS, 65 * NS_PER_MS,
				     30 * NS_PER_MS};

static const struct conf_field mcp9808_fields[] = {
	CONF_ENUM(mcp9808_conf, rate, 0, rates,
		  "How often the chip measures; faster is coarser: in steps of 0.0625, "
		  "0.125, 0.25, 0.5 degC."),
	CONF_END,
};

static int mcp9808_probe(struct dev_io *io, const void *conf)
{
	uint16_t maker = 0;
	uint16_t device = 0;
	int r = i2c_read_reg16(&io->i2c, REG_MANUFACTURER_ID, &maker);

	(void)conf;
	if (r == 0)
		r = i2c_read_reg16(&io->i2c, REG_DEVICE_ID, &device);
	if (r < 0 || (maker == MICROCHIP && device >> 8 == DEVICE))
		return r;
	return ident_refuse(&io->i2c,
			    "manufacturer 0x%04x, device 0x%04x; an MCP9808 has 0x0054, "
			    "0x04..",
			    maker, device);
}

/* RESOLUTION has 3 for the finest. */
static uint8_t resolution(const struct mcp9808_conf *c)
{
	return (uint8_t)(3 - c->rate);
}

/* There is no reset: all that is used is written. */
static int mcp9808_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg16(&io->i2c, REG_CONFIG, 0);

	if (r == 0)
		r = i2c_write_reg16(&io->i2c, REG_T_CRIT, T_CRIT_125_C);
	return r < 0 ? r : i2c_write_reg(&io->i2c, REG_RESOLUTION, resolution(conf));
}

static int mcp9808_verify(struct dev_io *io, const void *conf)
{
	const uint8_t config[] = {0, 0};
	const uint8_t crit[] = {T_CRIT_125_C >> 8, T_CRIT_125_C & 0xff};
	const uint8_t want = resolution(conf);
	int r = ident_kept(&io->i2c, REG_CONFIG, config, sizeof(config));

	if (r == 0)
		r = ident_kept(&io->i2c, REG_T_CRIT, crit, sizeof(crit));
	return r < 0 ? r : ident_kept(&io->i2c, REG_RESOLUTION, &want, 1);
}

static int mcp9808_sleep(struct dev_io *io, const void *conf)
{
	(void)conf;
	return i2c_write_reg16(&io->i2c, REG_CONFIG, CONFIG_SHDN);
}

static int64_t mcp9808_period_ns(const void *conf)
{
	const struct mcp9808_conf *c = conf;

	return periods_ns[c->rate];
}

static int mcp9808_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_T_A, raw, DATA_LEN);

	(void)conf;
	return r < 0 ? r : DATA_LEN;
}

static int mcp9808_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	int sixteenths;

	(void)conf;
	(void)trim;
	if (len != DATA_LEN || bytes_all_ones(raw, len))
		return -EBADMSG;
	sixteenths = bytes_u16be(raw) & ~T_A_FLAGS;
	if (sixteenths & T_A_SIGN)
		sixteenths -= 2 * T_A_SIGN;
	if (sixteenths < T_MIN * 16 || sixteenths > T_MAX * 16)
		return -EBADMSG;
	*ret = (struct sample){
		.t_ns = t_ns, .chan = CHAN_TEMP, .v = {(float)sixteenths / 16}};
	return 1;
}

const struct driver driver_mcp9808 = {
	.name = "mcp9808",
	.summary = "Microchip MCP9808 temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x18},
	.addr_last = 0x1f,
	.chans = CHAN_BIT(CHAN_TEMP),
	.conf = mcp9808_fields,
	.conf_size = sizeof(struct mcp9808_conf),
	.raw_max = DATA_LEN,
	.probe = mcp9808_probe,
	.setup = mcp9808_setup,
	.verify = mcp9808_verify,
	.sleep = mcp9808_sleep,
	.period_ns = mcp9808_period_ns,
	.read = mcp9808_read,
	.decode = mcp9808_decode,
};
