/* The configuration of filters. */
#include <errno.h>
#include <string.h>

#include "drivers/core/filter.h"

#define ALL_CHANS (CHAN_BIT(CHAN_COUNT) - 1)
#define HOUR_NS (3600 * NS_PER_S)

static const struct conf_field one_euro_fields[] = {
	CONF_REAL(one_euro_conf, mincutoff_hz, 1, 1e-3, 1000, "Hz",
		  "Corner at rest: lower it until jitter is gone."),
	CONF_REAL(one_euro_conf, beta, 0.007, 0, 1000, "",
		  "How much it rises with speed: raise it until lag is gone."),
	CONF_REAL(one_euro_conf, dcutoff_hz, 1, 1e-3, 1000, "Hz",
		  "Corner of the filter for the speed."),
	CONF_END,
};

const struct conf_field filter_fields[] = {
	CONF_INT(filter_conf, median, 5, 1, FILTER_MEDIAN_MAX, "",
		 "The middle one of this many samples: takes out spikes."),
	CONF_REAL(filter_conf, exponential_moving_average, 0.1, 1e-6, 1, "",
		  "Smooth: how much of each new sample is taken."),
	CONF_PAIR(filter_conf, clamp, 0, 1, -1e9, 1e9, "", "Limit to this range."),
	CONF_REAL(filter_conf, delta, 0, 0, 1e9, "",
		  "Drop samples that differ less than this from the last one."),
	CONF_DURATION_NS(filter_conf, throttle_ns, 0, 0, HOUR_NS,
			 "Drop samples that come sooner than this after the last one."),
	CONF_DURATION_NS(filter_conf, debounce_ns, 0, 0, HOUR_NS,
			 "Follow a change once it has lasted for this long."),
	CONF_TABLE(filter_conf, one_euro, one_euro_fields,
		   "Low-pass that gives way to fast movements."),
	CONF_STRING(filter_conf, channel, "",
		    "Filter this channel only, such as \"pressure\"."),
	CONF_END,
};

/* The rows above but the last, in the order of enum filter_kind. */
#define KINDS (FILTER_ONE_EURO + 1)

/* Which of the keys is there? Exactly one must be. */
static int find_kind(const struct conf_at *at, enum filter_kind *ret)
{
	int found = 0;

	for (int k = 0; k < KINDS; k++) {
		char key[32] = {0};

		memcpy(key, filter_fields[k].name, conf_key_len(&filter_fields[k]));
		if (conf_child(at, key).node) {
			*ret = (enum filter_kind)k;
			found++;
		}
	}
	if (found == 1)
		return 0;
	conf_complain(at, "%s; one filter for each item of the list",
		      found ? "several filters" : "no filter");
	return -EINVAL;
}

static int find_channel(const struct conf_at *at, struct filter_conf *conf)
{
	struct conf_at key = conf_child(at, "channel");
	int chan = chan_by_name(conf->channel);

	conf->chans = ALL_CHANS;
	if (!conf->channel[0])
		return 0;
	if (chan < 0) {
		conf_complain(&key, "no sensor has a channel \"%s\"", conf->channel);
		return -EINVAL;
	}
	conf->chans = CHAN_BIT(chan);
	return 0;
}

static int read_filter(const struct conf_at *at, struct filter_conf *ret)
{
	int r = conf_read(at, filter_fields, NULL, ret);

	if (r == 0)
		r = find_kind(at, &ret->kind);
	if (r == 0)
		r = find_channel(at, ret);
	return r;
}

int filters_read(const struct conf_at *at, struct filters_conf *ret)
{
	int result = 0;

	ret->n = 0;
	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		if (ret->n == FILTERS_MAX) {
			conf_complain(at, "too many filters; at most %d", FILTERS_MAX);
			return -EINVAL;
		}
		if (read_filter(&it, &ret->filter[ret->n++]) < 0)
			result = -EINVAL;
	}
	return result;
}
