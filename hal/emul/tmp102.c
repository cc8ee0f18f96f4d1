/*
 * Register-level models of the TI TMP102 (SBOS397 revision F) and of the NXP LM75B (revision 6.1): they
 * measure all the time, and show the scene as it is when they are read; shut down they show what they measured last.
 *
 * Not modelled: one-shot and extended mode, the alert pin.
 */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/reg16.h"

enum reg { TEMPERATURE, CONFIGURATION, T_LOW, T_HIGH, REGS };

#define READ_ONLY_CONFIGURATION 0x6020 /* R1, R0 and AL */
#define CONFIGURATION_BITS 0xfff0
#define SHUTDOWN                                                                         \
	0x0100 /* of either configuration; that of the LM75 has one byte, the high one */

struct tmp102_model {
	struct reg16 chip;
	uint16_t reg[REGS];
	int64_t shut_ns; /* since when it is shut down, if it is */
	double lsb_c;    /* of the temperature, which is left-justified */
	uint16_t power_on[REGS];
};

static struct tmp102_model *of_emul(struct emul *e)
{
	return container_of(e, struct tmp102_model, chip.emul);
}

static uint16_t get(struct reg16 *chip, uint8_t reg)
{
	struct tmp102_model *m = container_of(chip, struct tmp102_model, chip);
	struct scene_ambient air;

	if (reg % REGS != TEMPERATURE)
		return m->reg[reg % REGS];
	scene_ambient(chip->emul.scene,
		      m->reg[CONFIGURATION] & SHUTDOWN ? m->shut_ns : rt_now(), &air);
	return (uint16_t)(int16_t)(floor(air.temp_c / m->lsb_c) * m->lsb_c * 256);
}

/* The configuration is about to change. */
static void note_shutdown(struct tmp102_model *m)
{
	if (!(m->reg[CONFIGURATION] & SHUTDOWN))
		m->shut_ns = rt_now();
}

static void tmp102_set(struct reg16 *chip, uint8_t reg, uint16_t value)
{
	struct tmp102_model *m = container_of(chip, struct tmp102_model, chip);

	if (reg == CONFIGURATION)
		note_shutdown(m);
	if (reg == CONFIGURATION)
		m->reg[reg] = (value & CONFIGURATION_BITS) | READ_ONLY_CONFIGURATION;
	else if (reg == T_LOW || reg == T_HIGH)
		m->reg[reg] = value;
}

static void lm75_set(struct reg16 *chip, uint8_t reg, uint16_t value)
{
	struct tmp102_model *m = container_of(chip, struct tmp102_model, chip);

	if (reg == CONFIGURATION)
		note_shutdown(m);
	if (reg > TEMPERATURE && reg < REGS)
		m->reg[reg] = value;
}

static bool lm75_narrow(uint8_t reg)
{
	return reg == CONFIGURATION;
}

static const struct reg16_ops tmp102_ops = {.get = get, .set = tmp102_set};
static const struct reg16_ops lm75_ops = {
	.get = get, .set = lm75_set, .narrow = lm75_narrow};

static int tmp102_init(struct emul *e, const struct emul_conf *conf)
{
	static const uint16_t power_on[REGS] = {
		[CONFIGURATION] = 0x60a0, [T_LOW] = 0x4b00, [T_HIGH] = 0x5000};
	struct tmp102_model *m = of_emul(e);

	(void)conf;
	m->lsb_c = 0.0625;
	memcpy(m->power_on, power_on, sizeof(power_on));
	reg16_init(&m->chip, &tmp102_ops);
	return 0;
}

static int lm75_init(struct emul *e, const struct emul_conf *conf)
{
	static const uint16_t power_on[REGS] = {[T_LOW] = 0x4b00, [T_HIGH] = 0x5000};
	struct tmp102_model *m = of_emul(e);

	(void)conf;
	m->lsb_c = 0.125;
	memcpy(m->power_on, power_on, sizeof(power_on));
	reg16_init(&m->chip, &lm75_ops);
	return 0;
}

static void power_on(struct emul *e)
{
	struct tmp102_model *m = of_emul(e);

	memcpy(m->reg, m->power_on, sizeof(m->reg));
}

const struct emul_kind emul_tmp102 = {
	.name = "tmp102",
	.size = sizeof(struct tmp102_model),
	.init = tmp102_init,
	.power_on = power_on,
};

const struct emul_kind emul_lm75 = {
	.name = "lm75",
	.size = sizeof(struct tmp102_model),
	.init = lm75_init,
	.power_on = power_on,
};
