/* A world with three distances, two switches and a temperature, and what a configuration makes of them. */
#ifndef TESTS_UNIT_APP_QUANTITY_RIG_H
#define TESTS_UNIT_APP_QUANTITY_RIG_H
#include <stdio.h>
#include <string.h>

#include "daemon/app/config.h"
#include "daemon/app/derived.h"
#include "tests/unit/state_run.h"

/* A world with three distances (stale after a second), two switches and a temperature. */
struct stage {
	struct config conf; /* only its text */
	struct conf_errors errs;
	struct world *world;
	struct value *left, *right, *rear, *touch, *pir, *map;
};

static inline struct value *number(struct stage *s, const char *name, const char *unit)
{
	const struct value_info info = {.name = name,
					.unit = unit,
					.typed = true,
					.type = DATUM_NUMBER,
					.stale_after_ns = NS_PER_S};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

/* A number that is true until another one comes. */
static inline struct value *lasting(struct stage *s, const char *name, const char *unit)
{
	const struct value_info info = {
		.name = name, .unit = unit, .typed = true, .type = DATUM_NUMBER};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

static inline struct value *boolean(struct stage *s, const char *name)
{
	const struct value_info info = {.name = name, .typed = true, .type = DATUM_BOOL};
	struct value *v;

	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	return v;
}

/* @values: what stands under fusion.values. */
static inline int open_stage(struct stage *s, const char *values)
{
	char text[2000];

	*s = (struct stage){0};
	s->world = world_new();
	cr_assert(s->world != NULL);
	s->left = number(s, "left.distance", "m");
	s->right = number(s, "right.distance", "m");
	s->rear = number(s, "rear.distance", "m");
	(void)number(s, "climate.temperature", "degC");
	s->map = lasting(s, "map.distance", "m");
	s->touch = boolean(s, "head.touched");
	s->pir = boolean(s, "pir.pressed");
	(void)snprintf(text, sizeof(text), "{\"fusion\": {\"values\": {%s}}}", values);
	cr_assert(eq(int, json_doc_parse(&s->conf.doc, text, strlen(text), "t", &s->errs),
		     0));
	return derived_add(&s->conf, s->world, &s->errs);
}

static inline void close_stage(struct stage *s)
{
	world_free(s->world);
	json_doc_fini(&s->conf.doc);
	conf_errors_fini(&s->errs);
}

static inline void set_bool(struct value *v, bool b)
{
	const struct datum d = datum_bool(b);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static inline const struct value *find(const struct stage *s, const char *name)
{
	const struct value *v = world_find(s->world, name);

	cr_assert(v != NULL, "%s", name);
	return v;
}

static inline double number_of(const struct stage *s, const char *name)
{
	cr_assert(eq(int, value_state(find(s, name)), VALUE_OK), "%s is %s", name,
		  value_state_name(value_state(find(s, name))));
	cr_assert(eq(int, value_get(find(s, name))->type, DATUM_NUMBER));
	return value_get(find(s, name))->n;
}

static inline bool truth_of(const struct stage *s, const char *name)
{
	cr_assert(eq(int, value_get(find(s, name))->type, DATUM_BOOL), "%s", name);
	return value_get(find(s, name))->b;
}

#define OPEN(s, values) cr_assert(eq(int, open_stage(s, values), 0))

#endif
