/*
 * IIO devices of Linux: attributes below /sys/bus/iio/devices, scans from /dev/iio:deviceN. All that can
 * block is done on a thread of the device's own; the loop waits for the scans itself.
 */
#ifndef HAL_IIO_LINUX_H
#define HAL_IIO_LINUX_H
#include "hal/iio.h"

#define IIO_LINUX_SYS "/sys/bus/iio/devices"
#define IIO_LINUX_DEV "/dev"

/* Placed by its user, whom the devices must not outlive. */
struct iio_linux {
	struct iio_provider provider;
	const char *sys;
	const char *dev;
	int64_t work_ns; /* what is allowed for a driver to set up or to measure: 5 s */
};

/*
 * The devices below @sys with their nodes in @dev (borrowed); IIO_LINUX_SYS and IIO_LINUX_DEV but for
 * tests. How a device may be called: iio_find() in iio_sysfs.h. Scans need a buffer, and mostly a trigger;
 * their stamps are the kernel's, of CLOCK_MONOTONIC, or, where it has only another clock, the time at
 * which they are read. A driver that does not return is left alone after a while: -ETIMEDOUT.
 */
void iio_linux_init(struct iio_linux *p, const char *sys, const char *dev);

#endif
