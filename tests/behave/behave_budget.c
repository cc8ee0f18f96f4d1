/*
 * A script that is stuck in any way is stopped, named, and delays nobody by more than its slice. Rules S1
 * to S4. On the virtual clock instructions count and on the real clock the trap tells, so what need not
 * be repeatable is tested on both.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <string.h>

#include "daemon/rt/record.h"
#include "tests/behave/programs.h"
#include "tests/sanitized.h"

/* C calls in C calls that Lua allows; a sanitizer's frames fill the stack before that. */
#ifdef SANITIZED
#define DEEP "96"
#define DEEPER "97"
#else
#define DEEP "196"
#define DEEPER "197"
#endif

#define STOPPED "computed for too long without waiting; stopped"

static const enum rt_clock clocks[] = {RT_CLOCK_VIRTUAL, RT_CLOCK_MONOTONIC};

/* Scripts that never end by themselves; each must be killed at its line 2. */
static const char *const endless[] = {
	"\nwhile true do end",
	"\nrepeat until false",
	"\nfor i = 1, math.huge do end",
	"\n::again:: goto again",
	"local function f()\nreturn f() end f()",
	"while true do pcall(function()\nwhile true do end end) end",
	"while true do xpcall(function()\nwhile true do end end, print) end",
	"local t = setmetatable({}, {__index = function()\nwhile true do end end}) "
	"print(t.x)",
	"local t = setmetatable({}, {__add = function()\nwhile true do end end}) print(t "
	"+ 1)",
	"local t = setmetatable({}, {__tostring = function()\nwhile true do end end}) "
	"print(t)",
	"table.sort({3, 2, 1}, function()\nwhile true do end end)",
	"(\"abc\"):gsub(\"b\", function()\nwhile true do end end)",
	"local co = coroutine.create(function()\nwhile true do end end) "
	"coroutine.resume(co)",
	"coroutine.wrap(function()\nwhile true do end end)()",
	"coroutine.wrap(function() pcall(coroutine.wrap(function()\n"
	"while true do end end)) end)()",
	"local co = coroutine.create(function() coroutine.yield() end) "
	"coroutine.resume(co)\n"
	"while true do coroutine.status(co) end",
	"\nlocal co = coroutine.wrap(function() while true do coroutine.yield() end end) "
	"while true do co() end",
	"local co = coroutine.create(function() local c <close> = setmetatable({}, "
	"{__close = "
	"function()\nwhile true do end end}) coroutine.yield() "
	"end)\tcoroutine.resume(co) "
	"coroutine.close(co)",
	"for x in function()\nwhile true do end end do print(x) end",
	"load(function()\nwhile true do end end)",
	"local t = setmetatable({}, {__len = function() return 500000 end, __index = "
	"function()\n"
	"return 1 end}) while true do pcall(table.concat, t) end",
	"local s = (\"a\"):rep(1000)\nwhile true do pcall(string.find, s, \".-.-.-.-b\") "
	"end",
	/* As deep as Lua allows C calls, where even errors have no room. */
	"local function f(d) if d == 0 then\nwhile true do end end return "
	"((\"x\"):gsub(\".\", function() return f(d - 1) end)) end f(" DEEP ")",
	"local function f(d) if d == 0 then\nwhile true do end end return "
	"((\"x\"):gsub(\".\", function() return f(d - 1) end)) end f(" DEEPER ")",
	"local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1000 end\n"
	"while true do table.sort(t) end",
};

/* Each test is a process of its own: what it gets is a place in the table. */
ParameterizedTestParameters(budget, S4_endless_is_killed_with_its_line)
{
	static unsigned which[ARRAY_LEN(endless)];

	for (unsigned i = 0; i < ARRAY_LEN(endless); i++)
		which[i] = i;
	return cr_make_param_array(unsigned, which, ARRAY_LEN(which));
}

/* S4: killed, with the line, on either clock. */
ParameterizedTest(const unsigned *which, budget, S4_endless_is_killed_with_its_line)
{
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		struct program p = {.text = endless[*which]};

		run_all(clocks[i], &p, 1);
		cr_expect(lt(int, p.r, 0));
		cr_expect(ne(ptr, strstr(p.why, "script.lua:2: " STOPPED), NULL),
			  "%s -> %s", p.text, p.why);
	}
}

/* S4: one that computes gets one slice a turn, so one that waits is done long before it is killed. */
Test(budget, S4_others_go_on)
{
	for (size_t c = 0; c < ARRAY_LEN(clocks); c++) {
		struct program p[] = {
			{.text = "while true do end"},
			{.text = "for i = 1, 50 do sleep(0) end print(\"done\")"},
		};

		run_all(clocks[c], p, ARRAY_LEN(p));
		cr_expect(lt(int, p[0].r, 0));
		cr_expect(eq(int, p[1].r, 0));
		cr_expect(eq(str, p[1].out, "done\n"));
		cr_expect(lt(u32, p[1].place, p[0].place));
	}
}

/* S4: while a task is paused no other of its state runs: it has the state to itself until it waits. */
Test(budget, S4_a_pause_keeps_the_state)
{
	static const char text[] =
		"local busy, seen = false, 0\n"
		"nursery(function(n)\n"
		"	n:start(function()\n"
		"		busy = true\n"
		"		for i = 1, 2e6 do end\n"
		"		busy = false\n"
		"		sleep(0)\n"
		"	end)\n"
		"	n:start(function()\n"
		"		for i = 1, 20 do\n"
		"			if busy then seen = seen + 1 end\n"
		"			sleep(0)\n"
		"		end\n"
		"	end)\n"
		"end)\n"
		"print(seen)\n";

	for (size_t c = 0; c < ARRAY_LEN(clocks); c++) {
		struct program p = {.text = text};

		run_all(clocks[c], &p, 1);
		cr_expect(eq(int, p.r, 0), "%s", p.why);
		cr_expect(eq(str, p.out, "0\n"));
	}
}

/* S3: what must be tidied up is, in a budget of its own, and then it ends whatever it does. */
Test(budget, S3_closing_after_a_kill_is_bounded)
{
	static const char text[] =
		"local function endless() while true do pcall(function() while true do "
		"end "
		"end) end end\n"
		"local a <close> = setmetatable({}, {__close = function() "
		"print(\"closed\") "
		"end})\n"
		"local b <close> = setmetatable({}, {__close = endless})\n"
		"endless()\n";

	for (size_t c = 0; c < ARRAY_LEN(clocks); c++) {
		struct program p = {.text = text};

		run_all(clocks[c], &p, 1);
		cr_expect(ne(ptr, strstr(p.why, STOPPED), NULL), "%s", p.why);
	}
}

/* S4, R11: on the real clock, what is paused in a recorded run is paused there again. */
static void play(const struct rt_conf *conf, struct program *programs, unsigned n)
{
	struct run run = {.programs = programs, .n = n};

	ended = 0;
	cr_assert(eq(int, rt_run(conf, run_main, &run), 0));
	for (unsigned i = 0; i < n; i++)
		cr_assert(eq(int, programs[i].r, 0), "%s", programs[i].why);
}

#define COMPUTES                                                                         \
	"nursery(function(n) n:start(function() for i = 1, 20 do sleep(0.0005) "         \
	"print(i) end end) sleep(0.001) local s = 0 "                                    \
	"for i = 1, 6000000 do s = s + i end print(s) end)"
/* Done before the other one, however fast or slow the machine is: its turns are fewer than the other's pauses. */
#define TICKS "for i = 1, 60 do sleep(i % 20 == 0 and 0.0003 or 0) print(i) end"

Test(budget, R11_a_paused_script_is_paused_there_again)
{
	struct rt_record record = {0};
	const struct rt_conf recording = {.record = &record, .slow_step_ns = -1};
	const struct rt_conf replaying = {.replay = &record, .slow_step_ns = -1};
	static const struct program written[] = {{.text = COMPUTES}, {.text = TICKS}};
	struct program first[2], again[2];
	uint64_t trace;

	memcpy(first, written, sizeof(first));
	play(&recording, first, 2);
	cr_assert(eq(int, record.result, 0));
	cr_assert(lt(uint, first[1].place, first[0].place)); /* it let others go first */
	trace = record.trace;
	for (int i = 0; i < 3; i++) {
		memcpy(again, written, sizeof(again));
		play(&replaying, again, 2);
		cr_assert(eq(int, record.result, 0));
		cr_assert(eq(u64, record.trace, trace));
		for (unsigned k = 0; k < 2; k++)
			cr_assert(eq(str, again[k].out, first[k].out));
	}
	rt_record_fini(&record);
}
