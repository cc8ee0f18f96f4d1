/* Setting a device of the kernel up: its rate, its trigger, its scans. Blocks, as all of iio_sysfs.h. */
#ifndef HAL_IIO_SETUP_H
#define HAL_IIO_SETUP_H
#include "hal/iio_channels.h"

/* What a member's scans have beside the elements of the layout. */
struct iio_scan {
	size_t size;
	struct iio_element stamp; /* the time stamp; without bytes: there is none */
};

/*
 * Have the device in @dir measure at least @rate_hz, as far as it lets choose; @source has what is read from
 * it. 0, or a negative errno: -EINVAL when it refuses.
 */
int iio_set_rate(const char *dir, const struct iio_source *source, double rate_hz,
		 struct iio_why *why) MUST_CHECK;

/*
 * Choose the trigger @name ("": the one that is chosen, else the device's own) of the member @m, and its
 * rate if it has one. A device that scans by itself needs none.
 * Returns 0, -EINVAL: there is no such trigger, or none was named and there is none of its own; or an errno.
 */
int iio_set_trigger(const char *root, const struct iio_found *found, size_t m,
		    const char *name, double rate_hz, struct iio_why *why) MUST_CHECK;

/*
 * Choose what is in the scans of the member @m: those of the @n @sources that are its, and a time stamp of
 * CLOCK_MONOTONIC where the kernel can give one. Its elements are put behind those of @layout. It does not
 * scan yet.
 */
int iio_scan_set(const struct iio_found *found, size_t m,
		 const struct iio_source *sources, size_t n, struct iio_layout *layout,
		 struct iio_scan *ret, struct iio_why *why) MUST_CHECK;

/* Begin and end to scan. */
int iio_scan_start(const char *dir, struct iio_why *why) MUST_CHECK;
void iio_scan_stop(const char *dir);

/* Where the elements of @sources are when each attribute is read by itself: doubles, one by one. */
void iio_layout_of_attrs(const struct iio_source *sources, size_t n,
			 struct iio_layout *ret);

#endif
