/* Eased moves, as keyframes at 50 Hz. */
#include "daemon/act/move.h"

#include <errno.h>
#include <math.h>

#include "daemon/rt/rt.h"

#define FRAME_NS (20 * NS_PER_MS)
#define TARGETS_MAX 16

const char *const ease_name[EASE_COUNT + 1] = {
	[EASE_LINEAR] = "linear",
	[EASE_IN] = "in",
	[EASE_OUT] = "out",
	[EASE_INOUT] = "inout",
};

/* The steepest slope of each curve: how much faster than the average it gets. */
static const double peak_slope[EASE_COUNT] = {
	[EASE_LINEAR] = 1.0,
	[EASE_IN] = 2.0,
	[EASE_OUT] = 2.0,
	[EASE_INOUT] = 1.5,
};

/* The way done, 0 to 1, when the part @x of the time has passed. */
static double curve(enum ease ease, double x)
{
	switch (ease) {
	case EASE_IN:
		return x * x;
	case EASE_OUT:
		return x * (2 - x);
	case EASE_INOUT:
		return x * x * (3 - 2 * x);
	case EASE_LINEAR:
	case EASE_COUNT:
		break;
	}
	return x;
}

static double position(const struct move_target *t)
{
	const struct datum *d = value_get(channel_value(t->channel));

	return d->type == DATUM_NUMBER ? d->n : channel_info(t->channel)->rest;
}

/* The time that the slowest channel needs at its rate limit. */
static int64_t least_ns(const struct move_target *targets, size_t n, enum ease ease)
{
	double s = 0;

	for (size_t i = 0; i < n; i++) {
		double rate = channel_info(targets[i].channel)->rate_per_s;
		double way = fabs(targets[i].value - position(&targets[i]));

		if (rate > 0)
			s = fmax(s, way * peak_slope[ease] / rate);
	}
	return (int64_t)ceil(fmin(s, 3600) * 1e9);
}

int move_run(struct lease *l, const struct move_target *targets, size_t n, int64_t ns,
	     enum ease ease)
{
	int64_t least = least_ns(targets, n, ease), began = rt_now(), t = began;
	double from[TARGETS_MAX];
	int r;

	if (n > TARGETS_MAX)
		return -E2BIG;
	if (ns < least)
		ns = least;
	for (size_t i = 0; i < n; i++)
		from[i] = position(&targets[i]);
	do {
		double way;

		t = t + FRAME_NS < began + ns ? t + FRAME_NS : began + ns;
		r = task_sleep_until(t);
		if (r < 0)
			return r;
		way = t < began + ns ? curve(ease, (double)(t - began) / (double)ns) : 1;
		for (size_t i = 0; i < n; i++) {
			/* The end exactly: rounding may not carry it beyond the range. */
			double at = way < 1 ? from[i] + way * (targets[i].value - from[i])
					    : targets[i].value;

			r = lease_set(l, targets[i].channel, at);
			if (r < 0)
				return r;
		}
	} while (t < began + ns);
	return 0;
}
