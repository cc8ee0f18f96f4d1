/*
 * InvenSense (TDK) MPU-6050: accelerometer, gyroscope, temperature, on I2C; and its successors MPU-6500 and
 * MPU-9250 (whose magnetometer is left alone).
 *
 * Registers as in "MPU-6000 and MPU-6050 Register Map and Descriptions", RM-MPU-6000A rev. 4.2; times from
 * the Product Specification PS-MPU-6000A rev. 3.4, sections 6.1 and 6.6; the FIFO: register map, sections 4.7,
 * 4.15, 4.27 and 4.30 to 4.31. What the successors have
 * otherwise: RM-MPU-6500A-00 rev. 2.1, sections 4.8 and 4.21, and RM-MPU-9250A-00 rev. 1.6.
 */
#include <errno.h>
#include <math.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_SMPLRT_DIV = 0x19,     /* then CONFIG, GYRO_CONFIG, ACCEL_CONFIG */
	REG_ACCEL_CONFIG_2 = 0x1d, /* of the successors */
	REG_FIFO_EN = 0x23,
	REG_INT_PIN_CFG = 0x37, /* then INT_ENABLE */
	REG_INT_STATUS = 0x3a,  /* then accelerometer, temperature, gyroscope */
	REG_USER_CTRL = 0x6a,
	REG_PWR_MGMT_1 = 0x6b,
	REG_FIFO_COUNT_H = 0x72, /* then FIFO_COUNT_L */
	REG_FIFO_R_W = 0x74,
	REG_WHO_AM_I = 0x75,
};

enum {
	DATA_RDY = 0x01,     /* in INT_ENABLE and INT_STATUS */
	FIFO_OFLOW = 0x10,   /* in INT_STATUS */
	FIFO_ALL = 0xf8,     /* in FIFO_EN: temperature, three axes, accelerometer */
	FIFO_EN = 0x40,      /* in USER_CTRL */
	FIFO_RESET = 0x04,   /* in USER_CTRL, while FIFO_EN is 0 */
	DEVICE_RESET = 0x80, /* in PWR_MGMT_1 */
	SLEEP = 0x40,
	CLKSEL_PLL_GYRO_X = 0x01,
	WHO_MPU6050 = 0x68,
	WHO_MPU6500 = 0x70,
	WHO_MPU9250 = 0x71,
	WHO_MPU9255 = 0x73,       /* a revision of the MPU-9250 */
	FRAME_LEN = 14,           /* 7 numbers of 16 bits */
	DATA_LEN = 1 + FRAME_LEN, /* INT_STATUS before them */
	FIFO_LEN = 512,           /* of the successors; the MPU-6050 has twice that */
	FIFO_MOST = 24, /* frames of a burst: a third is left for a host that is late */
	CHUNK_LEN = 17 * FRAME_LEN, /* in one transfer */
};

#define RESET_NS (100 * NS_PER_MS) /* after DEVICE_RESET: register map, section 4.28 */
#define WAKE_NS (30 * NS_PER_MS)   /* gyroscope from sleep to steady */

#define G_M_S2 9.80665f
#define DPS_RAD_S 0.017453292519943295f

struct mpu6050_conf {
	double rate_hz;
	int bandwidth;
	int accel_range;
	int gyro_range;
	int fifo;
};

/* DLPF_CFG 1 to 6. (0 and 7 switch the filter off, and the gyroscope to 8 kHz.) */
static const char *const bandwidths[] = {"184Hz", "94Hz", "44Hz", "21Hz",
					 "10Hz",  "5Hz",  NULL};

/* AFS_SEL and FS_SEL with what one LSB is: sections 4.19 and 4.17 of the register map. */
static const char *const accel_ranges[] = {"2g", "4g", "8g", "16g", NULL};
static const float accel_per_g[] = {16384, 8192, 4096, 2048};
static const char *const gyro_ranges[] = {"250dps", "500dps", "1000dps", "2000dps", NULL};
static const float gyro_per_dps[] = {131.0f, 65.5f, 32.8f, 16.4f};

static const struct conf_field mpu6050_fields[] = {
	CONF_REAL(mpu6050_conf, rate_hz, 200, 4, 1000, "Hz",
		  "Measurements per second; the nearest one of 1000, 500, 333, ..."),
	CONF_ENUM(mpu6050_conf, bandwidth, 1, bandwidths, "The chip's low-pass filter."),
	CONF_ENUM(mpu6050_conf, accel_range, 3, accel_ranges, "Full scale."),
	CONF_ENUM(mpu6050_conf, gyro_range, 3, gyro_ranges, "Full scale."),
	CONF_INT(mpu6050_conf, fifo, 0, 0, FIFO_MOST, "",
		 "Measurements to read at once, from the chip's FIFO; 0: one by one."),
	CONF_END,
};

/* Is WHO_AM_I @who, or @also? @name: "an MPU-6050". Suspends. */
static int probe(struct dev_io *io, const char *name, uint8_t who, uint8_t also)
{
	uint8_t got;
	int r = i2c_read_reg(&io->i2c, REG_WHO_AM_I, &got);

	if (r < 0)
		return r;
	if (got == who || got == also)
		return 0;
	return ident_refuse(&io->i2c, "WHO_AM_I is 0x%02x, %s has 0x%02x", got, name,
			    who);
}

static int mpu6050_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return probe(io, "an MPU-6050", WHO_MPU6050, WHO_MPU6050);
}

static int mpu6500_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return probe(io, "an MPU-6500", WHO_MPU6500, WHO_MPU6500);
}

static int mpu9250_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return probe(io, "an MPU-9250", WHO_MPU9250, WHO_MPU9255);
}

/* The chip samples at 1 kHz, divided by 1 + SMPLRT_DIV. */
static int divider(const struct mpu6050_conf *c)
{
	return (int)lround(1000 / c->rate_hz);
}

#define SAMPLING_LEN 4 /* registers from SMPLRT_DIV on */

static void sampling_of(const struct mpu6050_conf *c, uint8_t ret[SAMPLING_LEN])
{
	ret[0] = (uint8_t)(divider(c) - 1);
	ret[1] = (uint8_t)(c->bandwidth + 1);
	ret[2] = (uint8_t)(c->gyro_range << 3);
	ret[3] = (uint8_t)(c->accel_range << 3);
}

static int mpu6050_setup(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	uint8_t sampling[SAMPLING_LEN];
	/* INT goes high for 50 us at each new measurement. */
	const uint8_t interrupt[] = {0, DATA_RDY};
	int r;

	sampling_of(c, sampling);
	r = i2c_write_reg(&io->i2c, REG_PWR_MGMT_1, DEVICE_RESET);
	if (r < 0)
		return r;
	r = task_sleep(RESET_NS);
	if (r < 0)
		return r;
	r = i2c_write_reg(&io->i2c, REG_PWR_MGMT_1, CLKSEL_PLL_GYRO_X);
	if (r < 0)
		return r;
	r = task_sleep(WAKE_NS);
	if (r < 0)
		return r;
	r = i2c_write_regs(&io->i2c, REG_SMPLRT_DIV, sampling, sizeof(sampling));
	if (r == 0 && c->fifo)
		r = i2c_write_reg(&io->i2c, REG_FIFO_EN, FIFO_ALL);
	if (r < 0)
		return r;
	return i2c_write_regs(&io->i2c, REG_INT_PIN_CFG, interrupt, sizeof(interrupt));
}

/* The accelerometer of the successors has a low-pass filter of its own, with the same codes. */
static int mpu6500_setup(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	int r = mpu6050_setup(io, conf);

	if (r < 0)
		return r;
	return i2c_write_reg(&io->i2c, REG_ACCEL_CONFIG_2, (uint8_t)(c->bandwidth + 1));
}

/* After power-on the chip sleeps, and all of these are 0. */
static int mpu6050_verify(struct dev_io *io, const void *conf)
{
	const uint8_t power = CLKSEL_PLL_GYRO_X;
	uint8_t sampling[SAMPLING_LEN];
	int r;

	sampling_of(conf, sampling);
	r = ident_kept(&io->i2c, REG_SMPLRT_DIV, sampling, sizeof(sampling));
	return r < 0 ? r : ident_kept(&io->i2c, REG_PWR_MGMT_1, &power, 1);
}

static int mpu6050_sleep(struct dev_io *io, const void *conf)
{
	(void)conf;
	return i2c_write_reg(&io->i2c, REG_PWR_MGMT_1, SLEEP);
}

static int64_t mpu6050_period_ns(const void *conf)
{
	return divider(conf) * NS_PER_MS;
}

static int mpu6050_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_INT_STATUS, raw, DATA_LEN);

	(void)conf;
	if (r < 0)
		return r;
	return raw[0] & DATA_RDY ? DATA_LEN : 0;
}

static unsigned mpu6050_watermark(const void *conf)
{
	return (unsigned)((const struct mpu6050_conf *)conf)->fifo;
}

/* @len bytes from the FIFO, whose register does not count on in a burst. */
static int fetch(struct dev_io *io, uint8_t *raw, size_t len)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < len; at += CHUNK_LEN)
		r = i2c_read_regs(&io->i2c, REG_FIFO_R_W, raw + at,
				  len - at < CHUNK_LEN ? len - at : CHUNK_LEN);
	return r;
}

/* INT_STATUS is read last: a FIFO that runs over while it is read has lost the beginning of a frame. */
static int mpu6050_fifo_read(struct dev_io *io, const void *conf, uint8_t *raw,
			     size_t size, int64_t *ret_counted_ns)
{
	uint8_t status = 0;
	uint16_t count;
	size_t len;
	int r = i2c_read_reg16(&io->i2c, REG_FIFO_COUNT_H, &count);

	(void)conf;
	if (r < 0)
		return r;
	*ret_counted_ns = rt_now();
	if (count > 2 * FIFO_LEN)
		return error_set(-EBADMSG, "FIFO_COUNT is %u", count);
	len = (count < size ? count : size) / FRAME_LEN * FRAME_LEN;
	r = fetch(io, raw, len);
	if (r == 0)
		r = i2c_read_reg(&io->i2c, REG_INT_STATUS, &status);
	if (r < 0)
		return r;
	if (status & FIFO_OFLOW)
		return error_set(-EOVERFLOW, "the FIFO has run over");
	return (int)len;
}

/* The flag of an overrun that is long past goes, too. */
static int mpu6050_fifo_restart(struct dev_io *io, const void *conf)
{
	uint8_t status;
	int r = i2c_write_reg(&io->i2c, REG_USER_CTRL, 0);

	(void)conf;
	if (r == 0)
		r = i2c_write_reg(&io->i2c, REG_USER_CTRL, FIFO_RESET);
	if (r == 0)
		r = i2c_read_reg(&io->i2c, REG_INT_STATUS, &status);
	return r < 0 ? r : i2c_write_reg(&io->i2c, REG_USER_CTRL, FIFO_EN);
}

static const struct driver_fifo mpu6050_fifo = {
	.frame_len = FRAME_LEN,
	.watermark = mpu6050_watermark,
	.read = mpu6050_fifo_read,
	.restart = mpu6050_fifo_restart,
};

static void put_vector(struct sample *s, enum chan chan, const uint8_t *b, float lsb)
{
	s->chan = chan;
	for (size_t i = 0; i < 3; i++)
		s->v[i] = (float)bytes_s16be(b + 2 * i) * lsb;
}

/* The temperature is raw / @lsb_per_c + @zero_c. */
static int decode(const struct mpu6050_conf *c, const uint8_t *raw, size_t len,
		  int64_t t_ns, float lsb_per_c, float zero_c, struct sample *ret)
{
	/* Read by itself it comes behind INT_STATUS, from the FIFO without. */
	if ((len != DATA_LEN && len != FRAME_LEN) || bytes_all_ones(raw, len) ||
	    (len == DATA_LEN && !(raw[0] & DATA_RDY)))
		return -EBADMSG;
	raw += len - FRAME_LEN;
	put_vector(&ret[0], CHAN_ACCEL, raw, G_M_S2 / accel_per_g[c->accel_range]);
	put_vector(&ret[1], CHAN_GYRO, raw + 8, DPS_RAD_S / gyro_per_dps[c->gyro_range]);
	ret[2] = (struct sample){.chan = CHAN_TEMP,
				 .v = {(float)bytes_s16be(raw + 6) / lsb_per_c + zero_c}};
	for (int i = 0; i < 3; i++)
		ret[i].t_ns = t_ns;
	return 3;
}

static int mpu6050_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	(void)trim;
	return decode(conf, raw, len, t_ns, 340, 36.53f, ret);
}

static int mpu6500_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	(void)trim;
	return decode(conf, raw, len, t_ns, 333.87f, 21, ret);
}

const struct driver driver_mpu6050 = {
	.name = "mpu6050",
	.summary = "InvenSense MPU-6050 accelerometer and gyroscope, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP),
	.conf = mpu6050_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.raw_max = DATA_LEN,
	.probe = mpu6050_probe,
	.setup = mpu6050_setup,
	.verify = mpu6050_verify,
	.sleep = mpu6050_sleep,
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.fifo = &mpu6050_fifo,
	.decode = mpu6050_decode,
};

const struct driver driver_mpu6500 = {
	.name = "mpu6500",
	.summary = "InvenSense MPU-6500 accelerometer and gyroscope, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP),
	.conf = mpu6050_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.raw_max = DATA_LEN,
	.probe = mpu6500_probe,
	.setup = mpu6500_setup,
	.verify = mpu6050_verify,
	.sleep = mpu6050_sleep,
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.fifo = &mpu6050_fifo,
	.decode = mpu6500_decode,
};

const struct driver driver_mpu9250 = {
	.name = "mpu9250",
	.summary = "InvenSense MPU-9250 accelerometer and gyroscope, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP),
	.conf = mpu6050_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.raw_max = DATA_LEN,
	.probe = mpu9250_probe,
	.setup = mpu6500_setup,
	.verify = mpu6050_verify,
	.sleep = mpu6050_sleep,
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.fifo = &mpu6050_fifo,
	.decode = mpu6500_decode,
};
