/* What the supervisor refuses to load, and with which words; parameters from the configuration. */
#include <errno.h>

#include "tests/behave/supervisor_rig.h"

static int refused(struct robot *bot)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"return behaviour { wehn = 'x', run = print }",
		 ".lua:1: behaviour: unknown field \"wehn\"; did you mean \"when\"?"},
		{"return behaviour {\n when = 'head.tuched', run = print }",
		 ".lua:2: when: column 1: unknown value `head.tuched`; did you mean "
		 "`head.touched`?"},
		{"local v = value 'head.tuched'",
		 ".lua:1: no value \"head.tuched\"; did you mean \"head.touched\"?"},
		{"return behaviour { needs = { 'nek' }, run = print }",
		 ".lua:1: needs: no resource \"nek\"; did you mean \"neck\"?"},
		{"return behaviour { when = 'head.touched' }",
		 ".lua:1: run: function expected, got nil"},
		{"x = = 1", ".lua:1: unexpected symbol near '='"},
		{"sleep(1)",
		 ".lua:1: cannot wait while the file is being loaded; wait in `run`"},
		{"\n\nwhile true do end",
		 ".lua:3: computed for too long without waiting; stopped"},
		{"return behaviour { params = { a = { 5, min = 6 } }, run = print }",
		 ".lua:1: params: a: the default 5.0 is out of its range"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = load_text(bot, "bad", cases[i].text);

		cr_assert(lt(int, r, 0), "%s", cases[i].text);
		cr_assert(eq(sz, bot->errs.n, i + 1));
		cr_expect(eq(str, without_file_name(bot->errs.list[i].text),
			     (char *)cases[i].error));
	}
	load_or_fail(bot, "bad", "return behaviour { run = print }");
	return 0;
}

Test(load, bad_scripts_are_refused_with_their_line)
{
	play(refused, "");
}

static int not_there(struct robot *bot)
{
	cr_assert(eq(int, supervisor_load(bot->supervisor, "nodd", "", NULL, &bot->errs),
		     -ENOENT));
	fprintf(bot->out, "%s\n", bot->errs.list[0].text);
	return 0;
}

Test(load, a_script_that_is_not_there_may_be_one_that_is)
{
	play(not_there, "nodd: no script \"nodd.lua\"; looked in " INSTINCT_SOURCE
			"/behaviours; did you mean \"nod.lua\"?\n");
}

static int configured(struct robot *bot)
{
	static const char text[] = "{ \"params\": { \"times\": 3, \"depth_rad\": "
				   "\"10deg\" }, \"priority\": 7 }";
	static const char bad[] =
		"{ \"params\": { \"tims\": 3, \"depth_rad\": \"10m\", \"seconds\": 9 } }";
	struct json_doc doc = {0}, bad_doc = {0};
	struct conf_at at;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &bot->errs), 0));
	cr_assert(
		eq(int, json_doc_parse(&bad_doc, bad, strlen(bad), "t", &bot->errs), 0));
	at = conf_root(&doc, &bot->errs);
	cr_assert(
		eq(int, supervisor_load(bot->supervisor, "nod", "", &at, &bot->errs), 0));
	cr_assert(eq(dbl, value_get(world_find(bot->world, "param.nod.times"))->n, 3));
	cr_assert(epsilon_eq(dbl,
			     value_get(world_find(bot->world, "param.nod.depth_rad"))->n,
			     0.17453, 1e-4));
	at = conf_root(&bad_doc, &bot->errs);
	cr_assert(lt(int,
		     supervisor_load(bot->supervisor, "nod2", "nod.lua", &at, &bot->errs),
		     0));
	for (size_t i = 0; i < bot->errs.n; i++)
		fprintf(bot->out, "%s\n", bot->errs.list[i].text);
	cr_assert(eq(ptr, world_find(bot->world, "param.nod2.times"), NULL));
	json_doc_fini(&doc);
	json_doc_fini(&bad_doc);
	return 0;
}

static int refused_whole(struct robot *bot)
{
	static const char *const errors[] = {
		".lua:1: no value \"head.tuched\"; did you mean \"head.touched\"?",
		".lua:2: expr: column 5: unknown value `motion.picked_p`; did you mean "
		"`motion.picked_up`?",
		".lua:9: behaviour: unknown field \"cooldwon\"; did you mean "
		"\"cooldown\"?",
		".lua:12: params: a: the default 5.0 is out of its range",
		".lua:12: params: b: unknown option \"mx\"; known: min, max, unit, help, "
		"1; "
		"did you mean \"max\"?",
		".lua:4: needs: no resource \"nek\"; did you mean \"neck\"?",
		".lua:10: band: idle, normal expected, got idel; did you mean \"idle\"?",
		".lua:5: when: column 1: unknown value `motion.shakn`; did you mean "
		"`motion.shaken`?",
		".lua:8: keep: an expression or a value expected, got boolean",
		".lua:6: hold: seconds expected, got string",
		".lua:7: again: true or false expected, got number",
		".lua:3: run: function expected, got nil",
		".lua:14: undeclared name \"slep\"; did you mean \"sleep\"?",
		".lua:15: undeclared name \"count\"; write \"local count = ...\"",
		".lua:16: undeclared name \"neck\"; it is a resource: the behaviour "
		"wants "
		"needs = { \"neck\" }",
	};
	int r = load_text(
		bot, "bad",
		"local touched = value 'head.tuched'\n"
		"local up = expr 'not motion.picked_p'\n"
		"local b = behaviour {\n"
		"	needs = { 'light', 'nek' },\n"
		"	when = 'motion.shakn',\n"
		"	hold = 'long',\n"
		"	again = 1,\n"
		"	keep = true,\n"
		"	cooldwon = 3,\n"
		"	band = 'idel',\n"
		"	wind_down = function(why) print(why) end,\n"
		"	params = { a = { 5, min = 6 }, b = { 5, mx = 6 } },\n"
		"}\n"
		"function nap() slep(1) end\n"
		"local function add() count = (count or 0) + 1 end\n"
		"local function nod() neck:set { tilt = 1 } light:set { led = 1 } end\n"
		"known = 5\n"
		"function uses() return known, nap, math.pi, wait_all end\n"
		"return b\n");

	cr_assert(lt(int, r, 0));
	for (size_t i = 0; i < bot->errs.n; i++)
		cr_expect(eq(str, without_file_name(bot->errs.list[i].text),
			     (char *)(i < ARRAY_LEN(errors) ? errors[i] : "")));
	cr_expect(eq(sz, bot->errs.n, ARRAY_LEN(errors)));
	return 0;
}

Test(load, all_mistakes_of_a_script_are_found_in_one_run)
{
	play(refused_whole, "");
}

Test(load, params_come_from_the_configuration)
{
	play(configured,
	     "t:1:39: params.depth_rad: \"m\" does not fit here; units: mrad, deg, rad\n"
	     "t:1:57: params.seconds: 9 is out of range; 0.2 to 3 s\n"
	     "t:1:23: params.tims: unknown parameter \"tims\"; known: depth_rad, "
	     "seconds, "
	     "times; did you mean \"times\"?\n");
}
