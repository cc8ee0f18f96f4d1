/*
 * A register-level model of the TI ADS1115 (SBAS444 revision D): inputs, ranges, single shots with the time
 * they take, and continuous conversion.
 *
 * A third of the scene's battery is at AIN0 (two resistors); the other inputs are at ground. Not modelled:
 * the comparator and its pin.
 */
#include <math.h>

#include "daemon/rt/rt.h"
#include "hal/emul/reg16.h"

enum reg { CONVERSION, CONFIG, LO_THRESH, HI_THRESH, REGS };

#define OS 0x8000
#define MODE_SINGLE_SHOT 0x0100
#define CONFIG_RESET 0x8583
#define DIVIDER 3.0

static const double full_scales_v[] = {6.144, 4.096, 2.048, 1.024,
				       0.512, 0.256, 0.256, 0.256};
static const int data_rates_hz[] = {8, 16, 32, 64, 128, 250, 475, 860};

struct ads1115_model {
	struct reg16 chip;
	uint16_t reg[REGS];
	int64_t done_ns; /* when what is being measured is there; TIME_NEVER: nothing is */
};

static struct ads1115_model *model_of(struct reg16 *chip)
{
	return container_of(chip, struct ads1115_model, chip);
}

/* Differences to AIN0 and AIN0 itself; the others are 0. */
static bool has_ain0(int mux)
{
	return mux == 0 || mux == 1 || mux == 4;
}

static void measure(struct ads1115_model *m, int64_t t_ns)
{
	uint16_t config = m->reg[CONFIG];
	double lsb_v = full_scales_v[config >> 9 & 7] / 32768;
	struct scene_ambient now;
	double value;

	scene_ambient(m->chip.emul.scene, t_ns, &now);
	value = has_ain0(config >> 12 & 7) ? now.supply_v / DIVIDER / lsb_v : 0;
	m->reg[CONVERSION] = (uint16_t)lround(fmin(value, 32767));
}

/* Time has passed. In continuous mode the result is never older than a read. */
static void advance(struct ads1115_model *m)
{
	if (!(m->reg[CONFIG] & MODE_SINGLE_SHOT)) {
		measure(m, rt_now());
	} else if (m->done_ns <= rt_now()) {
		measure(m, m->done_ns);
		m->done_ns = TIME_NEVER;
	}
}

static uint16_t get(struct reg16 *chip, uint8_t reg)
{
	struct ads1115_model *m = model_of(chip);
	bool busy;

	advance(m);
	busy = m->done_ns != TIME_NEVER || !(m->reg[CONFIG] & MODE_SINGLE_SHOT);
	if (reg % REGS == CONFIG)
		return m->reg[CONFIG] | (busy ? 0 : OS);
	return m->reg[reg % REGS];
}

static void set(struct reg16 *chip, uint8_t reg, uint16_t value)
{
	struct ads1115_model *m = model_of(chip);

	if (reg == CONVERSION || reg >= REGS)
		return;
	m->reg[reg] = reg == CONFIG ? value & (uint16_t)~OS : value;
	if (reg == CONFIG && value & OS && value & MODE_SINGLE_SHOT)
		m->done_ns = rt_now() + NS_PER_S / data_rates_hz[value >> 5 & 7];
}

static const struct reg16_ops ops = {.get = get, .set = set};

static struct ads1115_model *of_emul(struct emul *e)
{
	return container_of(e, struct ads1115_model, chip.emul);
}

static int ads1115_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	reg16_init(&of_emul(e)->chip, &ops);
	return 0;
}

static void ads1115_power_on(struct emul *e)
{
	struct ads1115_model *m = of_emul(e);

	m->reg[CONVERSION] = 0;
	m->reg[CONFIG] = CONFIG_RESET & (uint16_t)~OS;
	m->reg[LO_THRESH] = 0x8000;
	m->reg[HI_THRESH] = 0x7fff;
	m->done_ns = TIME_NEVER;
}

const struct emul_kind emul_ads1115 = {
	.name = "ads1115",
	.size = sizeof(struct ads1115_model),
	.init = ads1115_init,
	.power_on = ads1115_power_on,
};
