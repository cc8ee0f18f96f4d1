/* Rule V3 as a property: random graphs, sets, batches and waiters against a simple model. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/seed.h"
#include "tests/unit/state_run.h"

#define SOURCES 4
#define DERIVED 8
#define VALUES (SOURCES + DERIVED)
#define WAITERS 16
#define STEPS 60

static unsigned seed;

static int below(int n)
{
	return (int)((unsigned)rand_r(&seed) % (unsigned)n);
}

/* A derived value is the sum of one to three earlier ones, modulo 10. */
struct node {
	struct value *v;
	unsigned n;
	int in[3];
	int computed; /* in this transaction */
};

struct graph {
	struct node node[VALUES];
	double now[VALUES], old[VALUES]; /* the model */
	bool settled;                    /* the model is what predicates must see */
};

struct watcher {
	struct graph *g;
	int of;
	double want;
	bool transition;
	struct waiting w;
	int looks, expected_looks;
	bool registered, matched;
	double now, old; /* what the model says it captured */
};

static int sum(void *arg, struct value *const *in, unsigned n, struct datum *ret)
{
	struct node *node = arg;
	double total = 0;

	cr_assert(eq(int, node->computed++, 0));
	for (unsigned i = 0; i < n; i++)
		total += value_get(in[i])->n;
	*ret = datum_number((double)((int)total % 10));
	return 0;
}

static void model_compute(struct graph *g)
{
	for (int i = SOURCES; i < VALUES; i++) {
		double total = 0;

		for (unsigned k = 0; k < g->node[i].n; k++)
			total += g->now[g->node[i].in[k]];
		g->now[i] = (double)((int)total % 10);
	}
}

/* Sees the whole graph, which is never a mixture. */
static int sees(void *arg, const struct datum *now, const struct datum *old)
{
	struct watcher *w = arg;
	const struct graph *g = w->g;

	cr_assert(g->settled);
	w->looks++;
	for (int i = 0; i < VALUES; i++)
		cr_assert(eq(dbl, value_get(g->node[i].v)->n, g->now[i]));
	cr_assert(eq(dbl, now->n, g->now[w->of]));
	if (w->transition) {
		cr_assert(old != NULL);
		cr_assert(eq(dbl, old->n, g->old[w->of]));
	}
	return now->n == w->want;
}

static void build(struct graph *g)
{
	for (int i = 0; i < VALUES; i++) {
		struct node *node = &g->node[i];
		struct value *in[3];
		const struct derivation how = {.compute = sum, .arg = node};

		if (i < SOURCES) {
			node->v = value_of(0);
			continue;
		}
		node->n = 1 + (unsigned)below(3);
		for (unsigned k = 0; k < node->n; k++) {
			node->in[k] = below(i);
			in[k] = g->node[node->in[k]].v;
		}
		cr_assert(eq(int,
			     value_derive(&(struct value_info){0}, in, node->n, &how,
					  &node->v),
			     0));
	}
	model_compute(g);
}

/* What the model expects of the waiters in the transaction that has just been made. */
static void model_look(struct graph *g, struct watcher *w)
{
	for (int i = 0; i < WAITERS; i++, w++) {
		if (!w->registered || g->now[w->of] == g->old[w->of])
			continue;
		w->expected_looks++;
		if (g->now[w->of] != w->want)
			continue;
		w->registered = false;
		w->matched = true;
		w->now = g->now[w->of];
		w->old = g->old[w->of];
	}
}

/* One transaction of one to three sets, in the model first. */
static void transact(struct graph *g, struct watcher *w)
{
	int sets = 1 + below(3);
	int of[3];
	double x[3];

	for (int i = 0; i < VALUES; i++) {
		g->old[i] = g->now[i];
		g->node[i].computed = 0;
	}
	for (int i = 0; i < sets; i++) {
		of[i] = below(SOURCES);
		x[i] = below(10);
		g->now[of[i]] = x[i];
	}
	model_compute(g);
	model_look(g, w);
	g->settled = true;
	if (sets > 1)
		value_batch_begin();
	for (int i = 0; i < sets; i++)
		set(g->node[of[i]].v, x[i]);
	if (sets > 1)
		value_batch_end();
}

static void begin_waits(struct graph *g, struct watcher *watchers, struct nursery *n)
{
	for (int i = 0; i < WAITERS; i++) {
		struct watcher *w = &watchers[i];

		*w = (struct watcher){.g = g,
				      .of = below(VALUES),
				      .want = below(10),
				      .transition = below(2) == 1};
		w->w = (struct waiting){.v = g->node[w->of].v,
					.pred = {.op = PRED_FN, .fn = sees, .arg = w},
					.transition = w->transition};
		nursery_go(n, "w", waiting_task, &w->w);
		w->matched = !w->transition && g->now[w->of] == w->want;
		w->now = g->now[w->of];
		w->registered = !w->matched;
		w->expected_looks = w->transition ? 0 : 1;
	}
	g->settled = true;
	settle();
}

static int random_graph(void *arg)
{
	static struct watcher watchers[WAITERS];
	struct graph g = {0};
	struct nursery n;

	(void)arg;
	build(&g);
	nursery_open(&n);
	begin_waits(&g, watchers, &n);
	for (int i = 0; i < STEPS; i++) {
		transact(&g, watchers);
		for (int k = 0; k < VALUES; k++)
			cr_assert(eq(dbl, value_get(g.node[k].v)->n, g.now[k]));
		if (below(3) == 0)
			settle();
	}
	settle();
	for (int i = 0; i < WAITERS; i++) {
		const struct watcher *w = &watchers[i];

		cr_assert(eq(int, w->w.done, w->matched));
		cr_assert(eq(int, w->looks, w->expected_looks));
		if (w->matched)
			cr_assert(eq(dbl, w->w.now.n, w->now));
		if (w->matched && w->transition)
			cr_assert(eq(dbl, w->w.old.n, w->old));
	}
	/* Freed in any order; what is left of the graph closes. */
	for (int i = below(VALUES), left = VALUES; left > 0; left--, i++)
		value_free(g.node[i % VALUES].v);
	return nursery_close(&n, 0);
}

static void run_seeds(bool shuffle)
{
	unsigned first = (unsigned)test_seed(1);

	for (unsigned i = 0; i < 300; i++) {
		const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL,
					     .shuffle_seed = shuffle ? first + i : 0};

		seed = first + i;
		cr_assert(eq(int, rt_run(&conf, random_graph, NULL), 0),
			  "INSTINCT_SEED=%u", first + i);
	}
}

Test(transaction, V3_V5_V9_V11_property)
{
	run_seeds(false);
}

Test(transaction, V3_V5_V9_V11_property_shuffled)
{
	run_seeds(true);
}
