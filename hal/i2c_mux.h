/*
 * I2C multiplexers: a channel of one is a bus of its own. To set the channel and to move the bytes is one
 * transfer of the bus at the root, so nothing comes in between.
 *
 * TCA9548A (TI SCPS207, 8.5): one control register without an address, written and read as a single byte; bit
 * n connects channel n; 0 after power-on.
 */
#ifndef HAL_I2C_MUX_H
#define HAL_I2C_MUX_H
#include "hal/i2c.h"

#define I2C_MUX_CHANNELS 8

/*
 * The bus @name: channel @channel (0 to 7) of the multiplexer at the 7-bit address @addr on @parent, which
 * may be such a bus itself and must outlive it. Buses with the same parent and address share one
 * multiplexer; only one of its channels is connected at a time, and which is remembered until a transfer
 * behind it fails.
 * Returns 0; -EMLINK: more than I2C_HOPS_MAX behind one another; -ENOMEM. Transfers fail as those of the
 * root; error_last() says so when it was the multiplexer that did not answer.
 */
int i2c_mux_open(const char *name, struct i2c_bus *parent, uint8_t addr, uint8_t channel,
		 struct i2c_bus **ret) MUST_CHECK;

/*
 * For the buses at the root: do @x, its multiplexers first where they are not set yet. @move moves the bytes of
 * one part of it, and returns 0 or a negative errno. Always of the same thread for the same bus. Sets
 * @x->failed. Returns what the first @move that fails does.
 */
int i2c_mux_route(struct i2c_xfer *x,
		  int (*move)(void *arg, uint8_t addr, const struct i2c_msg_part *parts,
			      unsigned n),
		  void *arg) MUST_CHECK;

/* Free the multiplexers of @root, whose buses are closed. */
void i2c_mux_free_all(struct i2c_bus *root);

#endif
