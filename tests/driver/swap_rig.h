/* A robot's configuration as text, and the change of it while its sensors run: what drivers.swap does, on the loop. */
#ifndef TESTS_DRIVER_SWAP_RIG_H
#define TESTS_DRIVER_SWAP_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/plan.h"
#include "daemon/app/swap.h"

static inline struct config *parse(struct json_doc *doc)
{
	struct conf_errors errs = {0};
	struct config *c = NULL;
	int r = config_from_doc_take(doc, &errs, &c);

	cr_assert(eq(int, r, 0), "%s", errs.n ? errs.list[0].text : "");
	conf_errors_fini(&errs);
	return c;
}

/* JSON is written with single quotes here. */
static inline void read_json(const char *text, struct json_doc *ret)
{
	struct conf_errors errs = {0};
	char *json = strdup(text);

	for (char *q = json; (q = strchr(q, '\'')) != NULL;)
		*q = '"';
	cr_assert(eq(int, json_doc_parse(ret, json, strlen(json), "test", &errs), 0),
		  "%s", errs.n ? errs.list[0].text : "");
	free(json);
}

/* Lay @overlay over @conf, which @senses run with. Returns as swap_sensors(). Suspends. */
static inline int swap_to(struct config *conf, struct senses *senses, const char *overlay,
			  char why[SWAP_WHY_MAX])
{
	struct json_doc doc = {0};
	struct json_doc over = {0};
	struct config *next;
	struct plan p;
	int r;

	read_json(overlay, &over);
	cr_assert(eq(int, json_doc_copy(&conf->doc, &doc), 0));
	cr_assert(eq(int, json_doc_merge(&doc, &over), 0));
	next = parse(&doc);
	cr_assert(eq(int, plan_make(conf, next, &p), 0));
	cr_assert(not(p.restart));
	r = swap_sensors(senses, p.swaps, p.n_swaps, why);
	if (r == 0)
		plan_adopt(&p, conf, next);
	plan_fini(&p);
	config_free(next);
	return r;
}

#endif
