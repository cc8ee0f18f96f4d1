/*
 * A register-level model of the Microchip MCP9808 (DS25095A): it measures all the time, and shows the scene as it is when
 * it is read, in the steps of its resolution; shut down it shows what it measured last. T_A compares with the limits.
 *
 * Not modelled: the alert pin and its modes, hysteresis, the locks, how long a conversion takes.
 */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/reg16.h"

enum reg {
	CONFIG = 1,
	T_UPPER,
	T_LOWER,
	T_CRIT,
	T_A,
	MANUFACTURER_ID,
	DEVICE_ID,
	RESOLUTION,
	REGS
};

#define CONFIG_BITS 0x07ff
#define SHDN 0x0100
#define LIMIT_BITS 0x1ffc /* in steps of 0.25 degC */

struct mcp9808_model {
	struct reg16 chip;
	uint16_t reg[REGS];
	int64_t shut_ns; /* since when it is shut down, if it is */
};

static struct mcp9808_model *of_emul(struct emul *e)
{
	return container_of(e, struct mcp9808_model, chip.emul);
}

/* Thirteen bits with a sign, in 1/16 degC. */
static int sixteenths(uint16_t bits)
{
	return (bits & 0x0fff) - (bits & 0x1000);
}

static uint16_t measure(struct mcp9808_model *m)
{
	double steps = 2 << (m->reg[RESOLUTION] >> 8 & 3); /* per degC */
	struct scene_ambient air;
	uint16_t ret;
	int t;

	scene_ambient(m->chip.emul.scene, m->reg[CONFIG] & SHDN ? m->shut_ns : rt_now(),
		      &air);
	t = (int)(floor(fmin(fmax(air.temp_c, -40), 125) * steps) * (16 / steps));
	ret = (uint16_t)t & 0x1fff;
	if (t >= sixteenths(m->reg[T_CRIT]))
		ret |= 0x8000;
	if (t > sixteenths(m->reg[T_UPPER]))
		ret |= 0x4000;
	if (t < sixteenths(m->reg[T_LOWER]))
		ret |= 0x2000;
	return ret;
}

static uint16_t get(struct reg16 *chip, uint8_t reg)
{
	struct mcp9808_model *m = container_of(chip, struct mcp9808_model, chip);

	if (reg == T_A)
		return measure(m);
	return reg < REGS ? m->reg[reg] : 0;
}

static void set(struct reg16 *chip, uint8_t reg, uint16_t value)
{
	struct mcp9808_model *m = container_of(chip, struct mcp9808_model, chip);

	if (reg == CONFIG && !(m->reg[CONFIG] & SHDN))
		m->shut_ns = rt_now();
	if (reg == CONFIG)
		m->reg[reg] = value & CONFIG_BITS;
	else if (reg >= T_UPPER && reg <= T_CRIT)
		m->reg[reg] = value & LIMIT_BITS;
	else if (reg == RESOLUTION)
		m->reg[reg] = value & 0x0300;
}

static bool narrow(uint8_t reg)
{
	return reg == RESOLUTION;
}

static const struct reg16_ops ops = {.get = get, .set = set, .narrow = narrow};

static int mcp9808_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	reg16_init(&of_emul(e)->chip, &ops);
	return 0;
}

static void mcp9808_power_on(struct emul *e)
{
	static const uint16_t power_on[REGS] = {
		[MANUFACTURER_ID] = 0x0054, [DEVICE_ID] = 0x0400, [RESOLUTION] = 0x0300};

	memcpy(of_emul(e)->reg, power_on, sizeof(power_on));
}

const struct emul_kind emul_mcp9808 = {
	.name = "mcp9808",
	.size = sizeof(struct mcp9808_model),
	.init = mcp9808_init,
	.power_on = mcp9808_power_on,
};
