/*
 * What the tests of expressions share: a robot with a value of each type, one of any and one that
 * stays unset; what a text means to it, or why it is refused.
 */
#ifndef TESTS_UNIT_STATE_EXPR_RIG_H
#define TESTS_UNIT_STATE_EXPR_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/state/expr.h"

static const struct value_info infos[] = {
	{.name = "head.touched", .typed = true, .type = DATUM_BOOL},
	{.name = "battery.percent", .unit = "%", .typed = true, .type = DATUM_NUMBER},
	{.name = "left.distance", .unit = "m", .typed = true, .type = DATUM_NUMBER},
	{.name = "imu.accel", .unit = "m/s^2", .typed = true, .type = DATUM_VEC3},
	{.name = "attitude.quaternion", .typed = true, .type = DATUM_QUAT},
	{.name = "pan.angle", .unit = "rad", .typed = true, .type = DATUM_NUMBER},
	{.name = "mood", .typed = true, .type = DATUM_STRING},
	{.name = "vision.person"},
	{.name = "count", .typed = true, .type = DATUM_NUMBER},
	{.name = "gone", .typed = true, .type = DATUM_NUMBER},
	{.name = "steps", .unit = "steps", .typed = true, .type = DATUM_NUMBER},
	{.name = "wait", .unit = "ms", .typed = true, .type = DATUM_NUMBER},
};

enum {
	TOUCHED,
	PERCENT,
	DISTANCE,
	ACCEL,
	QUATERNION,
	PAN,
	MOOD,
	PERSON,
	COUNT,
	GONE,
	STEPS,
	WAIT,
};

struct robot {
	struct value *v[ARRAY_LEN(infos)];
};

static inline struct value *find(void *arg, const char *name)
{
	struct robot *bot = arg;

	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (strcmp(infos[i].name, name) == 0)
			return bot->v[i];
	return NULL;
}

static inline const char *nearest(void *arg, const char *name)
{
	const char *names[ARRAY_LEN(infos)];

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		names[i] = infos[i].name;
	return nearest_name(name, names, ARRAY_LEN(infos));
}

static inline void set(struct value *v, struct datum d)
{
	cr_assert(eq(int, value_set(v, &d), 0));
	datum_fini(&d);
}

static inline struct datum text(const char *s)
{
	struct datum d;

	cr_assert(eq(int, datum_string(s, strlen(s), &d), 0));
	return d;
}

static inline void set_person(struct robot *bot, double distance_m, const char *name)
{
	const char *keys[] = {"distance_m", "name", "seen", "nobody", "face"};
	const char *face_keys[] = {"1", "size"};
	struct datum face[] = {datum_number(7), datum_vec3(1, 2, 3)};
	struct datum values[] = {datum_number(distance_m), text(name), datum_bool(true),
				 datum_null(), datum_null()};
	struct datum d;

	cr_assert(eq(int, datum_table(face_keys, face, 2, &values[4]), 0));
	cr_assert(eq(int, datum_table(keys, values, ARRAY_LEN(keys), &d), 0));
	set(bot->v[PERSON], d);
}

/* All set but `gone`. */
static inline void robot_init(struct robot *bot)
{
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		cr_assert(eq(int, value_new(&infos[i], &bot->v[i]), 0));
	set(bot->v[TOUCHED], datum_bool(true));
	set(bot->v[PERCENT], datum_number(15));
	set(bot->v[DISTANCE], datum_number(0.5));
	set(bot->v[ACCEL], datum_vec3(1, 2, 9.5));
	set(bot->v[QUATERNION], datum_quat(1, 0, 0.25, 0));
	set(bot->v[PAN], datum_number(M_PI / 6));
	set(bot->v[MOOD], text("glad"));
	set(bot->v[COUNT], datum_number(3));
	set(bot->v[STEPS], datum_number(5));
	set(bot->v[WAIT], datum_number(250));
	set_person(bot, 1.2, "Ann");
}

static inline void robot_fini(struct robot *bot)
{
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		value_free(bot->v[i]);
}

static inline int compile(struct robot *bot, const char *s, struct expr **ret,
			  struct expr_error *err)
{
	const struct expr_names names = {.find = find, .nearest = nearest, .arg = bot};

	return expr_compile(s, strlen(s), &names, ret, err);
}

static inline struct expr *need(struct robot *bot, const char *s)
{
	struct expr *e = NULL;
	struct expr_error err;
	int r = compile(bot, s, &e, &err);

	cr_assert(eq(int, r, 0), "%s: %u:%u: %s", s, err.line, err.col, err.text);
	return e;
}

static inline enum expr_truth truth(struct robot *bot, const char *s)
{
	struct expr *e = need(bot, s);
	enum expr_truth t = expr_eval(e, NULL);

	expr_free(e);
	return t;
}

static inline void check_true(struct robot *bot, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect(eq(int, truth(bot, texts[i]), EXPR_TRUE), "%s", texts[i]);
}

#define CHECK_TRUE(bot, ...)                                                             \
	do {                                                                             \
		static const char *const texts[] = {__VA_ARGS__};                        \
		check_true(bot, texts, ARRAY_LEN(texts));                                \
	} while (0)

static inline void check_truth(struct robot *bot, enum expr_truth want, const char *s)
{
	cr_expect(eq(int, truth(bot, s), want), "%s", s);
}

static inline void check_number(struct robot *bot, const char *s, double want)
{
	struct expr *e = need(bot, s);
	struct datum d;

	expr_eval(e, &d);
	cr_expect(eq(int, d.type, DATUM_NUMBER), "%s", s);
	cr_expect(epsilon_eq(dbl, d.n, want, 1e-12), "%s", s);
	expr_free(e);
}

/* @want: "line:col: text". */
static inline void check_error(struct robot *bot, const char *s, const char *want)
{
	struct expr *e = NULL;
	struct expr_error err = {0};
	char got[300];

	cr_expect(eq(int, compile(bot, s, &e, &err), -EINVAL), "%s", s);
	cr_expect(e == NULL);
	snprintf(got, sizeof(got), "%u:%u: %s", err.line, err.col, err.text);
	cr_expect(eq(str, got, (char *)want), "%s", s);
}

#endif
