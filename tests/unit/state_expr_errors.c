/* Expressions: what they refuse, where, and how deep and long they may be. */
#include "tests/unit/state_expr_rig.h"

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
