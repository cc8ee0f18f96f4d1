/*
 * NXP PCA9685: 16 PWM outputs on I2C, here for servos.
 *
 * Registers and times as in the data sheet "PCA9685", rev. 4 (16 April 2015), sections 7.3 and 7.5.
 */
#include <errno.h>
#include <math.h>

#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_MODE1 = 0x00,
	REG_MODE2 = 0x01,
	REG_ALLCALLADR = 0x05,
	REG_LED0 = 0x06, /* ON_L, ON_H, OFF_L, OFF_H; four for each channel */
	REG_ALL_LED_OFF_H = 0xfd,
	REG_PRE_SCALE = 0xfe,
};

enum {
	MODE1_AI = 0x20,     /* auto-increment */
	MODE1_SLEEP = 0x10,  /* PRE_SCALE can be written only while it is set */
	MODE2_INVRT = 0x10,  /* outputs inverted */
	MODE2_OUTDRV = 0x04, /* totem pole, not open drain */
	MODE2_RESERVED = 0xe0,
	FULL = 0x10, /* in ON_H or OFF_H: on or off without pulses */
	CHANNELS = 16,
	COUNTS = 4096, /* of one period */
	PRE_SCALE_MIN = 3,
	COMMAND_LEN = 5, /* a register and what goes there */
};

#define CLOCK_HZ 25e6
#define WAKE_NS (500 * NS_PER_US) /* the oscillator after SLEEP: section 7.3.1 */

struct pca9685_conf {
	double frequency_hz;
	bool invert;
	bool open_drain;
};

static const struct conf_field pca9685_fields[] = {
	CONF_REAL(pca9685_conf, frequency_hz, 50, 24, 1526, "Hz",
		  "Pulses per second, of all channels."),
	CONF_BOOL(pca9685_conf, invert, false, "Invert the outputs."),
	CONF_BOOL(pca9685_conf, open_drain, false, "Outputs only pull down."),
	CONF_END,
};

/* One period is 4096 times this many clocks. */
static double clocks_per_count(const struct pca9685_conf *c)
{
	return round(CLOCK_HZ / (COUNTS * c->frequency_hz));
}

/*
 * There is no identity register. What tells the chip from others is what cannot be otherwise: reserved
 * bits, and a prescaler that the hardware keeps at 3 or more.
 */
static int pca9685_probe(struct dev_io *io, const void *conf)
{
	uint8_t mode2;
	uint8_t allcall;
	uint8_t prescale;
	int r;

	(void)conf;
	r = i2c_read_reg(&io->i2c, REG_MODE2, &mode2);
	if (r < 0)
		return r;
	r = i2c_read_reg(&io->i2c, REG_ALLCALLADR, &allcall);
	if (r < 0)
		return r;
	r = i2c_read_reg(&io->i2c, REG_PRE_SCALE, &prescale);
	if (r < 0)
		return r;
	/* Chips without registers answer always the same. */
	if (!(mode2 & MODE2_RESERVED) && !(allcall & 1) && allcall != mode2 &&
	    allcall != 0 && prescale >= PRE_SCALE_MIN)
		return 0;
	return ident_refuse(&io->i2c,
			    "no PCA9685 has MODE2 0x%02x, ALLCALLADR 0x%02x, PRE_SCALE "
			    "0x%02x",
			    mode2, allcall, prescale);
}

static int pca9685_setup(struct dev_io *io, const void *conf)
{
	const struct pca9685_conf *c = conf;
	/* Outputs are off before the oscillator runs, so nothing twitches. */
	const uint8_t writes[][2] = {
		{REG_MODE1, MODE1_SLEEP | MODE1_AI},
		{REG_PRE_SCALE, (uint8_t)(clocks_per_count(c) - 1)},
		{REG_MODE2, (uint8_t)((c->invert ? MODE2_INVRT : 0) |
				      (c->open_drain ? 0 : MODE2_OUTDRV))},
		{REG_ALL_LED_OFF_H, FULL},
		{REG_MODE1, MODE1_AI},
	};

	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		int r = i2c_write_reg(&io->i2c, writes[i][0], writes[i][1]);

		if (r < 0)
			return r;
	}
	return task_sleep(WAKE_NS);
}

/* After power-on it sleeps, at another frequency. (MODE1 also has a bit that restarts pulses.) */
static int pca9685_verify(struct dev_io *io, const void *conf)
{
	const uint8_t prescale = (uint8_t)(clocks_per_count(conf) - 1);
	uint8_t mode1;
	int r = i2c_read_reg(&io->i2c, REG_MODE1, &mode1);

	if (r == 0 && (mode1 & MODE1_SLEEP || !(mode1 & MODE1_AI)))
		r = error_set(-ESTALE, "0x%02x has lost its settings (MODE1 is 0x%02x)",
			      io->i2c.addr, mode1);
	return r < 0 ? r : ident_kept(&io->i2c, REG_PRE_SCALE, &prescale, 1);
}

/* The bytes of a command: the register, then what is written from there on. */
static int pca9685_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	double counts = round((double)c->value * CLOCK_HZ / clocks_per_count(conf));
	bool off = isnan(c->value) || counts == 0;
	unsigned width;

	if (c->channel >= CHANNELS || (!off && !(counts > 0 && counts < COUNTS)))
		return -ERANGE;
	width = off ? 0 : (unsigned)counts;
	ret_raw[0] = (uint8_t)(REG_LED0 + 4 * c->channel);
	ret_raw[1] = 0;
	ret_raw[2] = 0;
	ret_raw[3] = (uint8_t)(width & 0xff);
	ret_raw[4] = off ? FULL : (uint8_t)(width >> 8);
	return COMMAND_LEN;
}

static int pca9685_write(struct dev_io *io, const void *conf, const uint8_t *raw,
			 size_t len)
{
	(void)conf;
	return i2c_write_regs(&io->i2c, raw[0], raw + 1, len - 1);
}

static int pca9685_safe(const void *conf, uint8_t *ret_raw)
{
	(void)conf;
	ret_raw[0] = REG_ALL_LED_OFF_H;
	ret_raw[1] = FULL;
	return 2;
}

const struct driver driver_pca9685 = {
	.name = "pca9685",
	.summary = "NXP PCA9685 PWM for 16 servos, I2C",
	.bus = BUS_I2C,
	.addrs = {0x40},
	.addr_last = 0x77,
	.conf = pca9685_fields,
	.conf_size = sizeof(struct pca9685_conf),
	.raw_max = COMMAND_LEN,
	.probe = pca9685_probe,
	.setup = pca9685_setup,
	.verify = pca9685_verify,
	.command_unit = "s",
	.channels = CHANNELS,
	.encode = pca9685_encode,
	.write = pca9685_write,
	.safe = pca9685_safe,
};
