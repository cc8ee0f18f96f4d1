/*
 * The robot of the examples in docs/: a head that turns, a light and some senses. What happens to it
 * stands in the examples themselves, as comments:
 *
 *	-- at 1: head.touched = true
 *	-- at 2.5: person.distance = null
 */
#ifndef TESTS_BEHAVE_EXAMPLE_ROBOT_H
#define TESTS_BEHAVE_EXAMPLE_ROBOT_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/resource.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

#define EVENTS_MAX 16

struct event {
	double t_s;
	char name[64];
	char text[64]; /* a number, true, false or null */
};

struct story {
	struct event events[EVENTS_MAX];
	size_t n;
};

struct example_robot {
	struct world *world;
	struct resources *resources;
	struct story story;
};

/* The events that the comments of a script tell, behind those that are there. */
static inline void story_read(struct story *s, const char *script)
{
	for (const char *at = script; (at = strstr(at, "-- at ")) != NULL; at++) {
		struct event *e = &s->events[s->n];

		cr_assert(lt(sz, s->n, EVENTS_MAX));
		if (sscanf(at, "-- at %lf: %63[a-z.] = %63[a-z0-9.]", &e->t_s, e->name,
			   e->text) == 3)
			s->n++;
	}
}

static inline struct datum event_datum(const struct event *e)
{
	if (strcmp(e->text, "null") == 0)
		return datum_null();
	if (strcmp(e->text, "true") == 0 || strcmp(e->text, "false") == 0)
		return datum_bool(*e->text == 't');
	return datum_number(strtod(e->text, NULL));
}

/* A task: lets it all happen, in the order of the text. @arg: the robot. Suspends. */
static inline int story_tell(void *arg)
{
	struct example_robot *bot = arg;

	for (size_t i = 0; i < bot->story.n; i++) {
		const struct event *e = &bot->story.events[i];
		struct value *v = world_find(bot->world, e->name);
		struct datum d = event_datum(e);
		int r = task_sleep_until((int64_t)(e->t_s * 1e9));

		if (r < 0)
			return r;
		cr_assert(ne(ptr, v, NULL), "no value %s", e->name);
		cr_assert(eq(int, value_set(v, &d), 0), "%s", e->name);
	}
	return 0;
}

static inline void add_sense(struct world *w, struct value_info info, struct datum d)
{
	struct value *v;

	info.typed = true;
	cr_assert(eq(int, world_add(w, &info, &v), 0), "%s", info.name);
	cr_assert(eq(int, value_set(v, &d), 0), "%s", info.name);
}

static inline int obey(void *arg, double value)
{
	(void)arg;
	(void)value;
	return 0;
}

static inline void example_robot_init(struct example_robot *bot)
{
	const struct channel_spec neck[] = {
		{.name = "pan",
		 .unit = "rad",
		 .min = -1,
		 .max = 1,
		 .rate_per_s = 4,
		 .set = obey},
		{.name = "tilt",
		 .unit = "rad",
		 .min = -0.7,
		 .max = 0.7,
		 .rate_per_s = 4,
		 .set = obey},
	};
	const struct channel_spec light = {
		.name = "led", .unit = "", .min = 0, .max = 1, .set = obey};
	struct world *w = world_new();

	cr_assert(ne(ptr, w, NULL));
	*bot = (struct example_robot){.world = w, .resources = resources_new(w)};
	cr_assert(ne(ptr, bot->resources, NULL));
	add_sense(w,
		  (struct value_info){.name = "head.touched",
				      .type = DATUM_BOOL,
				      .source = "sensor head"},
		  datum_bool(false));
	add_sense(w,
		  (struct value_info){.name = "motion.shaken",
				      .type = DATUM_BOOL,
				      .source = "fusion"},
		  datum_bool(false));
	add_sense(w,
		  (struct value_info){.name = "battery.percent",
				      .type = DATUM_NUMBER,
				      .unit = "%",
				      .source = "sensor battery"},
		  datum_number(80));
	add_sense(w,
		  (struct value_info){.name = "person.distance",
				      .type = DATUM_NUMBER,
				      .unit = "m",
				      .source = "sensor camera"},
		  datum_null());
	add_sense(w,
		  (struct value_info){.name = "front.distance",
				      .type = DATUM_NUMBER,
				      .unit = "m",
				      .source = "sensor front",
				      .stale_after_ns = NS_PER_S / 2},
		  datum_number(2));
	add_sense(w,
		  (struct value_info){.name = "imu.accel",
				      .type = DATUM_VEC3,
				      .unit = "m/s^2",
				      .source = "sensor imu"},
		  datum_vec3(0, 0, 9.81));
	cr_assert(eq(int, resource_add(bot->resources, "neck", neck, 2), 0));
	cr_assert(eq(int, resource_add(bot->resources, "light", &light, 1), 0));
}

static inline void example_robot_fini(struct example_robot *bot)
{
	resources_free(bot->resources);
	world_free(bot->world);
}

#endif
