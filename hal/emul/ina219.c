/*
 * A register-level model of the TI INA219 (SBOS448 revision G): both voltages with their limits, and
 * current and power, which need a calibration.
 *
 * It measures the battery of the scene, with a shunt of 0.1 Ohm, all the time; in power-down, and while its converter is off,
 * what it measured last stays. Not modelled: triggered modes, conversion times, averaging.
 */
#include <math.h>

#include "daemon/rt/rt.h"
#include "hal/emul/reg16.h"

enum reg {
	CONFIGURATION,
	SHUNT_VOLTAGE,
	BUS_VOLTAGE,
	POWER,
	CURRENT,
	CALIBRATION,
};

#define CONFIGURATION_RESET 0x399f
#define RST 0x8000
#define MODE_MEASURES                                                                    \
	0x0003 /* either voltage; without: power-down, or the converter is off */
#define SHUNT_OHM 0.1
#define CNVR 0x0002 /* of BUS_VOLTAGE: there is a measurement */

struct ina219_model {
	struct reg16 chip;
	uint16_t configuration, calibration;
	int64_t off_ns; /* since when it does not measure, if it does not */
};

static struct ina219_model *model_of(struct reg16 *chip)
{
	return container_of(chip, struct ina219_model, chip);
}

static double clamp(double x, double limit)
{
	return fmin(fmax(x, -limit), limit);
}

/* In LSBs of 10 uV: PG limits it to 40 mV times a power of two. */
static int shunt(const struct ina219_model *m, const struct scene_ambient *now)
{
	double limit = 4000 << (m->configuration >> 11 & 3);

	return (int)lround(clamp(now->supply_a * SHUNT_OHM / 10e-6, limit));
}

static uint16_t get(struct reg16 *chip, uint8_t reg)
{
	struct ina219_model *m = model_of(chip);
	struct scene_ambient now;
	int bus;
	int current;

	scene_ambient(chip->emul.scene,
		      m->configuration & MODE_MEASURES ? rt_now() : m->off_ns, &now);
	bus = (int)lround(clamp(now.supply_v, 32) / 4e-3);
	current = shunt(m, &now) * m->calibration / 4096;
	switch (reg) {
	case CONFIGURATION:
		return m->configuration;
	case SHUNT_VOLTAGE:
		return (uint16_t)shunt(m, &now);
	case BUS_VOLTAGE:
		return (uint16_t)(bus << 3 | CNVR);
	case POWER:
		return (uint16_t)(current * bus / 5000);
	case CURRENT:
		return (uint16_t)current;
	case CALIBRATION:
		return m->calibration;
	}
	return 0;
}

static void clear(struct ina219_model *m)
{
	m->configuration = CONFIGURATION_RESET;
	m->calibration = 0;
}

static void set(struct reg16 *chip, uint8_t reg, uint16_t value)
{
	struct ina219_model *m = model_of(chip);

	if (reg == CONFIGURATION && m->configuration & MODE_MEASURES)
		m->off_ns = rt_now();
	if (reg == CONFIGURATION && value & RST)
		clear(m);
	else if (reg == CONFIGURATION)
		m->configuration = value & 0x3fff;
	else if (reg == CALIBRATION)
		m->calibration = value & 0xfffe;
}

static const struct reg16_ops ops = {.get = get, .set = set};

static struct ina219_model *of_emul(struct emul *e)
{
	return container_of(e, struct ina219_model, chip.emul);
}

static int ina219_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	reg16_init(&of_emul(e)->chip, &ops);
	return 0;
}

static void ina219_power_on(struct emul *e)
{
	clear(of_emul(e));
}

const struct emul_kind emul_ina219 = {
	.name = "ina219",
	.size = sizeof(struct ina219_model),
	.init = ina219_init,
	.power_on = ina219_power_on,
};
