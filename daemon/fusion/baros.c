/* One height from several barometers. */
#include "daemon/fusion/baros.h"

#include <errno.h>
#include <math.h>

#include "daemon/base/macros.h"
#include "daemon/fusion/baro.h"

/* Higher than any mountain, and deeper than any mine. */
#define PRESSURE_MIN_PA 20000.0F
#define PRESSURE_MAX_PA 150000.0F
/* Silent: so many samples are missing, but not for less than a time (ours). */
#define LATE_SAMPLES 3
#define LATE_MIN_S 1.0
/* What barometers that come and go differ by is led over in this time (ours). */
#define SETTLE_S 2.0

void baros_expect(struct baros *b, unsigned which, double hz, double frozen_s,
		  bool another)
{
	struct baro_source *src = &b->source[which];

	if (which >= b->n)
		b->n = which + 1;
	src->frozen_s = frozen_s;
	src->late_s = fmax(LATE_MIN_S, LATE_SAMPLES / hz);
	src->doubt = (struct doubt){0};
	if (another)
		src->has_zero = false;
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
	return (double)(to_ns - from_ns) / NS_PER_S;
}

static bool is_air(float pressure_pa)
{
	return pressure_pa >= PRESSURE_MIN_PA && pressure_pa <= PRESSURE_MAX_PA;
}

int baros_check(const struct baros *b, unsigned which, const struct sample *s,
		int64_t far_ns)
{
	const struct baro_source *src = &b->source[which];

	if (s->t_ns < 0)
		return -EINVAL;
	if (src->seen && s->t_ns <= src->t_ns && src->t_ns - s->t_ns <= far_ns)
		return -EINVAL;
	return is_air(s->v[0]) ? 0 : -ERANGE;
}

/* Let @pressure_pa be that of @height_m. */
static void set_zero(struct baro_source *src, double pressure_pa, double height_m)
{
	double above_sea_m = baro_height_m(pressure_pa, BARO_SEA_LEVEL_PA);

	src->zero_pa = height_m == 0 ? pressure_pa
				     : baro_pressure_pa(above_sea_m - height_m,
							BARO_SEA_LEVEL_PA);
	src->has_zero = true;
}

static double height(const struct baro_source *src, double pressure_pa)
{
	return baro_height_m(pressure_pa, BARO_SEA_LEVEL_PA) -
	       baro_height_m(src->zero_pa, BARO_SEA_LEVEL_PA);
}

static bool is_late(const struct baro_source *src, int64_t t_ns)
{
	return fabs(seconds(src->t_ns, t_ns)) > src->late_s;
}

bool baros_take(struct baros *b, unsigned which, const struct sample *s, double height_m,
		double tolerance_m, double *ret_m)
{
	struct baro_source *src = &b->source[which];
	struct vote_source votes[BAROS_MAX] = {0};
	double dt_s = src->seen ? fmax(seconds(src->t_ns, s->t_ns), 0) : 0;

	/* Over a gap it may have been anywhere, and come back. */
	(void)doubt_sample(&src->doubt, s->v, is_late(src, s->t_ns) ? 0 : dt_s, HUGE_VALF,
			   src->frozen_s);
	if (!src->has_zero)
		set_zero(src, (double)s->v[0], height_m);
	src->height_m = height(src, (double)s->v[0]);
	src->t_ns = s->t_ns;
	src->seen = true;
	for (unsigned i = 0; i < b->n; i++) {
		const struct baro_source *it = &b->source[i];

		votes[i] = (struct vote_source){
			.v = {it->height_m},
			.tolerance = tolerance_m,
			.frozen = it->doubt.frozen,
			.known = it->has_zero && !is_late(it, s->t_ns),
		};
	}
	if (!vote_take(&b->vote, votes, b->n, 1, SETTLE_S, s->t_ns, &b->result))
		return false;
	*ret_m = b->result.v[0];
	return b->result.verdict[which] == VOTE_USED;
}

void baros_restart(struct baros *b)
{
	b->vote = (struct vote){0};
}
