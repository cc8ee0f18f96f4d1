/* A vote, and what becomes known of it. */
#include "daemon/app/votes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/derived.h"
#include "daemon/base/log.h"

static const char *const verdict_names[] = {"used", "silent", "left out"};

struct votes {
	struct vote vote;
	double settle_s;
	unsigned n;
	char name[VALUE_NAME_MAX];
	char unit[16];
	char source[VOTE_MAX][VALUE_NAME_MAX];
	enum vote_verdict verdict[VOTE_MAX];
	bool told; /* the verdicts are those that were told last */
	struct value *sources, *health;
};

static int add(const struct conf_at *at, struct world *world, const char *name,
	       const char *help, enum datum_type type, struct value **ret)
{
	const struct value_info info = {.name = name,
					.help = help,
					.source = "fusion.values",
					.typed = true,
					.type = type};
	int r = world_add(world, &info, ret);

	if (r == -EEXIST || r == -EINVAL) {
		conf_complain(at, "its vote needs the name %s, which is %s", name,
			      r == -EEXIST ? "taken" : "none");
		return -EINVAL;
	}
	return r;
}

static int add_values(struct votes *v, const struct conf_at *at, struct world *world)
{
	char name[VALUE_NAME_MAX + 16];
	int r;

	snprintf(name, sizeof(name), "%s.sources", v->name);
	r = add(at, world, name, "Which sources are used: used, silent, left out.",
		DATUM_TABLE, &v->sources);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "health.%s", v->name);
	return add(at, world, name, "How the vote is: running, degraded, lost.",
		   DATUM_STRING, &v->health);
}

int votes_new(const struct conf_at *at, const struct quantity_conf *conf,
	      const struct quantity_inputs *inputs, struct world *world,
	      struct votes **ret)
{
	struct votes *v = calloc(1, sizeof(*v));
	const char *unit = value_info(inputs->at[0])->unit;
	int r;

	if (!v)
		return -ENOMEM;
	v->settle_s = conf->settle_s;
	v->n = inputs->n;
	snprintf(v->name, sizeof(v->name), "%s", at->key);
	snprintf(v->unit, sizeof(v->unit), "%s", unit ? unit : "");
	for (unsigned i = 0; i < inputs->n; i++)
		snprintf(v->source[i], sizeof(v->source[i]), "%s",
			 value_info(inputs->at[i])->name);
	r = add_values(v, at, world);
	if (r < 0) {
		votes_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

void votes_retune(struct votes *v, double settle_s)
{
	v->settle_s = settle_s;
}

void votes_free(struct votes *v)
{
	free(v);
}

static void set_text(struct value *v, const char *text)
{
	struct datum d;

	/* Without memory the log has said it. */
	if (datum_string(text, strlen(text), &d) < 0)
		return;
	value_set(v, &d);
	datum_fini(&d);
}

static void set_sources(struct votes *v)
{
	const char *keys[VOTE_MAX];
	struct datum texts[VOTE_MAX];
	struct datum table;

	for (unsigned i = 0; i < v->n; i++) {
		const char *text = verdict_names[v->verdict[i]];

		keys[i] = v->source[i];
		if (datum_string(text, strlen(text), &texts[i]) < 0)
			texts[i] = datum_null();
	}
	if (datum_table(keys, texts, v->n, &table) < 0)
		return;
	value_set(v->sources, &table);
	datum_fini(&table);
}

static void set_health(struct votes *v, bool known, bool majority)
{
	bool all = true;

	for (unsigned i = 0; i < v->n; i++)
		all = all && v->verdict[i] == VOTE_USED;
	set_text(v->health, !known ? "lost" : all && majority ? "running" : "degraded");
}

static void log_change(const struct votes *v, unsigned i, const struct vote_result *r)
{
	switch (r->verdict[i]) {
	case VOTE_USED:
		LOG(NOTICE, "%s: %s is used again", v->name, v->source[i]);
		break;
	case VOTE_SILENT:
		LOG(WARNING, "%s: goes on without %s, which says nothing", v->name,
		    v->source[i]);
		break;
	case VOTE_OUTVOTED:
		LOG(WARNING, "%s: goes on without %s, which is off by %.3g %s", v->name,
		    v->source[i], r->off[i], v->unit);
		break;
	}
}

/* Nothing happens while nothing changes: this is on the path of every sample. */
static void tell(struct votes *v, const struct vote_result *r, bool known)
{
	bool changed = !v->told;

	for (unsigned i = 0; i < v->n; i++) {
		if (r->verdict[i] == v->verdict[i])
			continue;
		changed = true;
		v->verdict[i] = r->verdict[i];
		if (v->told || r->verdict[i] == VOTE_OUTVOTED)
			log_change(v, i, r);
	}
	if (!changed)
		return;
	v->told = true;
	value_batch_begin();
	set_sources(v);
	set_health(v, known, r->majority);
	value_batch_end();
}

bool votes_take(struct votes *v, const struct vote_source *sources, unsigned n,
		unsigned width, int64_t t_ns, double ret[VOTE_AXES])
{
	struct vote_result r;
	bool known = vote_take(&v->vote, sources, n, width, v->settle_s, t_ns, &r);

	tell(v, &r, known);
	memcpy(ret, r.v, sizeof(r.v));
	return known;
}
