/*
 * A register-level model of the InvenSense MPU-6050 (RM-MPU-6000A revision 4.2, which counts registers in
 * decimal) and of its successors MPU-6500 and MPU-9250: sleep and reset, sample rate, ranges, data-ready
 * and overflow interrupts on a line, the FIFO, the shadowing that gives a burst one sample, and the bypass to the
 * MPU-9250's magnetometer (akm.h).
 *
 * It answers at once where the chip takes its time to reset. Not modelled: the auxiliary bus, self test, motion detection, cycling, standby of single axes, and
 * the filters themselves (only their effect on the rate).
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/akm.h"
#include "hal/emul/clock.h"
#include "hal/emul/emul.h"
#include "hal/emul/fifo.h"

enum reg {
	SMPLRT_DIV = 0x19,
	CONFIG = 0x1a,
	GYRO_CONFIG = 0x1b,
	ACCEL_CONFIG = 0x1c,
	FIFO_EN = 0x23,
	INT_PIN_CFG = 0x37,
	INT_ENABLE = 0x38,
	INT_STATUS = 0x3a,
	ACCEL_XOUT_H = 0x3b,
	TEMP_OUT_H = 0x41,
	GYRO_XOUT_H = 0x43,
	GYRO_ZOUT_L = 0x48,
	EXT_SENS_DATA_23 = 0x60,
	SIGNAL_PATH_RESET = 0x68,
	USER_CTRL = 0x6a,
	PWR_MGMT_1 = 0x6b,
	FIFO_COUNTH = 0x72,
	FIFO_COUNTL = 0x73,
	FIFO_R_W = 0x74,
	WHO_AM_I = 0x75,
	REGS = 0x80,
};

#define DLPF_CFG 0x07
#define FS_SHIFT 3
#define FS_MASK 3
#define FIFO_TEMP 0x80
#define FIFO_XG 0x40
#define FIFO_ACCEL 0x08
#define PIN_INT_LEVEL 0x80
#define PIN_LATCH_INT_EN 0x20
#define PIN_INT_RD_CLEAR 0x10
#define INT_FIFO_OFLOW 0x10
#define INT_DATA_RDY 0x01
#define USER_FIFO_EN 0x40
#define USER_FIFO_RESET 0x04
#define USER_RESETS 0x07
#define USER_SIG_COND_RESET 0x01
#define PWR_DEVICE_RESET 0x80
#define PWR_SLEEP 0x40
#define PWR_CLKSEL_AUTO 0x01

#define DATA_LEN (GYRO_ZOUT_L - ACCEL_XOUT_H + 1)
#define FIFO_LEN 1024 /* of the MPU-6050; its successors have half of that */
#define INT_PULSE_NS (50 * NS_PER_US) /* register 55 */
#define GRAVITY_MS2 9.80665
#define RADS_PER_DPS (3.141592653589793 / 180)

/* By full scale, 2 to 16 g (register 59) and 250 to 2000 degrees per second (register 67). */
static const double accel_lsb_per_g[] = {16384, 8192, 4096, 2048};
static const double gyro_lsb_per_dps[] = {131, 65.5, 32.8, 16.4};

struct mpu6050_model {
	struct emul emul;
	struct gpio_board *board; /* NULL: the INT pin is not connected */
	char int_line[EMUL_LINE_MAX];
	uint8_t who, power;                 /* WHO_AM_I; PWR_MGMT_1 after a reset */
	double temp_lsb_per_c, temp_zero_c; /* registers 65 and 66 */

	struct emul_clock clock;
	uint8_t data[DATA_LEN]; /* the last sample, encoded */
	bool shadowed;          /* data shows when the bus is idle (register 59) */

	uint8_t reg[REGS];
	uint8_t pointer;
	bool busy, addressed; /* between start and stop; the pointer has been written */
	bool data_read;       /* this transfer took the sample or emptied the FIFO */

	struct emul_fifo fifo;
	struct emul_akm mag; /* of the MPU-9250 */
};

static const struct mpu6050_model *of_clock(const struct emul_clock *c)
{
	return container_of(c, const struct mpu6050_model, clock);
}

static bool asleep(const struct mpu6050_model *m)
{
	return m->reg[PWR_MGMT_1] & PWR_SLEEP;
}

static bool clock_asleep(const struct emul_clock *c)
{
	return asleep(of_clock(c));
}

/* The gyroscope's clock is 8 kHz without filter, 1 kHz with (register 25). */
static int64_t period_ns(const struct emul_clock *c)
{
	const struct mpu6050_model *m = of_clock(c);
	uint8_t dlpf = m->reg[CONFIG] & DLPF_CFG;
	int64_t clock_ns = dlpf == 0 || dlpf == 7 ? 125 * NS_PER_US : NS_PER_MS;

	return clock_ns * (1 + m->reg[SMPLRT_DIV]);
}

static void pin_set(struct mpu6050_model *m, bool active, int64_t t_ns)
{
	bool inverted = m->reg[INT_PIN_CFG] & PIN_INT_LEVEL;

	/* Cannot fail: the line was made with the model. */
	if (m->board)
		(void)gpio_board_drive(m->board, m->int_line, active != inverted, t_ns);
}

/* Tell of the interrupts @bits at the pin, as far as they are enabled. */
static void interrupt(struct mpu6050_model *m, uint8_t bits, int64_t t_ns)
{
	m->reg[INT_STATUS] |= bits;
	if (!(m->reg[INT_ENABLE] & bits))
		return;
	pin_set(m, true, t_ns);
	if (!(m->reg[INT_PIN_CFG] & PIN_LATCH_INT_EN))
		pin_set(m, false, t_ns + INT_PULSE_NS);
}

static void interrupt_clear(struct mpu6050_model *m)
{
	m->reg[INT_STATUS] = 0;
	if (m->reg[INT_PIN_CFG] & PIN_LATCH_INT_EN)
		pin_set(m, false, rt_now());
}

static void fifo_push(struct mpu6050_model *m, const uint8_t *bytes, unsigned n)
{
	if (emul_fifo_push(&m->fifo, bytes, n))
		interrupt(m, INT_FIFO_OFLOW, m->clock.sample_ns);
}

/* Empty, it goes on giving the last byte (register 116). */
static uint8_t fifo_pop(struct mpu6050_model *m)
{
	m->data_read |= m->fifo.count == 1;
	return emul_fifo_pop(&m->fifo);
}

/* Put the last sample into the FIFO, in the order of the data registers. */
static void fifo_store(struct mpu6050_model *m)
{
	uint8_t what = m->reg[FIFO_EN];

	if (!(m->reg[USER_CTRL] & USER_FIFO_EN))
		return;
	if (what & FIFO_ACCEL)
		fifo_push(m, m->data, 6);
	if (what & FIFO_TEMP)
		fifo_push(m, m->data + (TEMP_OUT_H - ACCEL_XOUT_H), 2);
	for (size_t axis = 0; axis < 3; axis++) {
		if (what & (FIFO_XG >> axis))
			fifo_push(m, m->data + (GYRO_XOUT_H - ACCEL_XOUT_H) + 2 * axis,
				  2);
	}
}

static void encode(uint8_t *at, double lsb)
{
	int16_t v = (int16_t)lrint(fmin(fmax(lsb, INT16_MIN), INT16_MAX));

	at[0] = (uint8_t)((uint16_t)v >> 8);
	at[1] = (uint8_t)v;
}

static void encode_motion(struct mpu6050_model *m)
{
	double accel =
		accel_lsb_per_g[m->reg[ACCEL_CONFIG] >> FS_SHIFT & FS_MASK] / GRAVITY_MS2;
	double gyro = gyro_lsb_per_dps[m->reg[GYRO_CONFIG] >> FS_SHIFT & FS_MASK] /
		      RADS_PER_DPS;

	for (size_t i = 0; i < 3; i++) {
		encode(m->data + 2 * i, m->clock.motion.accel_ms2[i] * accel);
		encode(m->data + (GYRO_XOUT_H - ACCEL_XOUT_H) + 2 * i,
		       m->clock.motion.gyro_rads[i] * gyro);
	}
	encode(m->data + (TEMP_OUT_H - ACCEL_XOUT_H),
	       (m->clock.motion.temp_c - m->temp_zero_c) * m->temp_lsb_per_c);
	if (m->busy)
		m->shadowed = true;
	else
		memcpy(m->reg + ACCEL_XOUT_H, m->data, DATA_LEN);
}

static void sample(struct emul_clock *c)
{
	struct mpu6050_model *m = container_of(c, struct mpu6050_model, clock);

	encode_motion(m);
	fifo_store(m);
	interrupt(m, INT_DATA_RDY, c->sample_ns);
}

static const struct emul_clock_ops clock_ops = {
	.period_ns = period_ns, .asleep = clock_asleep, .sample = sample};

static void reset(struct mpu6050_model *m)
{
	memset(m->reg, 0, sizeof(m->reg));
	m->reg[PWR_MGMT_1] = m->power;
	m->reg[WHO_AM_I] = m->who;
	m->fifo.count = 0;
	m->fifo.last = 0;
	pin_set(m, false, rt_now());
	emul_clock_restart(&m->clock);
}

static bool read_only(uint8_t reg)
{
	return (reg >= INT_STATUS && reg <= EXT_SENS_DATA_23) ||
	       (reg >= FIFO_COUNTH && reg <= WHO_AM_I);
}

static void write_power(struct mpu6050_model *m, uint8_t value)
{
	bool slept = asleep(m);

	if (value & PWR_DEVICE_RESET) {
		reset(m);
		return;
	}
	m->reg[PWR_MGMT_1] = value;
	if (slept && !asleep(m))
		emul_clock_restart(&m->clock);
	else if (asleep(m))
		emul_clock_stop(&m->clock);
}

static void write_user(struct mpu6050_model *m, uint8_t value)
{
	if (value & USER_FIFO_RESET && !(value & USER_FIFO_EN))
		m->fifo.count = 0;
	if (value & USER_SIG_COND_RESET)
		memset(m->reg + ACCEL_XOUT_H, 0, DATA_LEN);
	m->reg[USER_CTRL] = value & (uint8_t)~USER_RESETS;
}

/*
 * A sample of a paced scene comes once. One that came before the chip was set up is shown again as each
 * setting would have it, and announced when the chip wakes or announcements are switched on.
 */
static void show_again(struct mpu6050_model *m, uint8_t reg)
{
	if (!m->emul.scene->paced || !m->clock.unread || asleep(m))
		return;
	encode_motion(m);
	if ((reg == USER_CTRL || reg == FIFO_EN) && m->fifo.count == 0)
		fifo_store(m);
	if (reg == PWR_MGMT_1 || reg == INT_ENABLE)
		interrupt(m, INT_DATA_RDY, m->clock.sample_ns);
}

static void write_reg(struct mpu6050_model *m, uint8_t reg, uint8_t value)
{
	if (read_only(reg) || reg == SIGNAL_PATH_RESET)
		return;
	if (reg == PWR_MGMT_1) {
		write_power(m, value);
	} else if (reg == USER_CTRL) {
		write_user(m, value);
	} else {
		m->reg[reg] = value;
		if (reg == SMPLRT_DIV || reg == CONFIG)
			emul_clock_restart(&m->clock);
		else if (reg == INT_PIN_CFG)
			pin_set(m, false, rt_now());
	}
	show_again(m, reg);
}

static uint8_t read_reg(struct mpu6050_model *m, uint8_t reg)
{
	uint8_t value = m->reg[reg];

	if (reg >= ACCEL_XOUT_H && reg <= GYRO_ZOUT_L)
		m->data_read = true;
	if (reg == INT_STATUS || m->reg[INT_PIN_CFG] & PIN_INT_RD_CLEAR)
		interrupt_clear(m);
	if (reg == FIFO_COUNTH) { /* latches both bytes (register 114) */
		m->reg[FIFO_COUNTL] = (uint8_t)m->fifo.count;
		return (uint8_t)(m->fifo.count >> 8);
	}
	if (reg == FIFO_R_W)
		return fifo_pop(m);
	return value;
}

static struct mpu6050_model *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct mpu6050_model, emul.i2c);
}

static int bus_start(struct i2c_model *i2c, int read)
{
	struct mpu6050_model *m = model_of(i2c);

	if (!m->busy)
		emul_clock_catch_up(&m->clock);
	m->busy = true;
	if (!read)
		m->addressed = false;
	return 0;
}

/* Bursts go on from register to register, but stay at the FIFO. */
static void advance(struct mpu6050_model *m)
{
	if (m->pointer != FIFO_R_W)
		m->pointer = (uint8_t)(m->pointer + 1) % REGS;
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct mpu6050_model *m = model_of(i2c);

	if (!m->addressed) {
		m->addressed = true;
		m->pointer = byte % REGS;
		return 0;
	}
	write_reg(m, m->pointer, byte);
	advance(m);
	return 0;
}

static uint8_t bus_read(struct i2c_model *i2c)
{
	struct mpu6050_model *m = model_of(i2c);
	uint8_t value = read_reg(m, m->pointer);

	advance(m);
	return value;
}

static void bus_stop(struct i2c_model *i2c)
{
	struct mpu6050_model *m = model_of(i2c);

	m->busy = false;
	if (m->shadowed)
		memcpy(m->reg + ACCEL_XOUT_H, m->data, DATA_LEN);
	m->shadowed = false;
	if (m->data_read)
		emul_clock_read(&m->clock);
	m->data_read = false;
}

static struct mpu6050_model *of_emul(struct emul *e)
{
	return container_of(e, struct mpu6050_model, emul);
}

static int init(struct emul *e, const struct emul_conf *conf)
{
	struct mpu6050_model *m = of_emul(e);
	int r;

	e->i2c.start = bus_start;
	e->i2c.write = bus_write;
	e->i2c.read = bus_read;
	e->i2c.stop = bus_stop;
	emul_clock_init(&m->clock, &clock_ops, e, FIFO_LEN, conf->irq != NULL);
	if (!conf->irq)
		return 0;
	r = gpio_board_drive(conf->board, conf->irq, false, 0);
	if (r < 0)
		return r;
	m->board = conf->board;
	(void)snprintf(m->int_line, sizeof(m->int_line), "%s", conf->irq);
	return 0;
}

static int mpu6050_init(struct emul *e, const struct emul_conf *conf)
{
	struct mpu6050_model *m = of_emul(e);

	m->who = 0x68;
	m->power = PWR_SLEEP;
	m->fifo.size = FIFO_LEN;
	m->temp_lsb_per_c = 340;
	m->temp_zero_c = 36.53;
	return init(e, conf);
}

/*
 * MPU-6500: RM-MPU-6500A-00 revision 2.1; MPU-9250: RM-MPU-9250A-00 revision 1.6, after whose table 1 it does not
 * sleep when it has been switched on or reset.
 */
static int successor_init(struct emul *e, const struct emul_conf *conf, uint8_t who)
{
	struct mpu6050_model *m = of_emul(e);

	m->who = who;
	m->power = PWR_CLKSEL_AUTO;
	m->fifo.size = FIFO_LEN / 2;
	m->temp_lsb_per_c = 333.87;
	m->temp_zero_c = 21;
	return init(e, conf);
}

static int mpu6500_init(struct emul *e, const struct emul_conf *conf)
{
	return successor_init(e, conf, 0x70);
}

static int mpu9250_init(struct emul *e, const struct emul_conf *conf)
{
	struct mpu6050_model *m = of_emul(e);

	emul_akm_init(&m->mag, &akm_ak8963, e->scene, &m->reg[INT_PIN_CFG]);
	e->second = &m->mag.i2c;
	return successor_init(e, conf, 0x71);
}

static void mpu6050_power_on(struct emul *e)
{
	reset(of_emul(e));
	if (e->second)
		emul_akm_power_on(&of_emul(e)->mag);
}

static void mpu6050_start(struct emul *e)
{
	emul_clock_restart(&of_emul(e)->clock);
}

static void mpu6050_stop(struct emul *e)
{
	emul_clock_stop(&of_emul(e)->clock);
}

const struct emul_kind emul_mpu6050 = {
	.name = "mpu6050",
	.size = sizeof(struct mpu6050_model),
	.init = mpu6050_init,
	.power_on = mpu6050_power_on,
	.start = mpu6050_start,
	.stop = mpu6050_stop,
};

const struct emul_kind emul_mpu6500 = {
	.name = "mpu6500",
	.size = sizeof(struct mpu6050_model),
	.init = mpu6500_init,
	.power_on = mpu6050_power_on,
	.start = mpu6050_start,
	.stop = mpu6050_stop,
};

const struct emul_kind emul_mpu9250 = {
	.name = "mpu9250",
	.size = sizeof(struct mpu6050_model),
	.init = mpu9250_init,
	.power_on = mpu6050_power_on,
	.start = mpu6050_start,
	.stop = mpu6050_stop,
};
