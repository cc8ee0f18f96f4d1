/*
 * Values that the configuration makes of other values: some of one kind combined into one, what is out of
 * range left out, filtered, compared with limits.
 *
 *     "obstacle.front": { "of": ["left.distance", "right.distance"], "gate": [0.02, 4], "combine": "min",
 *                         "filters": [ { "median": 3 } ] },
 *     "obstacle.near":  { "of": "obstacle.front", "above": "30cm", "below": "20cm", "invert": true },
 *     "somebody.there": { "of": ["pir.pressed", "head.touched"], "combine": "any",
 *                         "filters": [ { "delayed_off": "30s" } ] }
 */
#ifndef DAEMON_APP_QUANTITY_H
#define DAEMON_APP_QUANTITY_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/app/config.h"
#include "daemon/fusion/vote.h"
#include "daemon/state/world.h"
#include "drivers/core/filter.h"

enum combine {
	COMBINE_NONE, /* there is but one */
	COMBINE_MIN,
	COMBINE_MAX,
	COMBINE_MEAN,
	COMBINE_MEDIAN, /* of two in the middle their mean */
	COMBINE_SUM,
	COMBINE_ANY,
	COMBINE_ALL,
	COMBINE_VOTE, /* fusion/vote.h */
};

/* The keys besides "of" and "filters". */
struct quantity_conf {
	char is[512]; /* an expression, in the place of "of" */
	enum combine combine;
	double gate[2];   /* readings outside are left out */
	double tolerance; /* of a vote: how far off a good source may be */
	double settle_s;  /* of a vote: a change of sources is led over in this time */
	double above;     /* true from here on ... */
	double below;     /* ... until here; NaN: no comparison */
	bool invert;      /* true when below, until above */
	char unit[16];
	char help[160];

	struct filters_conf filters;
};
extern const struct conf_field quantity_fields[];

/* Is there anything at @at to be done with what "is" or "of" names? */
bool quantity_has_work(const struct conf_at *at);

/*
 * Make the value at @at, whose name is its key, of the values that "of" names, which are in @world; or of
 * @take, an anonymous value, which is then owned by it in any case. A vote has two more: NAME.sources, a
 * table that says of each source whether it is "used", "silent" or "left out", and health.NAME: "running",
 * "degraded" when one is not used, "lost" when all are silent.
 * Returns 0; -EINVAL after errors in @at->errs; or -ENOMEM.
 */
int quantity_add(const struct conf_at *at, struct world *world,
		 struct value *take) MUST_CHECK;

/*
 * Other settings for one in use, in two steps. First, what can fail: the value at @at, which is made of the
 * same values in the same manner, is read again; @ret_next is given to quantity_retune_take(). Returns 0;
 * -ENOENT: no such value is in @world; -EINVAL after errors in @at->errs; or -ENOMEM.
 */
struct quantity_next;
int quantity_prepare(const struct conf_at *at, const struct world *world,
		     struct quantity_next **ret_next) MUST_CHECK;

/*
 * Second: from now on it has these settings; it keeps its name, what it holds and who waits for it, and is computed anew from
 * what its inputs are. Filters that are the same go on, others begin with the next sample. With @drop
 * nothing is changed. Not inside a transaction.
 */
void quantity_retune_take(struct quantity_next *next, bool drop);

#endif
