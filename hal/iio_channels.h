/*
 * What a device of the kernel measures: from our channels to the names and scales of the kernel's. Blocks,
 * as all of iio_sysfs.h.
 */
#ifndef HAL_IIO_CHANNELS_H
#define HAL_IIO_CHANNELS_H
#include "hal/iio_sysfs.h"

/* Where one number comes from. SI is (number + offset) * scale. */
struct iio_source {
	uint8_t chan, axis, member;
	bool processed; /* the driver scales it: "in_<name>_input"; else "in_<name>_raw" */
	char name[IIO_CHANNEL_MAX]; /* "accel_x" */
	double scale, offset;
};

/*
 * The sources of all channels of @req, in @ret (IIO_ELEMENTS_MAX). For scans they are raw.
 * Returns their count; -EOPNOTSUPP: it does not scan; -ENXIO: the device lacks one of them; -EEXIST: it has several that could be meant;
 * -ENOSPC: more than that; or the errno of reading.
 */
int iio_sources(const struct iio_found *found, const struct iio_request *req,
		struct iio_source *ret, struct iio_why *why) MUST_CHECK;

#endif
