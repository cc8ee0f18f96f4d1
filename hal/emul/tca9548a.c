/* TI TCA9548A, I2C multiplexer with eight channels (SCPS207, 8.5): one register, no register address. */
#include "hal/emul/tca9548a.h"

struct tca9548a {
	struct emul emul;
	uint8_t control;
	uint8_t next; /* takes effect with the stop condition (8.5.2) */
};

static struct tca9548a *tca9548a_of(struct i2c_model *m)
{
	return container_of(container_of(m, struct emul, i2c), struct tca9548a, emul);
}

static int tca9548a_start(struct i2c_model *m, int read)
{
	(void)read;
	tca9548a_of(m)->next = tca9548a_of(m)->control;
	return 0;
}

static int tca9548a_write(struct i2c_model *m, uint8_t byte)
{
	tca9548a_of(m)->next = byte; /* of several the last counts */
	return 0;
}

static uint8_t tca9548a_read(struct i2c_model *m)
{
	return tca9548a_of(m)->control;
}

static void tca9548a_stop(struct i2c_model *m)
{
	tca9548a_of(m)->control = tca9548a_of(m)->next;
}

static int tca9548a_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	e->i2c.start = tca9548a_start;
	e->i2c.write = tca9548a_write;
	e->i2c.read = tca9548a_read;
	e->i2c.stop = tca9548a_stop;
	return 0;
}

static void tca9548a_power_on(struct emul *e)
{
	struct tca9548a *chip = container_of(e, struct tca9548a, emul);

	chip->control = chip->next = 0;
}

const uint8_t *tca9548a_control(const struct emul *e)
{
	return &container_of(e, const struct tca9548a, emul)->control;
}

const struct emul_kind emul_tca9548a = {
	.name = "tca9548a",
	.size = sizeof(struct tca9548a),
	.init = tca9548a_init,
	.power_on = tca9548a_power_on,
};
