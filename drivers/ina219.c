/*
 * TI INA219: voltage, current and power of a supply, on I2C.
 *
 * Registers as in the data sheet SBOS448 rev. G (section 8.6). Current and power are computed here from the
 * voltage across the shunt, which is exactly what the chip does (section 8.5.1); so a chip that was without
 * power for a moment, and lost its calibration, never reports a current of 0.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_CONFIGURATION = 0x00,
	REG_SHUNT_VOLTAGE = 0x01,
	REG_BUS_VOLTAGE = 0x02,
};

/* Of the configuration: table 3 to table 6. */
enum {
	NEVER_SET = 0xc000, /* RST, which clears itself, and a bit that is not used */
	MODE = 0x0007,
	MODE_SHUNT_AND_BUS_CONTINUOUS = 0x0007,
	MODE_POWER_DOWN = 0x0000,
	RST = 0x8000,
	AFTER_RESET = 0x399f,
	BRNG_32V = 0x2000,
	PG_SHIFT = 11,
	BADC_SHIFT = 7,
	SADC_SHIFT = 3,
	ADC_AVERAGE = 8, /* and the power of two of the samples to be averaged */
	ADC = 15,        /* either of them */
};

enum {
	BUS_VOLTAGE_UNUSED = 0x0004,
	BUS_VOLTAGE_SHIFT = 3,
	DATA_LEN = 4, /* shunt voltage and bus voltage */
};

#define SHUNT_LSB_V 10e-6
#define BUS_LSB_V 4e-3
#define SAMPLE_NS (586 * NS_PER_US) /* the longest, of either voltage: section 7.5 */

struct ina219_conf {
	double rate_hz;
	double shunt_ohm;
	int gain;
	int average;
};

/* PG, and the greatest voltage across the shunt. */
static const char *const gains[] = {"40mV", "80mV", "160mV", "320mV", NULL};
static const char *const averages[] = {"1", "2", "4", "8", "16", "32", "64", "128", NULL};

static const struct conf_field ina219_fields[] = {
	CONF_REAL(ina219_conf, rate_hz, 10, 0.1, 100, "Hz", "How often to read."),
	CONF_REAL(ina219_conf, shunt_ohm, 0.1, 1e-4, 100, "Ohm",
		  "The resistor that the current is measured at."),
	CONF_ENUM(ina219_conf, gain, 3, gains,
		  "The greatest voltage across that resistor."),
	CONF_ENUM(ina219_conf, average, 4, averages,
		  "Samples that each measurement is the mean of."),
	CONF_END,
};

/* As ina219_sleep() leaves it, with any gain and average. Power-down alone says nothing: a 0 is in many chips. */
static bool sleeps(uint16_t config)
{
	unsigned bus_adc = config >> BADC_SHIFT & ADC;
	unsigned shunt_adc = config >> SADC_SHIFT & ADC;

	return (config & MODE) == MODE_POWER_DOWN && config & BRNG_32V &&
	       bus_adc >= ADC_AVERAGE && bus_adc == shunt_adc;
}

/* Other programs leave it in any of its eight modes; with all else as after a reset it is known nevertheless. */
static bool is_untouched_but_for_mode(uint16_t config)
{
	return (config | MODE) == AFTER_RESET;
}

static int ina219_probe(struct dev_io *io, const void *conf)
{
	uint16_t config;
	int r = i2c_read_reg16(&io->i2c, REG_CONFIGURATION, &config);

	(void)conf;
	if (r < 0)
		return r;
	if (!(config & NEVER_SET) &&
	    ((config & MODE) == MODE_SHUNT_AND_BUS_CONTINUOUS || sleeps(config) ||
	     is_untouched_but_for_mode(config)))
		return 0;
	return ident_refuse(&io->i2c, "no INA219 has the configuration 0x%04x", config);
}

static uint16_t configuration(const struct ina219_conf *c)
{
	int adc = ADC_AVERAGE + c->average;

	return (uint16_t)(BRNG_32V | c->gain << PG_SHIFT | adc << BADC_SHIFT |
			  adc << SADC_SHIFT | MODE_SHUNT_AND_BUS_CONTINUOUS);
}

/* Until there is a measurement with these settings. */
static int64_t first_ns(const struct ina219_conf *c)
{
	return 2 * SAMPLE_NS << c->average;
}

static int ina219_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg16(&io->i2c, REG_CONFIGURATION, RST);

	if (r == 0)
		r = i2c_write_reg16(&io->i2c, REG_CONFIGURATION, configuration(conf));
	return r < 0 ? r : task_sleep(first_ns(conf));
}

static int ina219_verify(struct dev_io *io, const void *conf)
{
	uint16_t want = configuration(conf);
	const uint8_t bytes[] = {(uint8_t)(want >> 8), (uint8_t)want};

	return ident_kept(&io->i2c, REG_CONFIGURATION, bytes, sizeof(bytes));
}

/* Table 6; waking up takes 40 us (section 8.3.1), far less than the set-up waits. */
static int ina219_sleep(struct dev_io *io, const void *conf)
{
	uint16_t down =
		(uint16_t)((configuration(conf) & ~(unsigned)MODE) | MODE_POWER_DOWN);

	return i2c_write_reg16(&io->i2c, REG_CONFIGURATION, down);
}

static int64_t ina219_period_ns(const void *conf)
{
	const struct ina219_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int ina219_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_SHUNT_VOLTAGE, raw, 2);

	(void)conf;
	if (r == 0)
		r = i2c_read_regs(&io->i2c, REG_BUS_VOLTAGE, raw + 2, 2);
	return r < 0 ? r : DATA_LEN;
}

static int ina219_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			 size_t len, int64_t t_ns, struct sample *ret)
{
	const struct ina219_conf *c = conf;
	double shunt_v;
	double volt;
	double ampere;
	int bus;

	(void)trim;
	if (len != DATA_LEN)
		return -EBADMSG;
	bus = bytes_u16be(raw + 2);
	if (bus & BUS_VOLTAGE_UNUSED) /* a data line that is stuck high */
		return -EBADMSG;
	shunt_v = bytes_s16be(raw) * SHUNT_LSB_V;
	volt = (bus >> BUS_VOLTAGE_SHIFT) * BUS_LSB_V;
	ampere = shunt_v / c->shunt_ohm;
	ret[0] = (struct sample){.chan = CHAN_VOLTAGE, .v = {(float)volt}};
	ret[1] = (struct sample){.chan = CHAN_CURRENT, .v = {(float)ampere}};
	ret[2] = (struct sample){.chan = CHAN_POWER, .v = {(float)(volt * ampere)}};
	for (int i = 0; i < 3; i++)
		ret[i].t_ns = t_ns;
	return 3;
}

const struct driver driver_ina219 = {
	.name = "ina219",
	.summary = "TI INA219 voltage, current and power, I2C",
	.bus = BUS_I2C,
	.addrs = {0x40},
	.addr_last = 0x4f,
	.chans = CHAN_BIT(CHAN_VOLTAGE) | CHAN_BIT(CHAN_CURRENT) | CHAN_BIT(CHAN_POWER),
	.conf = ina219_fields,
	.conf_size = sizeof(struct ina219_conf),
	.raw_max = DATA_LEN,
	.probe = ina219_probe,
	.setup = ina219_setup,
	.verify = ina219_verify,
	.sleep = ina219_sleep,
	.period_ns = ina219_period_ns,
	.read = ina219_read,
	.decode = ina219_decode,
};
