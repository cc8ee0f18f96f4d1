/* Programs: names that nobody declares are all found before one runs, as in behaviours. */
#include "tests/behave/programs.h"

static const char *const folders[] = {INSTINCT_SOURCE "/tests/behave", NULL};

static void check(const char *text, const char *why, const char *out)
{
	struct program p = {.text = text, .folders = folders};

	run_all(RT_CLOCK_VIRTUAL, &p, 1);
	cr_expect(eq(int, p.r < 0, *why != '\0'));
	cr_expect(eq(str, p.why, (char *)why), "%s", text);
	cr_expect(eq(str, p.out, (char *)out), "%s", text);
}

Test(program, undeclared_names_are_all_found_before_it_runs)
{
	check("print 'not reached'\n"
	      "local function a() slep(1) end\n"
	      "local function b() return function() count = 1 end end\n"
	      "function c() return a, b, c, math.pi, wait_all, later end\n"
	      "later = xyzzy\n",
	      "script.lua:2: undeclared name \"slep\"; did you mean \"sleep\"?\n"
	      "script.lua:3: undeclared name \"count\"; write \"local count = ...\"\n"
	      "script.lua:5: undeclared name \"xyzzy\"",
	      "");
}

Test(program, globals_of_modules_are_known_and_their_mistakes_found)
{
	check("require 'greeting' print(pcall(require, 'missing')) function f() return "
	      "f end",
	      "",
	      "false\tno module \"missing\"; looked in " INSTINCT_SOURCE
	      "/tests/behave/lib\n");
	check("local d = require 'outer'\nprint(d(), declared())\nfoo()",
	      "script.lua:3: undeclared name \"foo\"\n"
	      "declaring.lua:6: undeclared name \"tostrign\"; did you mean \"tostring\"?",
	      "");
}

/* What may be declared where the code does not show it is found when it is read. */
Test(program, names_that_are_made_are_not_complained_of)
{
	check("load('made = 1')() print(made)", "", "1\n");
	check("_G['ma' .. 'de'] = 2 print(made)", "", "2\n");
	check("local all = _ENV all.made = 3 print(made)", "", "3\n");
	check("local function f(_ENV) return made end print(f { made = 4 })", "", "4\n");
}

/* Lua has another form for names behind the 256th constant of a function. */
Test(program, undeclared_names_behind_many_constants)
{
	char text[8192], *at = text;

	at += sprintf(at, "local t = {");
	for (int i = 0; i < 300; i++)
		at += sprintf(at, "'word %d', ", i);
	sprintf(at, "}\nprint(#t)\nnew = t\nprint(new == t)\nsleep(slep)\n");
	check(text, "script.lua:5: undeclared name \"slep\"; did you mean \"sleep\"?",
	      "");
	strcpy(strstr(text, "sleep(slep)"), "sleep(1)");
	check(text, "", "300\ntrue\n");
}
