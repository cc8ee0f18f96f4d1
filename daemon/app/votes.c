/* A vote among values. */
#include "daemon/app/votes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/verdicts.h"

struct votes {
	struct vote vote;
	double settle_s;
	char unit[16];
	struct verdicts *verdicts;
};

int votes_new(const struct conf_at *at, const struct quantity_conf *conf,
	      const struct quantity_inputs *inputs, struct world *world,
	      struct votes **ret)
{
	struct votes *v = calloc(1, sizeof(*v));
	const char *unit = value_info(inputs->at[0])->unit;
	const char *names[VOTE_MAX];
	int r;

	if (!v)
		return -ENOMEM;
	v->settle_s = conf->settle_s;
	snprintf(v->unit, sizeof(v->unit), "%s", unit ? unit : "");
	for (unsigned i = 0; i < inputs->n; i++)
		names[i] = value_info(inputs->at[i])->name;
	r = verdicts_new(at, world, at->key, "fusion.values", names, inputs->n,
			 &v->verdicts);
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
	if (v)
		verdicts_free(v->verdicts);
	free(v);
}

bool votes_take(struct votes *v, const struct vote_source *sources, unsigned n,
		unsigned width, int64_t t_ns, double ret[VOTE_AXES])
{
	struct vote_note notes[VOTE_MAX];
	struct vote_result r;
	bool known = vote_take(&v->vote, sources, n, width, v->settle_s, t_ns, &r);

	vote_notes(&r, n, v->unit, notes);
	verdicts_tell(v->verdicts, notes, known, r.majority);
	memcpy(ret, r.v, sizeof(r.v));
	return known;
}
