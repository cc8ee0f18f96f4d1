/* Which chip is it that answers? What probes say when it is not theirs. */
#ifndef DRIVERS_IDENT_H
#define DRIVERS_IDENT_H
#include "drivers/driver.h"

/*
 * Refuse the chip at @i2c: the text of the error names it, if its identity register is known here, and
 * gives the reason @fmt, such as "WHO_AM_I is 0x70, an MPU-6050 has 0x68". Reads only.
 * Returns -ENODEV, or -ECANCELED. Suspends.
 */
int ident_refuse(struct i2c_dev *i2c, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define IDENT_KEPT_MAX 8

/*
 * For `verify`: do the @len registers from @reg on, at most IDENT_KEPT_MAX, still hold @want?
 * Returns 0; -ESTALE with a text; or the errno of the transfer. Suspends.
 */
int ident_kept(struct i2c_dev *i2c, uint8_t reg, const uint8_t *want,
	       size_t len) MUST_CHECK;

#endif
