/*
 * The vocabulary of measurement: channels and samples, as drivers make them and fusion takes them.
 *
 * Everything is SI. A sample carries the time at which the quantity was measured, not the time at
 * which it was read.
 */
#ifndef DAEMON_BASE_SAMPLE_H
#define DAEMON_BASE_SAMPLE_H
#include <stdint.h>

/* What a sample measures. The names, units and widths are in chan_info[]. */
enum chan {
	CHAN_ACCEL,       /* specific force, m/s^2, 3 axes; +9.8 upwards at rest */
	CHAN_GYRO,        /* angular rate, rad/s, 3 axes */
	CHAN_MAG,         /* magnetic field, T, 3 axes */
	CHAN_TEMP,        /* temperature, degC (the one customary unit that stays) */
	CHAN_PRESSURE,    /* air pressure, Pa */
	CHAN_HUMIDITY,    /* relative humidity, 0..1 */
	CHAN_DISTANCE,    /* distance to the nearest thing, m */
	CHAN_PRESSED,     /* a button, a touch pad: 0 or 1 */
	CHAN_LEVEL,       /* a digital or dimmed level, 0..1 */
	CHAN_VOLTAGE,     /* V */
	CHAN_CURRENT,     /* A */
	CHAN_POWER,       /* W */
	CHAN_ILLUMINANCE, /* lx */
	CHAN_VOLTAGE_0, /* V, of a chip with several inputs: numbered as in its data sheet */
	CHAN_VOLTAGE_1,
	CHAN_VOLTAGE_2,
	CHAN_VOLTAGE_3,
	CHAN_COUNT,
};

#define CHAN_BIT(c) (UINT32_C(1) << (c))

struct chan_info {
	const char *name; /* the last part of a value's name: "accel" in "imu.accel" */
	const char *unit; /* "" for a number without one */
	const char *help;
	int width;    /* 1 or 3 numbers */
	int is_bool;  /* shown to behaviours as true and false */
	double limit; /* beyond this magnitude a reading is a fault; 0: no such limit */
};

/* Indexed by enum chan. */
extern const struct chan_info chan_info[CHAN_COUNT];

/* The channel called @name, or -1. */
int chan_by_name(const char *name);

/* One measurement. */
struct sample {
	int64_t t_ns; /* when it was measured, CLOCK_MONOTONIC or the virtual clock */
	enum chan chan;
	float v[3]; /* chan_info[chan].width of them; NaN: not measured */
};

#endif
