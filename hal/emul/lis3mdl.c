/*
 * A register-level model of the ST LIS3MDL (DocID024204 revision 6): reset, power-down, rate, full scale, the
 * status that tells of new data, and DRDY, the pin that shows it, bursts only with bit 7 of the register's number.
 *
 * It is new data that a period has passed since the last were read. Not modelled: the thermometer, offsets,
 * thresholds, the fast rates, self test, and what BDU is for, as its numbers never change while being read.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "hal/emul/noise.h"
#include "hal/emul/reg8.h"

enum reg {
	WHO_AM_I = 0x0f,
	CTRL_REG1 = 0x20,
	CTRL_REG2 = 0x21,
	CTRL_REG3 = 0x22,
	CTRL_REG5 = 0x24,
	STATUS_REG = 0x27,
	OUT_X_L = 0x28,
	OUT_Z_H = 0x2d,
	AUTO_INCREMENT = 0x80,
};

#define SOFT_RST 0x04
#define STATUS_ZYXDA 0x0f /* and one bit for each axis */
#define MD_CONTINUOUS 0
#define GAUSS_T 1e-4
#define NOISE_T 3.2e-7 /* of X and Y in ultra-high-performance mode: table 3 */

static const double lsb_per_gauss[] = {6842, 3421, 2281, 1711};

struct lis3mdl_model {
	struct reg8 chip;
	int64_t last_ns; /* of the measurement in the registers, or of switching on */
	struct gpio_board *board; /* NULL: the DRDY pin is not connected */
	char drdy[EMUL_LINE_MAX];
	struct timer timer; /* for the next edge at the pin */
};

static struct lis3mdl_model *model_of(struct reg8 *chip)
{
	return container_of(chip, struct lis3mdl_model, chip);
}

/* New data are there, or have been read. */
static void tell(struct lis3mdl_model *m, bool new, int64_t t_ns)
{
	m->chip.reg[STATUS_REG] = new ? STATUS_ZYXDA : 0;
	/* Cannot fail: the line was made with the model. */
	if (m->board)
		(void)gpio_board_drive(m->board, m->drdy, new, t_ns);
}

static void clear(struct lis3mdl_model *m)
{
	memset(m->chip.reg, 0, sizeof(m->chip.reg));
	m->chip.reg[WHO_AM_I] = 0x3d;
	m->chip.reg[CTRL_REG1] = 0x10;
	m->chip.reg[CTRL_REG3] = 0x03;
	tell(m, false, rt_now());
}

static int64_t period_ns(const struct lis3mdl_model *m)
{
	return (int64_t)(1.6e9 / (1 << (m->chip.reg[CTRL_REG1] >> 2 & 7)));
}

static void measure(struct lis3mdl_model *m)
{
	double lsb = lsb_per_gauss[m->chip.reg[CTRL_REG2] >> 5 & 3] / GAUSS_T;
	struct scene_ambient around;

	scene_ambient(m->chip.emul.scene, m->last_ns, &around);
	for (int i = 0; i < 3; i++) {
		double noisy_t =
			around.mag_t[i] + NOISE_T * emul_noise(m->last_ns, (unsigned)i);
		double value = fmin(fmax(noisy_t * lsb, -32768), 32767);
		uint16_t bits = (uint16_t)(int16_t)lround(value);

		m->chip.reg[OUT_X_L + 2 * i] = (uint8_t)bits;
		m->chip.reg[OUT_X_L + 2 * i + 1] = (uint8_t)(bits >> 8);
	}
	tell(m, true, m->last_ns);
}

static bool is_measuring(const struct lis3mdl_model *m)
{
	return (m->chip.reg[CTRL_REG3] & 3) == MD_CONTINUOUS;
}

/* Time has passed: the last whole period's measurement is there. */
static void advance(struct lis3mdl_model *m)
{
	int64_t periods = (rt_now() - m->last_ns) / period_ns(m);

	if (!is_measuring(m) || periods == 0)
		return;
	m->last_ns += periods * period_ns(m);
	measure(m);
}

/* Only for the pin: whoever asks the bus brings it up to date by that. */
static void arm(struct lis3mdl_model *m)
{
	timer_disarm(&m->timer);
	if (m->board && m->chip.emul.running && is_measuring(m))
		timer_arm(&m->timer, m->last_ns + period_ns(m));
}

static void tick(struct timer *t)
{
	struct lis3mdl_model *m = container_of(t, struct lis3mdl_model, timer);

	advance(m);
	arm(m);
}

static uint8_t get(struct reg8 *chip, uint8_t pointer)
{
	struct lis3mdl_model *m = model_of(chip);
	uint8_t reg = pointer & (uint8_t)~AUTO_INCREMENT;
	uint8_t value;

	/* A burst shows one measurement: time does not pass within it. */
	if (reg < OUT_X_L || reg > OUT_Z_H)
		advance(m);
	value = chip->reg[reg];
	if (reg == OUT_Z_H)
		tell(m, false, rt_now());
	return value;
}

static void set(struct reg8 *chip, uint8_t pointer, uint8_t value)
{
	struct lis3mdl_model *m = model_of(chip);
	uint8_t reg = pointer & (uint8_t)~AUTO_INCREMENT;

	if (reg == CTRL_REG2 && value & SOFT_RST)
		clear(m);
	else if (reg >= CTRL_REG1 && reg <= CTRL_REG5)
		chip->reg[reg] = value;
	m->last_ns = rt_now();
	arm(m);
}

static uint8_t next(const struct reg8 *chip, uint8_t pointer)
{
	(void)chip;
	return pointer & AUTO_INCREMENT ? (uint8_t)((pointer + 1) | AUTO_INCREMENT)
					: pointer;
}

static const struct reg8_ops ops = {.get = get, .set = set, .next = next};

static struct lis3mdl_model *of_emul(struct emul *e)
{
	return container_of(e, struct lis3mdl_model, chip.emul);
}

static int lis3mdl_init(struct emul *e, const struct emul_conf *conf)
{
	struct lis3mdl_model *m = of_emul(e);
	int r;

	reg8_init(&m->chip, &ops);
	m->timer.fn = tick;
	if (!conf->irq)
		return 0;
	r = gpio_board_drive(conf->board, conf->irq, false, 0);
	if (r < 0)
		return r;
	m->board = conf->board;
	(void)snprintf(m->drdy, sizeof(m->drdy), "%s", conf->irq);
	return 0;
}

static void lis3mdl_power_on(struct emul *e)
{
	struct lis3mdl_model *m = of_emul(e);

	clear(m);
	arm(m);
}

static void lis3mdl_start(struct emul *e)
{
	arm(of_emul(e));
}

static void lis3mdl_stop(struct emul *e)
{
	timer_disarm(&of_emul(e)->timer);
}

const struct emul_kind emul_lis3mdl = {
	.name = "lis3mdl",
	.size = sizeof(struct lis3mdl_model),
	.init = lis3mdl_init,
	.power_on = lis3mdl_power_on,
	.start = lis3mdl_start,
	.stop = lis3mdl_stop,
};
