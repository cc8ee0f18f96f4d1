/*
 * Bosch BMP280: air pressure and temperature, on I2C; and BME280, which measures humidity too.
 *
 * Registers and formulas as in the data sheets BST-BMP280-DS001 rev. 1.19 (sections 3.11, 3.12, 4.3, 8.1)
 * and BST-BME280-DS002 rev. 1.6 (sections 4.2.2, 5.4, 9.1). Each measurement is a forced one, so that its
 * time is known.
 */
#include <errno.h>
#include <string.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_CALIB_00 = 0x88, /* dig_T1 to dig_P9 */
	REG_CALIB_25 = 0xa1, /* dig_H1 */
	REG_ID = 0xd0,
	REG_RESET = 0xe0,
	REG_CALIB_26 = 0xe1, /* dig_H2 to dig_H6 */
	REG_CTRL_HUM = 0xf2, /* takes effect with the next write to CTRL_MEAS */
	REG_STATUS = 0xf3,
	REG_CTRL_MEAS = 0xf4,
	REG_CONFIG = 0xf5,
};

enum {
	ID_BMP280 = 0x58,
	ID_BME280 = 0x60,
	RESET_WORD = 0xb6,
	STATUS_MEASURING = 0x08,
	STATUS_IM_UPDATE = 0x01, /* factory constants are being copied */
	MODE_FORCED = 1,
};

/* The burst from REG_STATUS on: where in it things are. */
enum { AT_STATUS, AT_CTRL_MEAS, AT_CONFIG, AT_PRESS = 4, AT_TEMP = 7, AT_HUM = 10 };
enum { BMP280_LEN = 10, BME280_LEN = 12 };

/* The factory constants as they are read: T and P, H1, H2 to H6. */
enum { AT_H1 = 24, AT_H2 = 25, BMP280_TRIM = 24, BME280_TRIM = 32 };

#define STARTUP_NS (2 * NS_PER_MS) /* after a reset: table 2 */
#define COPY_TRIES 5               /* until the constants are copied */
#define SKIPPED_20 0x80000         /* the output of what was not measured: section 3.3 */
#define SKIPPED_16 0x8000

/* What the chip can measure, with some room: table 2. */
#define PRESSURE_MIN_PA 25000.0
#define PRESSURE_MAX_PA 115000.0
#define TEMP_MIN_C (-45.0)
#define TEMP_MAX_C 90.0

#define LSB_20_PA 0.16 /* one step of 20 bits: section 3.3.1 */

struct bmp280_conf {
	double rate_hz;
	int oversampling;
	int filter;
};

/* osrs_p is the index + 1, and this many measurements 1 << index. Temperature and humidity take one each,
 * which is enough for their noise (section 3.4). */
static const char *const oversamplings[] = {"1x", "2x", "4x", "8x", "16x", NULL};
static const char *const filters[] = {"off", "2", "4", "8", "16", NULL};

static const struct conf_field bmp280_fields[] = {
	CONF_REAL(bmp280_conf, rate_hz, 10, 0.1, 20, "Hz", "Measurements per second."),
	CONF_ENUM(bmp280_conf, oversampling, 3, oversamplings,
		  "Measurements of pressure that each one is the mean of."),
	CONF_ENUM(bmp280_conf, filter, 0, filters,
		  "The chip's low-pass filter: how many measurements it smooths over."),
	CONF_END,
};

static int probe(struct dev_io *io, const char *name, uint8_t want)
{
	uint8_t id;
	int r = i2c_read_reg(&io->i2c, REG_ID, &id);

	if (r < 0 || id == want)
		return r;
	return ident_refuse(&io->i2c, "its id is 0x%02x, a %s has 0x%02x", id, name,
			    want);
}

static int bmp280_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return probe(io, "BMP280", ID_BMP280);
}

static int bme280_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return probe(io, "BME280", ID_BME280);
}

static uint8_t config(const struct bmp280_conf *c)
{
	return (uint8_t)(c->filter << 2);
}

/* osrs_t and osrs_p. */
static uint8_t ctrl_meas(const struct bmp280_conf *c)
{
	return (uint8_t)(1 << 5 | (c->oversampling + 1) << 2);
}

static int wait_for_constants(struct dev_io *io)
{
	for (int i = 0; i < COPY_TRIES; i++) {
		uint8_t status = 0;
		int r = task_sleep(STARTUP_NS);

		if (r == 0)
			r = i2c_read_reg(&io->i2c, REG_STATUS, &status);
		if (r < 0)
			return r;
		if (!(status & STATUS_IM_UPDATE))
			return 0;
	}
	return error_set(-ETIMEDOUT, "0x%02x does not come out of reset", io->i2c.addr);
}

static int bmp280_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg(&io->i2c, REG_RESET, RESET_WORD);

	if (r == 0)
		r = wait_for_constants(io);
	if (r == 0)
		r = i2c_write_reg(&io->i2c, REG_CONFIG, config(conf));
	return r;
}

static int bme280_setup(struct dev_io *io, const void *conf)
{
	int r = bmp280_setup(io, conf);

	return r < 0 ? r : i2c_write_reg(&io->i2c, REG_CTRL_HUM, 1);
}

static int bmp280_verify(struct dev_io *io, const void *conf)
{
	uint8_t want = config(conf);

	return ident_kept(&io->i2c, REG_CONFIG, &want, 1);
}

static int bme280_verify(struct dev_io *io, const void *conf)
{
	static const uint8_t humidity = 1;
	int r = bmp280_verify(io, conf);

	return r < 0 ? r : ident_kept(&io->i2c, REG_CTRL_HUM, &humidity, 1);
}

static int bmp280_trim(struct dev_io *io, uint8_t *ret_trim)
{
	return i2c_read_regs(&io->i2c, REG_CALIB_00, ret_trim, BMP280_TRIM);
}

static int bme280_trim(struct dev_io *io, uint8_t *ret_trim)
{
	int r = bmp280_trim(io, ret_trim);

	if (r == 0)
		r = i2c_read_reg(&io->i2c, REG_CALIB_25, ret_trim + AT_H1);
	if (r == 0)
		r = i2c_read_regs(&io->i2c, REG_CALIB_26, ret_trim + AT_H2,
				  BME280_TRIM - AT_H2);
	return r;
}

static int64_t bmp280_period_ns(const void *conf)
{
	const struct bmp280_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

/* The longest that a measurement takes (BME280: section 9.1), @hum with that of humidity. */
static int64_t longest_ns(const struct bmp280_conf *c, bool hum)
{
	int64_t osrs_p = INT64_C(1) << c->oversampling;

	return (1250 + 2300 + 2300 * osrs_p + 575 + (hum ? 2300 + 575 : 0)) * NS_PER_US;
}

static int bmp280_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	*ret_delay_ns = longest_ns(conf, false);
	return i2c_write_reg(&io->i2c, REG_CTRL_MEAS, ctrl_meas(conf) | MODE_FORCED);
}

static int bme280_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	*ret_delay_ns = longest_ns(conf, true);
	return i2c_write_reg(&io->i2c, REG_CTRL_MEAS, ctrl_meas(conf) | MODE_FORCED);
}

/* A chip that was without power for a moment answers as before, but without its filter. */
static int read_burst(struct dev_io *io, const void *conf, uint8_t *raw, int len)
{
	int r = i2c_read_regs(&io->i2c, REG_STATUS, raw, (size_t)len);

	if (r < 0)
		return r;
	if (raw[AT_CONFIG] != config(conf))
		return error_set(-EIO, "0x%02x has lost its settings", io->i2c.addr);
	return raw[AT_STATUS] & STATUS_MEASURING ? 0 : len;
}

static int bmp280_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	return read_burst(io, conf, raw, BMP280_LEN);
}

static int bme280_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	return read_burst(io, conf, raw, BME280_LEN);
}

/* A 20-bit output, or -EBADMSG: not measured, or a data line that is stuck high. */
static int output_20(const uint8_t *b)
{
	int adc = b[0] << 12 | b[1] << 4 | b[2] >> 4;

	return adc == SKIPPED_20 || (b[2] & 0x0f) ? -EBADMSG : adc;
}

/* Section 8.1: degC is this / 5120. */
static double t_fine(const uint8_t *trim, double adc)
{
	double t1 = bytes_u16le(trim);
	double t2 = bytes_s16le(trim + 2);
	double t3 = bytes_s16le(trim + 4);
	double v2 = adc / 131072 - t1 / 8192;

	return (adc / 16384 - t1 / 1024) * t2 + v2 * v2 * t3;
}

/* Section 8.1, in Pa. Constants that mean nothing give what is no pressure, NaN perhaps. */
static double pressure_pa(const uint8_t *trim, double fine, double adc)
{
	double p[10]; /* from 1, as in the data sheet */
	double v1;
	double v2;
	double pa;

	p[1] = bytes_u16le(trim + 6);
	for (int i = 2; i < 10; i++)
		p[i] = bytes_s16le(&trim[4 + 2 * i]);
	v1 = fine / 2 - 64000;
	v2 = v1 * v1 * p[6] / 32768 + v1 * p[5] * 2;
	v2 = v2 / 4 + p[4] * 65536;
	v1 = (p[3] * v1 * v1 / 524288 + p[2] * v1) / 524288;
	v1 = (1 + v1 / 32768) * p[1];
	pa = (1048576 - adc - v2 / 4096) * 6250 / v1;
	v1 = p[9] * pa * pa / 2147483648.0;
	v2 = pa * p[8] / 32768;
	return pa + (v1 + v2 + p[7]) / 16;
}

/* A signed number of 12 bits: @high its upper 8, @low the others. */
static double s12(uint8_t high, int low)
{
	return (int8_t)high * 16 + low;
}

/* BME280, section 4.2.3: relative humidity, 0 to 1. */
static double humidity(const uint8_t *trim, double fine, double adc)
{
	const uint8_t *e1 = trim + AT_H2;
	double h1 = trim[AT_H1];
	double h2 = bytes_s16le(e1);
	double h3 = e1[2];
	double h4 = s12(e1[3], e1[4] & 0x0f);
	double h5 = s12(e1[5], e1[4] >> 4);
	double h6 = (int8_t)e1[6];
	double h = fine - 76800;

	h = (adc - (h4 * 64 + h5 / 16384 * h)) *
	    (h2 / 65536 * (1 + h6 / 67108864 * h * (1 + h3 / 67108864 * h)));
	h *= 1 - h1 * h / 524288;
	return h < 0 ? 0 : h > 100 ? 1 : h / 100;
}

/* Pressure and temperature, the first two samples. Returns t_fine in @ret_fine. */
static int decode_air(const uint8_t *trim, const uint8_t *raw, int64_t t_ns,
		      double *ret_fine, struct sample *ret)
{
	int adc_p = output_20(raw + AT_PRESS);
	int adc_t = output_20(raw + AT_TEMP);
	double fine;
	double temp;
	double pa;

	if (adc_p < 0 || adc_t < 0)
		return -EBADMSG;
	fine = t_fine(trim, adc_t);
	temp = fine / 5120;
	pa = pressure_pa(trim, fine, adc_p);
	if (!(temp >= TEMP_MIN_C && temp <= TEMP_MAX_C) ||
	    !(pa >= PRESSURE_MIN_PA && pa <= PRESSURE_MAX_PA))
		return -EBADMSG;
	*ret_fine = fine;
	ret[0] = (struct sample){.t_ns = t_ns, .chan = CHAN_PRESSURE, .v = {(float)pa}};
	ret[1] = (struct sample){.t_ns = t_ns, .chan = CHAN_TEMP, .v = {(float)temp}};
	return 2;
}

static int bmp280_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			 size_t len, int64_t t_ns, struct sample *ret)
{
	double fine;

	(void)conf;
	return len == BMP280_LEN ? decode_air(trim, raw, t_ns, &fine, ret) : -EBADMSG;
}

static int bme280_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			 size_t len, int64_t t_ns, struct sample *ret)
{
	double fine;
	int adc;
	int n;

	(void)conf;
	if (len != BME280_LEN)
		return -EBADMSG;
	adc = raw[AT_HUM] << 8 | raw[AT_HUM + 1];
	n = decode_air(trim, raw, t_ns, &fine, ret);
	if (n < 0 || adc == SKIPPED_16)
		return -EBADMSG;
	ret[n] = (struct sample){.t_ns = t_ns,
				 .chan = CHAN_HUMIDITY,
				 .v = {(float)humidity(trim, fine, adc)}};
	return n + 1;
}

/*
 * Section 3.5, table 11: noise of the pressure by oversampling and filter, in Pa (table 7 has some of it in cm). Sections 3.3.1 and 3.4.2: 16 bits
 * with one measurement, one more with each doubling, and 20 with the filter, whose numbers depend on one another.
 */
static bool bmp280_noise(const void *conf, enum chan chan, struct driver_noise *ret)
{
	static const double sigma_pa[5][5] = {
		{3.3, 1.9, 1.2, 0.9, 0.4}, {2.6, 1.5, 1.0, 0.6, 0.4},
		{2.1, 1.2, 0.8, 0.5, 0.3}, {1.6, 1.0, 0.6, 0.4, 0.2},
		{1.3, 0.8, 0.5, 0.4, 0.2},
	};
	const struct bmp280_conf *c = conf;
	int bits = c->filter > 0 ? 20 : 16 + c->oversampling;

	if (chan != CHAN_PRESSURE)
		return false;
	*ret = (struct driver_noise){
		.sigma = sigma_pa[c->oversampling][c->filter],
		.lsb = LSB_20_PA * (1 << (20 - bits)),
		.independent_hz = c->rate_hz / (1 << c->filter),
	};
	return true;
}

const struct driver driver_bmp280 = {
	.name = "bmp280",
	.summary = "Bosch BMP280 pressure and temperature, I2C",
	.bus = BUS_I2C,
	.addrs = {0x76, 0x77},
	.chans = CHAN_BIT(CHAN_PRESSURE) | CHAN_BIT(CHAN_TEMP),
	.conf = bmp280_fields,
	.conf_size = sizeof(struct bmp280_conf),
	.trim_max = BMP280_TRIM,
	.raw_max = BMP280_LEN,
	.probe = bmp280_probe,
	.setup = bmp280_setup,
	.verify = bmp280_verify,
	.trim = bmp280_trim,
	.period_ns = bmp280_period_ns,
	.trigger = bmp280_trigger,
	.read = bmp280_read,
	.decode = bmp280_decode,
	.noise = bmp280_noise,
};

const struct driver driver_bme280 = {
	.name = "bme280",
	.summary = "Bosch BME280 pressure, temperature and humidity, I2C",
	.bus = BUS_I2C,
	.addrs = {0x76, 0x77},
	.chans = CHAN_BIT(CHAN_PRESSURE) | CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_HUMIDITY),
	.conf = bmp280_fields,
	.conf_size = sizeof(struct bmp280_conf),
	.trim_max = BME280_TRIM,
	.raw_max = BME280_LEN,
	.probe = bme280_probe,
	.setup = bme280_setup,
	.verify = bme280_verify,
	.trim = bme280_trim,
	.period_ns = bmp280_period_ns,
	.trigger = bme280_trigger,
	.read = bme280_read,
	.decode = bme280_decode,
	.noise = bmp280_noise,
};
