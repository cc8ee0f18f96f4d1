/*
 * I2C buses and the devices on them, whatever is behind: a Linux adapter (i2c_linux.c), the simulated bus
 * with register-level chip models (i2c_sim.c), or a channel of a multiplexer on another bus (i2c_mux.c).
 *
 * A bus is opened once by whoever reads the configuration; drivers get a struct i2c_dev. Transfers of
 * one bus take turns in the order in which they were asked for.
 */
#ifndef HAL_I2C_H
#define HAL_I2C_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

/* One part of a combined transfer; parts are joined by repeated starts. */
struct i2c_msg_part {
	uint8_t *buf; /* read into, or written from */
	uint16_t len;
	uint8_t read; /* 1: read, 0: write */
};

#define I2C_PARTS_MAX 4

struct i2c_bus;
struct i2c_mux;

/* A multiplexer on the way from an adapter to a bus, and which of its channels leads there. */
struct i2c_hop {
	struct i2c_mux *mux;
	uint8_t channel;
};

#define I2C_HOPS_MAX 3 /* multiplexers behind one another */

/* A whole transfer to the 7-bit address @addr. */
struct i2c_xfer {
	uint8_t addr;
	const struct i2c_msg_part *parts;
	unsigned n;
	/* Of a bus behind multiplexers, the one nearest to the adapter first (hal/i2c_mux.h). */
	const struct i2c_hop *hops;
	unsigned n_hops;
	const struct i2c_mux *failed; /* result: which of them did not do its part */
	/* i2c_write_now()s to the chip, and how many there had been when this was asked for. */
	const atomic_uint *overtakers;
	unsigned overtaken;
};

/* What a kind of bus does; the implementations are in i2c_<where>.c. */
struct i2c_ops {
	/* With nobody's transfer in between: 0 or a negative errno; may suspend. */
	int (*transfer)(struct i2c_bus *bus, struct i2c_xfer *x, int64_t deadline_ns);
	/* The same without the loop, from another thread: i2c_write_now(). NULL: it cannot. */
	int (*transfer_now)(struct i2c_bus *bus, struct i2c_xfer *x);
	void (*close)(struct i2c_bus *bus);
};

/* The part of a bus that all kinds share; embedded in theirs. */
struct i2c_bus {
	const struct i2c_ops *ops;
	char name[32];                /* the name in the configuration, "body" */
	struct i2c_mux *muxes;        /* below it; hal/i2c_mux.c's */
	atomic_uint overtakers[0x80]; /* i2c_write_now()s, by address */
};

/* Counted by address, for health values. */
struct i2c_stats {
	uint64_t transfers, failed;
};

/* A chip at an address. Placed by its user. */
struct i2c_dev {
	struct i2c_bus *bus;
	uint8_t addr;
	int64_t timeout_ns; /* of one transfer */
	struct i2c_stats stats;
};

#define I2C_TIMEOUT_NS (50 * NS_PER_MS)

/* The chip at @addr (7 bits) of @bus, which it borrows; transfers take at most I2C_TIMEOUT_NS. */
void i2c_dev_init(struct i2c_dev *d, struct i2c_bus *bus, uint8_t addr);

/*
 * A combined transfer, within the device's time-out.
 * Returns 0; -ENXIO when no chip answers at the address (NACK; Linux adapters that say EREMOTEIO or
 * ENODEV are translated); -EIO for other bus errors; -ETIMEDOUT; -EALREADY: it was to write, and i2c_write_now()
 * came before it; -ECANCELED. Suspends.
 */
int i2c_transfer(struct i2c_dev *d, const struct i2c_msg_part *parts,
		 unsigned n) MUST_CHECK;

/* Registers with one-byte addresses: one write-then-read or one write. @len 1 to 255. Suspend. */
int i2c_read_regs(struct i2c_dev *d, uint8_t reg, uint8_t *buf, size_t len) MUST_CHECK;
int i2c_write_regs(struct i2c_dev *d, uint8_t reg, const uint8_t *buf,
		   size_t len) MUST_CHECK;
int i2c_read_reg(struct i2c_dev *d, uint8_t reg, uint8_t *ret) MUST_CHECK;
int i2c_write_reg(struct i2c_dev *d, uint8_t reg, uint8_t value) MUST_CHECK;
/* Of 16 bits, the high byte first. */
int i2c_read_reg16(struct i2c_dev *d, uint8_t reg, uint16_t *ret) MUST_CHECK;
int i2c_write_reg16(struct i2c_dev *d, uint8_t reg, uint16_t value) MUST_CHECK;

#define I2C_WRITE_NOW_MAX 64

/*
 * From any thread but the loop's, which may be stuck: write @len bytes, at most I2C_WRITE_NOW_MAX, before everything
 * else that waits for the bus. What waits to be written to the same chip is refused, as it was meant for how
 * things were before. Blocks until they are written, for some 100 ms at most on a bus that works.
 * Returns 0; -ENOTSUP on a bus that cannot; -ETIMEDOUT when what is under way does not end; or as i2c_transfer().
 */
int i2c_write_now(const struct i2c_dev *d, const uint8_t *buf, size_t len) MUST_CHECK;

/* For kinds of buses, when it is the turn of @x: has i2c_write_now() come before it? From any thread. */
bool i2c_overtaken(const struct i2c_xfer *x);

void i2c_bus_close(struct i2c_bus *bus); /* NULL is fine */

#endif
