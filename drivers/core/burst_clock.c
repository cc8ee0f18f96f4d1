/* Stamps for the frames of a FIFO: predict, correct, divide. */
#include "drivers/core/burst_clock.h"

#include <assert.h>
#include <math.h>

/* Of an edge's stamp, which comes with the jitter of an interrupt. */
#define EDGE_ALPHA 0.2
/* Of a bound, which has no jitter; the period follows slowly, as a bound tells of one side only. */
#define BOUND_BETA 0.1

/* Of a period: how late an edge's stamp may be for its count not to be taken for another. */
#define SLACK 0.25

#define PERIOD_TOLERANCE 0.1 /* no chip's oscillator is worse */

void burst_clock_init(struct burst_clock *c, int64_t nominal_ns)
{
	assert(nominal_ns > 0);
	*c = (struct burst_clock){.nominal_ns = nominal_ns,
				  .period_ns = (double)nominal_ns};
}

void burst_clock_restart(struct burst_clock *c)
{
	c->begun = false;
}

static int64_t rounded(double ns)
{
	return (int64_t)llround(ns);
}

static void learn_period(struct burst_clock *c, double change_ns)
{
	double nominal = (double)c->nominal_ns;
	double most = nominal * (1 + PERIOD_TOLERANCE);
	double least = nominal * (1 - PERIOD_TOLERANCE);

	c->period_ns = fmin(fmax(c->period_ns + change_ns, least), most);
}

/*
 * The newest of @n frames is at @newest_ns. Stamps must grow, whatever was predicted too late before.
 */
static void advance(struct burst_clock *c, unsigned n, int64_t newest_ns)
{
	if (c->begun)
		c->before_ns = c->newest_ns;
	else
		c->before_ns = newest_ns - rounded(n * c->period_ns);
	if (newest_ns < c->before_ns + n)
		newest_ns = c->before_ns + n;
	c->newest_ns = newest_ns;
	c->n = n;
	c->begun = true;
}

static int64_t clamped(int64_t t_ns, int64_t from_ns, int64_t to_ns)
{
	return t_ns < from_ns ? from_ns : t_ns > to_ns ? to_ns : t_ns;
}

void burst_clock_counted(struct burst_clock *c, unsigned n, int64_t from_ns,
			 int64_t to_ns)
{
	int64_t earliest_ns = from_ns - rounded(c->period_ns);
	int64_t predicted_ns = c->newest_ns + rounded(n * c->period_ns);
	int64_t newest_ns;

	if (n == 0)
		return;
	if (!c->begun) {
		/* Nothing is known but the bounds. */
		advance(c, n, earliest_ns + (to_ns - earliest_ns) / 2);
		return;
	}
	newest_ns = clamped(predicted_ns, earliest_ns, to_ns);
	learn_period(c, BOUND_BETA * (double)(newest_ns - predicted_ns) / n);
	advance(c, n, newest_ns);
}

void burst_clock_edge(struct burst_clock *c, unsigned n, int64_t edge_ns, int64_t from_ns,
		      int64_t to_ns)
{
	const double beta = EDGE_ALPHA * EDGE_ALPHA / (2 - EDGE_ALPHA);
	int64_t predicted_ns = c->newest_ns + rounded(n * c->period_ns);
	double least = ceil((double)(from_ns - edge_ns) / c->period_ns - SLACK) - 1;
	double most = floor((double)(to_ns - edge_ns) / c->period_ns + SLACK);
	double since; /* frames behind that of the edge */
	int64_t seen_ns;

	if (n == 0)
		return;
	since = c->begun ? round((double)(predicted_ns - edge_ns) / c->period_ns) : most;
	since = fmax(fmin(since, most), fmax(least, 0));
	seen_ns = edge_ns + rounded(since * c->period_ns);
	if (!c->begun) {
		advance(c, n, seen_ns);
		return;
	}
	learn_period(c, beta * (double)(seen_ns - predicted_ns) / n);
	predicted_ns += rounded(EDGE_ALPHA * (double)(seen_ns - predicted_ns));
	/* Where the prediction cannot be, after a pause of the host, it is not followed. */
	advance(c, n,
		clamped(predicted_ns, seen_ns - rounded(c->period_ns / 2),
			seen_ns + rounded(c->period_ns / 2)));
}

int64_t burst_clock_stamp(const struct burst_clock *c, unsigned i)
{
	int64_t span_ns = c->newest_ns - c->before_ns;

	assert(i < c->n);
	return c->before_ns + span_ns * (i + 1) / c->n;
}
