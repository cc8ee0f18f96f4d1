/* The part of the MPU-6050's driver that its successors share; the slots of driver.h. */
#ifndef DRIVERS_MPU6050_H
#define DRIVERS_MPU6050_H
#include "drivers/invensense.h"

enum {
	MPU6050_INT_PIN_CFG = 0x37,
	MPU6050_DATA_LEN = 1 + INVENSENSE_FRAME_LEN, /* INT_STATUS before the numbers */
};

struct mpu6050_conf {
	double rate_hz;
	int bandwidth;
	int accel_range;
	int gyro_range;
	bool magnetometer; /* of the MPU-9250 */
	int fifo;
};

/* DLPF_CFG 1 to 6. */
extern const char *const mpu6050_bandwidths[];

#define MPU6050_ROWS                                                                     \
	CONF_REAL(mpu6050_conf, rate_hz, 200, 4, 1000, "Hz",                             \
		  "Measurements per second; the nearest one of 1000, 500, 333, ..."),    \
		CONF_ENUM(mpu6050_conf, bandwidth, 1, mpu6050_bandwidths,                \
			  "The chip's low-pass filter."),                                \
		CONF_ENUM(mpu6050_conf, accel_range, 3, invensense_accel_ranges,         \
			  "Full scale."),                                                \
		CONF_ENUM(mpu6050_conf, gyro_range, 3, invensense_gyro_ranges,           \
			  "Full scale."),                                                \
		CONF_INT(mpu6050_conf, fifo, 0, 0, INVENSENSE_FIFO_MOST, "",             \
			 "Measurements to read at once, from the chip's FIFO; 0: one "   \
			 "by one.")

/* WHO_AM_I is @who or @also; @name has its article: "an MPU-6500". */
int mpu6050_probe_as(struct dev_io *io, const char *name, uint8_t who, uint8_t also);
int mpu6050_verify(struct dev_io *io, const void *conf);
int mpu6050_sleep(struct dev_io *io, const void *conf);
int64_t mpu6050_period_ns(const void *conf);
int mpu6050_read(struct dev_io *io, const void *conf, uint8_t *raw);
unsigned mpu6050_watermark(const void *conf);
int mpu6050_fifo_read(struct dev_io *io, const void *conf, uint8_t *raw, size_t size,
		      int64_t *ret_counted_ns);
int mpu6050_fifo_restart(struct dev_io *io, const void *conf);

/* As the MPU-6500 has them, whose accelerometer has a filter of its own, and another thermometer. */
int mpu6500_setup(struct dev_io *io, const void *conf);
int mpu6500_decode(const void *conf, const uint8_t *trim, const uint8_t *raw, size_t len,
		   int64_t t_ns, struct sample *ret);
bool mpu6500_noise(const void *conf, enum chan chan, struct driver_noise *ret);

#endif
