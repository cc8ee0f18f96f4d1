/* Height and vertical speed. */
#include "daemon/fusion/altitude.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/baro.h"
#include "daemon/fusion/climb.h"

/* Without a pressure for so long the height is not known any more. */
#define BLIND_NS (5 * NS_PER_S)
/* An acceleration holds until the next one, but not for longer. */
#define ACCEL_HOLDS_S 0.1
/* The offset of the accelerometer is the mean of this time at rest. */
#define OFFSET_TAU_S 5.0
/* Higher than any mountain, and deeper than any mine. */
#define PRESSURE_MIN_PA 20000.0F
#define PRESSURE_MAX_PA 150000.0F

struct altitude {
	double tau_s;
	double start_pa; /* the pressure at height 0 */
	struct climb climb;
	int64_t t_ns; /* of climb: the newest of both kinds */
	bool started; /* there was a pressure */
	bool rebase;  /* the next one is that of the present height */
	int64_t pressure_ns, accel_ns;
	bool accelerated;     /* there was an acceleration */
	double accel, offset; /* the newest one, and what it shows at rest */
};

struct altitude *altitude_new(float tau_s)
{
	struct altitude *a = calloc(1, sizeof(*a));

	if (a)
		a->tau_s = (double)tau_s;
	return a;
}

void altitude_free(struct altitude *a)
{
	free(a);
}

void altitude_retune(struct altitude *a, float tau_s)
{
	a->tau_s = (double)tau_s;
}

void altitude_baro_changed(struct altitude *a)
{
	a->rebase = a->started;
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
	return (double)(to_ns - from_ns) / NS_PER_S;
}

/* Let time pass up to @t_ns; one that is past already changes nothing. */
static void advance(struct altitude *a, int64_t t_ns)
{
	double accel = a->accel - a->offset;
	double dt_s = seconds(a->t_ns, t_ns);
	double held_s = fmin(dt_s, ACCEL_HOLDS_S);

	if (!a->started || dt_s <= 0)
		return;
	climb_predict(&a->climb, accel, held_s);
	climb_predict(&a->climb, 0, dt_s - held_s);
	a->t_ns = t_ns;
}

/* Is one of the times so far from the other that nothing of then is true now? Neither is negative. */
static bool is_far(int64_t a_ns, int64_t b_ns)
{
	return a_ns - b_ns > BLIND_NS || b_ns - a_ns > BLIND_NS;
}

/* Let @pressure_pa be that of the present height. */
static void rebase(struct altitude *a, double pressure_pa)
{
	double above_sea_m = baro_height_m(pressure_pa, BARO_SEA_LEVEL_PA);

	a->start_pa =
		baro_pressure_pa(above_sea_m - a->climb.height_m, BARO_SEA_LEVEL_PA);
	a->rebase = false;
}

static void start(struct altitude *a, double pressure_pa, int64_t t_ns)
{
	if (!a->started)
		a->start_pa = pressure_pa;
	a->climb =
		(struct climb){.height_m = baro_height_m(pressure_pa, BARO_SEA_LEVEL_PA) -
					   baro_height_m(a->start_pa, BARO_SEA_LEVEL_PA)};
	a->started = true;
	a->t_ns = t_ns;
}

static bool is_air(float pressure_pa)
{
	return pressure_pa >= PRESSURE_MIN_PA && pressure_pa <= PRESSURE_MAX_PA;
}

int altitude_feed(struct altitude *a, const struct sample *s)
{
	double height_m;
	double dt_s;
	bool anew;

	if (s->chan != CHAN_PRESSURE)
		return 0;
	if (s->t_ns < 0)
		return -EINVAL;
	anew = !a->started || is_far(a->pressure_ns, s->t_ns) || is_far(a->t_ns, s->t_ns);
	if (!anew && s->t_ns <= a->pressure_ns)
		return -EINVAL;
	if (!is_air(s->v[0]))
		return -ERANGE;

	dt_s = seconds(a->pressure_ns, s->t_ns);
	if (a->rebase)
		rebase(a, (double)s->v[0]);
	if (anew) {
		start(a, (double)s->v[0], s->t_ns);
	} else {
		advance(a, s->t_ns);
		height_m = baro_height_m((double)s->v[0], BARO_SEA_LEVEL_PA) -
			   baro_height_m(a->start_pa, BARO_SEA_LEVEL_PA);
		climb_correct(&a->climb, height_m, climb_gains(dt_s, a->tau_s));
	}
	a->pressure_ns = s->t_ns;
	return 0;
}

void altitude_accel(struct altitude *a, int64_t t_ns, float up_accel, bool at_rest)
{
	double dt_s;

	if (!isfinite(up_accel) || t_ns < 0)
		return;
	if (a->accelerated && t_ns <= a->accel_ns && !is_far(a->accel_ns, t_ns))
		return;
	dt_s = fmin(fmax(seconds(a->accel_ns, t_ns), 0), ACCEL_HOLDS_S);
	advance(a, t_ns);
	if (at_rest && a->accelerated)
		a->offset +=
			((double)up_accel - a->offset) * dt_s / (dt_s + OFFSET_TAU_S);
	a->accel = (double)up_accel;
	a->accel_ns = t_ns;
	a->accelerated = true;
}

static bool is_known(const struct altitude *a)
{
	return a->started && a->t_ns - a->pressure_ns <= BLIND_NS;
}

float altitude_m(const struct altitude *a)
{
	return is_known(a) ? (float)a->climb.height_m : NAN;
}

float altitude_speed_m_s(const struct altitude *a)
{
	return is_known(a) ? (float)a->climb.speed_m_s : NAN;
}

int64_t altitude_time_ns(const struct altitude *a)
{
	return is_known(a) ? a->t_ns : 0;
}
