/*
 * I2C adapters of Linux, through i2c-dev: one worker thread for each, because transfers block. Adapters
 * that only know SMBus carry what fits it: one register's bytes, at most 32 at a time.
 */
#ifndef HAL_I2C_LINUX_H
#define HAL_I2C_LINUX_H
#include "hal/i2c.h"

/*
 * Open the adapter @path as the bus @name. @path is a device node or a link to one ("/dev/i2c-1"), or
 * the adapter's own name as in /sys/class/i2c-dev/ (which stays when numbers change). Inside rt_run().
 * Returns 0; -ENOENT: no such adapter; -EACCES; -ENOTTY: no I2C adapter; -EOPNOTSUPP: one that can
 * neither I2C nor block transfers of SMBus; -ENOMEM; or another errno of open or of starting the thread.
 * error_last() says what to do about it.
 *
 * Transfers also fail with -EBUSY when a driver of the kernel has the address (error_last() names it), and
 * with -EOPNOTSUPP when SMBus cannot carry them. One that is under way is waited for, also beyond its
 * time-out or cancellation.
 */
int i2c_linux_open(const char *name, const char *path, struct i2c_bus **ret) MUST_CHECK;

#endif
