/* What would change. */
#include "daemon/app/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const how_names[] = {
	[PLAN_NOTHING] = "no effect",      [PLAN_SENSOR] = "sensor restarts",
	[PLAN_FUSION] = "applied at once", [PLAN_VALUE] = "applied at once",
	[PLAN_PARAM] = "set at once",      [PLAN_RESTART] = "needs a restart",
};

static const struct conf_sensor *find_sensor(const struct config *c, const char *role)
{
	for (size_t i = 0; i < c->n_sensors; i++)
		if (strcmp(c->sensors[i].role, role) == 0)
			return &c->sensors[i];
	return NULL;
}

/* Does a channel that both have become another value? Waiters do not follow that. */
static bool renames(const struct conf_sensor *a, const struct conf_sensor *b)
{
	for (int c = 0; c < CHAN_COUNT; c++)
		if (a->value[c][0] && b->value[c][0] &&
		    strcmp(a->value[c], b->value[c]) != 0)
			return true;
	return false;
}

static bool same_values(const struct conf_sensor *a, const struct conf_sensor *b)
{
	return memcmp(a->value, b->value, sizeof(a->value)) == 0;
}

static enum plan_how how_sensor(const struct config *running, const struct config *next,
				const char *role)
{
	const struct conf_sensor *a = find_sensor(running, role);
	const struct conf_sensor *b = find_sensor(next, role);

	if (!a || !b || renames(a, b))
		return PLAN_RESTART;
	if (same_values(a, b) && conf_same(&a->sensor, &b->sensor, sizeof(a->sensor)))
		return PLAN_NOTHING;
	return PLAN_SENSOR;
}

static bool starts(const char *path, const char *with)
{
	size_t len = strlen(with);

	return strncmp(path, with, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

static enum plan_how how_fusion(const struct config *running, const struct config *next,
				const char *path)
{
	const struct conf_fusion *a = &running->fusion, *b = &next->fusion;

	if (starts(path, "fusion.attitude.vqf"))
		return conf_same(&a->attitude.vqf, &b->attitude.vqf,
				 sizeof(a->attitude.vqf))
			       ? PLAN_NOTHING
			       : PLAN_FUSION;
	if (starts(path, "fusion.motion"))
		return conf_same(&a->motion, &b->motion, sizeof(a->motion)) ? PLAN_NOTHING
									    : PLAN_FUSION;
	if (strcmp(path, "fusion.altitude.tau") == 0)
		return a->altitude.tau_s == b->altitude.tau_s ? PLAN_NOTHING
							      : PLAN_FUSION;
	if (strcmp(path, "fusion.altitude.tolerance") == 0)
		return a->altitude.tolerance_m == b->altitude.tolerance_m ? PLAN_NOTHING
									  : PLAN_FUSION;
	if (starts(path, "fusion.battery") &&
	    strcmp(a->battery.voltage, b->battery.voltage) == 0 &&
	    strcmp(a->battery.current, b->battery.current) == 0)
		return PLAN_FUSION;
	return PLAN_RESTART;
}

/*
 * fusion.values.NAME.KEY, of a value that goes on being made of the same in the same manner. Between a number and
 * what it is compared with, or between an expression and a filtered one, is another value.
 */
static bool is_retuned(const char *path, const cJSON *from, const cJSON *to)
{
	static const char *const always[] = {"tolerance", "settle"};
	static const char *const changed[] = {"gate", "filters", "above", "below",
					      "invert"};
	const char *key = strrchr(path, '.') + 1;

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (strcmp(key, always[i]) == 0)
			return true;
	for (size_t i = 0; from && to && i < ARRAY_LEN(changed); i++)
		if (strcmp(key, changed[i]) == 0)
			return true;
	return false;
}

/* behaviours.NAME.params.KEY, of a behaviour that was there before; one that goes has a default, which is the script's. */
static bool is_param(const struct config *running, const char *path, const cJSON *to)
{
	char name[NAME_MAX_LEN + 1];
	char key[2];

	if (!to || sscanf(path, "behaviours.%31[^.].params.%1[^.]", name, key) != 2)
		return false;
	for (size_t i = 0; i < running->n_behaviours; i++)
		if (strcmp(running->behaviours[i].name, name) == 0)
			return true;
	return false;
}

static enum plan_how how(const struct config *running, const struct config *next,
			 const char *path, const cJSON *from, const cJSON *to)
{
	char role[NAME_MAX_LEN + 1];

	if (is_param(running, path, to))
		return PLAN_PARAM;
	if (starts(path, "fusion.values"))
		return is_retuned(path, from, to) ? PLAN_VALUE : PLAN_RESTART;
	if (sscanf(path, "sensors.%31[^.]", role) == 1)
		return how_sensor(running, next, role);
	return how_fusion(running, next, path);
}

/* What is compared, and where the findings go. */
struct compare {
	const struct config *running, *next;
	struct plan *plan;
};

static void print(const cJSON *node, char *buf, size_t size)
{
	char *text = node ? cJSON_PrintUnformatted(node) : NULL;

	snprintf(buf, size, "%s", text ? text : "");
	cJSON_free(text);
}

static int note(const struct compare *c, const char *path, const cJSON *from,
		const cJSON *to)
{
	struct plan *p = c->plan;
	struct plan_item *grown = reallocarray(p->items, p->n + 1, sizeof(*grown));
	struct plan_item *item;

	if (!grown)
		return -ENOMEM;
	p->items = grown;
	item = &grown[p->n++];
	snprintf(item->path, sizeof(item->path), "%s", path);
	print(from, item->from, sizeof(item->from));
	print(to, item->to, sizeof(item->to));
	item->node = to;
	item->how = how(c->running, c->next, path, from, to);
	p->restart = p->restart || item->how == PLAN_RESTART;
	p->fusion = p->fusion || item->how == PLAN_FUSION;
	p->values = p->values || item->how == PLAN_VALUE;
	return 0;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* @from and @to are at @path; NULL: not there. */
static int compare(const struct compare *c, const char *path, const cJSON *from,
		   const cJSON *to)
{
	bool open = (cJSON_IsObject(from) || !from) && (cJSON_IsObject(to) || !to);
	char below[CONF_PATH_MAX];
	int r = 0;

	if (!open)
		return cJSON_Compare(from, to, true) ? 0 : note(c, path, from, to);
	for (const cJSON *m = from ? from->child : NULL; m && r == 0; m = m->next) {
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "",
			 m->string);
		r = compare(c, below, m, member(to, m->string));
	}
	for (const cJSON *m = to ? to->child : NULL; m && r == 0; m = m->next) {
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "",
			 m->string);
		if (!member(from, m->string))
			r = compare(c, below, NULL, m);
	}
	return r;
}

static int find_swaps(const struct compare *c)
{
	const struct config *running = c->running;
	struct plan *p = c->plan;

	p->swaps = calloc(running->n_sensors + 1, sizeof(*p->swaps));
	if (!p->swaps)
		return -ENOMEM;
	for (size_t i = 0; i < running->n_sensors; i++)
		if (how_sensor(running, c->next, running->sensors[i].role) == PLAN_SENSOR)
			p->swaps[p->n_swaps++] = (struct swap){
				i, find_sensor(c->next, running->sensors[i].role)};
	return 0;
}

int plan_make(const struct config *running, const struct config *next, struct plan *ret)
{
	const struct compare c = {running, next, ret};
	int r;

	*ret = (struct plan){0};
	r = compare(&c, "", running->doc.root, next->doc.root);
	return r < 0 ? r : find_swaps(&c);
}

void plan_fini(struct plan *p)
{
	free(p->items);
	free(p->swaps);
	*p = (struct plan){0};
}

void plan_adopt(const struct plan *p, struct config *running, struct config *next)
{
	struct json_doc doc = running->doc;

	for (size_t i = 0; i < p->n_swaps; i++)
		running->sensors[p->swaps[i].i] = *p->swaps[i].next;
	running->fusion = next->fusion;
	running->doc = next->doc;
	next->doc = doc;
}

const char *plan_restarts(const struct plan *p, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < p->n && len < size; i++)
		if (p->items[i].how == PLAN_RESTART)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len ? ", " : "", p->items[i].path);
	return buf;
}

cJSON *plan_json(const struct plan *p)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->items[i];
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "path", item->path);
		cJSON_AddStringToObject(o, "from", item->from);
		cJSON_AddStringToObject(o, "to", item->to);
		cJSON_AddStringToObject(o, "how", how_names[item->how]);
		cJSON_AddItemToArray(list, o);
	}
	return list;
}
