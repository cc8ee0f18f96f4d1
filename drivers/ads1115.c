/*
 * TI ADS1115: voltages, 16 bits, on I2C: of one input or difference, or of several inputs in turn.
 *
 * Registers as in the data sheet SBAS444 rev. D (section 9.6). Each measurement is a single shot, so that
 * its time is known, and the chip sleeps in between.
 */
#include <errno.h>
#include <string.h>

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

/* Of each conversion. */
enum { AT_CONFIG = 0, AT_CONVERSION = 2, DATA_LEN = 4 };

enum { INPUTS = 4, MUX_SINGLE_ENDED = 4 };

struct ads1115_conf {
	double rate_hz;
	int input;
	int n_inputs; /* 0: `input`, alone */
	uint8_t inputs[INPUTS];
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
	CONF_LIST("inputs", NULL,
		  "Several pins in turn, instead of `input`: [\"ain0\", \"ain1\"] "
		  "become voltage0 and voltage1."),
	CONF_ENUM(ads1115_conf, range, 1, ranges, "Full scale."),
	CONF_ENUM(ads1115_conf, data_rate, 4, data_rates,
		  "The chip's own rate: the slower, the less noise."),
	CONF_REAL(ads1115_conf, scale, 1, 1e-3, 100, "",
		  "What a voltage divider before the input divides by."),
	CONF_END,
};

/* How many conversions make a reading; what MUX is in the one numbered @i; what it measures. */
static int conversions(const struct ads1115_conf *c)
{
	return c->n_inputs ? c->n_inputs : 1;
}

static int mux(const struct ads1115_conf *c, int i)
{
	return c->n_inputs ? MUX_SINGLE_ENDED + c->inputs[i] : c->input;
}

static enum chan chan(const struct ads1115_conf *c, int i)
{
	return c->n_inputs ? CHAN_VOLTAGE_0 + c->inputs[i] : CHAN_VOLTAGE;
}

/* The chip's clock may be 10 % slow; waking up takes 25 us (sections 7.5, 9.4.2.1). */
static int64_t conversion_ns(const struct ads1115_conf *c)
{
	return NS_PER_S * 11 / 10 / data_rates_hz[c->data_rate] + 50 * NS_PER_US;
}

static int read_input(const struct conf_at *at, struct ads1115_conf *c)
{
	const char *const *pins = inputs + MUX_SINGLE_ENDED;
	const char *word = conf_text(at);
	uint8_t pin = 0;

	if (!word)
		return -EINVAL;
	while (pin < INPUTS && strcmp(pins[pin], word) != 0)
		pin++;
	if (pin == INPUTS) {
		conf_complain_unknown(at, "input", word, pins, INPUTS);
		return -EINVAL;
	}
	for (int i = 0; i < c->n_inputs; i++) {
		if (c->inputs[i] == pin) {
			conf_complain(at, "%s is there already", word);
			return -EINVAL;
		}
	}
	c->inputs[c->n_inputs++] = pin; /* each once: there is room */
	return 0;
}

static int read_inputs(const struct conf_at *at, struct ads1115_conf *c)
{
	struct conf_at list = conf_child(at, "inputs");
	struct conf_at one = conf_child(at, "input");
	int r = 0;

	if (!list.node)
		return 0;
	for (struct conf_at it = conf_first(&list); it.node; it = conf_next(&it))
		if (read_input(&it, c) < 0)
			r = -EINVAL;
	if (r == 0 && c->n_inputs == 0) {
		conf_complain(&list, "missing; what is read, such as [\"ain0\"]");
		r = -EINVAL;
	}
	if (one.node) {
		conf_complain(&one, "either \"input\" or \"inputs\"");
		r = -EINVAL;
	}
	return r;
}

static int ads1115_conf_read(const struct conf_at *at, void *conf)
{
	struct conf_at rate = conf_child(at, "rate");
	struct ads1115_conf *c = conf;
	double most_hz;
	int r;

	c->n_inputs = 0;
	memset(c->inputs, 0, sizeof(c->inputs)); /* plans compare settings byte by byte */
	if (!at->node)
		return 0;
	r = read_inputs(at, c);
	most_hz = (double)NS_PER_S / (double)(conversion_ns(c) * conversions(c));
	if (r < 0 || c->rate_hz <= most_hz)
		return r;
	conf_complain(rate.node ? &rate : at,
		      "too fast: %d conversions at a data_rate of %s leave %.3g Hz",
		      conversions(c), data_rates[c->data_rate], most_hz);
	return -EINVAL;
}

static uint32_t ads1115_measures(const void *conf)
{
	const struct ads1115_conf *c = conf;
	uint32_t chans = 0;

	for (int i = 0; i < conversions(c); i++)
		chans |= CHAN_BIT(chan(c, i));
	return chans;
}

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

/* For the conversion numbered @i. */
static uint16_t config(const struct ads1115_conf *c, int i)
{
	return (uint16_t)(mux(c, i) << MUX_SHIFT | c->range << PGA_SHIFT |
			  MODE_SINGLE_SHOT | c->data_rate << DR_SHIFT | COMP_QUE_OFF);
}

static int ads1115_setup(struct dev_io *io, const void *conf)
{
	return i2c_write_reg16(&io->i2c, REG_CONFIG, config(conf, 0));
}

static int64_t ads1115_period_ns(const void *conf)
{
	const struct ads1115_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int ads1115_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	*ret_delay_ns = conversion_ns(conf);
	return i2c_write_reg16(&io->i2c, REG_CONFIG, OS | config(conf, 0));
}

/* The first has been started; each of the others is when the one before it has been read. */
static int ads1115_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct ads1115_conf *c = conf;
	int n = conversions(c);

	for (int i = 0; i < n; i++) {
		uint8_t *one = raw + (size_t)i * DATA_LEN;
		int r = i2c_read_regs(&io->i2c, REG_CONFIG, one + AT_CONFIG, 2);

		if (r == 0)
			r = i2c_read_regs(&io->i2c, REG_CONVERSION, one + AT_CONVERSION,
					  2);
		if (r < 0)
			return r;
		if (!(one[AT_CONFIG] & (OS >> 8)))
			return 0;
		if (i + 1 < n)
			r = i2c_write_reg16(&io->i2c, REG_CONFIG, OS | config(c, i + 1));
		if (i + 1 < n && r == 0)
			r = task_sleep(conversion_ns(c));
		if (r < 0)
			return r;
	}
	return n * DATA_LEN;
}

/* A conversion belongs to the settings that stand beside it; others mean that the chip was reset. */
static int ads1115_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	const struct ads1115_conf *c = conf;
	int n = conversions(c);

	(void)trim;
	if (len != (size_t)n * DATA_LEN)
		return -EBADMSG;
	for (int i = 0; i < n; i++) {
		const uint8_t *one = raw + (size_t)i * DATA_LEN;
		double volt =
			bytes_s16be(one + AT_CONVERSION) * lsbs_v[c->range] * c->scale;

		if (bytes_u16be(one + AT_CONFIG) != (OS | config(c, i)))
			return -EBADMSG;
		ret[i] = (struct sample){.t_ns = t_ns + i * conversion_ns(c),
					 .chan = chan(c, i),
					 .v = {(float)volt}};
	}
	return n;
}

const struct driver driver_ads1115 = {
	.name = "ads1115",
	.summary = "TI ADS1115 voltages, 16 bits, I2C",
	.bus = BUS_I2C,
	.addrs = {0x48, 0x49, 0x4a, 0x4b},
	.chans = CHAN_BIT(CHAN_VOLTAGE) | CHAN_BIT(CHAN_VOLTAGE_0) |
		 CHAN_BIT(CHAN_VOLTAGE_1) | CHAN_BIT(CHAN_VOLTAGE_2) |
		 CHAN_BIT(CHAN_VOLTAGE_3),
	.measures = ads1115_measures,
	.conf = ads1115_fields,
	.conf_size = sizeof(struct ads1115_conf),
	.conf_read = ads1115_conf_read,
	.raw_max = (size_t)INPUTS * DATA_LEN,
	.probe = ads1115_probe,
	.setup = ads1115_setup,
	.period_ns = ads1115_period_ns,
	.trigger = ads1115_trigger,
	.read = ads1115_read,
	.decode = ads1115_decode,
};
