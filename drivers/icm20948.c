/*
 * TDK ICM-20948: accelerometer, gyroscope, temperature, and the AK09916 magnetometer in the same package, on
 * I2C.
 *
 * Registers as in the data sheet DS-000189 rev. 1.3 (sections 3, 4, 8 to 13). The magnetometer has an address
 * of its own, behind a switch in the chip (bypass). Its Y and Z axes point the other way (figure 12 and 13).
 */
#include <errno.h>
#include <math.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"
#include "drivers/invensense.h"

enum { REG_BANK_SEL = 0x7f, BANK_SHIFT = 4 }; /* in every bank */

enum {
	BANK0_WHO_AM_I = 0x00,
	BANK0_USER_CTRL = 0x03,
	BANK0_PWR_MGMT_1 = 0x06,
	BANK0_INT_PIN_CFG = 0x0f,
	BANK0_INT_ENABLE_1 = 0x11,
	BANK0_INT_STATUS_1 = 0x1a,
	BANK0_INT_STATUS_2 = 0x1b,
	BANK0_ACCEL_XOUT_H = 0x2d, /* then gyroscope, temperature */
	BANK0_FIFO_EN_2 = 0x67,
	BANK0_FIFO_RST = 0x68,     /* then FIFO_MODE */
	BANK0_FIFO_COUNT_H = 0x70, /* then FIFO_COUNT_L, FIFO_R_W */

	BANK2_GYRO_SMPLRT_DIV = 0x00, /* then GYRO_CONFIG_1 */
	BANK2_ODR_ALIGN_EN = 0x09,
	BANK2_ACCEL_SMPLRT_DIV_1 = 0x10, /* then ACCEL_SMPLRT_DIV_2 */
	BANK2_ACCEL_CONFIG = 0x14,

	MAG_WIA2 = 0x01,
	MAG_ST1 = 0x10, /* then three numbers, an unused byte, ST2 */
	MAG_CNTL2 = 0x31,
	MAG_CNTL3 = 0x32,
};

enum {
	WHO_ICM20948 = 0xea,
	DEVICE_RESET = 0x80, /* in PWR_MGMT_1 */
	SLEEP = 0x40,
	CLKSEL_AUTO = 0x01,
	BYPASS_EN = 0x02,     /* in INT_PIN_CFG */
	RAW_DATA_RDY = 0x01,  /* in INT_ENABLE_1 and INT_STATUS_1 */
	FIFO_EN = 0x40,       /* in USER_CTRL */
	FIFO_ALL = 0x1f,      /* in FIFO_EN_2: accelerometer, three axes, temperature */
	FIFO_RESET = 0x1f,    /* in FIFO_RST, until it is taken back */
	FIFO_OVERFLOW = 0x1f, /* in INT_STATUS_2 */
	FCHOICE = 0x01,       /* the low-pass filter is on */
	DLPFCFG_SHIFT = 3,
	FS_SHIFT = 1,

	MAG_ID = 0x09,
	MAG_SRST = 0x01,   /* in CNTL3 */
	MAG_100_HZ = 0x08, /* in CNTL2: mode 4 */
	MAG_POWER_DOWN = 0x00,
};

/* What one read brings: INT_STATUS_1, 7 numbers, and the magnetometer's ST1 to ST2. */
enum {
	MOTION_LEN = 1 + INVENSENSE_FRAME_LEN,
	FRAME_LEN =
		INVENSENSE_FRAME_LEN, /* in the FIFO; the numbers are in the same order */
	MAG_LEN = 9,
	DATA_LEN = MOTION_LEN + MAG_LEN,
};

#define RESET_NS (100 * NS_PER_MS)
#define WAKE_NS (35 * NS_PER_MS) /* gyroscope from sleep: table 1 */
#define MAG_RESET_NS NS_PER_MS
#define GYRO_RATE_HZ                                                                     \
	1100 /* divided by 1 + GYRO_SMPLRT_DIV; the accelerometer's is 1125 */

#define MAG_LSB_T 0.15e-6f

struct icm20948_conf {
	double rate_hz;
	int bandwidth;
	int accel_range;
	int gyro_range;
	bool magnetometer;
	int fifo;
};

/* GYRO_DLPFCFG 1 to 6, by the gyroscope's bandwidth: table 16. */
static const char *const bandwidths[] = {"152Hz", "120Hz", "51Hz", "24Hz",
					 "12Hz",  "6Hz",   NULL};

static const double bandwidths_hz[] = {152, 120, 51, 24, 12, 6};

static const struct conf_field icm20948_fields[] = {
	CONF_REAL(icm20948_conf, rate_hz, 220, 5, 1100, "Hz",
		  "Measurements per second; the nearest one of 1100, 550, 367, ..."),
	CONF_ENUM(icm20948_conf, bandwidth, 1, bandwidths,
		  "The chip's low-pass filters."),
	CONF_ENUM(icm20948_conf, accel_range, 3, invensense_accel_ranges, "Full scale."),
	CONF_ENUM(icm20948_conf, gyro_range, 3, invensense_gyro_ranges, "Full scale."),
	CONF_BOOL(icm20948_conf, magnetometer, true,
		  "Read the magnetometer too; of several chips on a bus only one can."),
	CONF_INT(icm20948_conf, fifo, 0, 0, INVENSENSE_FIFO_MOST, "",
		 "Measurements to read at once, from the chip's FIFO; 0: one by one. The "
		 "magnetometer is then read once for so many."),
	CONF_END,
};

static int select_bank(struct dev_io *io, int bank)
{
	return i2c_write_reg(&io->i2c, REG_BANK_SEL, (uint8_t)(bank << BANK_SHIFT));
}

/*
 * A set-up that was broken off may have left another bank than the first, in which there is no identity. Only
 * then is something written, to what cannot be but a register that selects a bank.
 */
static int icm20948_probe(struct dev_io *io, const void *conf)
{
	uint8_t bank = 0;
	uint8_t who = 0;
	int r = i2c_read_reg(&io->i2c, REG_BANK_SEL, &bank);

	(void)conf;
	if (r == 0 && (bank == 0x10 || bank == 0x20 || bank == 0x30))
		r = select_bank(io, 0);
	if (r == 0)
		r = i2c_read_reg(&io->i2c, BANK0_WHO_AM_I, &who);
	if (r < 0)
		return r;
	if (who == WHO_ICM20948)
		return 0;
	return ident_refuse(&io->i2c, "WHO_AM_I is 0x%02x, an ICM-20948 has 0xea", who);
}

static int divider(const struct icm20948_conf *c)
{
	return (int)lround(GYRO_RATE_HZ / c->rate_hz);
}

static int reset(struct dev_io *io)
{
	int r = select_bank(io, 0);

	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK0_PWR_MGMT_1, DEVICE_RESET);
	if (r == 0)
		r = task_sleep(RESET_NS);
	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK0_PWR_MGMT_1, CLKSEL_AUTO);
	return r < 0 ? r : task_sleep(WAKE_NS);
}

/* Rates and ranges. */
static int setup_motion(struct dev_io *io, const struct icm20948_conf *c)
{
	int filter = (c->bandwidth + 1) << DLPFCFG_SHIFT | FCHOICE;
	const uint8_t gyro[] = {(uint8_t)(divider(c) - 1),
				(uint8_t)(filter | c->gyro_range << FS_SHIFT)};
	const uint8_t accel[] = {0, (uint8_t)(divider(c) - 1)};
	int r = select_bank(io, 2);

	if (r == 0)
		r = i2c_write_regs(&io->i2c, BANK2_GYRO_SMPLRT_DIV, gyro, sizeof(gyro));
	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK2_ODR_ALIGN_EN, 1);
	if (r == 0)
		r = i2c_write_regs(&io->i2c, BANK2_ACCEL_SMPLRT_DIV_1, accel,
				   sizeof(accel));
	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK2_ACCEL_CONFIG,
				  (uint8_t)(filter | c->accel_range << FS_SHIFT));
	return r < 0 ? r : select_bank(io, 0);
}

static int setup_magnetometer(struct dev_io *io)
{
	struct i2c_dev mag = invensense_mag(io);
	uint8_t id = 0;
	int r = i2c_write_reg(&io->i2c, BANK0_INT_PIN_CFG, BYPASS_EN);

	if (r == 0)
		r = i2c_write_reg(&mag, MAG_CNTL3, MAG_SRST);
	if (r == 0)
		r = task_sleep(MAG_RESET_NS);
	if (r == 0)
		r = i2c_read_reg(&mag, MAG_WIA2, &id);
	if (r < 0)
		return r;
	if (id != MAG_ID)
		return error_set(-ENODEV,
				 "0x0c is no AK09916: WIA2 is 0x%02x; \"magnetometer\": "
				 "false does without",
				 id);
	return i2c_write_reg(&mag, MAG_CNTL2, MAG_100_HZ);
}

static int icm20948_setup(struct dev_io *io, const void *conf)
{
	const struct icm20948_conf *c = conf;
	int r = reset(io);

	if (r == 0)
		r = setup_motion(io, c);
	if (r == 0 && c->magnetometer)
		r = setup_magnetometer(io);
	if (r == 0 && c->fifo)
		r = i2c_write_reg(&io->i2c, BANK0_FIFO_EN_2, FIFO_ALL);
	return r < 0 ? r : i2c_write_reg(&io->i2c, BANK0_INT_ENABLE_1, RAW_DATA_RDY);
}

/* What a reset changes in the bank that is selected anyway; after it the chip sleeps. */
static int icm20948_verify(struct dev_io *io, const void *conf)
{
	static const uint8_t power = CLKSEL_AUTO, ready = RAW_DATA_RDY, rate = MAG_100_HZ;
	const struct icm20948_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int r = ident_kept(&io->i2c, BANK0_PWR_MGMT_1, &power, 1);

	if (r == 0)
		r = ident_kept(&io->i2c, BANK0_INT_ENABLE_1, &ready, 1);
	return r < 0 || !c->magnetometer ? r : ident_kept(&mag, MAG_CNTL2, &rate, 1);
}

static int icm20948_sleep(struct dev_io *io, const void *conf)
{
	const struct icm20948_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int r = c->magnetometer ? i2c_write_reg(&mag, MAG_CNTL2, MAG_POWER_DOWN) : 0;

	return r < 0 ? r : i2c_write_reg(&io->i2c, BANK0_PWR_MGMT_1, SLEEP);
}

static int64_t icm20948_period_ns(const void *conf)
{
	return divider(conf) * NS_PER_S / GYRO_RATE_HZ;
}

static int icm20948_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct icm20948_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	int r = i2c_read_reg(&io->i2c, BANK0_INT_STATUS_1, raw);

	if (r < 0 || !(raw[0] & RAW_DATA_RDY))
		return r;
	r = i2c_read_regs(&io->i2c, BANK0_ACCEL_XOUT_H, raw + 1, FRAME_LEN);
	if (r < 0 || !c->magnetometer)
		return r < 0 ? r : MOTION_LEN;
	r = i2c_read_regs(&mag, MAG_ST1, raw + MOTION_LEN, MAG_LEN);
	return r < 0 ? r : DATA_LEN;
}

static unsigned icm20948_watermark(const void *conf)
{
	return (unsigned)((const struct icm20948_conf *)conf)->fifo;
}

/* INT_STATUS_2 is read last: a FIFO that runs over while it is read has lost the beginning of a frame. */
static int icm20948_fifo_read(struct dev_io *io, const void *conf, uint8_t *raw,
			      size_t size, int64_t *ret_counted_ns)
{
	const struct icm20948_conf *c = conf;
	struct i2c_dev mag = invensense_mag(io);
	uint8_t status = 0;
	int len = invensense_fifo(&io->i2c, BANK0_FIFO_COUNT_H, INVENSENSE_FIFO_LEN, raw,
				  size - MAG_LEN, ret_counted_ns);
	int r = len;

	if (r >= 0)
		r = i2c_read_reg(&io->i2c, BANK0_INT_STATUS_2, &status);
	if (r < 0)
		return r;
	if (status & FIFO_OVERFLOW)
		return error_set(-EOVERFLOW, "the FIFO has run over");
	if (len == 0 || !c->magnetometer)
		return len;
	r = i2c_read_regs(&mag, MAG_ST1, raw + len, MAG_LEN);
	return r < 0 ? r : len + MAG_LEN;
}

/* The flag of an overrun that is long past goes, too. */
static int icm20948_fifo_restart(struct dev_io *io, const void *conf)
{
	uint8_t status;
	int r = i2c_write_reg(&io->i2c, BANK0_USER_CTRL, 0);

	(void)conf;
	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK0_FIFO_RST, FIFO_RESET);
	if (r == 0)
		r = i2c_write_reg(&io->i2c, BANK0_FIFO_RST, 0);
	if (r == 0)
		r = i2c_read_reg(&io->i2c, BANK0_INT_STATUS_2, &status);
	return r < 0 ? r : i2c_write_reg(&io->i2c, BANK0_USER_CTRL, FIFO_EN);
}

static const struct driver_fifo icm20948_fifo = {
	.frame_len = FRAME_LEN,
	.watermark = icm20948_watermark,
	.read = icm20948_fifo_read,
	.restart = icm20948_fifo_restart,
};

static int decode_field(const uint8_t *raw, struct sample *ret)
{
	float lsb[3];

	if (!invensense_field(raw, MAG_LEN, lsb))
		return 0;
	*ret = (struct sample){
		.chan = CHAN_MAG,
		.v = {lsb[0] * MAG_LSB_T, -lsb[1] * MAG_LSB_T, -lsb[2] * MAG_LSB_T}};
	return 1;
}

/* A frame of the FIFO comes without INT_STATUS_1; both may have the magnetometer's bytes behind them. */
static int icm20948_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			   size_t len, int64_t t_ns, struct sample *ret)
{
	const struct icm20948_conf *c = conf;
	bool whole = len == MOTION_LEN || len == DATA_LEN;
	bool frame = len == FRAME_LEN || len == FRAME_LEN + MAG_LEN;
	int n = 3;

	(void)trim;
	if ((!whole && !frame) || (whole && !(raw[0] & RAW_DATA_RDY)))
		return -EBADMSG;
	raw += whole;
	if (bytes_all_ones(raw, FRAME_LEN))
		return -EBADMSG;
	invensense_vector(&ret[0], CHAN_ACCEL, raw, invensense_accel_lsb(c->accel_range));
	invensense_vector(&ret[1], CHAN_GYRO, raw + 6,
			  invensense_gyro_lsb(c->gyro_range));
	ret[2] = (struct sample){.chan = CHAN_TEMP,
				 .v = {(float)bytes_s16be(raw + 12) / 333.87f + 21}};
	if (len - whole == FRAME_LEN + MAG_LEN)
		n += decode_field(raw + FRAME_LEN, &ret[n]);
	for (int i = 0; i < n; i++)
		ret[i].t_ns = t_ns;
	return n;
}

/* DS-000189, revision 1.3, tables 1 and 2. */
static bool icm20948_noise(const void *conf, enum chan chan, struct driver_noise *ret)
{
	const struct icm20948_conf *c = conf;
	const struct invensense_noise of = {
		.gyro_dps = 0.015,
		.accel_g = 230e-6,
		.bandwidth_hz = bandwidths_hz[c->bandwidth],
		.rate_hz = c->rate_hz,
		.gyro_range = c->gyro_range,
		.accel_range = c->accel_range,
	};

	return invensense_noise(&of, chan, ret);
}

const struct driver driver_icm20948 = {
	.name = "icm20948",
	.summary = "TDK ICM-20948 accelerometer, gyroscope and magnetometer, I2C",
	.bus = BUS_I2C,
	.addrs = {0x68, 0x69},
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP) |
		 CHAN_BIT(CHAN_MAG),
	.conf = icm20948_fields,
	.conf_size = sizeof(struct icm20948_conf),
	.data_ready = true,
	.raw_max = DATA_LEN,
	.probe = icm20948_probe,
	.setup = icm20948_setup,
	.verify = icm20948_verify,
	.sleep = icm20948_sleep,
	.period_ns = icm20948_period_ns,
	.read = icm20948_read,
	.fifo = &icm20948_fifo,
	.decode = icm20948_decode,
	.noise = icm20948_noise,
};
