/*
 * Calibration: what is known about one specimen of a chip, beside its data sheet. For each channel an offset
 * and a matrix (for a scalar a factor):
 *
 *	true = matrix * (measured - offset)
 *
 * in the chip's own axes and in SI, before mounting: a calibration belongs to the chip and stays right when the
 * chip is mounted another way. It is kept under the chip, its bus and its address, so that another chip never gets
 * it (K7).
 */
#ifndef DRIVERS_CORE_CALIBRATION_H
#define DRIVERS_CORE_CALIBRATION_H
#include "daemon/base/conf.h"
#include "daemon/base/sample.h"
#include "drivers/core/device.h"

struct calibration_chan {
	float offset[3];
	float matrix[3][3]; /* of a scalar [0][0] */
};

/* All zero: nothing is calibrated. Copied by value. */
struct calibration {
	uint32_t chans; /* CHAN_BIT()s of those that are */
	struct calibration_chan chan[CHAN_COUNT];
};

#define CALIBRATION_KEY_MAX 128

/* Where the calibration of the chip of @d is kept: "mpu6050@body:0x68", "hcsr04@GPIO5", "bus@lidar/range.front". */
const char *calibration_key(const struct device_conf *d, char buf[CALIBRATION_KEY_MAX]);

/* Calibrate @chan by an offset alone; what else is known of it is forgotten. */
void calibration_set_offset(struct calibration *c, enum chan chan, const float offset[3]);

/*
 * Read the entry at @at, an object of channels, of a chip that measures @chans:
 *
 *	{ "gyro": { "offset": [0.01, -0.02, 0] },
 *	  "accel": { "offset": [0, 0, 0.1], "matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 0.99]] },
 *	  "pressure": { "offset": -12, "scale": 1.001 } }
 *
 * An offset is at most what the channel can measure (chan_info[].limit), a scale 0.1 to 10, and a matrix neither mirrors
 * nor flattens. Returns 0, or -EINVAL after errors in @at->errs; then nothing of it is to be used, and *@ret is all zero.
 */
int calibration_read(const struct conf_at *at, uint32_t chans,
		     struct calibration *ret) MUST_CHECK;

/* Correct a sample that is as the chip measured it. */
void calibration_apply(const struct calibration *c, struct sample *s);

#endif
