/*
 * A model of the ST VL53L0X: identification, the address that it can be given, single shots with the time they
 * take, the result and its interrupt status. XSHUT is a line of the board (hal/emul/emul.c).
 *
 * Not modelled: everything else that ST's API writes (SPADs, tuning, timing budget, thresholds), back-to-back
 * ranging.
 */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/reg8.h"

enum reg {
	SYSRANGE_START = 0x00,
	SYSTEM_INTERRUPT_CLEAR = 0x0b,
	RESULT_INTERRUPT_STATUS = 0x13,
	RESULT_RANGE_STATUS = 0x14,
	RESULT_RANGE_MM = 0x1e,
	I2C_SLAVE_DEVICE_ADDRESS = 0x8a,
	IDENTIFICATION = 0xc0,
};

#define ADDR 0x29
#define BUDGET_NS (33 * NS_PER_MS)
#define RANGE_M 2.0
#define NOTHING_MM 8190
#define NEW_SAMPLE 0x04
#define STATUS_VALID (11 << 3)
#define STATUS_SIGNAL (4 << 3) /* too little light comes back */

struct vl53l0x_model {
	struct reg8 chip;
	int64_t done_ns; /* when what is being measured is there, else TIME_NEVER */
};

static struct vl53l0x_model *model_of(struct reg8 *chip)
{
	return container_of(chip, struct vl53l0x_model, chip);
}

static void finish(struct vl53l0x_model *m)
{
	uint8_t *reg = m->chip.reg;
	struct scene_ambient around;
	unsigned mm = NOTHING_MM;

	scene_ambient(m->chip.emul.scene, m->done_ns, &around);
	if (around.distance_m <= RANGE_M)
		mm = (unsigned)lround(around.distance_m * 1000);
	reg[RESULT_RANGE_STATUS] = mm < NOTHING_MM ? STATUS_VALID : STATUS_SIGNAL;
	reg[RESULT_RANGE_MM] = (uint8_t)(mm >> 8);
	reg[RESULT_RANGE_MM + 1] = (uint8_t)mm;
	reg[RESULT_INTERRUPT_STATUS] = NEW_SAMPLE;
	reg[SYSRANGE_START] = 0;
	m->done_ns = TIME_NEVER;
}

static uint8_t vl53l0x_get(struct reg8 *chip, uint8_t reg)
{
	struct vl53l0x_model *m = model_of(chip);

	if (rt_now() >= m->done_ns)
		finish(m);
	return chip->reg[reg];
}

static void vl53l0x_set(struct reg8 *chip, uint8_t reg, uint8_t value)
{
	struct vl53l0x_model *m = model_of(chip);

	switch (reg) {
	case SYSRANGE_START:
		chip->reg[reg] = value;
		m->done_ns = value & 1 ? rt_now() + BUDGET_NS : TIME_NEVER;
		break;
	case SYSTEM_INTERRUPT_CLEAR:
		chip->reg[RESULT_INTERRUPT_STATUS] = 0;
		break;
	case I2C_SLAVE_DEVICE_ADDRESS:
		chip->reg[reg] = value & 0x7f;
		chip->emul.i2c.addr = value & 0x7f;
		break;
	default:
		if (reg < RESULT_INTERRUPT_STATUS)
			chip->reg[reg] = value;
		break;
	}
}

static const struct reg8_ops vl53l0x_ops = {.get = vl53l0x_get, .set = vl53l0x_set};

static int vl53l0x_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	reg8_init(container_of(e, struct reg8, emul), &vl53l0x_ops);
	return 0;
}

static void vl53l0x_power_on(struct emul *e)
{
	struct vl53l0x_model *m = model_of(container_of(e, struct reg8, emul));
	static const uint8_t id[] = {0xee, 0xaa, 0x10}; /* DS11555, table 4 */

	memset(m->chip.reg, 0, sizeof(m->chip.reg));
	memcpy(m->chip.reg + IDENTIFICATION, id, sizeof(id));
	m->chip.reg[0x52] = 0x99; /* 0x51, 16 bits: 0x0099 */
	m->chip.reg[I2C_SLAVE_DEVICE_ADDRESS] = ADDR;
	e->i2c.addr = ADDR;
	m->done_ns = TIME_NEVER;
}

const struct emul_kind emul_vl53l0x = {
	.name = "vl53l0x",
	.size = sizeof(struct vl53l0x_model),
	.init = vl53l0x_init,
	.power_on = vl53l0x_power_on,
};
