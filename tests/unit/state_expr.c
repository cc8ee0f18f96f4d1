/* Expressions: what they mean, what they depend on, and the clauses they are explained by. */
#include "tests/unit/state_expr_rig.h"

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
