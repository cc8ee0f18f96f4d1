/* Several sources of one quantity. */
#include "daemon/fusion/vote.h"

#include <math.h>

#include "daemon/base/macros.h"

#define COME_BACK 0.8

static unsigned count_bits(uint32_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static uint32_t known_ones(const struct vote_source *s, unsigned n)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < n; i++)
		if (s[i].known && !s[i].frozen)
			mask |= UINT32_C(1) << i;
	return mask;
}

static double tolerance_of(const struct vote *vote, const struct vote_source *s,
			   unsigned i)
{
	bool was_out = vote->begun && !(vote->used & UINT32_C(1) << i);

	return was_out ? COME_BACK * s[i].tolerance : s[i].tolerance;
}

/* Those of @known whose intervals on @axis hold @x. */
static uint32_t holding(const struct vote *vote, const struct vote_source *s, unsigned n,
			uint32_t known, unsigned axis, double x)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < n; i++)
		if (known & UINT32_C(1) << i &&
		    fabs(s[i].v[axis] - x) <= tolerance_of(vote, s, i))
			mask |= UINT32_C(1) << i;
	return mask;
}

/*
 * The largest group with a point in common on @axis. Such a point, if there is one, is also the lower end
 * of one of the intervals, so looking there is enough. Of groups of one size the one with more of those
 * that were used before, then the one found first.
 */
static uint32_t largest_group(const struct vote *vote, const struct vote_source *s,
			      unsigned n, uint32_t known, unsigned axis)
{
	uint32_t best = 0;

	for (unsigned i = 0; i < n; i++) {
		double low = s[i].v[axis] - tolerance_of(vote, s, i);
		uint32_t group;
		unsigned size;

		if (!(known & UINT32_C(1) << i))
			continue;
		/* Its own end is in its interval, whatever rounding says. */
		group = holding(vote, s, n, known, axis, low) | UINT32_C(1) << i;
		size = count_bits(group);
		if (size > count_bits(best) ||
		    (size == count_bits(best) &&
		     count_bits(group & vote->used) > count_bits(best & vote->used)))
			best = group;
	}
	return best;
}

/* How far @v is from @from: the largest difference of an axis. */
static double distance(const double *v, const double *from, unsigned width)
{
	double max = 0;

	for (unsigned k = 0; k < width; k++)
		max = fmax(max, fabs(v[k] - from[k]));
	return max;
}

/* Nobody has a majority: who goes on most like before? */
static uint32_t least_surprise(const struct vote *vote, const struct vote_source *s,
			       unsigned n, uint32_t known, unsigned width)
{
	double nearest = HUGE_VAL;
	uint32_t one = 0;
	uint32_t near = 0;

	for (unsigned i = 0; i < n; i++) {
		double off;

		if (!(known & UINT32_C(1) << i))
			continue;
		off = vote->begun ? distance(s[i].v, vote->out, width) : 0;
		if (off < nearest) {
			nearest = off;
			one = UINT32_C(1) << i;
		}
		if (vote->begun && off <= s[i].tolerance)
			near |= UINT32_C(1) << i;
	}
	return near ? near : one;
}

/* The mean of those in @used, weighted; the greatest of their tolerances. */
static double combine(const struct vote_source *s, unsigned n, unsigned width,
		      uint32_t used, double ret[VOTE_AXES])
{
	double tolerance = 0;
	double sum = 0;

	for (unsigned k = 0; k < width; k++)
		ret[k] = 0;
	for (unsigned i = 0; i < n; i++) {
		double weight = 1 / (s[i].tolerance * s[i].tolerance);

		if (!(used & UINT32_C(1) << i))
			continue;
		sum += weight;
		tolerance = fmax(tolerance, s[i].tolerance);
		for (unsigned k = 0; k < width; k++)
			ret[k] += weight * s[i].v[k];
	}
	for (unsigned k = 0; k < width; k++)
		ret[k] /= sum;
	return tolerance;
}

/* Lead over from the last result to @v, which others make up now. */
static void lead_over(struct vote *vote, double v[VOTE_AXES], unsigned width,
		      uint32_t used, double tolerance, double settle_s, int64_t t_ns)
{
	double dt = (double)(t_ns - vote->t_ns) / (double)NS_PER_S;
	double keep = settle_s > 0 && dt >= 0 ? exp(-dt / settle_s) : 0;

	for (unsigned k = 0; k < width; k++) {
		double shift = vote->shift[k] * keep;

		/* Who agrees differs by two tolerances at most: more is a movement. */
		if (vote->begun && used != vote->used && settle_s > 0)
			shift = fmin(fmax(vote->out[k] - v[k], -2 * tolerance),
				     2 * tolerance);
		vote->shift[k] = shift;
		v[k] += shift;
		vote->out[k] = v[k];
	}
	vote->begun = true;
	vote->used = used;
	vote->t_ns = t_ns;
}

static void judge(const struct vote_source *s, unsigned n, unsigned width, uint32_t known,
		  uint32_t used, struct vote_result *ret)
{
	for (unsigned i = 0; i < n; i++) {
		bool is_used = used & UINT32_C(1) << i;
		bool is_known = known & UINT32_C(1) << i;

		ret->verdict[i] = is_used                     ? VOTE_USED
				  : is_known                  ? VOTE_OUTVOTED
				  : s[i].known && s[i].frozen ? VOTE_FROZEN
							      : VOTE_SILENT;
		ret->off[i] = is_known && !is_used ? distance(s[i].v, ret->v, width) : 0;
	}
}

bool vote_take(struct vote *vote, const struct vote_source *sources, unsigned n,
	       unsigned width, double settle_s, int64_t t_ns, struct vote_result *ret)
{
	uint32_t known = known_ones(sources, n);
	uint32_t used = known;
	double tolerance;

	*ret = (struct vote_result){0};
	if (!known) {
		judge(sources, n, width, 0, 0, ret);
		return false;
	}
	for (unsigned k = 0; k < width; k++)
		used &= largest_group(vote, sources, n, known, k);
	ret->majority = 2 * count_bits(used) > count_bits(known);
	if (!ret->majority)
		used = least_surprise(vote, sources, n, known, width);
	tolerance = combine(sources, n, width, used, ret->v);
	lead_over(vote, ret->v, width, used, tolerance, settle_s, t_ns);
	ret->used = count_bits(used);
	judge(sources, n, width, known, used, ret);
	return true;
}

void vote_notes(const struct vote_result *r, unsigned n, const char *unit,
		struct vote_note *ret)
{
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct vote_note){r->verdict[i], r->off[i], unit};
}
