/*
 * Filters: what is done to a sensor's samples before they become values. A chain has some, one after the
 * other, each with a state of its own for every channel; vectors are filtered axis by axis.
 *
 * A filter changes a sample or holds it back. What was not measured (not finite) passes all of them, and leaves
 * no trace in them; what becomes larger than a float can be is held back. Where time goes back by more than a
 * second a filter begins anew. A few act when time has passed and nothing came: they are for values that are only now and
 * then set (filters_due_ns()), and a sensor's chain has none of them.
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
	FILTER_KALMAN,     /* of what wanders, or moves steadily */
	FILTER_OFFSET,     /* is added */
	FILTER_SCALE,      /* is multiplied with */
	FILTER_MAX_STEP,   /* holds back jumps, unless they last */
	FILTER_LINE,       /* calibrate_linear: a line through points, by least squares */
	FILTER_POLYNOMIAL, /* calibrate_polynomial: c0 + c1 x + c2 x^2 ... */
	FILTER_DELAYED_ON, /* true passes once it has lasted, false at once */
	FILTER_DELAYED_OFF,
	FILTER_TIMEOUT, /* unknown (NaN) when nothing came for so long */
};

/* Casiez, Roussel, Vogel: "1 Euro Filter", CHI 2012. */
struct one_euro_conf {
	double mincutoff_hz, beta, dcutoff_hz;
};

struct quantile_conf {
	int window;
	double quantile;
};

enum kalman_model { KALMAN_RANDOM_WALK, KALMAN_CONSTANT_VELOCITY };

/*
 * Of a random walk: the variance of a step from sample to sample. At a constant velocity: the density of
 * the acceleration's white noise, unit^2/s^3 (Bar-Shalom, Li, Kirubarajan: "Estimation with Applications
 * to Tracking and Navigation", 2001, section 6.2.2).
 */
struct kalman_conf {
	enum kalman_model model;
	double process;
	double measurement; /* the variance of a sample */
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
	int64_t throttle_ns, debounce_ns, delayed_on_ns, delayed_off_ns, timeout_ns;
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

/*
 * The same for a quantity that is no channel: @v has @width numbers, 1 or 3. A chain filters channels or
 * one such quantity, not both; "channel" means nothing to it.
 */
bool filters_pass(struct filters *f, int64_t t_ns, float *v, int width) MUST_CHECK;

/* When the chain has something to say although nothing came; TIME_NEVER. */
int64_t filters_due_ns(const struct filters *f);

/*
 * It is @t_ns: what does the chain say of itself? Fills @v and returns whether that passes the rest of
 * the chain. To be called again as long as filters_due_ns() is not later than @t_ns.
 */
bool filters_fall_due(struct filters *f, int64_t t_ns, float *v, int width) MUST_CHECK;

/* Does one of them act when nothing comes? */
bool filters_are_timed(const struct filters_conf *conf);

#endif
