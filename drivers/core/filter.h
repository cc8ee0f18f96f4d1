/*
 * Filters: what is done to a sensor's samples before they become values. A chain has some, one after the
 * other, each with a state of its own for every channel; vectors are filtered axis by axis.
 *
 * A filter changes a sample or holds it back. What was not measured (NaN) passes all of them, and leaves no
 * trace in them.
 */
#ifndef DRIVERS_CORE_FILTER_H
#define DRIVERS_CORE_FILTER_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"

#define FILTERS_MAX 8
#define FILTER_WINDOW_MAX 15
#define FILTER_COEFFS_MAX 6

enum filter_kind {
	FILTER_MEDIAN, /* of the last so many; at the start of those there are, the lower one */
	FILTER_AVERAGE,  /* exponential moving average: y += alpha * (x - y) */
	FILTER_CLAMP,    /* into a range */
	FILTER_DELTA,    /* holds back what differs less from what passed last */
	FILTER_THROTTLE, /* holds back what comes sooner after what passed last */
	FILTER_DEBOUNCE, /* follows a change once that has lasted */
	FILTER_ONE_EURO, /* low-pass, the faster the movement the higher its corner */
	FILTER_QUANTILE, /* as the median, at another place of the order */
	FILTER_MIN,      /* of the last so many */
	FILTER_MAX,
	FILTER_MEAN,       /* sliding_window_moving_average: of the last so many */
	FILTER_KALMAN,     /* of a random walk */
	FILTER_OFFSET,     /* is added */
	FILTER_SCALE,      /* is multiplied with */
	FILTER_MAX_STEP,   /* holds back jumps, unless they last */
	FILTER_LINE,       /* calibrate_linear: a line through points, by least squares */
	FILTER_POLYNOMIAL, /* calibrate_polynomial: c0 + c1 x + c2 x^2 ... */
};

/* Casiez, Roussel, Vogel: "1 Euro Filter", CHI 2012. */
struct one_euro_conf {
	double mincutoff_hz, beta, dcutoff_hz;
};

struct quantile_conf {
	int window;
	double quantile;
};

struct kalman_conf {
	double process, measurement; /* variances: of a step, of a sample */
};

struct max_step_conf {
	double step;
	int64_t accept_after_ns;
};

struct filter_conf {
	enum filter_kind kind;
	uint32_t chans; /* CHAN_BIT()s of what it filters */
	int median;
	double exponential_moving_average;
	double clamp[2];
	double delta;
	int64_t throttle_ns, debounce_ns;
	struct one_euro_conf one_euro;
	struct quantile_conf quantile;
	int min, max, sliding_window_moving_average;
	struct kalman_conf kalman;
	double offset, scale;
	struct max_step_conf max_step;
	double coeffs[FILTER_COEFFS_MAX]; /* of a line or polynomial, from c0 on */
	char channel[24];
};

struct filters_conf {
	struct filter_conf filter[FILTERS_MAX];
	unsigned n;
};

/* The keys of one filter, for the reference page: one of them, and perhaps "channel". */
extern const struct conf_field filter_fields[];

/*
 * Read the list at @at; one that is not there has no filters.
 * Returns 0, or -EINVAL after errors in @at->errs.
 */
int filters_read(const struct conf_at *at, struct filters_conf *ret) MUST_CHECK;

struct filters;

/* A chain that knows nothing yet; @conf is copied. NULL without memory. */
struct filters *filters_new(const struct filters_conf *conf);
void filters_free(struct filters *f); /* NULL is fine */

/* Forget what came before: after a gap. */
void filters_reset(struct filters *f);

/* Filter a sample, oldest first. Returns whether it passes; if not, it is to be dropped. */
bool filters_apply(struct filters *f, struct sample *s) MUST_CHECK;

#endif
