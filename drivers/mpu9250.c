/*
 * InvenSense (TDK) MPU-9250 and MPU-9255, on I2C: an MPU-6500, and the magnetometer AK8963 in the same package.
 *
 * Registers as in RM-MPU-9250A-00 rev. 1.6 (section 5 is the magnetometer's; how its modes follow each other is in
 * AKM's data sheet of the AK8963, MS1356-E-02, section 6.3). Its axes are those of PS-MPU-9250A-01 rev. 1.1, figures 4
 * and 5: its X is the Y of the rest, its Y is X, its Z points the other way.
 */
#include <errno.h>

#include "drivers/driver.h"
#include "drivers/ident.h"
#include "drivers/mpu6050.h"

enum {
	WHO_MPU9250 = 0x71,
	WHO_MPU9255 = 0x73,
	BYPASS_EN = 0x02, /* in INT_PIN_CFG */

	MAG_WIA = 0x00,
	MAG_ST1 = 0x02, /* then three numbers and ST2 */
	MAG_CNTL1 = 0x0a,
	MAG_CNTL2 = 0x0b,
	MAG_ASAX = 0x10,

	MAG_ID = 0x48,
	MAG_SRST = 0x01,   /* in CNTL2 */
	MAG_100_HZ = 0x16, /* in CNTL1: 16 bits, mode 2 */
	MAG_FUSE_ROM = 0x0f,
	MAG_POWER_DOWN = 0x00,

	MAG_LEN = 8,
	TRIM_LEN = 3,
	ASA_NONE = 128, /* adjusts nothing */
};

#define MAG_RESET_NS NS_PER_MS
#define MAG_MODE_NS (100 * NS_PER_US) /* after power-down, before another mode */
#define MAG_LSB_T 0.15e-6f

static const struct conf_field mpu9250_fields[] = {
	MPU6050_ROWS,
	CONF_BOOL(mpu6050_conf, magnetometer, true,
		  "Read the magnetometer too; of several chips on a bus only one can."),
	CONF_END,
};

static int mpu9250_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return mpu6050_probe_as(io, "an MPU-9250", WHO_MPU9250, WHO_MPU9255);
}

/* From one mode to another it has to go by power-down, and to wait there: MS1356-E-02, section 6.3. Suspends. */
static int set_mode(struct i2c_dev *mag, uint8_t mode)
{
	int r = i2c_write_reg(mag, MAG_CNTL1, MAG_POWER_DOWN);

	if (r == 0)
		r = task_sleep(MAG_MODE_NS);
	return r < 0 ? r : i2c_write_reg(mag, MAG_CNTL1, mode);
}

static int setup_magnetometer(struct dev_io *io)
{
	struct i2c_dev mag = invensense_mag(io);
	uint8_t id = 0;
	int r = i2c_write_reg(&io->i2c, MPU6050_INT_PIN_CFG, BYPASS_EN);

	if (r == 0)
		r = i2c_write_reg(&mag, MAG_CNTL2, MAG_SRST);
	if (r == 0)
		r = task_sleep(MAG_RESET_NS);
	if (r == 0)
		r = i2c_read_reg(&mag, MAG_WIA, &id);
	if (r < 0)
		return r;
	if (id != MAG_ID)
		return error_set(-ENODEV,
				 "0x0c is no AK8963: WIA is 0x%02x; \"magnetometer\": "
				 "false does without",
				 id);
	return set_mode(&mag, MAG_100_HZ);
}

static int mpu9250_setup(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	int r = mpu6500_setup(io, conf);

	return r < 0 || !c->magnetometer ? r : setup_magnetometer(io);
}

static int mpu9250_verify(struct dev_io *io, const void *conf)
{
	static const uint8_t mode = MAG_100_HZ;
	const struct mpu6050_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int r = mpu6050_verify(io, conf);

	return r < 0 || !c->magnetometer ? r : ident_kept(&mag, MAG_CNTL1, &mode, 1);
}

static int mpu9250_sleep(struct dev_io *io, const void *conf)
{
	const struct mpu6050_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int r = c->magnetometer ? i2c_write_reg(&mag, MAG_CNTL1, MAG_POWER_DOWN) : 0;

	return r < 0 ? r : mpu6050_sleep(io, conf);
}

/* The sensitivity adjustment, which can be read in a mode of its own only: sections 5.1, 5.8 and 5.13. */
static int mpu9250_trim(struct dev_io *io, uint8_t *ret_trim)
{
	struct i2c_dev mag = invensense_mag(io);
	uint8_t pins;
	int r = i2c_read_reg(&io->i2c, MPU6050_INT_PIN_CFG, &pins);

	for (int i = 0; i < TRIM_LEN; i++)
		ret_trim[i] = ASA_NONE;
	if (r < 0 || !(pins & BYPASS_EN)) /* it is not used */
		return r;
	r = set_mode(&mag, MAG_FUSE_ROM);
	if (r == 0)
		r = i2c_read_regs(&mag, MAG_ASAX, ret_trim, TRIM_LEN);
	return r < 0 ? r : set_mode(&mag, MAG_100_HZ);
}

static int mpu9250_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct mpu6050_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int len = mpu6050_read(io, conf, raw);
	int r;

	if (len <= 0 || !c->magnetometer)
		return len;
	r = i2c_read_regs(&mag, MAG_ST1, raw + len, MAG_LEN);
	return r < 0 ? r : len + MAG_LEN;
}

static int mpu9250_fifo_read(struct dev_io *io, const void *conf, uint8_t *raw,
			     size_t size, int64_t *ret_counted_ns)
{
	const struct mpu6050_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int len = mpu6050_fifo_read(io, conf, raw, size - MAG_LEN, ret_counted_ns);
	int r;

	if (len <= 0 || !c->magnetometer)
		return len;
	r = i2c_read_regs(&mag, MAG_ST1, raw + len, MAG_LEN);
	return r < 0 ? r : len + MAG_LEN;
}

static const struct driver_fifo mpu9250_fifo = {
	.frame_len = INVENSENSE_FRAME_LEN,
	.watermark = mpu6050_watermark,
	.read = mpu9250_fifo_read,
	.restart = mpu6050_fifo_restart,
};

/* What one LSB is, by its adjustment: section 5.13. */
static float adjusted(uint8_t asa)
{
	return MAG_LSB_T * (1 + ((float)asa - 128) * 0.5f / 128);
}

static int decode_field(const uint8_t *trim, const uint8_t *raw, int64_t t_ns,
			struct sample *ret)
{
	float lsb[3];

	if (!invensense_field(raw, MAG_LEN, lsb))
		return 0;
	*ret = (struct sample){.t_ns = t_ns,
			       .chan = CHAN_MAG,
			       .v = {lsb[1] * adjusted(trim[1]),
				     lsb[0] * adjusted(trim[0]),
				     -lsb[2] * adjusted(trim[2])}};
	return 1;
}

/* The magnetometer's bytes are behind the others, if they are there. */
static int mpu9250_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	bool field = len >= INVENSENSE_FRAME_LEN + MAG_LEN;
	size_t motion = field ? len - MAG_LEN : len;
	int n = mpu6500_decode(conf, NULL, raw, motion, t_ns, ret);

	return n < 0 || !field ? n : n + decode_field(trim, raw + motion, t_ns, ret + n);
}

const struct driver driver_mpu9250 = {
	.name = "mpu9250",
	.summary = "InvenSense MPU-9250 accelerometer, gyroscope and magnetometer, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP) |
		 CHAN_BIT(CHAN_MAG),
	.conf = mpu9250_fields,
	.conf_size = sizeof(struct mpu6050_conf),
	.data_ready = true,
	.trim_max = TRIM_LEN,
	.raw_max = MPU6050_DATA_LEN + MAG_LEN,
	.probe = mpu9250_probe,
	.setup = mpu9250_setup,
	.verify = mpu9250_verify,
	.sleep = mpu9250_sleep,
	.trim = mpu9250_trim,
	.period_ns = mpu6050_period_ns,
	.read = mpu9250_read,
	.fifo = &mpu9250_fifo,
	.decode = mpu9250_decode,
	.noise = mpu6500_noise,
};
