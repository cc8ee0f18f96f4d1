/*
 * I2C adapters of Linux, through i2c-dev: one worker thread for each, because transfers block. Adapters
 * that only know SMBus carry what fits it: one register's bytes, at most 32 at a time.
 */
#ifndef HAL_I2C_LINUX_H
#define HAL_I2C_LINUX_H
#include "hal/i2c.h"

/*
 * The adapter @path as the bus @name. @path is a device node or a link to one ("/dev/i2c-1"), or the
 * adapter's own name as in /sys/class/i2c-dev/ (which stays when numbers change). It is opened by the first
 * transfer, and again after it went away, so it need not be there yet. Inside rt_run().
 * Returns 0, -ENOMEM, or another errno of starting the thread.
 *
 * Transfers also fail, and error_last() says what to do about it, with -ENOENT: no such adapter; -EACCES; -ENOTTY:
 * no I2C adapter; -ENODEV: it has gone; -EBUSY: a driver of the kernel has the address; -EOPNOTSUPP: SMBus cannot
 * carry them; -EMSGSIZE. One that is under way is waited for beyond its time-out and cancellation, but not for
 * long: it is left to the thread then, the bus is stuck, and until the transfer returns all others fail at once
 * with -ETIMEDOUT. Closing does not wait for it either.
 */
int i2c_linux_open(const char *name, const char *path, struct i2c_bus **ret) MUST_CHECK;

#endif
