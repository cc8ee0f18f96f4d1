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

static const struct conf_field quantile_fields[] = {
	CONF_INT(quantile_conf, window, 5, 1, FILTER_WINDOW_MAX, "",
		 "Of so many samples."),
	CONF_REAL(quantile_conf, quantile, 0.9, 0, 1, "",
		  "How many of them are not larger; 0.5 is the median."),
	CONF_END,
};

static const char *const kalman_models[] = {"random_walk", "constant_velocity", NULL};

static const struct conf_field kalman_fields[] = {
	CONF_ENUM(kalman_conf, model, KALMAN_RANDOM_WALK, kalman_models,
		  "How the quantity moves by itself."),
	CONF_REAL(kalman_conf, process, 0.01, 0, 1e12, "",
		  "Variance of its step from sample to sample; at constant velocity the "
		  "density of its acceleration, unit^2/s^3."),
	CONF_REAL(kalman_conf, measurement, 1, 1e-12, 1e12, "",
		  "Variance of one sample's error."),
	CONF_END,
};

static const struct conf_field max_step_fields[] = {
	CONF_REAL(max_step_conf, step, CONF_REQUIRED, 0, 1e9, "",
		  "Drop samples that differ more than this from the last one."),
	CONF_DURATION_NS(max_step_conf, accept_after_ns, 1 * NS_PER_S, 0, HOUR_NS,
			 "Unless they have come for so long."),
	CONF_END,
};

const struct conf_field filter_fields[] = {
	CONF_INT(filter_conf, median, 5, 1, FILTER_WINDOW_MAX, "",
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
	CONF_TABLE(filter_conf, quantile, quantile_fields,
		   "One of the last samples, by their order."),
	CONF_INT(filter_conf, min, 5, 1, FILTER_WINDOW_MAX, "",
		 "The smallest of this many samples."),
	CONF_INT(filter_conf, max, 5, 1, FILTER_WINDOW_MAX, "",
		 "The largest of this many samples."),
	CONF_INT(filter_conf, sliding_window_moving_average, 5, 1, FILTER_WINDOW_MAX, "",
		 "The mean of this many samples."),
	CONF_TABLE(filter_conf, kalman, kalman_fields,
		   "Smooth what wanders, by its variances."),
	CONF_REAL(filter_conf, offset, 0, -1e9, 1e9, "", "Add this."),
	CONF_REAL(filter_conf, scale, 1, -1e9, 1e9, "", "Multiply with this."),
	CONF_TABLE(filter_conf, max_step, max_step_fields,
		   "Hold back jumps, unless they last."),
	CONF_LIST("calibrate_linear", NULL,
		  "Pairs of measured and true numbers: the line nearest to them."),
	CONF_LIST("calibrate_polynomial", NULL,
		  "Coefficients, from that of x^0 on, of the measured number."),
	CONF_DURATION_NS(filter_conf, delayed_on_ns, 0, 0, HOUR_NS,
			 "True passes once it has lasted for so long (values only)."),
	CONF_DURATION_NS(filter_conf, delayed_off_ns, 0, 0, HOUR_NS,
			 "False passes once it has lasted for so long (values only)."),
	CONF_DURATION_NS(filter_conf, timeout_ns, 0, 0, HOUR_NS,
			 "Null when nothing came for so long (values only)."),
	CONF_STRING(filter_conf, channel, "",
		    "Filter this channel only, such as \"pressure\"."),
	CONF_END,
};

/* The rows above but the last, in the order of enum filter_kind. */
#define KINDS (FILTER_TIMEOUT + 1)

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

/* The numbers of the list at @at. Returns how many, at most @max, or -EINVAL after an error. */
static int read_numbers(const struct conf_at *at, double *ret, int max)
{
	struct number {
		double x;
	};
	static const struct conf_field field =
		CONF_REAL(number, x, CONF_REQUIRED, -1e12, 1e12, "", "");
	int n = 0;

	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		struct number number;

		if (n == max) {
			conf_complain(at, "too many numbers; at most %d", max);
			return -EINVAL;
		}
		if (conf_read_value(&it, &field, &number) < 0)
			return -EINVAL;
		ret[n++] = number.x;
	}
	return n;
}

static int read_polynomial(const struct conf_at *at, double coeffs[FILTER_COEFFS_MAX])
{
	int n = read_numbers(at, coeffs, FILTER_COEFFS_MAX);

	if (n == 0)
		conf_complain(at, "no coefficients");
	return n > 0 ? 0 : -EINVAL;
}

/* The line y = c0 + c1 x with the least squares of errors at the points of the list. */
static int read_line(const struct conf_at *at, double coeffs[FILTER_COEFFS_MAX])
{
	double x = 0;
	double y = 0;
	double xx = 0;
	double xy = 0;
	double n = 0;

	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		double point[2];

		if (read_numbers(&it, point, 2) != 2) {
			conf_complain(&it, "not a pair of measured and true number");
			return -EINVAL;
		}
		n++;
		x += point[0];
		y += point[1];
		xx += point[0] * point[0];
		xy += point[0] * point[1];
	}
	if (!(n * xx - x * x > 0)) {
		conf_complain(at,
			      "a line takes two points with different measured numbers");
		return -EINVAL;
	}
	coeffs[1] = (n * xy - x * y) / (n * xx - x * x);
	coeffs[0] = (y - coeffs[1] * x) / n;
	return 0;
}

static int read_coeffs(const struct conf_at *at, struct filter_conf *conf)
{
	struct conf_at line = conf_child(at, "calibrate_linear");
	struct conf_at polynomial = conf_child(at, "calibrate_polynomial");

	memset(conf->coeffs, 0, sizeof(conf->coeffs));
	if (conf->kind == FILTER_LINE)
		return read_line(&line, conf->coeffs);
	if (conf->kind == FILTER_POLYNOMIAL)
		return read_polynomial(&polynomial, conf->coeffs);
	return 0;
}

static int read_filter(const struct conf_at *at, struct filter_conf *ret)
{
	int r = conf_read(at, filter_fields, NULL, ret);

	if (r == 0)
		r = find_kind(at, &ret->kind);
	if (r == 0)
		r = find_channel(at, ret);
	if (r == 0)
		r = read_coeffs(at, ret);
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
