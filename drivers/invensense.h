/*
 * What the motion sensors of InvenSense (now TDK) have in common: full scales, numbers, the FIFO, and a
 * magnetometer of AKM in the same package, which has an address of its own behind a switch (bypass).
 */
#ifndef DRIVERS_INVENSENSE_H
#define DRIVERS_INVENSENSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"

#define INVENSENSE_FRAME_LEN 14 /* accelerometer, gyroscope, temperature: 7 numbers */
#define INVENSENSE_FIFO_LEN 512
#define INVENSENSE_FIFO_MOST                                                             \
	24 /* frames of a burst: a third is left for a host that is late */

/* Names of the full scales, for CONF_ENUM, and what one LSB is then: in m/s^2, and in rad/s. */
extern const char *const invensense_accel_ranges[];
extern const char *const invensense_gyro_ranges[];
float invensense_accel_lsb(int range);
float invensense_gyro_lsb(int range);

/* What the data sheet of a chip says of its noise, per root of Hz, and how it is set up. */
struct invensense_noise {
	double gyro_dps, accel_g;
	double bandwidth_hz, rate_hz;
	int gyro_range, accel_range;
};

/* The slot of driver.h. The filter's noise bandwidth is that of one pole, pi / 2 of it. */
bool invensense_noise(const struct invensense_noise *of, enum chan chan,
		      struct driver_noise *ret);

/* Three numbers, the high byte first, times @lsb. */
void invensense_vector(struct sample *ret, enum chan chan, const uint8_t *raw, float lsb);

/*
 * All whole frames that are in the FIFO, at most @size bytes; its count is in the registers from @count_reg on, it
 * is read by the one behind those, and holds @most bytes. As driver_fifo.read, but for the overflow. Suspends.
 */
int invensense_fifo(struct i2c_dev *i2c, uint8_t count_reg, unsigned most, uint8_t *raw,
		    size_t size, int64_t *ret_counted_ns) MUST_CHECK;

/* The magnetometer in the package of the chip @io. */
struct i2c_dev invensense_mag(const struct dev_io *io);

/*
 * What was read of it: ST1, three numbers with the low byte first, to ST2 at the end of the @len bytes. False: there
 * is no new measurement, or the field is too strong for it. *ret in LSBs, in its own axes.
 */
bool invensense_field(const uint8_t *raw, size_t len, float ret[3]);

#endif
