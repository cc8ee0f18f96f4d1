/* The part of a plan that is about behaviours' parameters. */
#include "daemon/app/plan_params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/unit.h"
#include "daemon/link/datum_in.h"

/* behaviours.nod.params.times is param.nod.times; NULL when nothing runs that has it. */
static struct value *param_of(const struct plan_item *item, const struct world *world)
{
	char behaviour[NAME_MAX_LEN + 1];
	char key[NAME_MAX_LEN + 1];
	char name[2 * NAME_MAX_LEN + 16];

	if (sscanf(item->path, "behaviours.%31[^.].params.%31[^.]", behaviour, key) != 2)
		return NULL;
	snprintf(name, sizeof(name), "param.%s.%s", behaviour, key);
	return world_find(world, name);
}

/* "40deg" is a number of the value's unit; anything else is as it stands. */
static int read_datum(const cJSON *json, const struct value_info *info, struct datum *ret,
		      char *why, size_t size)
{
	char wrong[UNIT_TEXT_MAX];
	cJSON number = {.type = cJSON_Number};

	if (!cJSON_IsString(json) || info->type != DATUM_NUMBER)
		return datum_in(json, info, ret, why, size);
	if (unit_parse(json->valuestring, info->unit ? info->unit : "",
		       &number.valuedouble, wrong) < 0) {
		snprintf(why, size, "%s", wrong);
		return -EINVAL;
	}
	return datum_in(&number, info, ret, why, size);
}

/* The value and the datum of @item; -ENOENT when it is about something else. */
static int read_item(const struct plan_item *item, const struct world *world,
		     struct value **ret_value, struct datum *ret, char *why, size_t size)
{
	if (item->how != PLAN_PARAM)
		return -ENOENT;
	*ret_value = param_of(item, world);
	if (!*ret_value) {
		snprintf(why, size, "the script that runs has no such parameter");
		return -EINVAL;
	}
	return read_datum(item->node, value_info(*ret_value), ret, why, size);
}

int plan_params_check(const struct plan *p, const struct world *world, char *why,
		      size_t size)
{
	for (size_t i = 0; i < p->n; i++) {
		struct value *v;
		struct datum d;
		char reason[UNIT_TEXT_MAX] = "";
		int r = read_item(&p->items[i], world, &v, &d, reason, sizeof(reason));

		if (r == 0)
			datum_fini(&d);
		if (r == 0 || r == -ENOENT)
			continue;
		snprintf(why, size, "%s: %s; nothing was changed", p->items[i].path,
			 reason[0] ? reason : strerror(-r));
		return r;
	}
	return 0;
}

void plan_params_set(const struct plan *p, const struct world *world)
{
	value_batch_begin();
	for (size_t i = 0; i < p->n; i++) {
		struct value *v;
		struct datum d;
		char reason[UNIT_TEXT_MAX];

		if (read_item(&p->items[i], world, &v, &d, reason, sizeof(reason)) < 0)
			continue;
		(void)value_set(v,
				&d); /* its type was checked; a closed one does not run */
		datum_fini(&d);
	}
	value_batch_end();
}
