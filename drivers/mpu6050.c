/*
 * InvenSense (TDK) MPU-6050: accelerometer, gyroscope, temperature, on I2C; and its successors MPU-6500 and
 * MPU-9250 (whose magnetometer is left alone).
 *
 * Registers as in "MPU-6000 and MPU-6050 Register Map and Descriptions", RM-MPU-6000A rev. 4.2; times from
 * the Product Specification PS-MPU-6000A rev. 3.4, sections 6.1 and 6.6. What the successors have
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
	REG_INT_PIN_CFG = 0x37,    /* then INT_ENABLE */
	REG_INT_STATUS = 0x3a,     /* then accelerometer, temperature, gyroscope */
	REG_PWR_MGMT_1 = 0x6b,
	REG_WHO_AM_I = 0x75,
};

enum {
	DATA_RDY = 0x01,     /* in INT_ENABLE and INT_STATUS */
	DEVICE_RESET = 0x80, /* in PWR_MGMT_1 */
	CLKSEL_PLL_GYRO_X = 0x01,
	WHO_MPU6050 = 0x68,
	WHO_MPU6500 = 0x70,
	WHO_MPU9250 = 0x71,
	WHO_MPU9255 = 0x73, /* a revision of the MPU-9250 */
	DATA_LEN = 15,      /* INT_STATUS and 7 numbers of 16 bits */
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

static int mpu6050_setup(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	const uint8_t sampling[] = {
		(uint8_t)(divider(c) - 1),
		(uint8_t)(c->bandwidth + 1),
		(uint8_t)(c->gyro_range << 3),
		(uint8_t)(c->accel_range << 3),
	};
	/* INT goes high for 50 us at each new measurement. */
	const uint8_t interrupt[] = {0, DATA_RDY};
	int r;

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
	if (len != DATA_LEN || !(raw[0] & DATA_RDY) || bytes_all_ones(raw, len))
		return -EBADMSG;
	put_vector(&ret[0], CHAN_ACCEL, raw + 1, G_M_S2 / accel_per_g[c->accel_range]);
	put_vector(&ret[1], CHAN_GYRO, raw + 9, DPS_RAD_S / gyro_per_dps[c->gyro_range]);
	ret[2] = (struct sample){.chan = CHAN_TEMP,
				 .v = {(float)bytes_s16be(raw + 7) / lsb_per_c + zero_c}};
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
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
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
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
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
	.period_ns = mpu6050_period_ns,
	.read = mpu6050_read,
	.decode = mpu6500_decode,
};
