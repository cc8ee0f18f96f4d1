/* Expressions: what they mean, what they refuse and where, and values that follow them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
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

static struct value *find(void *arg, const char *name)
{
	struct robot *bot = arg;

	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (strcmp(infos[i].name, name) == 0)
			return bot->v[i];
	return NULL;
}

static const char *nearest(void *arg, const char *name)
{
	const char *names[ARRAY_LEN(infos)];

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		names[i] = infos[i].name;
	return nearest_name(name, names, ARRAY_LEN(infos));
}

static void set(struct value *v, struct datum d)
{
	cr_assert(eq(int, value_set(v, &d), 0));
	datum_fini(&d);
}

static struct datum text(const char *s)
{
	struct datum d;

	cr_assert(eq(int, datum_string(s, strlen(s), &d), 0));
	return d;
}

static void set_person(struct robot *bot, double distance_m, const char *name)
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
static void robot_init(struct robot *bot)
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

static void robot_fini(struct robot *bot)
{
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		value_free(bot->v[i]);
}

static int compile(struct robot *bot, const char *s, struct expr **ret,
		   struct expr_error *err)
{
	const struct expr_names names = {.find = find, .nearest = nearest, .arg = bot};

	return expr_compile(s, strlen(s), &names, ret, err);
}

static struct expr *need(struct robot *bot, const char *s)
{
	struct expr *e = NULL;
	struct expr_error err;
	int r = compile(bot, s, &e, &err);

	cr_assert(eq(int, r, 0), "%s: %u:%u: %s", s, err.line, err.col, err.text);
	return e;
}

static enum expr_truth truth(struct robot *bot, const char *s)
{
	struct expr *e = need(bot, s);
	enum expr_truth t = expr_eval(e, NULL);

	expr_free(e);
	return t;
}

static void check_true(struct robot *bot, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect(eq(int, truth(bot, texts[i]), EXPR_TRUE), "%s", texts[i]);
}

#define CHECK_TRUE(bot, ...)                                                             \
	do {                                                                             \
		static const char *const texts[] = {__VA_ARGS__};                        \
		check_true(bot, texts, ARRAY_LEN(texts));                                \
	} while (0)

static void check_truth(struct robot *bot, enum expr_truth want, const char *s)
{
	cr_expect(eq(int, truth(bot, s), want), "%s", s);
}

static void check_number(struct robot *bot, const char *s, double want)
{
	struct expr *e = need(bot, s);
	struct datum d;

	expr_eval(e, &d);
	cr_expect(eq(int, d.type, DATUM_NUMBER), "%s", s);
	cr_expect(epsilon_eq(dbl, d.n, want, 1e-12), "%s", s);
	expr_free(e);
}

/* @want: "line:col: text". */
static void check_error(struct robot *bot, const char *s, const char *want)
{
	struct expr *e = NULL;
	struct expr_error err = {0};
	char got[300];

	cr_expect(eq(int, compile(bot, s, &e, &err), -EINVAL), "%s", s);
	cr_expect(e == NULL);
	snprintf(got, sizeof(got), "%u:%u: %s", err.line, err.col, err.text);
	cr_expect(eq(str, got, (char *)want), "%s", s);
}

Test(expr, literals_and_arithmetic)
{
	struct robot bot;

	robot_init(&bot);
	check_number(&bot, "12", 12);
	check_number(&bot, "1.5e3", 1500);
	check_number(&bot, "-2.5e-1", -0.25);
	check_number(&bot, "1 + 2 * 3 - 4 / 8", 6.5);
	check_number(&bot, "(1 + 2) * 3", 9);
	check_number(&bot, "10 - 4 - 3", 3);
	check_number(&bot, "12 / 3 / 2", 2);
	check_number(&bot, "2 - -3", 5);
	check_number(&bot, "--3", 3);
	check_number(&bot, "-count * 2", -6);
	check_number(&bot, "abs(-count)", 3);
	check_number(&bot, "min(3, 1, 2) + max(count, 7)", 8);
	check_number(&bot, "max(min(4, 5), abs(2 - 9))", 7);
	robot_fini(&bot);
}

Test(expr, precedence)
{
	struct robot bot;

	robot_init(&bot);
	CHECK_TRUE(&bot, "true or false and false", "not false and true",
		   "not (true and false)", "not count == 4", "1 + 1 == 2",
		   "2 * 3 < 7 and 7 < 2 * 4", "not not true", "true and not false",
		   "-1 < 0", "true == not false", "(true or false) and true");
	check_truth(&bot, EXPR_FALSE, "(true or false) and false");
	check_truth(&bot, EXPR_FALSE, "not true or false");
	robot_fini(&bot);
}

Test(expr, comparisons)
{
	struct robot bot;

	robot_init(&bot);
	CHECK_TRUE(&bot, "count == 3", "count != 4", "count < 4", "count <= 3",
		   "count > 2", "count >= 3", "mood == 'glad'", "mood != \"sad\"",
		   "head.touched", "head.touched == true", "head.touched != false",
		   "'a\\'b' == \"a'b\"", "'\\\\' == \"\\\\\"", "'\xc3\xa9' != 'e'");
	check_truth(&bot, EXPR_FALSE, "count < 3");
	check_truth(&bot, EXPR_FALSE, "count > 3");
	check_truth(&bot, EXPR_FALSE, "mood == 'Glad'");
	robot_fini(&bot);
}

Test(expr, units_become_those_of_the_value)
{
	struct robot bot;

	robot_init(&bot);
	CHECK_TRUE(&bot, "left.distance == 50cm", "left.distance < 0.6",
		   "500mm == left.distance", "pan.angle == 30deg", "-30deg == -pan.angle",
		   "battery.percent == 15", "battery.percent == 15%", "wait == 0.25s",
		   "wait > 249ms", "imu.accel.z < 1g", "imu.accel.z > 9m/s^2",
		   "left.distance + 10cm == 60cm", "max(left.distance, 1m) == 100cm",
		   "wait + 1s == 1.25s", "5m == 300s", "300s == 5m",
		   "2 * left.distance == 1m", "left.distance / 2 == 25cm",
		   "left.distance * left.distance == 0.25", "10m/count > 3",
		   "left.distance / 1m == 0.5", "steps == 5", "count == 300cm");
	check_number(&bot, "180deg", M_PI);
	check_number(&bot, "250ms", 0.25);
	check_number(&bot, "10m/s", 10);
	check_number(&bot, "10m/2", 5);
	robot_fini(&bot);
}

Test(expr, fields)
{
	struct robot bot;

	robot_init(&bot);
	CHECK_TRUE(&bot, "vision.person.distance_m < 1.5", "vision.person.name == 'Ann'",
		   "vision.person.seen", "vision.person.face.1 == 7",
		   "vision.person.face.size.z == 3", "imu.accel.x + imu.accel.y == 3",
		   "attitude.quaternion.w == 1", "attitude.quaternion.y == 0.25",
		   "vision.person.nobody == null", "vision.person.lacks == null",
		   "vision.person.lacks.more == null", "vision.person.name != null");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.lacks < 1");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.name < 1");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.name.more == 1");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.face.size.w == 1");
	check_truth(&bot, EXPR_FALSE, "vision.person.name == 1");
	robot_fini(&bot);
}

Test(expr, unknowns)
{
	struct robot bot;

	robot_init(&bot);
	check_truth(&bot, EXPR_UNKNOWN, "gone > 1");
	check_truth(&bot, EXPR_UNKNOWN, "not gone > 1");
	check_truth(&bot, EXPR_UNKNOWN, "gone == gone");
	check_truth(&bot, EXPR_UNKNOWN, "gone != 1");
	check_truth(&bot, EXPR_UNKNOWN, "gone == null");
	check_truth(&bot, EXPR_UNKNOWN, "gone != null");
	check_truth(&bot, EXPR_UNKNOWN, "gone > 1 and true");
	check_truth(&bot, EXPR_FALSE, "gone > 1 and false");
	check_truth(&bot, EXPR_FALSE, "false and gone > 1");
	check_truth(&bot, EXPR_TRUE, "gone > 1 or true");
	check_truth(&bot, EXPR_TRUE, "true or gone > 1");
	check_truth(&bot, EXPR_UNKNOWN, "gone > 1 or false");
	check_truth(&bot, EXPR_UNKNOWN, "max(gone, 5) > 1");
	check_truth(&bot, EXPR_UNKNOWN, "abs(gone) >= 0");
	check_truth(&bot, EXPR_UNKNOWN, "gone * 0 == 0");
	check_truth(&bot, EXPR_UNKNOWN, "1 / 0 > 1");
	check_truth(&bot, EXPR_TRUE, "stale(gone)");
	check_truth(&bot, EXPR_FALSE, "stale(count)");
	check_truth(&bot, EXPR_TRUE, "age(gone) > 100d");
	check_truth(&bot, EXPR_FALSE, "age(gone) < 100d");
	robot_fini(&bot);
}

Test(expr, nulls)
{
	struct robot bot;

	robot_init(&bot);
	set(bot.v[PERSON], datum_null());
	set(bot.v[COUNT], datum_null());
	set(bot.v[DISTANCE], datum_number((double)NAN));
	check_truth(&bot, EXPR_TRUE, "vision.person == null");
	check_truth(&bot, EXPR_FALSE, "vision.person != null");
	check_truth(&bot, EXPR_TRUE, "null == vision.person.name");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.name == 'Ann'");
	check_truth(&bot, EXPR_UNKNOWN, "vision.person.name != 'Ann'");
	check_truth(&bot, EXPR_UNKNOWN, "count < 4");
	check_truth(&bot, EXPR_UNKNOWN, "not count < 4");
	check_truth(&bot, EXPR_FALSE, "stale(count)");
	check_truth(&bot, EXPR_UNKNOWN, "left.distance < 1");
	check_truth(&bot, EXPR_UNKNOWN, "left.distance != 1");
	robot_fini(&bot);
}

/* What is unknown inside is false, or null, outside. */
Test(expr, results)
{
	struct robot bot;
	struct expr *e;
	struct datum d;

	robot_init(&bot);
	e = need(&bot, "not gone > 1");
	cr_assert(eq(int, expr_type(e), EXPR_BOOL));
	cr_assert(eq(int, expr_eval(e, &d), EXPR_UNKNOWN));
	cr_assert(eq(int, d.type, DATUM_BOOL));
	cr_assert(not(d.b));
	expr_free(e);
	e = need(&bot, "gone + 1");
	cr_assert(eq(int, expr_type(e), EXPR_NUMBER));
	cr_assert(eq(int, expr_eval(e, &d), EXPR_UNKNOWN));
	cr_assert(eq(int, d.type, DATUM_NULL));
	expr_free(e);
	e = need(&bot, "mood");
	cr_assert(eq(int, expr_type(e), EXPR_STRING));
	expr_eval(e, &d);
	cr_assert(eq(str, (char *)datum_text(&d), "glad"));
	expr_free(e);
	e = need(&bot, "vision.person.seen");
	cr_assert(eq(int, expr_type(e), EXPR_ANY));
	cr_assert(eq(int, expr_eval(e, &d), EXPR_TRUE));
	cr_assert(eq(str, (char *)expr_text(e), "vision.person.seen"));
	expr_free(e);
	robot_fini(&bot);
}

Test(expr, errors_of_words)
{
	struct robot bot;

	robot_init(&bot);
	check_error(&bot, "", "1:1: expected a value, found the end");
	check_error(&bot, "  count >", "1:10: expected a value, found the end");
	check_error(&bot, "count > )", "1:9: expected a value, found `)`");
	check_error(&bot, "(count > 1", "1:11: expected `)`, found the end");
	check_error(&bot, "count 1", "1:7: expected an operator or the end, found `1`");
	check_error(&bot, "mood == 'glad", "1:9: the string has no end; missing '");
	check_error(&bot, "mood == 'a\\n'",
		    "1:11: a backslash stands before a quote or a backslash");
	check_error(&bot, "count = 1", "1:7: `=` is not used here; write `==`");
	check_error(&bot, "a && b", "1:3: `&&` is not used here; write `and`");
	check_error(&bot, "!head.touched", "1:1: `!` is not used here; write `not`");
	check_error(&bot, "count ~= 1", "1:7: `~=` is not used here; write `!=`");
	check_error(&bot, "count > $", "1:9: unexpected character `$`");
	check_error(&bot, "'\xc3\xa9' == \xc3\xa9",
		    "1:8: unexpected character `\xc3\xa9`");
	check_error(&bot, "0x10", "1:1: `0x10` is not how a number is written");
	check_error(&bot, "count > 1.", "1:9: `1.` is not how a number is written");
	check_error(&bot, "1e999", "1:1: the number is too large");
	check_error(&bot, "count >\n\t5seconds", "2:3: unknown unit `seconds`");
	check_error(&bot, "count > \x01", "1:9: byte 0x01 is a control character");
	check_error(&bot, "mood == '\xff'", "1:10: byte 0xff is not UTF-8");
	check_error(&bot, "1 < 2 < 3",
		    "1:7: comparisons do not go on; write `a < b and b < c`");
	robot_fini(&bot);
}

Test(expr, errors_of_names_and_calls)
{
	struct robot bot;

	robot_init(&bot);
	check_error(&bot, "head.tuched",
		    "1:1: unknown value `head.tuched`; did you mean `head.touched`?");
	check_error(&bot, "count > 1 and\nvison.person.distance_m < 1",
		    "2:1: unknown value `vison.person.distance_m`; did you mean "
		    "`vision.person.distance_m`?");
	check_error(&bot, "zzzzzz", "1:1: unknown value `zzzzzz`");
	check_error(&bot, "battery.percent.x",
		    "1:17: `battery.percent` is a number; it has no field `x`");
	check_error(&bot, "imu.accel.w > 1",
		    "1:11: `imu.accel` is a vector; it has no field `w`");
	check_error(&bot, "imu.accel.x.y > 1",
		    "1:13: `imu.accel.x` is a number; it has no field `y`");
	check_error(&bot, "sqrt(4)",
		    "1:1: unknown function `sqrt`; there are abs, min, max, age, stale");
	check_error(&bot, "max(1)", "1:6: expected `,`, found `)`");
	check_error(&bot, "abs(1, 2)", "1:6: expected `)`, found `,`");
	check_error(&bot, "age(1)", "1:5: expected the name of a value");
	check_error(&bot, "stale(head.tuched)",
		    "1:7: unknown value `head.tuched`; did you mean `head.touched`?");
	robot_fini(&bot);
}

Test(expr, errors_of_types_and_units)
{
	struct robot bot;

	robot_init(&bot);
	check_error(&bot, "battery.percent and true",
		    "1:1: `battery.percent` is a number, not true or false");
	check_error(&bot, "true or 1 + 2", "1:9: `1 + 2` is a number, not true or false");
	check_error(&bot, "not count", "1:5: `count` is a number, not true or false");
	check_error(&bot, "-mood", "1:2: `mood` is a string, not a number");
	check_error(&bot, "mood < 'sad'", "1:1: `mood` is a string, not a number");
	check_error(&bot, "1 + (mood)", "1:5: `(mood)` is a string, not a number");
	check_error(&bot, "null < 1", "1:1: `null` is null, not a number");
	check_error(&bot, "count == 'three'",
		    "1:10: `'three'` is a string, but `count` is a number");
	check_error(
		&bot, "imu.accel == 1",
		"1:1: `imu.accel` is a vector (of .x, .y, .z); compare what is in it");
	check_error(
		&bot, "imu.accel",
		"1:1: the result is a vector; it must be a boolean, number or string");
	check_error(&bot, "left.distance > 5s",
		    "1:17: `5s` is in s, but `left.distance` is in m");
	check_error(&bot, "left.distance < 15%",
		    "1:17: `15%` is in no unit, but `left.distance` is in m");
	check_error(&bot, "min(left.distance, pan.angle) < 1",
		    "1:20: `pan.angle` is in rad, but `left.distance` is in m");
	check_error(&bot, "left.distance + wait > 1",
		    "1:17: `wait` is in ms, but `left.distance` is in m");
	check_error(&bot, "steps > 5s", "1:9: `5s` is in s, but `steps` is in steps");
	check_error(&bot, "age(count) > 5V",
		    "1:14: `5V` is in V, but `age(count)` is in s");
	check_error(&bot, "age(count) == 5",
		    "1:12: age() never stands still; compare it with < or >");
	robot_fini(&bot);
}

Test(expr, limits)
{
	struct robot bot;
	char s[EXPR_TEXT_MAX + 2];
	char name[EXPR_NAME_MAX + 1];

	robot_init(&bot);
	memset(s, '(', 40);
	strcpy(s + 40, "1");
	check_error(&bot, s, "1:33: nested more than 32 deep");
	memset(s, '-', 40);
	check_error(&bot, s, "1:33: nested more than 32 deep");
	/* 31 parentheses, each behind a min() whose first operand waits on the stack. */
	s[0] = '\0';
	for (int i = 0; i < EXPR_DEPTH_MAX - 1; i++)
		strcat(s, "min(1, ");
	strcat(s, "5");
	for (int i = 0; i < EXPR_DEPTH_MAX - 1; i++)
		strcat(s, ")");
	check_number(&bot, s, 1);
	memset(s, ' ', sizeof(s));
	s[0] = '1';
	s[EXPR_TEXT_MAX] = '\0';
	check_number(&bot, s, 1);
	s[EXPR_TEXT_MAX] = ' ';
	s[EXPR_TEXT_MAX + 1] = '\0';
	check_error(&bot, s, "1:1: longer than 4096 bytes");
	memset(name, 'a', EXPR_NAME_MAX);
	name[EXPR_NAME_MAX] = '\0';
	check_error(&bot, name, "1:1: a name of more than 127 bytes");
	/* A chain is not nested. */
	s[0] = '\0';
	for (int i = 0; i < 1000; i++)
		strcat(s, "1 +");
	strcat(s, "1");
	check_number(&bot, s, 1001);
	robot_fini(&bot);
}

Test(expr, deps_and_clauses)
{
	static const char s[] =
		"count > 2 and (gone > 1 or head.touched == true) and gone < age(count)"
		" and not head.touched";
	static const char *const texts[] = {
		"count > 2",
		"(gone > 1 or head.touched == true)",
		"gone < age(count)",
		"not head.touched",
	};
	static const enum expr_truth truths[] = {EXPR_TRUE, EXPR_TRUE, EXPR_UNKNOWN,
						 EXPR_FALSE};
	struct robot bot;
	struct value *const *deps;
	struct expr_clause c;
	struct expr *e;
	unsigned n;

	robot_init(&bot);
	e = need(&bot, s);
	deps = expr_deps(e, &n);
	cr_assert(eq(uint, n, 3));
	cr_assert(deps[0] == bot.v[COUNT] && deps[1] == bot.v[GONE] &&
		  deps[2] == bot.v[TOUCHED]);
	cr_assert(eq(uint, expr_clauses(e), 4));
	for (unsigned i = 0; i < 4; i++) {
		c = expr_clause(e, i);
		cr_expect(eq(sz, c.len, strlen(texts[i])));
		cr_expect(strncmp(s + c.start, texts[i], c.len) == 0, "%u", i);
		cr_expect(eq(int, c.truth, truths[i]), "%u", i);
	}
	c = expr_clause(e, 1);
	cr_assert(eq(uint, c.n_inputs, 2));
	cr_assert(c.inputs[0] == bot.v[GONE] && c.inputs[1] == bot.v[TOUCHED]);
	expr_free(e);

	e = need(&bot, "count > 2 and head.touched or gone > 1");
	cr_assert(eq(uint, expr_clauses(e), 1));
	c = expr_clause(e, 0);
	cr_assert(eq(sz, c.start, 0));
	cr_assert(eq(sz, c.len, strlen("count > 2 and head.touched or gone > 1")));
	cr_assert(eq(uint, c.n_inputs, 3));
	expr_free(e);
	robot_fini(&bot);
}

static bool is(const struct value *v, bool b)
{
	const struct datum *d = value_get(v);

	return value_state(v) == VALUE_OK && d->type == DATUM_BOOL && d->b == b;
}

static struct value *derive(struct robot *bot, const char *s)
{
	static const struct value_info info = {.name = "when"};
	struct value *v = NULL;

	cr_assert(eq(int, expr_value(need(bot, s), &info, &v), 0));
	return v;
}

Test(expr_value, follows_its_inputs)
{
	struct robot bot;
	struct value *v;
	struct datum d = datum_bool(true);
	uint64_t version;

	robot_init(&bot);
	v = derive(&bot, "count > 5 or gone > 1");
	cr_assert(is(v, false), "an unset input makes it false, not unset");
	cr_assert(eq(int, value_set(v, &d), -EROFS));
	version = value_version(v);
	set(bot.v[COUNT], datum_number(4));
	cr_assert(eq(u64, value_version(v), version));
	set(bot.v[COUNT], datum_number(6));
	cr_assert(is(v, true));
	set(bot.v[GONE], datum_number(0));
	cr_assert(is(v, true));
	set(bot.v[COUNT], datum_null());
	cr_assert(is(v, false));
	value_free(v);

	v = derive(&bot, "mood");
	set(bot.v[MOOD], text("sad"));
	cr_assert(eq(str, (char *)datum_text(value_get(v)), "sad"));
	set(bot.v[MOOD], text("glad"));
	cr_assert(eq(str, (char *)datum_text(value_get(v)), "glad"));
	value_free(v);

	v = derive(&bot, "count + 1");
	cr_assert(eq(int, value_get(v)->type, DATUM_NULL));
	set(bot.v[COUNT], datum_number(1));
	cr_assert(epsilon_eq(dbl, value_get(v)->n, 2, 0));
	value_free(v);
	robot_fini(&bot);
}

Test(expr_value, closes_with_an_input)
{
	struct robot bot;
	struct value *v;

	robot_init(&bot);
	v = derive(&bot, "count > 2 and gone > 1");
	value_close(bot.v[GONE]);
	cr_assert(eq(int, value_state(v), VALUE_CLOSED));
	set(bot.v[COUNT], datum_number(7));
	value_free(v);
	robot_fini(&bot);
}

struct mixture {
	struct value_watch watch;
	unsigned seen, mixed;
};

static void look_for_mixture(struct value_watch *w, struct value *v, bool changed)
{
	struct mixture *m = container_of(w, struct mixture, watch);
	const struct datum *d = value_get(v);

	(void)changed;
	m->seen++;
	m->mixed += (datum_get(d, "count")->n > 5) != datum_get(d, "many")->b;
}

Test(expr_value, V3_no_mixture_with_its_input)
{
	static const char *const keys[] = {"count", "many"};
	struct mixture m = {.watch.fn = look_for_mixture};
	struct robot bot;
	struct value *many, *both;

	robot_init(&bot);
	many = derive(&bot, "count > 5");
	cr_assert(
		eq(int,
		   value_compose(&(struct value_info){0}, keys,
				 (struct value *[]){bot.v[COUNT], many}, 2, false, &both),
		   0));
	value_watch_add(&m.watch, both);
	set(bot.v[COUNT], datum_number(9));
	set(bot.v[COUNT], datum_number(1));
	cr_assert(eq(uint, m.seen, 2));
	cr_assert(eq(uint, m.mixed, 0));
	value_watch_remove(&m.watch);
	value_free(both);
	value_free(many);
	robot_fini(&bot);
}

Test(expr_value, constants)
{
	struct robot bot;
	struct value *v;

	robot_init(&bot);
	v = derive(&bot, "1 < 2");
	cr_assert(is(v, true));
	value_free(v);
	robot_fini(&bot);
}

/* Sets already queued when the first change is seen: the last one decides. */
struct burst {
	struct value_watch watch;
	bool done;
};

static void burst(struct value_watch *w, struct value *v, bool changed)
{
	struct burst *b = container_of(w, struct burst, watch);
	struct datum low = datum_number(0);

	(void)changed;
	if (b->done)
		return;
	b->done = true;
	cr_assert(eq(int, value_set(v, &low), 0));
}

Test(expr_value, sees_sets_in_their_order)
{
	struct robot bot;
	struct burst b = {.watch.fn = burst};
	struct value *v;

	robot_init(&bot);
	value_watch_add(&b.watch, bot.v[COUNT]);
	v = derive(&bot, "count > 5");
	set(bot.v[COUNT], datum_number(9)); /* followed at once by 0 */
	cr_assert(is(v, false));
	value_free(v);
	value_watch_remove(&b.watch);
	robot_fini(&bot);
}

static int age_flips(void *arg)
{
	struct robot *bot = arg;
	struct value *older, *younger, *limited;
	struct expr *e;

	set(bot->v[COUNT], datum_number(1));
	set(bot->v[WAIT], datum_number(2000));
	older = derive(bot, "age(count) > 5s");
	younger = derive(bot, "5 >= age(count)");
	limited = derive(bot, "age(count) >= wait");
	e = need(bot, "age(count) >= 5s and head.touched");
	cr_assert(is(older, false) && is(younger, true) && is(limited, false));
	cr_assert(eq(i64, expr_next_ns(e), rt_now() + 5 * NS_PER_S));

	cr_assert(eq(int, task_sleep(2 * NS_PER_S), 0));
	cr_assert(is(limited, true) && is(older, false));
	set(bot->v[WAIT], datum_number(3000)); /* a limit may move */
	cr_assert(is(limited, false));
	cr_assert(eq(int, task_sleep(3 * NS_PER_S), 0));
	cr_assert(is(older, false) && is(younger, true), "5 s are not more than 5 s");
	cr_assert(is(limited, true));
	cr_assert(eq(int, expr_eval(e, NULL), EXPR_TRUE));
	cr_assert(eq(i64, expr_next_ns(e), TIME_NEVER));
	cr_assert(eq(int, task_sleep(1), 0));
	cr_assert(is(older, true) && is(younger, false));

	/* An equal datum is no change, but a sample. */
	set(bot->v[COUNT], datum_number(1));
	cr_assert(is(older, false) && is(younger, true) && is(limited, false));
	cr_assert(eq(int, task_sleep(6 * NS_PER_S), 0));
	cr_assert(is(older, true) && is(younger, false));
	value_free(older);
	value_free(younger);
	value_free(limited);
	expr_free(e);
	return 0;
}

static int staleness(void *arg)
{
	static const struct value_info info = {.name = "fast",
					       .stale_after_ns = NS_PER_S};
	struct robot *bot = arg;
	struct value *fast, *asks, *needs;

	cr_assert(eq(int, value_new(&info, &fast), 0));
	value_free(bot->v[GONE]);
	bot->v[GONE] = fast;
	asks = derive(bot, "stale(gone)");
	needs = derive(bot, "gone > 1");
	cr_assert(is(asks, true) && is(needs, false));
	set(fast, datum_number(2));
	cr_assert(is(asks, false) && is(needs, true));
	cr_assert(eq(int, task_sleep(2 * NS_PER_S), 0));
	cr_assert(is(asks, true) && is(needs, false));
	set(fast, datum_number(2));
	cr_assert(is(asks, false) && is(needs, true));
	value_free(asks);
	value_free(needs);
	return 0;
}

static int with_robot(int (*fn)(void *arg))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct robot bot;
	int r;

	robot_init(&bot);
	r = rt_run(&conf, fn, &bot);
	robot_fini(&bot);
	return r;
}

Test(expr_value, age_flips_at_its_moment)
{
	cr_assert(eq(int, with_robot(age_flips), 0));
}

Test(expr_value, becomes_stale_and_fresh)
{
	cr_assert(eq(int, with_robot(staleness), 0));
}
