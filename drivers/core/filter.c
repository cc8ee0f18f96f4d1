/* Filters: pure functions of the samples and their times. */
#include "drivers/core/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU 6.283185307179586
#define AXES 3
#define BACK_NS NS_PER_S

/* What a filter remembers of one channel. */
struct filter_state {
	bool begun;    /* there was a sample */
	int64_t t_ns;  /* of the last one; of a throttle, of the last that passed */
	float y[AXES]; /* the output; of a delta, the last that passed */
	union {
		struct { /* the last samples of each axis, as they came */
			float x[AXES][FILTER_WINDOW_MAX];
			unsigned count, at;
		} window;
		struct { /* what the output will be, if it lasts */
			float x[AXES];
			int64_t since_ns;
		} debounce;
		float slope[AXES]; /* of a one-euro filter: dxhat */
		struct { /* of a Kalman filter: all axes have the same variances */
			double xx, xv, vv;
			double speed[AXES];
		} kalman;
		struct { /* since when all samples jump, and the last of them */
			float x[AXES];
			int64_t since_ns;
			bool on;
		} jump;
	};
};

struct filters {
	struct filters_conf conf;
	struct filter_state state[][CHAN_COUNT]; /* by filter */
};

struct filters *filters_new(const struct filters_conf *conf)
{
	struct filters *f = calloc(1, sizeof(*f) + conf->n * sizeof(f->state[0]));

	if (f)
		f->conf = *conf;
	return f;
}

void filters_free(struct filters *f)
{
	free(f);
}

void filters_reset(struct filters *f)
{
	memset(f->state, 0, f->conf.n * sizeof(f->state[0]));
}

/* Put @v in the place of the oldest of the last @n samples. */
static void remember(struct filter_state *st, unsigned n, const float *v, int width)
{
	if (st->window.count < n)
		st->window.count++;
	for (int i = 0; i < width; i++)
		st->window.x[i][st->window.at] = v[i];
	st->window.at = (st->window.at + 1) % n;
}

static void sort(const float *x, unsigned n, float *ret)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = i;

		for (; k > 0 && ret[k - 1] > x[i]; k--)
			ret[k] = ret[k - 1];
		ret[k] = x[i];
	}
}

/* What lies at @quantile of the order of the last @n samples; of two that are as near the lower one. */
static void quantile(struct filter_state *st, int n, double quantile, float *v, int width)
{
	float sorted[FILTER_WINDOW_MAX] = {0};

	remember(st, (unsigned)n, v, width);
	for (int i = 0; i < width; i++) {
		double place = quantile * (st->window.count - 1);

		sort(st->window.x[i], st->window.count, sorted);
		v[i] = sorted[(unsigned)ceil(place - 0.5)];
	}
}

static void mean(struct filter_state *st, int n, float *v, int width)
{
	remember(st, (unsigned)n, v, width);
	for (int i = 0; i < width; i++) {
		double sum = 0;

		for (unsigned k = 0; k < st->window.count; k++)
			sum += (double)st->window.x[i][k];
		v[i] = (float)(sum / st->window.count);
	}
}

static void average(const struct filter_conf *c, struct filter_state *st, float *v,
		    int width)
{
	float alpha = (float)c->exponential_moving_average;

	for (int i = 0; i < width; i++) {
		st->y[i] = st->begun ? st->y[i] + alpha * (v[i] - st->y[i]) : v[i];
		v[i] = st->y[i];
	}
}

static void clamp(const struct filter_conf *c, float *v, int width)
{
	for (int i = 0; i < width; i++)
		v[i] = fminf(fmaxf(v[i], (float)c->clamp[0]), (float)c->clamp[1]);
}

static bool same(const float *a, const float *b, int width)
{
	for (int i = 0; i < width; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* Does @v differ enough, on any axis, from what passed last? */
static bool delta(const struct filter_conf *c, struct filter_state *st, const float *v,
		  int width)
{
	bool far = !st->begun;

	for (int i = 0; i < width; i++)
		far = far || fabs((double)v[i] - (double)st->y[i]) >= c->delta;
	if (far)
		memcpy(st->y, v, sizeof(st->y));
	return far;
}

static void debounce(const struct filter_conf *c, struct filter_state *st, int64_t t_ns,
		     float *v, int width)
{
	if (!st->begun)
		memcpy(st->y, v, sizeof(st->y));
	if (!st->begun || !same(v, st->debounce.x, width)) {
		memcpy(st->debounce.x, v, sizeof(st->debounce.x));
		st->debounce.since_ns = t_ns;
	}
	if (t_ns - st->debounce.since_ns >= c->debounce_ns)
		memcpy(st->y, v, sizeof(st->y));
	memcpy(v, st->y, sizeof(st->y));
}

/* A truth (1) or untruth (0) that is like @late passes when it has lasted for @delay_ns, the other at once. */
static void delayed(bool late, int64_t delay_ns, struct filter_state *st, int64_t t_ns,
		    float *v)
{
	if (!st->begun || !same(v, st->debounce.x, 1)) {
		memcpy(st->debounce.x, v, sizeof(st->debounce.x));
		st->debounce.since_ns = t_ns;
	}
	if (!st->begun || (v[0] >= 0.5F) != late ||
	    t_ns - st->debounce.since_ns >= delay_ns)
		memcpy(st->y, v, sizeof(st->y));
	memcpy(v, st->y, sizeof(st->y));
}

static double alpha_of(double cutoff_hz, double rate_hz)
{
	return 1 / (1 + rate_hz / (TAU * cutoff_hz));
}

static void one_euro(const struct one_euro_conf *c, struct filter_state *st, int64_t t_ns,
		     float *v, int width)
{
	double rate_hz = (double)NS_PER_S / (double)(t_ns - st->t_ns);

	for (int i = 0; i < width; i++) {
		double x = (double)v[i];
		double y = (double)st->y[i];
		double slope = (double)st->slope[i];

		if (st->begun) {
			slope += alpha_of(c->dcutoff_hz, rate_hz) *
				 ((x - y) * rate_hz - slope);
			y += alpha_of(c->mincutoff_hz + c->beta * fabs(slope), rate_hz) *
			     (x - y);
		} else {
			y = x;
		}
		st->slope[i] = (float)slope;
		st->y[i] = v[i] = (float)y;
	}
}

/* A random walk: P += Q; K = P / (P + R); x += K (z - x); P = (1 - K) P. */
static void kalman_walk(const struct kalman_conf *c, struct filter_state *st, float *v,
			int width)
{
	double p = st->begun ? st->kalman.xx + c->process : c->measurement;
	double gain = st->begun ? p / (p + c->measurement) : 1;

	st->kalman.xx = st->begun ? (1 - gain) * p : p;
	for (int i = 0; i < width; i++) {
		st->y[i] += (float)(gain * ((double)v[i] - (double)st->y[i]));
		v[i] = st->y[i];
	}
}

/*
 * Position and velocity, driven by white acceleration noise of density q: F = [1 dt; 0 1],
 * Q = q [dt^3/3 dt^2/2; dt^2/2 dt], H = [1 0]. Two samples make the first velocity (Bar-Shalom, section
 * 5.5.3); until then its variance is as good as unknown.
 */
static void kalman_move(const struct kalman_conf *c, struct filter_state *st,
			int64_t t_ns, float *v, int width)
{
	double dt = (double)(t_ns - st->t_ns) / (double)NS_PER_S;
	double q = c->process;
	double r = c->measurement;
	double xx = st->kalman.xx + 2 * dt * st->kalman.xv + dt * dt * st->kalman.vv +
		    q * dt * dt * dt / 3;
	double xv = st->kalman.xv + dt * st->kalman.vv + q * dt * dt / 2;
	double vv = st->kalman.vv + q * dt;
	double kx = xx / (xx + r);
	double kv = xv / (xx + r);

	if (!st->begun) {
		memcpy(st->y, v, sizeof(st->y));
		memset(&st->kalman, 0, sizeof(st->kalman));
		st->kalman.xx = r;
		st->kalman.vv = 1e6 * r;
		return;
	}
	for (int i = 0; i < width; i++) {
		double x = (double)st->y[i] + dt * st->kalman.speed[i];
		double off = (double)v[i] - x;

		st->kalman.speed[i] += kv * off;
		st->y[i] = v[i] = (float)(x + kx * off);
	}
	st->kalman.xx = (1 - kx) * xx;
	st->kalman.xv = (1 - kx) * xv;
	st->kalman.vv = vv - kv * xv;
}

static bool kalman(const struct kalman_conf *c, struct filter_state *st, int64_t t_ns,
		   float *v, int width)
{
	if (c->model == KALMAN_RANDOM_WALK) {
		kalman_walk(c, st, v, width);
		return true;
	}
	if (st->begun && t_ns <= st->t_ns)
		return false; /* no time has passed */
	kalman_move(c, st, t_ns, v, width);
	return true;
}

/* Does @v pass: is it near to what passed last, or has it been far from it for long enough? */
static bool max_step(const struct max_step_conf *c, struct filter_state *st, int64_t t_ns,
		     const float *v, int width)
{
	bool far = false;

	for (int i = 0; st->begun && i < width; i++)
		far = far || fabs((double)v[i] - (double)st->y[i]) > c->step;
	if (far && !st->jump.on)
		st->jump.since_ns = t_ns;
	st->jump.on = far;
	memcpy(st->jump.x, v, sizeof(st->jump.x));
	if (far && t_ns - st->jump.since_ns < c->accept_after_ns)
		return false;
	st->jump.on = false;
	memcpy(st->y, v, sizeof(st->y));
	return true;
}

/* Horner's rule. */
static void polynomial(const double coeffs[FILTER_COEFFS_MAX], float *v, int width)
{
	for (int i = 0; i < width; i++) {
		double y = 0;

		for (int k = FILTER_COEFFS_MAX - 1; k >= 0; k--)
			y = y * (double)v[i] + coeffs[k];
		v[i] = (float)y;
	}
}

/* Returns whether @v passes. */
static bool work(const struct filter_conf *c, struct filter_state *st, int64_t t_ns,
		 float *v, int width)
{
	switch (c->kind) {
	case FILTER_MEDIAN:
		quantile(st, c->median, 0.5, v, width);
		break;
	case FILTER_QUANTILE:
		quantile(st, c->quantile.window, c->quantile.quantile, v, width);
		break;
	case FILTER_MIN:
		quantile(st, c->min, 0, v, width);
		break;
	case FILTER_MAX:
		quantile(st, c->max, 1, v, width);
		break;
	case FILTER_MEAN:
		mean(st, c->sliding_window_moving_average, v, width);
		break;
	case FILTER_KALMAN:
		if (!kalman(&c->kalman, st, t_ns, v, width))
			return false;
		break;
	case FILTER_OFFSET:
		polynomial((double[FILTER_COEFFS_MAX]){c->offset, 1}, v, width);
		break;
	case FILTER_SCALE:
		polynomial((double[FILTER_COEFFS_MAX]){0, c->scale}, v, width);
		break;
	case FILTER_LINE:
	case FILTER_POLYNOMIAL:
		polynomial(c->coeffs, v, width);
		break;
	case FILTER_MAX_STEP:
		if (!max_step(&c->max_step, st, t_ns, v, width))
			return false;
		break;
	case FILTER_AVERAGE:
		average(c, st, v, width);
		break;
	case FILTER_CLAMP:
		clamp(c, v, width);
		break;
	case FILTER_DELTA:
		if (!delta(c, st, v, width))
			return false;
		break;
	case FILTER_THROTTLE:
		if (st->begun && t_ns - st->t_ns < c->throttle_ns)
			return false;
		break;
	case FILTER_DEBOUNCE:
		debounce(c, st, t_ns, v, width);
		break;
	case FILTER_DELAYED_ON:
		delayed(true, c->delayed_on_ns, st, t_ns, v);
		break;
	case FILTER_DELAYED_OFF:
		delayed(false, c->delayed_off_ns, st, t_ns, v);
		break;
	case FILTER_ONE_EURO:
		if (st->begun && t_ns <= st->t_ns)
			return false; /* no time has passed: there is no slope */
		one_euro(&c->one_euro, st, t_ns, v, width);
		break;
	case FILTER_TIMEOUT:
		break;
	}
	st->begun = true;
	st->t_ns = t_ns;
	return true;
}

static bool measured(const float *v, int width)
{
	for (int i = 0; i < width; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

static bool apply(const struct filter_conf *c, struct filter_state *st, int64_t t_ns,
		  float *v, int width)
{
	/* What was before a time that lies in the future would hold back all that comes. */
	if (st->begun && st->t_ns - t_ns > BACK_NS)
		memset(st, 0, sizeof(*st));
	if (!work(c, st, t_ns, v, width))
		return false;
	if (measured(v, width))
		return true;
	/* Too large for a float: it passes no filter, and does not stay in this one. */
	memset(st, 0, sizeof(*st));
	return false;
}

bool filters_apply(struct filters *f, struct sample *s)
{
	int width = chan_info[s->chan].width;

	if (!measured(s->v, width))
		return true;
	for (unsigned i = 0; i < f->conf.n; i++)
		if (f->conf.filter[i].chans & CHAN_BIT(s->chan) &&
		    !apply(&f->conf.filter[i], &f->state[i][s->chan], s->t_ns, s->v,
			   width))
			return false;
	return true;
}

/* A quantity that is no channel has the states of the first one. */
static struct filter_state *only_state(struct filters *f, unsigned i)
{
	return &f->state[i][0];
}

/* From the filter @first on. */
static bool pass_from(struct filters *f, unsigned first, int64_t t_ns, float *v,
		      int width)
{
	for (unsigned i = first; i < f->conf.n && measured(v, width); i++)
		if (!apply(&f->conf.filter[i], only_state(f, i), t_ns, v, width))
			return false;
	return true;
}

bool filters_pass(struct filters *f, int64_t t_ns, float *v, int width)
{
	return pass_from(f, 0, t_ns, v, width);
}

static int64_t due_ns(const struct filter_conf *c, const struct filter_state *st)
{
	bool waits = st->begun && !same(st->debounce.x, st->y, AXES);

	switch (c->kind) {
	case FILTER_DEBOUNCE:
		return waits ? st->debounce.since_ns + c->debounce_ns : TIME_NEVER;
	case FILTER_DELAYED_ON:
		return waits ? st->debounce.since_ns + c->delayed_on_ns : TIME_NEVER;
	case FILTER_DELAYED_OFF:
		return waits ? st->debounce.since_ns + c->delayed_off_ns : TIME_NEVER;
	case FILTER_MAX_STEP:
		return st->jump.on ? st->jump.since_ns + c->max_step.accept_after_ns
				   : TIME_NEVER;
	case FILTER_TIMEOUT:
		return st->begun ? st->t_ns + c->timeout_ns : TIME_NEVER;
	default:
		return TIME_NEVER;
	}
}

int64_t filters_due_ns(const struct filters *f)
{
	int64_t first = TIME_NEVER;

	for (unsigned i = 0; i < f->conf.n; i++) {
		int64_t t_ns = due_ns(&f->conf.filter[i], &f->state[i][0]);

		if (t_ns < first)
			first = t_ns;
	}
	return first;
}

/* What a filter that is due says now. */
static void say(const struct filter_conf *c, struct filter_state *st, float *v)
{
	if (c->kind == FILTER_TIMEOUT) {
		for (int i = 0; i < AXES; i++)
			v[i] = NAN;
		st->begun = false;
	} else if (c->kind == FILTER_MAX_STEP) {
		memcpy(v, st->jump.x, sizeof(st->jump.x));
		memcpy(st->y, st->jump.x, sizeof(st->y));
		st->jump.on = false;
	} else {
		memcpy(v, st->debounce.x, sizeof(st->debounce.x));
		memcpy(st->y, st->debounce.x, sizeof(st->y));
	}
}

bool filters_fall_due(struct filters *f, int64_t t_ns, float *v, int width)
{
	for (unsigned i = 0; i < f->conf.n; i++) {
		if (due_ns(&f->conf.filter[i], only_state(f, i)) > t_ns)
			continue;
		say(&f->conf.filter[i], only_state(f, i), v);
		return pass_from(f, i + 1, t_ns, v, width);
	}
	return false;
}

bool filters_are_timed(const struct filters_conf *conf)
{
	for (unsigned i = 0; i < conf->n; i++)
		if (conf->filter[i].kind >= FILTER_DELAYED_ON)
			return true;
	return false;
}
