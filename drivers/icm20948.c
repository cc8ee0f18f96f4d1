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

enum { REG_BANK_SEL = 0x7f, BANK_SHIFT = 4 }; /* in every bank */

enum {
	BANK0_WHO_AM_I = 0x00,
	BANK0_PWR_MGMT_1 = 0x06,
	BANK0_INT_PIN_CFG = 0x0f,
	BANK0_INT_ENABLE_1 = 0x11,
	BANK0_INT_STATUS_1 = 0x1a,
	BANK0_ACCEL_XOUT_H = 0x2d, /* then gyroscope, temperature */

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
	CLKSEL_AUTO = 0x01,
	BYPASS_EN = 0x02,    /* in INT_PIN_CFG */
	RAW_DATA_RDY = 0x01, /* in INT_ENABLE_1 and INT_STATUS_1 */
	FCHOICE = 0x01,      /* the low-pass filter is on */
	DLPFCFG_SHIFT = 3,
	FS_SHIFT = 1,

	MAG_ADDR = 0x0c,
	MAG_ID = 0x09,
	MAG_SRST = 0x01,       /* in CNTL3 */
	MAG_100_HZ = 0x08,     /* in CNTL2: mode 4 */
	MAG_DRDY = 0x01,       /* in ST1 */
	MAG_ST1_UNUSED = 0xfc, /* in ST1 */
	MAG_HOFL = 0x08,       /* in ST2: the field is too strong */
};

/* What one read brings: INT_STATUS_1, 7 numbers, and the magnetometer's ST1 to ST2. */
enum {
	AT_STATUS = 0,
	AT_ACCEL = 1,
	AT_GYRO = 7,
	AT_TEMP = 13,
	AT_MAG_ST1 = 15,
	AT_MAG = 16,
	AT_MAG_ST2 = 23,
	MOTION_LEN = 15,
	MAG_LEN = 9,
	DATA_LEN = MOTION_LEN + MAG_LEN,
};

#define RESET_NS (100 * NS_PER_MS)
#define WAKE_NS (35 * NS_PER_MS) /* gyroscope from sleep: table 1 */
#define MAG_RESET_NS NS_PER_MS
#define GYRO_RATE_HZ                                                                     \
	1100 /* divided by 1 + GYRO_SMPLRT_DIV; the accelerometer's is 1125 */

#define G_M_S2 9.80665f
#define DPS_RAD_S 0.017453292519943295f
#define MAG_LSB_T 0.15e-6f

struct icm20948_conf {
	double rate_hz;
	int bandwidth;
	int accel_range;
	int gyro_range;
	bool magnetometer;
};

/* GYRO_DLPFCFG 1 to 6, by the gyroscope's bandwidth: table 16. */
static const char *const bandwidths[] = {"152Hz", "120Hz", "51Hz", "24Hz",
					 "12Hz",  "6Hz",   NULL};
static const char *const accel_ranges[] = {"2g", "4g", "8g", "16g", NULL};
static const float accel_per_g[] = {16384, 8192, 4096, 2048};
static const char *const gyro_ranges[] = {"250dps", "500dps", "1000dps", "2000dps", NULL};
static const float gyro_per_dps[] = {131.0f, 65.5f, 32.8f, 16.4f};

static const struct conf_field icm20948_fields[] = {
	CONF_REAL(icm20948_conf, rate_hz, 220, 5, 1100, "Hz",
		  "Measurements per second; the nearest one of 1100, 550, 367, ..."),
	CONF_ENUM(icm20948_conf, bandwidth, 1, bandwidths,
		  "The chip's low-pass filters."),
	CONF_ENUM(icm20948_conf, accel_range, 3, accel_ranges, "Full scale."),
	CONF_ENUM(icm20948_conf, gyro_range, 3, gyro_ranges, "Full scale."),
	CONF_BOOL(icm20948_conf, magnetometer, true,
		  "Read the magnetometer too; of several chips on a bus only one can."),
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

static struct i2c_dev magnetometer(const struct dev_io *io)
{
	struct i2c_dev mag = io->i2c;

	mag.addr = MAG_ADDR;
	return mag;
}

static int setup_magnetometer(struct dev_io *io)
{
	struct i2c_dev mag = magnetometer(io);
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
	return r < 0 ? r : i2c_write_reg(&io->i2c, BANK0_INT_ENABLE_1, RAW_DATA_RDY);
}

static int64_t icm20948_period_ns(const void *conf)
{
	return divider(conf) * NS_PER_S / GYRO_RATE_HZ;
}

static int icm20948_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	const struct icm20948_conf *c = conf;
	struct i2c_dev mag = magnetometer(io);
	int r = i2c_read_reg(&io->i2c, BANK0_INT_STATUS_1, raw + AT_STATUS);

	if (r < 0 || !(raw[AT_STATUS] & RAW_DATA_RDY))
		return r;
	r = i2c_read_regs(&io->i2c, BANK0_ACCEL_XOUT_H, raw + AT_ACCEL, MOTION_LEN - 1);
	if (r < 0 || !c->magnetometer)
		return r < 0 ? r : MOTION_LEN;
	r = i2c_read_regs(&mag, MAG_ST1, raw + AT_MAG_ST1, MAG_LEN);
	return r < 0 ? r : DATA_LEN;
}

static void put_vector(struct sample *s, enum chan chan, const uint8_t *b, float lsb)
{
	s->chan = chan;
	for (size_t i = 0; i < 3; i++)
		s->v[i] = (float)bytes_s16be(b + 2 * i) * lsb;
}

/* Most reads find no new field, as the magnetometer is slower. Returns how many samples. */
static int decode_field(const uint8_t *raw, struct sample *ret)
{
	if (!(raw[AT_MAG_ST1] & MAG_DRDY) || raw[AT_MAG_ST1] & MAG_ST1_UNUSED ||
	    raw[AT_MAG_ST2] & MAG_HOFL)
		return 0;
	*ret = (struct sample){.chan = CHAN_MAG,
			       .v = {(float)bytes_s16le(raw + AT_MAG) * MAG_LSB_T,
				     -(float)bytes_s16le(raw + AT_MAG + 2) * MAG_LSB_T,
				     -(float)bytes_s16le(raw + AT_MAG + 4) * MAG_LSB_T}};
	return 1;
}

static int icm20948_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			   size_t len, int64_t t_ns, struct sample *ret)
{
	const struct icm20948_conf *c = conf;
	int n = 3;

	(void)trim;
	if ((len != MOTION_LEN && len != DATA_LEN) || !(raw[AT_STATUS] & RAW_DATA_RDY) ||
	    bytes_all_ones(raw + AT_ACCEL, MOTION_LEN - 1))
		return -EBADMSG;
	put_vector(&ret[0], CHAN_ACCEL, raw + AT_ACCEL,
		   G_M_S2 / accel_per_g[c->accel_range]);
	put_vector(&ret[1], CHAN_GYRO, raw + AT_GYRO,
		   DPS_RAD_S / gyro_per_dps[c->gyro_range]);
	ret[2] = (struct sample){.chan = CHAN_TEMP,
				 .v = {(float)bytes_s16be(raw + AT_TEMP) / 333.87f + 21}};
	if (len == DATA_LEN)
		n += decode_field(raw, &ret[n]);
	for (int i = 0; i < n; i++)
		ret[i].t_ns = t_ns;
	return n;
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
	.raw_max = DATA_LEN,
	.probe = icm20948_probe,
	.setup = icm20948_setup,
	.period_ns = icm20948_period_ns,
	.read = icm20948_read,
	.decode = icm20948_decode,
};
