/*
 * TI TMP102 temperature sensor, on I2C; and the older LM75 (NXP LM75B, TI LM75A and others).
 *
 * Registers as in the data sheets TMP102, SBOS397 rev. F (sections 7.3 and 7.5), and LM75B, rev. 6.1
 * (section 7.4). Neither has an identity register: they are known by bits that are always the same.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_TEMPERATURE = 0x00,
	REG_CONFIGURATION = 0x01,
	REG_T_LOW = 0x02,  /* THYST of an LM75 */
	REG_T_HIGH = 0x03, /* TOS */
};

/* Of the TMP102's configuration: */
enum {
	RESOLUTION_12_BIT = 0x6000, /* read only */
	SD = 0x0100,                /* shut down */
	ALERT_DEFAULT = 0x0020,     /* not active: AL reads 1 as POL is 0 */
	UNUSED_CONFIGURATION = 0x000f,
	UNUSED_12_BIT = 0x000f, /* of a temperature */
};

enum {
	LM75_UNUSED_CONFIGURATION = 0xe0,
	LM75_SHUTDOWN = 0x01,        /* of the configuration: table 8 */
	LM75_UNUSED_11_BIT = 0x001f, /* of a temperature */
	LM75_UNUSED_9_BIT = 0x007f,  /* of a limit */
	DATA_LEN = 2,
};

#define CONVERSION_NS (35 * NS_PER_MS)       /* TMP102: section 6.5 */
#define LM75_CONVERSION_NS (300 * NS_PER_MS) /* the slowest of the makers' */

struct tmp102_conf {
	int rate;
};

/* CR1 and CR0: table 8. */
static const char *const rates[] = {"0.25Hz", "1Hz", "4Hz", "8Hz", NULL};
static const int64_t periods_ns[] = {4 * NS_PER_S, NS_PER_S, 250 * NS_PER_MS,
				     125 * NS_PER_MS};

static const struct conf_field tmp102_fields[] = {
	CONF_ENUM(tmp102_conf, rate, 2, rates, "How often the chip measures."),
	CONF_END,
};

struct lm75_conf {
	double rate_hz;
};

static const struct conf_field lm75_fields[] = {
	CONF_REAL(lm75_conf, rate_hz, 1, 0.1, 10, "Hz", "How often to read."),
	CONF_END,
};

static int tmp102_probe(struct dev_io *io, const void *conf)
{
	uint16_t config;
	int r = i2c_read_reg16(&io->i2c, REG_CONFIGURATION, &config);

	(void)conf;
	if (r < 0)
		return r;
	if ((config & RESOLUTION_12_BIT) == RESOLUTION_12_BIT &&
	    !(config & UNUSED_CONFIGURATION))
		return 0;
	return ident_refuse(&io->i2c, "no TMP102 has the configuration 0x%04x", config);
}

static uint16_t configuration(const struct tmp102_conf *c)
{
	return (uint16_t)(RESOLUTION_12_BIT | c->rate << 6 | ALERT_DEFAULT);
}

static int tmp102_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg16(&io->i2c, REG_CONFIGURATION, configuration(conf));

	return r < 0 ? r : task_sleep(CONVERSION_NS);
}

/* The alert bit shows the temperature, not a setting. */
static int tmp102_verify(struct dev_io *io, const void *conf)
{
	uint16_t want = configuration(conf);
	uint16_t got;
	int r = i2c_read_reg16(&io->i2c, REG_CONFIGURATION, &got);

	if (r < 0 || ((got ^ want) & ~(unsigned)ALERT_DEFAULT) == 0)
		return r;
	return error_set(
		-ESTALE,
		"0x%02x has lost its settings (configuration 0x%04x, was 0x%04x)",
		io->i2c.addr, got, want);
}

static int tmp102_sleep(struct dev_io *io, const void *conf)
{
	return i2c_write_reg16(&io->i2c, REG_CONFIGURATION, configuration(conf) | SD);
}

static int64_t tmp102_period_ns(const void *conf)
{
	const struct tmp102_conf *c = conf;

	return periods_ns[c->rate];
}

static int tmp102_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_TEMPERATURE, raw, DATA_LEN);

	(void)conf;
	return r < 0 ? r : DATA_LEN;
}

/* A temperature, left-justified: its high byte is in degC. @unused bits are always 0. */
static int decode(const uint8_t *raw, size_t len, unsigned unused, int64_t t_ns,
		  struct sample *ret)
{
	if (len != DATA_LEN || (raw[1] & unused))
		return -EBADMSG;
	*ret = (struct sample){
		.t_ns = t_ns, .chan = CHAN_TEMP, .v = {(float)bytes_s16be(raw) / 256}};
	return 1;
}

static int tmp102_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			 size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	return decode(raw, len, UNUSED_12_BIT, t_ns, ret);
}

static int lm75_probe(struct dev_io *io, const void *conf)
{
	uint8_t config;
	uint16_t hyst = 0;
	uint16_t os = 0;
	int r = i2c_read_reg(&io->i2c, REG_CONFIGURATION, &config);

	(void)conf;
	if (r == 0)
		r = i2c_read_reg16(&io->i2c, REG_T_LOW, &hyst);
	if (r == 0)
		r = i2c_read_reg16(&io->i2c, REG_T_HIGH, &os);
	if (r < 0)
		return r;
	if (!(config & LM75_UNUSED_CONFIGURATION) && !((hyst | os) & LM75_UNUSED_9_BIT) &&
	    hyst != os)
		return 0;
	return ident_refuse(&io->i2c,
			    "no LM75 has the configuration 0x%02x and limits 0x%04x, "
			    "0x%04x",
			    config, hyst, os);
}

static int lm75_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg(&io->i2c, REG_CONFIGURATION, 0);

	(void)conf;
	return r < 0 ? r : task_sleep(LM75_CONVERSION_NS);
}

/* As after power-on; but somebody may have shut it down. */
static int lm75_verify(struct dev_io *io, const void *conf)
{
	static const uint8_t configuration = 0;

	(void)conf;
	return ident_kept(&io->i2c, REG_CONFIGURATION, &configuration, 1);
}

static int lm75_sleep(struct dev_io *io, const void *conf)
{
	(void)conf;
	return i2c_write_reg(&io->i2c, REG_CONFIGURATION, LM75_SHUTDOWN);
}

static int64_t lm75_period_ns(const void *conf)
{
	const struct lm75_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int lm75_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
		       size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	return decode(raw, len, LM75_UNUSED_11_BIT, t_ns, ret);
}

const struct driver driver_tmp102 = {
	.name = "tmp102",
	.summary = "TI TMP102 temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x48, 0x49, 0x4a, 0x4b},
	.chans = CHAN_BIT(CHAN_TEMP),
	.conf = tmp102_fields,
	.conf_size = sizeof(struct tmp102_conf),
	.raw_max = DATA_LEN,
	.probe = tmp102_probe,
	.setup = tmp102_setup,
	.verify = tmp102_verify,
	.sleep = tmp102_sleep,
	.period_ns = tmp102_period_ns,
	.read = tmp102_read,
	.decode = tmp102_decode,
};

const struct driver driver_lm75 = {
	.name = "lm75",
	.summary = "LM75 temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x48},
	.addr_last = 0x4f,
	.chans = CHAN_BIT(CHAN_TEMP),
	.conf = lm75_fields,
	.conf_size = sizeof(struct lm75_conf),
	.raw_max = DATA_LEN,
	.probe = lm75_probe,
	.setup = lm75_setup,
	.verify = lm75_verify,
	.sleep = lm75_sleep,
	.period_ns = lm75_period_ns,
	.read = tmp102_read,
	.decode = lm75_decode,
};
