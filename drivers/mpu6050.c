/*
 * InvenSense (TDK) MPU-6050: accelerometer, gyroscope, temperature, on I2C; and its successor MPU-6500. The
 * MPU-9250 is in mpu9250.c.
 *
 * Registers as in "MPU-6000 and MPU-6050 Register Map and Descriptions", RM-MPU-6000A rev. 4.2; times from
 * the Product Specification PS-MPU-6000A rev. 3.4, sections 6.1 and 6.6; the FIFO: register map, sections 4.7,
 * 4.15, 4.27 and 4.30 to 4.31. What the MPU-6500 has
 * otherwise: RM-MPU-6500A-00 rev. 2.1, sections 4.8 and 4.21. Noise: PS-MPU-6000A, sections 6.1 and 6.2, and
 * PS-MPU-6500A-01 rev. 1.1, tables 1 and 2.
 */
#include "drivers/mpu6050.h"

#include <errno.h>
#include <math.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_SMPLRT_DIV = 0x19,     /* then CONFIG, GYRO_CONFIG, ACCEL_CONFIG */
	REG_ACCEL_CONFIG_2 = 0x1d, /* of the successors */
	REG_FIFO_EN = 0x23,
	REG_INT_STATUS = 0x3a, /* then accelerometer, temperature, gyroscope */
	REG_USER_CTRL = 0x6a,
	REG_PWR_MGMT_1 = 0x6b,
	REG_FIFO_COUNT_H = 0x72, /* then FIFO_COUNT_L, FIFO_R_W */
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
	FIFO_LEN = 2 * INVENSENSE_FIFO_LEN, /* the successors have half of it */
};

#define RESET_NS (100 * NS_PER_MS) /* after DEVICE_RESET: register map, section 4.28 */
#define WAKE_NS (30 * NS_PER_MS)   /* gyroscope from sleep to steady */

/* DLPF_CFG 1 to 6. (0 and 7 switch the filter off, and the gyroscope to 8 kHz.) */
const char *const mpu6050_bandwidths[] = {"184Hz", "94Hz", "44Hz", "21Hz",
					  "10Hz",  "5Hz",  NULL};

static const double bandwidths_hz[] = {184, 94, 44, 21, 10, 5};

static const struct conf_field mpu6050_fields[] = {
	MPU6050_ROWS,
	CONF_END,
};

/* Is WHO_AM_I @who, or @also? @name: "an MPU-6050". Suspends. */
int mpu6050_probe_as(struct dev_io *io, const char *name, uint8_t who, uint8_t also)
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
	return mpu6050_probe_as(io, "an MPU-6050", WHO_MPU6050, WHO_MPU6050);
}

static int mpu6500_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return mpu6050_probe_as(io, "an MPU-6500", WHO_MPU6500, WHO_MPU6500);
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
	return i2c_write_regs(&io->i2c, MPU6050_INT_PIN_CFG, interrupt,
			      sizeof(interrupt));
}

/* The accelerometer of the successors has a low-pass filter of its own, with the same codes. */
int mpu6500_setup(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	int r = mpu6050_setup(io, conf);

	if (r < 0)
		return r;
	return i2c_write_reg(&io->i2c, REG_ACCEL_CONFIG_2, (uint8_t)(c->bandwidth + 1));
}

/* After power-on all of these are 0; and the chip sleeps, if it is no MPU-9250. CONFIG is never set to 0. */
int mpu6050_verify(struct dev_io *io, const void *conf)
{
	const uint8_t power = CLKSEL_PLL_GYRO_X;
	uint8_t sampling[SAMPLING_LEN];
	int r;

	sampling_of(conf, sampling);
	r = ident_kept(&io->i2c, REG_SMPLRT_DIV, sampling, sizeof(sampling));
	return r < 0 ? r : ident_kept(&io->i2c, REG_PWR_MGMT_1, &power, 1);
}

int mpu6050_sleep(struct dev_io *io, const void *conf)
{
	(void)conf;
	return i2c_write_reg(&io->i2c, REG_PWR_MGMT_1, SLEEP);
}

int64_t mpu6050_period_ns(const void *conf)
{
	return divider(conf) * NS_PER_MS;
}

int mpu6050_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_INT_STATUS, raw, MPU6050_DATA_LEN);

	(void)conf;
	if (r < 0)
		return r;
	return raw[0] & DATA_RDY ? MPU6050_DATA_LEN : 0;
}

unsigned mpu6050_watermark(const void *conf)
{
	return (unsigned)((const struct mpu6050_conf *)conf)->fifo;
}

/* INT_STATUS is read last: a FIFO that runs over while it is read has lost the beginning of a frame. */
int mpu6050_fifo_read(struct dev_io *io, const void *conf, uint8_t *raw, size_t size,
		      int64_t *ret_counted_ns)
{
	uint8_t status = 0;
	int len = invensense_fifo(&io->i2c, REG_FIFO_COUNT_H, FIFO_LEN, raw, size,
				  ret_counted_ns);
	int r = len < 0 ? len : i2c_read_reg(&io->i2c, REG_INT_STATUS, &status);

	(void)conf;
	if (r < 0)
		return r;
	if (status & FIFO_OFLOW)
		return error_set(-EOVERFLOW, "the FIFO has run over");
	return len;
}

/* The flag of an overrun that is long past goes, too. */
int mpu6050_fifo_restart(struct dev_io *io, const void *conf)
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
	.frame_len = INVENSENSE_FRAME_LEN,
	.watermark = mpu6050_watermark,
	.read = mpu6050_fifo_read,
	.restart = mpu6050_fifo_restart,
};

/* The temperature is raw / @lsb_per_c + @zero_c. */
static int decode(const struct mpu6050_conf *c, const uint8_t *raw, size_t len,
		  int64_t t_ns, float lsb_per_c, float zero_c, struct sample *ret)
{
	/* Read by itself it comes behind INT_STATUS, from the FIFO without. */
	if ((len != MPU6050_DATA_LEN && len != INVENSENSE_FRAME_LEN) ||
	    bytes_all_ones(raw, len) || (len == MPU6050_DATA_LEN && !(raw[0] & DATA_RDY)))
		return -EBADMSG;
	raw += len - INVENSENSE_FRAME_LEN;
	invensense_vector(&ret[0], CHAN_ACCEL, raw, invensense_accel_lsb(c->accel_range));
	invensense_vector(&ret[1], CHAN_GYRO, raw + 8,
			  invensense_gyro_lsb(c->gyro_range));
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

int mpu6500_decode(const void *conf, const uint8_t *trim, const uint8_t *raw, size_t len,
		   int64_t t_ns, struct sample *ret)
{
	(void)trim;
	return decode(conf, raw, len, t_ns, 333.87f, 21, ret);
}

static struct invensense_noise noise_of(const struct mpu6050_conf *c)
{
	return (struct invensense_noise){
		.bandwidth_hz = bandwidths_hz[c->bandwidth],
		.rate_hz = 1000.0 / divider(c),
		.gyro_range = c->gyro_range,
		.accel_range = c->accel_range,
	};
}

/* PS-MPU-6000A-00, revision 3.4, sections 6.1 and 6.2. */
static bool mpu6050_noise(const void *conf, enum chan chan, struct driver_noise *ret)
{
	struct invensense_noise of = noise_of(conf);

	of.gyro_dps = 0.005;
	of.accel_g = 400e-6;
	return invensense_noise(&of, chan, ret);
}

/* PS-MPU-9250A-01, revision 1.0, tables 1 and 2. */
bool mpu6500_noise(const void *conf, enum chan chan, struct driver_noise *ret)
{
	struct invensense_noise of = noise_of(conf);

	of.gyro_dps = 0.01;
	of.accel_g = 300e-6;
	return invensense_noise(&of, chan, ret);
}

const struct driver driver_mpu6050 = {
	.name = "mpu6050",
	.summary = "InvenSense MPU-6050 accelerometer and gyroscope, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP),
	.conf = mpu6050_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.data_ready = true,
	.raw_max = MPU6050_DATA_LEN,
	.probe = mpu6050_probe,
	.setup = mpu6050_setup,
	.verify = mpu6050_verify,
	.sleep = mpu6050_sleep,
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.fifo = &mpu6050_fifo,
	.decode = mpu6050_decode,
	.noise = mpu6050_noise,
};

const struct driver driver_mpu6500 = {
	.name = "mpu6500",
	.summary = "InvenSense MPU-6500 accelerometer and gyroscope, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP),
	.conf = mpu6050_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.data_ready = true,
	.raw_max = MPU6050_DATA_LEN,
	.probe = mpu6500_probe,
	.setup = mpu6500_setup,
	.verify = mpu6050_verify,
	.sleep = mpu6050_sleep,
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.fifo = &mpu6050_fifo,
	.decode = mpu6500_decode,
	.noise = mpu6500_noise,
};
