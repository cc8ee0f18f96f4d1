/* An i2c-dev node of Linux: its system calls, which block. For the worker thread of hal/i2c_linux.c. */
#ifndef HAL_I2C_NODE_H
#define HAL_I2C_NODE_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "hal/i2c.h"

struct i2c_node {
	int fd;     /* -1: not open */
	bool smbus; /* it cannot do I2C_RDWR */
	int addr;   /* what I2C_SLAVE was last told; -1: nothing */
	dev_t device;
	ino_t inode;
};

/*
 * Open the adapter @path: a node, a link to one, or the adapter's own name as in /sys/class/i2c-dev/.
 * Returns 0; -ENOTTY: no I2C adapter; -EOPNOTSUPP: one that can neither I2C nor block transfers of SMBus; or
 * another errno of open.
 */
int i2c_node_open(struct i2c_node *n, const char *path) MUST_CHECK;
void i2c_node_close(struct i2c_node *n); /* one that is not open is fine */

/* Whether @path still leads to the node that is open: the kernel keeps an adapter that goes until it is closed. */
bool i2c_node_present(const struct i2c_node *n, const char *path);

/*
 * One combined transfer. Returns 0; -ENXIO, -EIO, -ETIMEDOUT as i2c_transfer(); -EAGAIN: somebody else, or a short
 * circuit, has the lines; -EBUSY: a driver of the kernel has the address; -EOPNOTSUPP: not with SMBus.
 */
int i2c_node_transfer(struct i2c_node *n, uint8_t addr, const struct i2c_msg_part *parts,
		      unsigned n_parts) MUST_CHECK;

/* Give the failure @code of i2c_node_open() a text, with error_set(). Returns @code. */
int i2c_node_error(const char *path, int code);

/* The same for -EBUSY of a transfer: names the driver, and how to take the chip from it. */
int i2c_node_taken_error(const char *path, const char *bus, uint8_t addr);

/*
 * Can @path be an adapter at all? One that is not there (yet) can; a file of another kind cannot: false, with
 * @why (of @size bytes) saying what it is.
 */
bool i2c_node_plausible(const char *path, char *why, size_t size);

#endif
