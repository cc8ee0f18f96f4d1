/* Height and vertical speed. */
#include "daemon/fusion/altitude.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/baros.h"
#include "daemon/fusion/climb.h"

/* Without a pressure for so long the height is not known any more. */
#define BLIND_NS (5 * NS_PER_S)
/* An acceleration holds until the next one, but not for longer. */
#define ACCEL_HOLDS_S 0.1
/* The offset of the accelerometer is the mean of this time at rest. */
#define OFFSET_TAU_S 5.0
/* So long after trouble the height is degraded. */
#define TROUBLE_NS (3 * NS_PER_S)
#define USUAL_HZ 10

struct altitude {
	double tau_s;
	double tolerance_m;
	struct baros baros;
	struct climb climb;
	int64_t t_ns;        /* of climb: the newest of both kinds */
	bool started;        /* there was a pressure */
	int64_t newest_ns;   /* sample, used or not */
	int64_t pressure_ns; /* of the last one that was used */
	unsigned which;      /* it was of this barometer */
	int64_t accel_ns;
	int64_t trouble_ns;   /* when something was wrong with the samples, if ... */
	bool troubled;        /* ... it ever was */
	bool accelerated;     /* there was an acceleration */
	double accel, offset; /* the newest one, and what it shows at rest */
};

struct altitude *altitude_new(float tau_s)
{
	struct altitude *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	altitude_retune(a, tau_s, ALTITUDE_TOLERANCE_M);
	altitude_baro(a, 0, USUAL_HZ, (double)INFINITY, false);
	return a;
}

void altitude_free(struct altitude *a)
{
	free(a);
}

void altitude_retune(struct altitude *a, float tau_s, float tolerance_m)
{
	a->tau_s = (double)tau_s;
	a->tolerance_m = (double)tolerance_m;
}

static void trouble(struct altitude *a)
{
	a->trouble_ns = a->newest_ns;
	a->troubled = true;
}

void altitude_baro(struct altitude *a, unsigned which, double hz, double frozen_s,
		   bool another)
{
	baros_expect(&a->baros, which, hz, frozen_s, another);
	if (another)
		trouble(a);
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

static void start(struct altitude *a, double height_m, int64_t t_ns)
{
	if (a->started)
		trouble(a);
	a->climb = (struct climb){.height_m = height_m};
	a->started = true;
	a->t_ns = t_ns;
}

static void correct(struct altitude *a, double height_m, int64_t t_ns)
{
	double dt_s = seconds(a->pressure_ns, t_ns);

	advance(a, t_ns);
	if (dt_s > 0)
		climb_correct(&a->climb, height_m, climb_gains(dt_s, a->tau_s));
}

/* Those that contradict each other, without a majority, leave it open who is right. */
static bool is_contradicted(const struct vote_result *r, unsigned n)
{
	for (unsigned i = 0; i < n && !r->majority; i++)
		if (r->verdict[i] == VOTE_OUTVOTED)
			return true;
	return false;
}

int altitude_feed(struct altitude *a, unsigned which, const struct sample *s)
{
	double height_m;
	bool anew;
	bool used;
	int r;

	if (s->chan != CHAN_PRESSURE)
		return 0;
	r = baros_check(&a->baros, which, s, BLIND_NS);
	if (r < 0) {
		trouble(a);
		return r;
	}
	a->newest_ns = s->t_ns;
	anew = !a->started || is_far(a->pressure_ns, s->t_ns) || is_far(a->t_ns, s->t_ns);
	if (anew)
		baros_restart(&a->baros);
	used = baros_take(&a->baros, which, s, a->climb.height_m, a->tolerance_m,
			  &height_m);
	if (a->baros.result.used == 0 || is_contradicted(&a->baros.result, a->baros.n))
		trouble(a);
	if (!used)
		return 0;
	if (anew)
		start(a, height_m, s->t_ns);
	else
		correct(a, height_m, s->t_ns);
	if (anew || s->t_ns > a->pressure_ns)
		a->pressure_ns = s->t_ns;
	a->which = which;
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
	a->newest_ns = t_ns;
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
	return a->started && a->newest_ns - a->pressure_ns <= BLIND_NS;
}

float altitude_m(const struct altitude *a)
{
	return is_known(a) ? (float)a->climb.height_m : NAN;
}

float altitude_speed_m_s(const struct altitude *a)
{
	return is_known(a) ? (float)a->climb.speed_m_s : NAN;
}

bool altitude_degraded(const struct altitude *a)
{
	double blind_s = seconds(a->pressure_ns, a->newest_ns);

	return !is_known(a) || fabs(blind_s) > a->baros.source[a->which].late_s ||
	       (a->troubled && a->newest_ns - a->trouble_ns < TROUBLE_NS &&
		a->trouble_ns - a->newest_ns < TROUBLE_NS);
}

int64_t altitude_newest_ns(const struct altitude *a)
{
	return a->newest_ns;
}

const struct vote_result *altitude_sources(const struct altitude *a)
{
	return &a->baros.result;
}

int64_t altitude_time_ns(const struct altitude *a)
{
	return is_known(a) ? a->t_ns : 0;
}
