/* Values that the configuration makes of other values. */
#include "daemon/app/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/derived.h"
#include "daemon/app/quantity_conf.h"
#include "daemon/app/votes.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"

#define AXES VOTE_AXES

/* One reading of the inputs. */
struct reading {
	double v[AXES];
	enum datum_type type; /* DATUM_NULL: nobody knows anything */
	int64_t t_ns;         /* of the newest of them */
	uint32_t known;       /* who knows something, bit by bit */
};

struct quantity {
	struct quantity_conf conf;
	struct filters *filters;
	struct votes *votes; /* NULL: it is no vote */
	struct value *out;
	struct value *own;  /* what it is made of, if nobody else has it; NULL */
	struct timer timer; /* a filter is due */

	struct { /* of each input: what was taken in */
		int64_t sample_ns;
		uint64_t version;
	} seen[VOTE_MAX];
	uint32_t knew;        /* those that knew something when we looked last */
	enum datum_type type; /* of what came last */
	int64_t measured_ns;  /* of the newest input that was used */
	bool known;           /* just now some input is */
	bool timed_out;       /* a filter says that it is not known, which is an answer */
	bool on;              /* above the limit */
};

static int width_of(enum datum_type type)
{
	return type == DATUM_VEC3 ? 3 : 1;
}

/* The numbers of @d, if it has some and all of them are within the gate. */
static bool numbers(const struct quantity_conf *conf, const struct datum *d,
		    double ret[AXES])
{
	int width = width_of(d->type);

	if (d->type == DATUM_BOOL)
		ret[0] = d->b;
	else if (d->type == DATUM_NUMBER)
		ret[0] = d->n;
	else if (d->type == DATUM_VEC3)
		memcpy(ret, d->v, AXES * sizeof(*ret));
	else
		return false;
	for (int i = 0; i < width; i++)
		if (!isfinite(ret[i]) || ret[i] < conf->gate[0] || ret[i] > conf->gate[1])
			return false;
	return true;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One number of @n; sorts them. */
static double combine(enum combine how, double *x, unsigned n)
{
	double sum = 0;

	qsort(x, n, sizeof(*x), by_size);
	switch (how) {
	case COMBINE_MIN:
	case COMBINE_ALL:
		return x[0];
	case COMBINE_MAX:
	case COMBINE_ANY:
		return x[n - 1];
	case COMBINE_MEDIAN:
		return (x[(n - 1) / 2] + x[n / 2]) / 2;
	default:
		for (unsigned i = 0; i < n; i++)
			sum += x[i];
		return how == COMBINE_SUM ? sum : sum / n;
	}
}

/* All inputs that are known, with their type; the others' readings are not looked at. */
static unsigned collect(struct quantity *q, struct value *const *inputs, unsigned n,
			struct vote_source *sources, struct reading *ret)
{
	unsigned known = 0;

	*ret = (struct reading){.type = DATUM_NULL};
	for (unsigned i = 0; i < n; i++) {
		const struct datum *d = value_get(inputs[i]);

		sources[i] = (struct vote_source){.tolerance = q->conf.tolerance};
		if (value_state(inputs[i]) != VALUE_OK ||
		    !numbers(&q->conf, d, sources[i].v) ||
		    (ret->type != DATUM_NULL && ret->type != d->type))
			continue;
		sources[i].known = true;
		ret->known |= UINT32_C(1) << i;
		known++;
		ret->type = d->type;
		if (value_sample_ns(inputs[i]) > ret->t_ns)
			ret->t_ns = value_sample_ns(inputs[i]);
	}
	return known;
}

/* The inputs as one; false when nobody knows anything. */
static bool read_inputs(struct quantity *q, struct value *const *inputs, unsigned n,
			struct reading *ret)
{
	struct vote_source sources[VOTE_MAX];
	unsigned known = collect(q, inputs, n, sources, ret);

	if (q->votes)
		return votes_take(q->votes, sources, n, (unsigned)width_of(ret->type),
				  ret->t_ns, ret->v);
	for (int axis = 0; known > 0 && axis < width_of(ret->type); axis++) {
		double x[VOTE_MAX];
		unsigned k = 0;

		for (unsigned i = 0; i < n; i++)
			if (sources[i].known)
				x[k++] = sources[i].v[axis];
		ret->v[axis] = combine(q->conf.combine, x, known);
	}
	return known > 0;
}

/* Has one of the inputs been measured since we looked? */
static bool is_news(struct quantity *q, struct value *const *inputs, unsigned n)
{
	bool news = false;

	for (unsigned i = 0; i < n; i++) {
		int64_t sample_ns = value_sample_ns(inputs[i]);
		uint64_t version = value_version(inputs[i]);

		news = news || sample_ns != q->seen[i].sample_ns ||
		       version != q->seen[i].version;
		q->seen[i].sample_ns = sample_ns;
		q->seen[i].version = version;
	}
	return news;
}

/* What the chain of filters says of itself, as time has passed. */
static bool fall_due(struct quantity *q, double v[AXES])
{
	float x[AXES] = {0};
	bool says = false;

	while (filters_due_ns(q->filters) <= rt_now())
		says |= filters_fall_due(q->filters, rt_now(), x, width_of(q->type));
	if (!says)
		return false;
	for (int i = 0; i < AXES; i++)
		v[i] = (double)x[i];
	return true;
}

static bool take(struct quantity *q, const struct reading *now, double v[AXES])
{
	float x[AXES] = {(float)now->v[0], (float)now->v[1], (float)now->v[2]};

	q->type = now->type;
	q->measured_ns = now->t_ns;
	if (!filters_pass(q->filters, now->t_ns, x, width_of(now->type)))
		return false;
	/* Filters have the precision of samples; without them nothing is lost. */
	for (int i = 0; i < AXES; i++)
		v[i] = q->conf.filters.n > 0 ? (double)x[i] : now->v[i];
	return true;
}

/* True from "above" on until "below", or the other way round. */
static struct datum compare(struct quantity *q, double x)
{
	/* In the precision of samples, so that a reading of 0.2 is not above 0.2. */
	if ((float)x >= (float)q->conf.above)
		q->on = true;
	else if ((float)x <= (float)q->conf.below)
		q->on = false;
	return datum_bool(q->on != q->conf.invert);
}

static struct datum datum_of(struct quantity *q, const double v[AXES])
{
	bool unknown = isnan(v[0]);

	q->timed_out = unknown;
	if (unknown)
		return datum_null();
	if (!isnan(q->conf.above))
		return compare(q, v[0]);
	if (q->type == DATUM_BOOL)
		return datum_bool(v[0] >= 0.5);
	if (q->type == DATUM_VEC3)
		return datum_vec3(v[0], v[1], v[2]);
	return datum_number(v[0]);
}

static void arm(struct quantity *q)
{
	int64_t due_ns = filters_due_ns(q->filters);

	/* Outside of rt_run(), in a check, no time passes. */
	if (!rt_current())
		return;
	if (due_ns == TIME_NEVER)
		timer_disarm(&q->timer);
	else
		timer_arm(&q->timer, due_ns);
}

static int compute(void *arg, struct value *const *inputs, unsigned n, struct datum *ret)
{
	struct quantity *q = arg;
	struct reading now;
	double v[AXES] = {0};
	bool says = fall_due(q, v);
	bool news = is_news(q, inputs, n);

	q->known = read_inputs(q, inputs, n, &now);
	/* What one said that says nothing any more must not last until another one speaks. */
	news = news || (q->knew & ~now.known) != 0;
	q->knew = now.known;
	if (news && q->known)
		says |= take(q, &now, v);
	arm(q);
	if (!says)
		return -EAGAIN;
	*ret = datum_of(q, v);
	return 0;
}

static enum value_state judge(void *arg, struct value *const *inputs, unsigned n,
			      int64_t *ret_measured_ns)
{
	const struct quantity *q = arg;

	(void)inputs;
	(void)n;
	*ret_measured_ns = q->measured_ns;
	return q->known || q->timed_out ? VALUE_OK : VALUE_STALE;
}

static void is_due(struct timer *t)
{
	value_recompute(container_of(t, struct quantity, timer)->out);
}

static void quantity_free(void *arg)
{
	struct quantity *q = arg;

	if (rt_current())
		timer_disarm(&q->timer);
	value_free(q->own);
	votes_free(q->votes);
	filters_free(q->filters);
	free(q);
}

static struct quantity *quantity_new(const struct quantity_conf *conf, struct value *own)
{
	struct quantity *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->conf = *conf;
	q->own = own;
	q->timer.fn = is_due;
	q->on = conf->invert; /* not yet true */
	q->filters = filters_new(&conf->filters);
	if (q->filters)
		return q;
	free(q);
	return NULL;
}

static void take_type(const struct quantity_conf *conf, const struct value *first,
		      struct value_info *info)
{
	const struct value_info *in = value_info(first);

	info->typed = in->typed || !isnan(conf->above);
	info->type = isnan(conf->above) ? in->type : DATUM_BOOL;
	info->unit = conf->unit;
	if (!conf->unit[0] && isnan(conf->above))
		info->unit = in->unit;
}

/* Make it of @inputs; owns @own in any case. */
static int make(const struct conf_at *at, struct world *world,
		const struct quantity_conf *conf, struct quantity_inputs *inputs,
		struct value *own, struct value **ret)
{
	struct value_info info = {
		.name = at->key, .source = "fusion.values", .help = conf->help};
	struct derivation how = {.compute = compute,
				 .arg_free = quantity_free,
				 .asks = true,
				 .judge = judge};
	struct quantity *q = quantity_new(conf, own);
	int r = 0;

	if (!q) {
		value_free(own);
		return -ENOMEM;
	}
	take_type(conf, inputs->at[0], &info);
	how.arg = q;
	if (conf->combine == COMBINE_VOTE)
		r = votes_new(at, conf, inputs, world, &q->votes);
	if (r == 0)
		r = value_derive(&info, inputs->at, inputs->n, &how, &q->out);
	if (r < 0) {
		quantity_free(q);
		return r;
	}
	*ret = q->out;
	return 0;
}

int quantity_add(const struct conf_at *at, struct world *world, struct value *take)
{
	struct quantity_inputs inputs = {.at = {take}, .n = take ? 1 : 0};
	struct quantity_conf conf = {0}; /* to be compared, byte by byte */
	struct value *v;
	int r = quantity_read(at, world, &conf, &inputs);

	if (r < 0) {
		value_free(take);
		return r;
	}
	r = make(at, world, &conf, &inputs, take, &v);
	return r < 0 ? r : derived_adopt(at, world, v);
}

/* What a quantity is to become. */
struct quantity_next {
	struct quantity *quantity;
	struct quantity_conf conf;
	struct filters *filters; /* NULL: those that it has */
};

static struct quantity *find(const struct world *world, const char *name)
{
	const struct value *v = world_find(world, name);

	return v ? value_derivation(v, compute) : NULL;
}

int quantity_prepare(const struct conf_at *at, const struct world *world,
		     struct quantity_next **ret_next)
{
	struct quantity *q = find(world, at->key);
	struct quantity_inputs inputs = {0};
	struct quantity_next *next;
	int r;

	if (!q)
		return -ENOENT;
	if (q->own)
		inputs = (struct quantity_inputs){.at = {q->own}, .n = 1};
	next = calloc(1, sizeof(*next));
	if (!next)
		return -ENOMEM;
	next->quantity = q;
	r = quantity_read(at, world, &next->conf, &inputs);
	if (r == 0 &&
	    !conf_same(&next->conf.filters, &q->conf.filters, sizeof(q->conf.filters))) {
		next->filters = filters_new(&next->conf.filters);
		r = next->filters ? 0 : -ENOMEM;
	}
	if (r < 0) {
		free(next);
		return r;
	}
	*ret_next = next;
	return 0;
}

void quantity_retune_take(struct quantity_next *next, bool drop)
{
	struct quantity *q = next->quantity;

	if (drop) {
		filters_free(next->filters);
		free(next);
		return;
	}
	q->conf = next->conf;
	if (next->filters) {
		filters_free(q->filters);
		q->filters = next->filters;
	}
	if (q->votes)
		votes_retune(q->votes, q->conf.settle_s);
	free(next);
	/* What the inputs are is news to these settings. */
	memset(q->seen, 0, sizeof(q->seen));
	value_recompute(q->out);
}
