/* The configuration of shared chips and of actuators. */
#include <errno.h>

#include "drivers/core/actuator.h"

#define DEG_RAD 0.017453292519943295
#define TURN_RAD (360 * DEG_RAD)

static const char *const start_names[] = {"limp", "zero", NULL};
static const char *const leave_names[] = {"limp", "hold", NULL};

const struct conf_field chip_fields[] = {
	DEVICE_ROWS(chip_conf),
	CONF_END,
};

const struct conf_field actuator_fields[] = {
	DEVICE_ROWS(actuator_conf),
	CONF_STRING(actuator_conf, on, "", "The chip of \"devices\" that it hangs on."),
	CONF_INT(actuator_conf, channel, 0, 0, 63, "", "Its output of the chip."),
	CONF_PAIR(actuator_conf, pulse_s, 1e-3, 2e-3, 100e-6, 20e-3, "s",
		  "A servo's pulses at the ends of its range."),
	CONF_PAIR(actuator_conf, range_rad, -45 * DEG_RAD, 45 * DEG_RAD, -TURN_RAD,
		  TURN_RAD, "rad", "A servo's range."),
	CONF_BOOL(actuator_conf, reverse, false,
		  "A servo whose longest pulse is the low end of its range."),
	CONF_REAL(actuator_conf, rate_rad_s, NAN, 1 * DEG_RAD, 10000 * DEG_RAD, "rad/s",
		  "A servo's greatest speed; without it as fast as it goes."),
	CONF_ENUM(actuator_conf, start, ACTUATOR_START_LIMP, start_names,
		  "At the start: without drive, or at zero."),
	CONF_ENUM(actuator_conf, rest, ACTUATOR_HOLD, leave_names,
		  "When nobody uses it: without drive, or where it is."),
	CONF_ENUM(actuator_conf, safe, ACTUATOR_LIMP, leave_names,
		  "At the stop and in danger: without drive, or where it is."),
	CONF_END,
};

int chip_conf_read(const struct conf_at *at, struct chip_conf *ret)
{
	int own = conf_read(at, chip_fields, driver_names, ret);
	int device = device_conf_complete(at, DRIVER_ACTUATOR, &ret->device);

	return own < 0 || device < 0 ? -EINVAL : 0;
}

int actuator_conf_read(const struct conf_at *at, struct actuator_conf *ret)
{
	int own = conf_read(at, actuator_fields, driver_names, ret);
	int device = 0;

	if (ret->on[0])
		device = device_conf_check_none(at);
	else
		device = device_conf_complete(at, DRIVER_ACTUATOR, &ret->device);
	if (ret->on[0] && ret->device.driver[0]) {
		conf_complain(at, "both \"on\" and \"driver\"; the chip is one of "
				  "\"devices\" or its own");
		device = -EINVAL;
	}
	return own < 0 || device < 0 ? -EINVAL : 0;
}

static bool can_encode(const struct actuator_conf *conf, const struct device_conf *chip,
		       double value)
{
	const struct command c = {
		.channel = (unsigned)conf->channel,
		.value = (float)value,
	};
	uint8_t raw[DRIVER_RAW_MAX];

	return chip->chip->encode(chip->settings, &c, raw) >= 0;
}

/* What would do nothing was meant to do something. */
static int check_servo_keys(const struct conf_at *at, const struct driver *d)
{
	static const char *const keys[] = {"pulse", "range", "reverse", "rate"};
	int r = 0;

	for (size_t i = 0; !d->command_unit[0] && i < ARRAY_LEN(keys); i++) {
		struct conf_at key = conf_child(at, keys[i]);

		if (!key.node)
			continue;
		conf_complain(&key, "for servos only, and %s drives a level of 0 to 1",
			      d->name);
		r = -EINVAL;
	}
	return r;
}

int actuator_conf_check(const struct conf_at *at, const struct actuator_conf *conf,
			const struct device_conf *chip)
{
	const struct driver *d = chip->chip;
	struct conf_at channel = conf_child(at, "channel");
	struct conf_at pulse = conf_child(at, "pulse");

	if ((unsigned)conf->channel >= d->channels) {
		conf_complain(&channel, "%s has no channel %d; 0 to %u", d->name,
			      conf->channel, d->channels - 1);
		return -EINVAL;
	}
	if (d->command_unit[0] && (!can_encode(conf, chip, conf->pulse_s[0]) ||
				   !can_encode(conf, chip, conf->pulse_s[1]))) {
		conf_complain(&pulse, "more than %s can make at its frequency", d->name);
		return -EINVAL;
	}
	return check_servo_keys(at, d);
}
