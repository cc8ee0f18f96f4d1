/* The configuration of a sensor. */
#include <errno.h>
#include <stdio.h>

#include "drivers/core/sensor.h"

/* Without the key: this many readings may be missing before values are stale, but not less than ... */
#define STALE_READINGS 10
#define STALE_MIN_NS (100 * NS_PER_MS)

const struct conf_field sensor_fields[] = {
	DEVICE_ROWS(sensor_conf),
	CONF_STRING(
		sensor_conf, irq, "",
		"The GPIO line of the chip's data-ready output; without it the chip is "
		"read on a schedule."),
	CONF_ANY("mount",
		 "Where the chip's axes point, such as \"x=left y=up z=front\", or "
		 "a 3x3 rotation matrix."),
	CONF_LIST("filters", filter_fields,
		  "What is done to its samples, in this order: [{ \"median\": 5 }]."),
	CONF_DURATION_NS(
		sensor_conf, stale_after_ns, 0, 0, 3600 * NS_PER_S,
		"How old its values may grow; 0: any age. Without it ten readings, "
		"at least 100ms."),
	CONF_DURATION_NS(sensor_conf, debounce_ns, 20 * NS_PER_MS, 0, NS_PER_S,
			 "Of a line: how long a change must last to count."),
	CONF_MAP("channels", NULL,
		 "Other names for its values: { \"pressed\": "
		 "\"head.touched\" }."),
	CONF_END,
};

static int64_t usual_stale_after_ns(const struct device_conf *device)
{
	int64_t ns;

	if (!device->chip || device_reading_ns(device) == 0)
		return 0;
	ns = STALE_READINGS * device_reading_ns(device);
	return ns > STALE_MIN_NS ? ns : STALE_MIN_NS;
}

static bool has_vectors(uint32_t chans)
{
	for (int c = 0; c < CHAN_COUNT; c++)
		if (chans & CHAN_BIT(c) && chan_info[c].width == 3)
			return true;
	return false;
}

/* What only another chip in this role needs: to swap is to change the name of the driver (K2). */
static void idle_keys(const struct conf_at *at, struct sensor_conf *conf)
{
	const struct driver *d = conf->device.chip;
	uint32_t chans = device_chans(&conf->device);
	char why[128];

	if (!d)
		return;
	device_conf_idle_irq(at, d, conf->irq);
	(void)snprintf(why, sizeof(why), "%s measures nothing that has a direction",
		       d->name);
	if (chans && !has_vectors(chans))
		device_conf_idle(at, "mount", why);
	(void)snprintf(why, sizeof(why),
		       "%s is not a line that changes; the filter \"debounce\" is for "
		       "others",
		       d->name);
	if (!d->edge)
		device_conf_idle(at, "debounce", why);
}

int sensor_conf_read(const struct conf_at *at, struct sensor_conf *ret)
{
	struct conf_at mount = conf_child(at, "mount");
	struct conf_at filters = conf_child(at, "filters");
	int own = conf_read(at, sensor_fields, driver_names, ret);
	int device = device_conf_complete(at, DRIVER_SENSOR, &ret->device);
	int axes = mount_read(&mount, &ret->mount);
	int chain = filters_read(&filters, &ret->filters);

	idle_keys(at, ret);
	if (chain == 0 && filters_are_timed(&ret->filters)) {
		conf_complain(&filters,
			      "delayed_on, delayed_off and timeout are for values; write "
			      "them under fusion.values (a sensor has stale_after)");
		chain = -EINVAL;
	}
	if (!conf_child(at, "stale_after").node)
		ret->stale_after_ns = usual_stale_after_ns(&ret->device);
	return own < 0 || device < 0 || axes < 0 || chain < 0 ? -EINVAL : 0;
}
