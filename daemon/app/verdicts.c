/* What becomes known of several sources. */
#include "daemon/app/verdicts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config.h"
#include "daemon/base/log.h"

static const char *const verdict_names[] = {
	[VOTE_USED] = "used",         [VOTE_SILENT] = "silent", [VOTE_FROZEN] = "frozen",
	[VOTE_OUTVOTED] = "left out", [VOTE_STANDBY] = "spare",
};

struct verdicts {
	unsigned n;
	char name[VALUE_NAME_MAX];
	char source[VOTE_MAX][VALUE_NAME_MAX];
	enum vote_verdict verdict[VOTE_MAX];
	bool missed[VOTE_MAX]; /* it was told that this one is not used */
	bool known, majority;
	bool told; /* these are what was told last */
	struct value *sources, *health;
};

static int add(const struct conf_at *at, struct world *world,
	       const struct value_info *info, struct value **ret)
{
	int r = world_add(world, info, ret);

	if (r != -EEXIST && r != -EINVAL)
		return r;
	if (at)
		conf_complain(at, "its vote needs the name %s, which is %s", info->name,
			      r == -EEXIST ? "taken" : "none");
	else
		LOG(ERR, "%s: %s cannot be made: %s", info->source, info->name,
		    strerror(-r));
	return -EINVAL;
}

static int add_values(struct verdicts *v, const struct conf_at *at, struct world *world,
		      const char *maker)
{
	char name[VALUE_NAME_MAX + 16];
	struct value_info info = {.name = name, .source = maker, .typed = true};
	int r;

	snprintf(name, sizeof(name), "%s.sources", v->name);
	info.help = "Which sources are used: used, spare, silent, frozen, left out.";
	info.type = DATUM_TABLE;
	r = add(at, world, &info, &v->sources);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "health.%s", v->name);
	info.help = "How its sources are: running, degraded, lost.";
	info.type = DATUM_STRING;
	return add(at, world, &info, &v->health);
}

int verdicts_new(const struct conf_at *at, struct world *world, const char *name,
		 const char *maker, const char *const *sources, unsigned n,
		 struct verdicts **ret)
{
	struct verdicts *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	v->n = n;
	snprintf(v->name, sizeof(v->name), "%s", name);
	for (unsigned i = 0; i < n; i++)
		snprintf(v->source[i], sizeof(v->source[i]), "%s", sources[i]);
	r = add_values(v, at, world, maker);
	if (r < 0) {
		verdicts_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

void verdicts_free(struct verdicts *v)
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

static void set_sources(struct verdicts *v)
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

static bool is_good(enum vote_verdict verdict)
{
	return verdict == VOTE_USED || verdict == VOTE_STANDBY;
}

static void set_health(struct verdicts *v)
{
	bool all = v->majority;

	for (unsigned i = 0; i < v->n; i++)
		all = all && is_good(v->verdict[i]);
	set_text(v->health, !v->known ? "lost" : all ? "running" : "degraded");
}

static void log_good(struct verdicts *v, unsigned i, enum vote_verdict now)
{
	const char *source = v->source[i];

	if (now == VOTE_USED && v->verdict[i] == VOTE_STANDBY)
		LOG(NOTICE, "%s: %s is used from now on", v->name, source);
	else if (v->missed[i] && now == VOTE_USED)
		LOG(NOTICE, "%s: %s is used again", v->name, source);
	else if (v->missed[i])
		LOG(NOTICE, "%s: %s stands by again", v->name, source);
	v->missed[i] = false;
}

static void log_bad(struct verdicts *v, unsigned i, const struct vote_note *now)
{
	const char *source = v->source[i];

	/* Who does not speak at the start was not there yet. */
	if (!v->told && now->verdict == VOTE_SILENT)
		return;
	v->missed[i] = true;
	if (now->verdict == VOTE_SILENT)
		LOG(WARNING, "%s: goes on without %s, which says nothing", v->name,
		    source);
	else if (now->verdict == VOTE_FROZEN)
		LOG(WARNING, "%s: goes on without %s, which repeats itself", v->name,
		    source);
	else
		LOG(WARNING, "%s: goes on without %s, which is off by %.3g %s", v->name,
		    source, now->off, now->unit);
}

void verdicts_tell(struct verdicts *v, const struct vote_note *notes, bool known,
		   bool majority)
{
	bool changed = !v->told || known != v->known || majority != v->majority;

	for (unsigned i = 0; i < v->n; i++) {
		if (notes[i].verdict == v->verdict[i])
			continue;
		changed = true;
		if (is_good(notes[i].verdict))
			log_good(v, i, notes[i].verdict);
		else
			log_bad(v, i, &notes[i]);
		v->verdict[i] = notes[i].verdict;
	}
	if (!changed)
		return;
	v->told = true;
	v->known = known;
	v->majority = majority;
	value_batch_begin();
	set_sources(v);
	set_health(v);
	value_batch_end();
}

void verdict_lone(const char *name, const char *role, bool frozen, bool *told)
{
	if (frozen == *told)
		return;
	*told = frozen;
	if (frozen)
		LOG(WARNING, "%s: %s repeats itself, and is taken for frozen", name,
		    role);
	else
		LOG(NOTICE, "%s: %s measures again", name, role);
}
