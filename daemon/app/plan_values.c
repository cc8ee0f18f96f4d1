/* The part of a plan that is about settings of fusion.values. */
#include "daemon/app/plan_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "fusion.values."

/* Is one of its keys to be changed? */
static bool is_meant(const struct plan *p, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < p->n; i++) {
		const char *path = p->items[i].path;

		if (p->items[i].how != PLAN_VALUE)
			continue;
		path += strlen(SECTION);
		if (strncmp(path, name, len) == 0 && path[len] == '.' &&
		    !strchr(path + len + 1, '.'))
			return true;
	}
	return false;
}

static int prepare(const struct conf_at *at, const struct world *world,
		   struct plan_values *v)
{
	struct quantity_next **grown =
		reallocarray(v->at, v->n + 1, sizeof(struct quantity_next *));
	int r;

	if (!grown)
		return -ENOMEM;
	v->at = grown;
	r = quantity_prepare(at, world, &v->at[v->n]);
	if (r == 0)
		v->n++;
	return r;
}

int plan_values_prepare(const struct plan *p, const struct config *next,
			const struct world *world, struct plan_values *ret, char *why,
			size_t size)
{
	struct conf_errors errs = {0};
	struct conf_at root = conf_root(&next->doc, &errs);
	struct conf_at fusion = conf_child(&root, "fusion");
	struct conf_at values = conf_child(&fusion, "values");
	int r = 0;

	for (struct conf_at it = conf_first(&values); p->values && it.node && r == 0;
	     it = conf_next(&it)) {
		if (!is_meant(p, it.key))
			continue;
		r = prepare(&it, world, ret);
		if (r < 0)
			snprintf(why, size, "%s", errs.n > 0 ? errs.list[0].text : "");
	}
	conf_errors_fini(&errs);
	return r;
}

void plan_values_finish(struct plan_values *v, bool drop)
{
	for (size_t i = 0; i < v->n; i++)
		quantity_retune_take(v->at[i], drop);
	free(v->at);
	*v = (struct plan_values){0};
}
