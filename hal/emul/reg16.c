/* Registers of 16 bits behind a pointer. */
#include "hal/emul/reg16.h"

static struct reg16 *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct reg16, emul.i2c);
}

static int bus_start(struct i2c_model *i2c, int read)
{
	struct reg16 *m = model_of(i2c);

	m->low = false;
	if (!read)
		m->addressed = false;
	return 0;
}

static bool is_narrow(const struct reg16 *m)
{
	return m->ops->narrow && m->ops->narrow(m->pointer);
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct reg16 *m = model_of(i2c);

	if (!m->addressed) {
		m->addressed = true;
		m->pointer = byte;
	} else if (is_narrow(m)) {
		m->ops->set(m, m->pointer, (uint16_t)(byte << 8));
	} else if (m->low) {
		m->ops->set(m, m->pointer, m->value | byte);
		m->low = false;
	} else {
		m->value = (uint16_t)(byte << 8);
		m->low = true;
	}
	return 0;
}

static uint8_t bus_read(struct i2c_model *i2c)
{
	struct reg16 *m = model_of(i2c);

	if (!m->low)
		m->value = m->ops->get(m, m->pointer);
	m->low = !m->low && !is_narrow(m);
	return (uint8_t)(m->low || is_narrow(m) ? m->value >> 8 : m->value);
}

static void bus_stop(struct i2c_model *i2c)
{
	(void)i2c;
}

void reg16_init(struct reg16 *m, const struct reg16_ops *ops)
{
	m->ops = ops;
	m->emul.i2c.start = bus_start;
	m->emul.i2c.write = bus_write;
	m->emul.i2c.read = bus_read;
	m->emul.i2c.stop = bus_stop;
}
