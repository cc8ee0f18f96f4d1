/*
 * A register-level model of the TDK ICM-20948 (DS-000189 revision 1.3) with its AK09916: banks, sleep and
 * reset, sample rate, ranges, data-ready on a line, the FIFO, and the bypass through which the magnetometer
 * (akm.h) is reached.
 *
 * It answers at once where the chip takes its time to reset. Not modelled: the auxiliary bus, the
 * filters, standby of single axes.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/akm.h"
#include "hal/emul/clock.h"
#include "hal/emul/fifo.h"
#include "hal/emul/reg8.h"

enum reg {
	BANK0_WHO_AM_I = 0x00,
	BANK0_USER_CTRL = 0x03,
	BANK0_PWR_MGMT_1 = 0x06,
	BANK0_INT_PIN_CFG = 0x0f,
	BANK0_INT_ENABLE_1 = 0x11,
	BANK0_INT_STATUS_1 = 0x1a,
	BANK0_INT_STATUS_2 = 0x1b,
	BANK0_ACCEL_XOUT_H = 0x2d,
	BANK0_GYRO_XOUT_H = 0x33,
	BANK0_TEMP_OUT_H = 0x39,
	BANK0_TEMP_OUT_L = 0x3a,
	BANK0_FIFO_EN_2 = 0x67,
	BANK0_FIFO_RST = 0x68,
	BANK0_FIFO_MODE = 0x69,
	BANK0_FIFO_COUNTH = 0x70,
	BANK0_FIFO_COUNTL = 0x71,
	BANK0_FIFO_R_W = 0x72,
	BANK2_GYRO_SMPLRT_DIV = 0x00,
	BANK2_GYRO_CONFIG_1 = 0x01,
	BANK2_ACCEL_CONFIG = 0x14,
	REG_BANK_SEL = 0x7f,
	REGS = 0x80,
};

#define BANKS 4
#define DEVICE_RESET 0x80
#define SLEEP 0x40
#define RAW_DATA_RDY 0x01
#define FIFO_EN 0x40      /* in USER_CTRL */
#define FIFO_ACCEL 0x10   /* in FIFO_EN_2 */
#define FIFO_GYRO_X 0x02U /* then Y and Z */
#define FIFO_TEMP 0x01
#define FIFO_RESET 0x1f
#define FIFO_OVERFLOW 0x01
#define FIFO_SNAPSHOT 0x01 /* in FIFO_MODE: full, it takes nothing more */
#define FIFO_SIZE 512
#define INT_PULSE_NS (50 * NS_PER_US)
#define GRAVITY_MS2 9.80665
#define RADS_PER_DPS (3.141592653589793 / 180)

static const double accel_lsb_per_g[] = {16384, 8192, 4096, 2048};
static const double gyro_lsb_per_dps[] = {131, 65.5, 32.8, 16.4};

struct icm20948_model {
	struct reg8 chip; /* whose `reg` is not used: there are four of them */
	uint8_t bank[BANKS][REGS];
	struct gpio_board *board; /* NULL: the INT1 pin is not connected */
	char int_line[EMUL_LINE_MAX];
	struct emul_clock clock;
	struct emul_fifo fifo;
	int (*bus_start)(struct i2c_model *i2c, int read); /* of all such chips */

	struct emul_akm mag;
};

static struct icm20948_model *model_of(struct reg8 *chip)
{
	return container_of(chip, struct icm20948_model, chip);
}

static const struct icm20948_model *of_clock(const struct emul_clock *c)
{
	return container_of(c, const struct icm20948_model, clock);
}

static bool asleep(const struct icm20948_model *m)
{
	return m->bank[0][BANK0_PWR_MGMT_1] & SLEEP;
}

static bool clock_asleep(const struct emul_clock *c)
{
	return asleep(of_clock(c));
}

static int64_t period_ns(const struct emul_clock *c)
{
	return (1 + of_clock(c)->bank[2][BANK2_GYRO_SMPLRT_DIV]) * NS_PER_S / 1100;
}

static void announce(struct icm20948_model *m)
{
	if (!m->board || !(m->bank[0][BANK0_INT_ENABLE_1] & RAW_DATA_RDY))
		return;
	/* Cannot fail: the line was made with the model. */
	(void)gpio_board_drive(m->board, m->int_line, true, m->clock.sample_ns);
	(void)gpio_board_drive(m->board, m->int_line, false,
			       m->clock.sample_ns + INT_PULSE_NS);
}

/* The number that begins at register @reg of bank 0. */
static double output(const struct icm20948_model *m, uint8_t reg)
{
	double accel = accel_lsb_per_g[m->bank[2][BANK2_ACCEL_CONFIG] >> 1 & 3];
	double gyro = gyro_lsb_per_dps[m->bank[2][BANK2_GYRO_CONFIG_1] >> 1 & 3];

	if (reg < BANK0_GYRO_XOUT_H)
		return m->clock.motion.accel_ms2[(reg - BANK0_ACCEL_XOUT_H) / 2] * accel /
		       GRAVITY_MS2;
	if (reg < BANK0_TEMP_OUT_H)
		return m->clock.motion.gyro_rads[(reg - BANK0_GYRO_XOUT_H) / 2] * gyro /
		       RADS_PER_DPS;
	return (m->clock.motion.temp_c - 21) * 333.87;
}

static uint16_t saturate(double x)
{
	return (uint16_t)(int16_t)lround(fmin(fmax(x, -32768), 32767));
}

/* Which bit of FIFO_EN_2 sends the number that begins at @reg to the FIFO? */
static unsigned fifo_bit(uint8_t reg)
{
	if (reg < BANK0_GYRO_XOUT_H)
		return FIFO_ACCEL;
	if (reg == BANK0_TEMP_OUT_H)
		return FIFO_TEMP;
	return (unsigned)FIFO_GYRO_X << (reg - BANK0_GYRO_XOUT_H) / 2;
}

/* In the order of the data registers. */
static void fifo_store(struct icm20948_model *m)
{
	uint8_t frame[BANK0_TEMP_OUT_L - BANK0_ACCEL_XOUT_H + 1];
	unsigned n = 0;

	if (!(m->bank[0][BANK0_USER_CTRL] & FIFO_EN) || m->bank[0][BANK0_FIFO_RST])
		return;
	for (unsigned r = BANK0_ACCEL_XOUT_H; r <= BANK0_TEMP_OUT_H; r += 2) {
		uint8_t reg = (uint8_t)r;
		uint16_t bits = saturate(output(m, reg));

		if (!(m->bank[0][BANK0_FIFO_EN_2] & fifo_bit(reg)))
			continue;
		frame[n++] = (uint8_t)(bits >> 8);
		frame[n++] = (uint8_t)bits;
	}
	/* A snapshot is kept as it is; else the oldest make room. */
	if ((m->bank[0][BANK0_FIFO_MODE] & FIFO_SNAPSHOT &&
	     m->fifo.count + n > FIFO_SIZE) ||
	    emul_fifo_push(&m->fifo, frame, n))
		m->bank[0][BANK0_INT_STATUS_2] = FIFO_OVERFLOW;
}

static void sample(struct emul_clock *c)
{
	struct icm20948_model *m = container_of(c, struct icm20948_model, clock);

	m->bank[0][BANK0_INT_STATUS_1] = RAW_DATA_RDY;
	fifo_store(m);
	announce(m);
}

static const struct emul_clock_ops clock_ops = {
	.period_ns = period_ns, .asleep = clock_asleep, .sample = sample};

/* As those of all such chips, once what is due has been measured. */
static int icm20948_bus_start(struct i2c_model *i2c, int read)
{
	struct icm20948_model *m =
		container_of(i2c, struct icm20948_model, chip.emul.i2c);

	emul_clock_catch_up(&m->clock);
	return m->bus_start(i2c, read);
}

/* Numbers are made as they are read, so that a set-up that comes late applies to a held sample too. */
static uint8_t read_output(struct icm20948_model *m, uint8_t reg)
{
	bool low = (reg - BANK0_ACCEL_XOUT_H) % 2;
	uint16_t bits = saturate(output(m, (uint8_t)(reg - low)));

	if (reg == BANK0_TEMP_OUT_L)
		emul_clock_read(&m->clock);
	return (uint8_t)(low ? bits : bits >> 8);
}

static uint8_t get(struct reg8 *chip, uint8_t pointer)
{
	struct icm20948_model *m = model_of(chip);
	uint8_t reg = pointer % REGS;
	uint8_t bank = m->bank[0][REG_BANK_SEL] >> 4 & 3;
	uint8_t value = m->bank[bank][reg];

	if (reg == REG_BANK_SEL)
		return m->bank[0][REG_BANK_SEL];
	if (bank == 0 && (reg == BANK0_INT_STATUS_1 || reg == BANK0_INT_STATUS_2))
		m->bank[0][reg] = 0;
	if (bank == 0 && reg == BANK0_FIFO_COUNTH) { /* latches both bytes */
		m->bank[0][BANK0_FIFO_COUNTL] = (uint8_t)m->fifo.count;
		return (uint8_t)(m->fifo.count >> 8);
	}
	if (bank == 0 && reg == BANK0_FIFO_R_W)
		return emul_fifo_pop(&m->fifo);
	if (bank == 0 && reg >= BANK0_ACCEL_XOUT_H && reg <= BANK0_TEMP_OUT_L)
		return read_output(m, reg);
	return value;
}

static void clear(struct icm20948_model *m)
{
	memset(m->bank, 0, sizeof(m->bank));
	m->bank[0][BANK0_WHO_AM_I] = 0xea;
	m->bank[0][BANK0_PWR_MGMT_1] = SLEEP | 0x01;
	m->bank[2][BANK2_GYRO_CONFIG_1] = 0x01;
	m->bank[2][BANK2_ACCEL_CONFIG] = 0x01;
	m->fifo.count = 0;
	m->fifo.last = 0;
	emul_clock_stop(&m->clock);
}

/* Of the first bank, the identity and what is measured. */
static bool read_only(uint8_t reg)
{
	return reg == BANK0_WHO_AM_I ||
	       (reg >= BANK0_INT_STATUS_1 && reg < BANK0_FIFO_EN_2) ||
	       reg >= BANK0_FIFO_COUNTH;
}

static void set(struct reg8 *chip, uint8_t pointer, uint8_t value)
{
	struct icm20948_model *m = model_of(chip);
	uint8_t reg = pointer % REGS;
	uint8_t bank = m->bank[0][REG_BANK_SEL] >> 4 & 3;

	if (reg == REG_BANK_SEL) {
		m->bank[0][reg] = value & 0x30;
	} else if (bank == 0 && reg == BANK0_PWR_MGMT_1 && value & DEVICE_RESET) {
		clear(m);
	} else if (bank != 0 || !read_only(reg)) {
		m->bank[bank][reg] = value;
		if (bank == 0 && reg == BANK0_FIFO_RST && value & FIFO_RESET)
			m->fifo.count = 0;
		if ((bank == 0 && reg == BANK0_PWR_MGMT_1) ||
		    (bank == 2 && reg == BANK2_GYRO_SMPLRT_DIV)) {
			emul_clock_restart(&m->clock);
		}
		if (bank == 0 && reg == BANK0_INT_ENABLE_1 && m->clock.unread &&
		    !asleep(m)) {
			m->bank[0][BANK0_INT_STATUS_1] = RAW_DATA_RDY;
			announce(m);
		}
	}
}

/* A burst stays at the FIFO. */
static uint8_t next(const struct reg8 *chip, uint8_t pointer)
{
	const struct icm20948_model *m =
		container_of(chip, const struct icm20948_model, chip);
	bool first = (m->bank[0][REG_BANK_SEL] >> 4 & 3) == 0;

	return (uint8_t)(first && pointer % REGS == BANK0_FIFO_R_W ? pointer
								   : pointer + 1);
}

static const struct reg8_ops ops = {.get = get, .set = set, .next = next};

static struct icm20948_model *of_emul(struct emul *e)
{
	return container_of(e, struct icm20948_model, chip.emul);
}

static int icm20948_init(struct emul *e, const struct emul_conf *conf)
{
	struct icm20948_model *m = of_emul(e);
	int r;

	reg8_init(&m->chip, &ops);
	m->bus_start = m->chip.emul.i2c.start;
	m->chip.emul.i2c.start = icm20948_bus_start;
	emul_clock_init(&m->clock, &clock_ops, e, FIFO_SIZE, conf->irq != NULL);
	m->fifo.size = FIFO_SIZE;
	emul_akm_init(&m->mag, &akm_ak09916, e->scene, &m->bank[0][BANK0_INT_PIN_CFG]);
	e->second = &m->mag.i2c;
	if (!conf->irq)
		return 0;
	r = gpio_board_drive(conf->board, conf->irq, false, 0);
	if (r < 0)
		return r;
	m->board = conf->board;
	(void)snprintf(m->int_line, sizeof(m->int_line), "%s", conf->irq);
	return 0;
}

static void icm20948_power_on(struct emul *e)
{
	clear(of_emul(e));
	emul_akm_power_on(&of_emul(e)->mag);
}

static void icm20948_start(struct emul *e)
{
	emul_clock_restart(&of_emul(e)->clock);
}

static void icm20948_stop(struct emul *e)
{
	emul_clock_stop(&of_emul(e)->clock);
}

const struct emul_kind emul_icm20948 = {
	.name = "icm20948",
	.size = sizeof(struct icm20948_model),
	.init = icm20948_init,
	.power_on = icm20948_power_on,
	.start = icm20948_start,
	.stop = icm20948_stop,
};
