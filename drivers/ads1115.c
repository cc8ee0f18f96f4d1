/*
 * TI ADS1115: voltages, 16 bits, on I2C. One role reads one of its inputs.
 *
 * Registers as in the data sheet SBAS444 rev. D (section 9.6). Each measurement is a single shot, so that
 * its time is known, and the chip sleeps in between.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_CONVERSION = 0x00,
	REG_CONFIG = 0x01,
	REG_LO_THRESH = 0x02,
	REG_HI_THRESH = 0x03,
};

/* Of the config register: table 8. */
enum {
	OS = 0x8000, /* written: start; read: not measuring */
	MUX_SHIFT = 12,
	PGA_SHIFT = 9,
	MODE_SINGLE_SHOT = 0x0100,
	DR_SHIFT = 5,
	COMP_QUE_OFF = 0x0003,
};

/* Of the limits, which nobody has a use for. */
enum { LO_THRESH_RESET = 0x8000, HI_THRESH_RESET = 0x7fff };

enum { AT_CONFIG = 0, AT_CONVERSION = 2, DATA_LEN = 4 };

struct ads1115_conf {
	double rate_hz;
	int input;
	int range;
	int data_rate;
	double scale;
};

/* MUX, PGA, DR, and what they stand for. */
static const char *const inputs[] = {"ain0-ain1", "ain0-ain3", "ain1-ain3",
				     "ain2-ain3", "ain0",      "ain1",
				     "ain2",      "ain3",      NULL};
static const char *const ranges[] = {"6.144V", "4.096V", "2.048V", "1.024V",
				     "0.512V", "0.256V", NULL};
static const double lsbs_v[] = {187.5e-6, 125e-6,    62.5e-6,
				31.25e-6, 15.625e-6, 7.8125e-6};
static const char *const data_rates[] = {"8Hz",   "16Hz",  "32Hz",  "64Hz", "128Hz",
					 "250Hz", "475Hz", "860Hz", NULL};
static const int data_rates_hz[] = {8, 16, 32, 64, 128, 250, 475, 860};

static const struct conf_field ads1115_fields[] = {
	CONF_REAL(ads1115_conf, rate_hz, 10, 0.1, 250, "Hz", "Measurements per second."),
	CONF_ENUM(ads1115_conf, input, 4, inputs, "Which pin, or which difference."),
	CONF_ENUM(ads1115_conf, range, 1, ranges, "Full scale."),
	CONF_ENUM(ads1115_conf, data_rate, 4, data_rates,
		  "The chip's own rate: the slower, the less noise."),
	CONF_REAL(ads1115_conf, scale, 1, 1e-3, 100, "",
		  "What a voltage divider before the input divides by."),
	CONF_END,
};

static int ads1115_probe(struct dev_io *io, const void *conf)
{
	uint16_t low;
	uint16_t high = 0;
	int r = i2c_read_reg16(&io->i2c, REG_LO_THRESH, &low);

	(void)conf;
	if (r == 0)
		r = i2c_read_reg16(&io->i2c, REG_HI_THRESH, &high);
	if (r < 0)
		return r;
	if (low == LO_THRESH_RESET && high == HI_THRESH_RESET)
		return 0;
	return ident_refuse(&io->i2c,
			    "an ADS1115 has limits 0x8000 and 0x7fff, not 0x%04x, 0x%04x",
			    low, high);
}

static uint16_t config(const struct ads1115_conf *c)
{
	return (uint16_t)(c->input << MUX_SHIFT | c->range << PGA_SHIFT |
			  MODE_SINGLE_SHOT | c->data_rate << DR_SHIFT | COMP_QUE_OFF);
}

static int ads1115_setup(struct dev_io *io, const void *conf)
{
	return i2c_write_reg16(&io->i2c, REG_CONFIG, config(conf));
}

static int64_t ads1115_period_ns(const void *conf)
{
	const struct ads1115_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

/* Its clock may be 10 % slow; waking up takes 25 us (sections 7.5, 9.4.2.1). */
static int ads1115_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	const struct ads1115_conf *c = conf;

	*ret_delay_ns = NS_PER_S * 11 / 10 / data_rates_hz[c->data_rate] + 50 * NS_PER_US;
	return i2c_write_reg16(&io->i2c, REG_CONFIG, OS | config(conf));
}

static int ads1115_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_CONFIG, raw + AT_CONFIG, 2);

	(void)conf;
	if (r == 0)
		r = i2c_read_regs(&io->i2c, REG_CONVERSION, raw + AT_CONVERSION, 2);
	if (r < 0)
		return r;
	return raw[AT_CONFIG] & (OS >> 8) ? DATA_LEN : 0;
}

/* A reading belongs to the settings that stand beside it; others mean that the chip was reset. */
static int ads1115_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	const struct ads1115_conf *c = conf;
	double volt;

	(void)trim;
	if (len != DATA_LEN || bytes_u16be(raw + AT_CONFIG) != (OS | config(c)))
		return -EBADMSG;
	volt = bytes_s16be(raw + AT_CONVERSION) * lsbs_v[c->range] * c->scale;
	*ret = (struct sample){.t_ns = t_ns, .chan = CHAN_VOLTAGE, .v = {(float)volt}};
	return 1;
}

const struct driver driver_ads1115 = {
	.name = "ads1115",
	.summary = "TI ADS1115 voltage, 16 bits, I2C",
	.bus = BUS_I2C,
	.addrs = {0x48, 0x49, 0x4a, 0x4b},
	.chans = CHAN_BIT(CHAN_VOLTAGE),
	.conf = ads1115_fields,
	.conf_size = sizeof(struct ads1115_conf),
	.raw_max = DATA_LEN,
	.probe = ads1115_probe,
	.setup = ads1115_setup,
	.period_ns = ads1115_period_ns,
	.trigger = ads1115_trigger,
	.read = ads1115_read,
	.decode = ads1115_decode,
};
