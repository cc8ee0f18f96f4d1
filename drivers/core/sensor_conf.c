/* The configuration of a sensor. */
#include <errno.h>

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

/* What would do nothing for such a chip was meant to do something. */
static int check_idle_keys(const struct conf_at *at, const struct sensor_conf *conf)
{
	const struct driver *d = conf->device.chip;
	struct conf_at mount = conf_child(at, "mount");
	struct conf_at debounce = conf_child(at, "debounce");
	int r = device_conf_check_irq(at, &conf->device, conf->irq);

	if (!d)
		return 0;
	if (mount.node && device_chans(&conf->device) &&
	    !has_vectors(device_chans(&conf->device))) {
		conf_complain(&mount,
			      "%s measures nothing that has a direction; leave it out",
			      d->name);
		r = -EINVAL;
	}
	if (debounce.node && !d->edge) {
		conf_complain(&debounce,
			      "%s is not a line that changes; leave it out, or see the "
			      "filter \"debounce\"",
			      d->name);
		r = -EINVAL;
	}
	return r;
}

int sensor_conf_read(const struct conf_at *at, struct sensor_conf *ret)
{
	struct conf_at mount = conf_child(at, "mount");
	struct conf_at filters = conf_child(at, "filters");
	int own = conf_read(at, sensor_fields, driver_names, ret);
	int device = device_conf_complete(at, DRIVER_SENSOR, &ret->device);
	int axes = mount_read(&mount, &ret->mount);
	int chain = filters_read(&filters, &ret->filters);
	int idle = check_idle_keys(at, ret);

	if (chain == 0 && filters_are_timed(&ret->filters)) {
		conf_complain(&filters,
			      "delayed_on, delayed_off and timeout are for values; write "
			      "them under fusion.values (a sensor has stale_after)");
		chain = -EINVAL;
	}
	if (!conf_child(at, "stale_after").node)
		ret->stale_after_ns = usual_stale_after_ns(&ret->device);
	return own < 0 || device < 0 || axes < 0 || chain < 0 || idle < 0 ? -EINVAL : 0;
}
