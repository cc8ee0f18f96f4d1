/* Registers of 8 bits behind a pointer. */
#include "hal/emul/reg8.h"

static struct reg8 *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct reg8, emul.i2c);
}

static int bus_start(struct i2c_model *i2c, int read)
{
	if (!read)
		model_of(i2c)->addressed = false;
	return 0;
}

static void advance(struct reg8 *m)
{
	m->pointer =
		m->ops->next ? m->ops->next(m, m->pointer) : (uint8_t)(m->pointer + 1);
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct reg8 *m = model_of(i2c);

	if (!m->addressed) {
		m->addressed = true;
		m->pointer = byte;
		return 0;
	}
	if (m->ops->set)
		m->ops->set(m, m->pointer, byte);
	else
		m->reg[m->pointer] = byte;
	advance(m);
	m->addressed = !m->ops->pairs;
	return 0;
}

static uint8_t bus_read(struct i2c_model *i2c)
{
	struct reg8 *m = model_of(i2c);
	uint8_t value = m->ops->get ? m->ops->get(m, m->pointer) : m->reg[m->pointer];

	advance(m);
	return value;
}

static void bus_stop(struct i2c_model *i2c)
{
	(void)i2c;
}

void reg8_init(struct reg8 *m, const struct reg8_ops *ops)
{
	m->ops = ops;
	m->emul.i2c.start = bus_start;
	m->emul.i2c.write = bus_write;
	m->emul.i2c.read = bus_read;
	m->emul.i2c.stop = bus_stop;
}
