/* What all I2C buses have in common: time-outs, counting, registers with one-byte addresses. */
#include "hal/i2c.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/rt/rt.h"

#define REGS_MAX 255

void i2c_dev_init(struct i2c_dev *d, struct i2c_bus *bus, uint8_t addr)
{
	assert(addr < 0x80);
	*d = (struct i2c_dev){.bus = bus, .addr = addr, .timeout_ns = I2C_TIMEOUT_NS};
}

int i2c_transfer(struct i2c_dev *d, const struct i2c_msg_part *parts, unsigned n)
{
	const atomic_uint *overtakers = &d->bus->overtakers[d->addr];
	struct i2c_xfer x = {
		.addr = d->addr,
		.parts = parts,
		.n = n,
		.overtakers = overtakers,
		.overtaken = atomic_load(overtakers),
	};
	int r;

	assert(n >= 1 && n <= I2C_PARTS_MAX);
	r = d->bus->ops->transfer(d->bus, &x, time_add(rt_now(), d->timeout_ns));
	if (r == -ECANCELED)
		return r;
	d->stats.transfers++;
	if (r < 0)
		d->stats.failed++;
	return r;
}

int i2c_read_regs(struct i2c_dev *d, uint8_t reg, uint8_t *buf, size_t len)
{
	struct i2c_msg_part parts[] = {
		{.buf = &reg, .len = 1},
		{.buf = buf, .len = (uint16_t)len, .read = 1},
	};

	assert(len >= 1 && len <= REGS_MAX);
	return i2c_transfer(d, parts, ARRAY_LEN(parts));
}

int i2c_write_regs(struct i2c_dev *d, uint8_t reg, const uint8_t *buf, size_t len)
{
	uint8_t bytes[1 + REGS_MAX];
	struct i2c_msg_part part = {.buf = bytes, .len = (uint16_t)(1 + len)};

	assert(len >= 1 && len <= REGS_MAX);
	bytes[0] = reg;
	memcpy(bytes + 1, buf, len);
	return i2c_transfer(d, &part, 1);
}

int i2c_read_reg(struct i2c_dev *d, uint8_t reg, uint8_t *ret)
{
	return i2c_read_regs(d, reg, ret, 1);
}

int i2c_write_reg(struct i2c_dev *d, uint8_t reg, uint8_t value)
{
	return i2c_write_regs(d, reg, &value, 1);
}

int i2c_read_reg16(struct i2c_dev *d, uint8_t reg, uint16_t *ret)
{
	uint8_t b[2];
	int r = i2c_read_regs(d, reg, b, sizeof(b));

	if (r < 0)
		return r;
	*ret = (uint16_t)(b[0] << 8 | b[1]);
	return 0;
}

int i2c_write_reg16(struct i2c_dev *d, uint8_t reg, uint16_t value)
{
	const uint8_t b[] = {(uint8_t)(value >> 8), (uint8_t)value};

	return i2c_write_regs(d, reg, b, sizeof(b));
}

int i2c_write_now(const struct i2c_dev *d, const uint8_t *buf, size_t len)
{
	uint8_t bytes[I2C_WRITE_NOW_MAX];
	const struct i2c_msg_part part = {.buf = bytes, .len = (uint16_t)len};
	struct i2c_xfer x = {.addr = d->addr, .parts = &part, .n = 1};

	assert(len >= 1 && len <= sizeof(bytes));
	if (!d->bus->ops->transfer_now)
		return -ENOTSUP;
	memcpy(bytes, buf, len);
	atomic_fetch_add(&d->bus->overtakers[d->addr], 1);
	return d->bus->ops->transfer_now(d->bus, &x);
}

/* A transfer that reads takes nothing back of what was written. */
bool i2c_overtaken(const struct i2c_xfer *x)
{
	for (unsigned i = 0; i < x->n; i++)
		if (x->parts[i].read)
			return false;
	return atomic_load(x->overtakers) != x->overtaken;
}

void i2c_bus_close(struct i2c_bus *bus)
{
	if (bus)
		bus->ops->close(bus);
}
