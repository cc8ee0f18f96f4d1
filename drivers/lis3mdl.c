/*
 * ST LIS3MDL: magnetometer, on I2C.
 *
 * Registers as in the data sheet LIS3MDL, DocID024204 rev. 6 (sections 5.1.1, 7 and table 3). "irq" is at the pin DRDY;
 * the other one, INT, is for thresholds, which are not used.
 */
#include <errno.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"
#include "drivers/ident.h"

enum {
	REG_WHO_AM_I = 0x0f,
	REG_CTRL_REG1 = 0x20,
	REG_CTRL_REG2 = 0x21,
	REG_CTRL_REG3 = 0x22,
	REG_CTRL_REG4 = 0x23,
	REG_CTRL_REG5 = 0x24,
	REG_STATUS = 0x27,     /* then OUT_X_L to OUT_Z_H */
	AUTO_INCREMENT = 0x80, /* of a register's number */
};

enum {
	WHO_LIS3MDL = 0x3d,
	OM_ULTRA_HIGH = 0x60, /* CTRL_REG1: mode of X and Y */
	DO_SHIFT = 2,         /* CTRL_REG1: rate */
	SOFT_RST = 0x04,      /* CTRL_REG2 */
	FS_SHIFT = 5,         /* CTRL_REG2: full scale */
	MD_CONTINUOUS = 0x00, /* CTRL_REG3 */
	MD_POWER_DOWN = 0x03,
	OMZ_ULTRA_HIGH = 0x0c, /* CTRL_REG4: mode of Z */
	BDU = 0x40,            /* CTRL_REG5: both bytes of a number belong together */
	STATUS_ZYXDA = 0x08,
	DATA_LEN = 7, /* STATUS and three numbers */
};

#define RESET_NS (10 * NS_PER_MS) /* not given; ST's own driver waits 5 ms */
#define GAUSS_T 1e-4

struct lis3mdl_conf {
	int rate;
	int range;
};

/* DO, and FS with LSBs per gauss (table 3). */
static const char *const rates[] = {"0.625Hz", "1.25Hz", "2.5Hz", "5Hz", "10Hz",
				    "20Hz",    "40Hz",   "80Hz",  NULL};
static const double rates_hz[] = {0.625, 1.25, 2.5, 5, 10, 20, 40, 80};
static const char *const ranges[] = {"4G", "8G", "12G", "16G", NULL};
static const float lsb_per_gauss[] = {6842, 3421, 2281, 1711};

static const struct conf_field lis3mdl_fields[] = {
	CONF_ENUM(lis3mdl_conf, rate, 7, rates, "Measurements per second."),
	CONF_ENUM(lis3mdl_conf, range, 0, ranges, "Full scale."),
	CONF_END,
};

static int lis3mdl_probe(struct dev_io *io, const void *conf)
{
	uint8_t who;
	int r = i2c_read_reg(&io->i2c, REG_WHO_AM_I, &who);

	(void)conf;
	if (r < 0 || who == WHO_LIS3MDL)
		return r;
	return ident_refuse(&io->i2c, "WHO_AM_I is 0x%02x, a LIS3MDL has 0x3d", who);
}

static int lis3mdl_setup(struct dev_io *io, const void *conf)
{
	const struct lis3mdl_conf *c = conf;
	const uint8_t writes[][2] = {
		{REG_CTRL_REG1, (uint8_t)(OM_ULTRA_HIGH | c->rate << DO_SHIFT)},
		{REG_CTRL_REG2, (uint8_t)(c->range << FS_SHIFT)},
		{REG_CTRL_REG4, OMZ_ULTRA_HIGH},
		{REG_CTRL_REG5, BDU},
		{REG_CTRL_REG3, MD_CONTINUOUS},
	};
	int r = i2c_write_reg(&io->i2c, REG_CTRL_REG2, SOFT_RST);

	if (r == 0)
		r = task_sleep(RESET_NS);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(writes); i++)
		r = i2c_write_reg(&io->i2c, writes[i][0], writes[i][1]);
	return r;
}

static int lis3mdl_verify(struct dev_io *io, const void *conf)
{
	const struct lis3mdl_conf *c = conf;
	const uint8_t ctrl[] = {(uint8_t)(OM_ULTRA_HIGH | c->rate << DO_SHIFT),
				(uint8_t)(c->range << FS_SHIFT), MD_CONTINUOUS,
				OMZ_ULTRA_HIGH, BDU};

	return ident_kept(&io->i2c, REG_CTRL_REG1 | AUTO_INCREMENT, ctrl, sizeof(ctrl));
}

static int lis3mdl_sleep(struct dev_io *io, const void *conf)
{
	(void)conf;
	return i2c_write_reg(&io->i2c, REG_CTRL_REG3, MD_POWER_DOWN);
}

static int64_t lis3mdl_period_ns(const void *conf)
{
	const struct lis3mdl_conf *c = conf;

	return (int64_t)((double)NS_PER_S / rates_hz[c->rate]);
}

static int lis3mdl_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = i2c_read_regs(&io->i2c, REG_STATUS | AUTO_INCREMENT, raw, DATA_LEN);

	(void)conf;
	if (r < 0)
		return r;
	return raw[0] & STATUS_ZYXDA ? DATA_LEN : 0;
}

static int lis3mdl_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	const struct lis3mdl_conf *c = conf;

	(void)trim;
	if (len != DATA_LEN || !(raw[0] & STATUS_ZYXDA) || bytes_all_ones(raw, len))
		return -EBADMSG;
	*ret = (struct sample){.t_ns = t_ns, .chan = CHAN_MAG};
	for (size_t i = 0; i < 3; i++) {
		float value = (float)bytes_s16le(raw + 1 + 2 * i);

		ret->v[i] = value / lsb_per_gauss[c->range] * (float)GAUSS_T;
	}
	return 1;
}

/*
 * Table 3: RMS noise of X and Y, the quieter axes, in ultra-high-performance mode at 12 gauss. (As remembered; that page was
 * not at hand. From 20 Hz on a third of it would give the same half second.)
 */
static bool lis3mdl_noise(const void *conf, enum chan chan, struct driver_noise *ret)
{
	const struct lis3mdl_conf *c = conf;

	if (chan != CHAN_MAG)
		return false;
	*ret = (struct driver_noise){
		.sigma = 3.2e-3 * GAUSS_T,
		.lsb = GAUSS_T / (double)lsb_per_gauss[c->range],
		.independent_hz = rates_hz[c->rate],
	};
	return true;
}

const struct driver driver_lis3mdl = {
	.name = "lis3mdl",
	.summary = "ST LIS3MDL magnetometer, I2C",
	.bus = BUS_I2C,
	.addrs = {0x1c, 0x1e},
	.chans = CHAN_BIT(CHAN_MAG),
	.conf = lis3mdl_fields,
	.conf_size = sizeof(struct lis3mdl_conf),
	.data_ready = true, /* DRDY, which no setting turns off: high until OUT is read */
	.raw_max = DATA_LEN,
	.probe = lis3mdl_probe,
	.setup = lis3mdl_setup,
	.verify = lis3mdl_verify,
	.sleep = lis3mdl_sleep,
	.period_ns = lis3mdl_period_ns,
	.read = lis3mdl_read,
	.decode = lis3mdl_decode,
	.noise = lis3mdl_noise,
};
