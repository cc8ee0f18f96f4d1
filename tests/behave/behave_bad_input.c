/*
 * What a script does wrong is a clear error for that script alone: whatever it is, a neighbour in a state of its
 * own keeps its pace. Rules S1, S2, S4, S6 and V5.
 */
#include <time.h>

#include "daemon/base/log.h"
#include "tests/behave/programs.h"
#include "tests/sanitized.h"

/* C calls that do much for few instructions: stopped in a predicate by the count of what they are worth. */
#define BIG "local big = (\"x\"):rep(1000000)"
#define MANY "local t = {} for i = 1, 20000 do t[i] = i end"
#define ALWAYS(before, does)                                                             \
	{                                                                                \
		before "\nAsyncValue(0):wait_value(function() while true do " does       \
		       " end end)",                                                      \
			"script.lua:2: a predicate or transform ran "                    \
	}

/* Each error is the script's alone. */
static const struct {
	const char *text, *error;
} refused[] = {
	/* unknown names */
	{"print(value(\"imu.rat\").value)",
	 "script.lua:1: no value \"imu.rat\"; did you mean \"imu.rate\"?"},
	{"expr \"imu.rat > 5\"",
	 "script.lua:1: expr: column 1: unknown value `imu.rat`; did "
	 "you mean `imu.rate`?"},
	{"print(1)\nlocal function never() slep(1) end",
	 "script.lua:2: undeclared name \"slep\"; did you mean \"sleep\"?"},
	/* wrong types */
	{"AsyncValue(print)",
	 "a value holds null, booleans, numbers, texts and tables of them"},
	{"value(\"imu.rate\"):wait_value(gt \"fast\")", "number expected, got string"},
	{"value(\"imu.rate\"):wait_value(5, { held_for = \"long\" })",
	 "held_for: seconds expected, got string"},
	{"compose { a = 5 }", "compose: a: value expected, got number"},
	{"value(\"imu.rate\"):transform(5)", "function expected, got number"},
	{"expr \"imu.rate and true\"", "expr: column 1: "},
	/* waiting where one must not */
	{"AsyncValue(0):wait_value(function() sleep(1) end)",
	 "the predicate failed: script.lua:1: cannot wait inside a predicate or "
	 "transform"},
	{"batch(function() sleep(1) end)", "script.lua:1: cannot wait inside a batch"},
	/* what is another's, or nobody's, to set */
	{"value(\"imu.rate\").value = 1",
	 "imu.rate cannot be set here: its source is test"},
	{"expr(\"imu.rate > 5\").value = true",
	 "script.lua:1: a derived value cannot be set"},
	{"AsyncValue(1):transform(print).value = 2", "a derived value cannot be set"},
	{"value(\"imu.rate\"):close()", "only a value of your own can be closed"},
	/* predicates that throw */
	{"AsyncValue(0):wait_value(function(x) return x.y.z end)",
	 "the predicate failed: script.lua:1: attempt to index a number value (local "
	 "'x')"},
	{"local v = AsyncValue(0) nursery(function(n)\n"
	 "n:start(function() v:wait_value(function(x) if x > 0 then error \"mine\" end "
	 "end) "
	 "end)\nsleep(0) v.value = 1 sleep(1) end)",
	 "script.lua:2: the predicate failed: script.lua:2: mine"},
	{"setmetatable({}, {__gc = function() while true do end end})", "__gc is not"},
	{"print((\"x\"):rep(1e9))", "resulting string too large"},
	{"print((\"x\"):rep(2e6, (\"x\"):rep(1e6)))", "resulting string too large"},
	{"local s = \"x\" while true do\ns = s .. s end",
	 "script.lua:2: not enough memory"},
	{"local t = {} for i = 1, 1e9 do t[i] = i end",
	 "script.lua:1: not enough memory"},
	/* in the middle of a wait */
	{"local v = AsyncValue(0) nursery(function(n)\n"
	 "n:start(function() v:wait_value(1) end)\n"
	 "local t = {} while true do t[#t + 1] = (\"x\"):rep(1e4 + #t) sleep(0) end end)",
	 "script.lua:3: not enough memory"},
	{"local v = AsyncValue(0) nursery(function(n)\n"
	 "n:start(function() v:wait_value(function(x) return x == "
	 "(\"x\"):rep(3e6):rep(2) end) end)\n"
	 "sleep(0) v.value = 1 sleep(1) end)",
	 "the predicate failed: script.lua:2: not enough memory"},
	{"\033Lua", "script.lua: bytecode"},
	{"assert(load(\"\\27Lua\"))", "attempt to load a binary chunk"},
	/* deep in the parser, patterns, metamethods, coroutines, scopes */
	{"assert(load(\"return \" .. (\"(\"):rep(300) .. \"1\" .. (\")\"):rep(300)))",
	 "C stack overflow"},
	{"string.find((\"a\"):rep(300), (\"(a?)\"):rep(31) .. (\"a?\"):rep(300))",
	 "pattern too complex"},
	{"local function f() return (\"x\"):gsub(\".\", f) end f()",
	 "script.lua:1: C stack overflow"},
	{"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k)\n"
	 "return t[k .. 1] end print(t.x)",
	 "script.lua:2: C stack overflow"},
	{"local function f()\nreturn coroutine.wrap(f)() end f()", "C stack overflow"},
	{"local function f() move_on_after(1, f) end f()",
	 "script.lua:1: C stack overflow"},
	{"local function f()\nreturn 1 + f() end f()", "script.lua:2: not enough memory"},
	{"AsyncValue(0):wait_value(function() while true do end end)",
	 "a predicate or transform ran more than 20000 instructions"},
	{"AsyncValue(0):wait_value(function() while true do pcall(error) end end)",
	 "a predicate or transform ran more than 20000 instructions"},
	{"AsyncValue(0):wait_value(function() coroutine.wrap(function() while true do "
	 "end "
	 "end)() end)",
	 "a predicate or transform ran more than 20000 instructions"},
	{"batch(function() while true do end end)",
	 "a batch ran more than 20000 instructions"},
	{"table.concat(setmetatable({}, {__len = function() return 1 << 40 end}))",
	 "table too large"},
	{"table.concat({}, \"\", 1, 1 << 40)", "table too large"},
	{"load((\" \"):rep(300000))", "more than 262144 bytes"},
	{"string.find((\"a\"):rep(300), (\"a-\"):rep(12) .. \"b\")",
	 "pattern too complex"},
	{"string.find((\"a\"):rep(1e5), \"[\" .. (\"b\"):rep(1e5) .. \"]\")",
	 "pattern too complex"},
	/* what few instructions make C functions do, for ever and in a predicate */
	ALWAYS(BIG, "big:upper()"),
	ALWAYS(BIG, "local x = big .. 1"),
	ALWAYS(BIG, "big:find(\"y\", 1, true)"),
	ALWAYS(BIG, "utf8.len(big)"),
	ALWAYS(BIG, "big:byte(1, 1000)"),
	ALWAYS("local form = (\"i\"):rep(1e5)", "string.packsize(form)"),
	ALWAYS("", "local x = (\"x\"):rep(1e6)"),
	ALWAYS("", "collectgarbage()"),
	ALWAYS("local text = (\"local a = 1 \"):rep(9000)", "load(text)"),
	ALWAYS(MANY, "table.insert(t, 1, 0) table.remove(t, 1)"),
	ALWAYS(MANY, "table.move(t, 1, #t, 2)"),
	ALWAYS(MANY, "table.unpack(t, 1, 5000)"),
	ALWAYS(MANY, "table.concat(t)"),
	ALWAYS(MANY, "table.sort(t, math.ult)"),
	/* a table whose copy, and a text whose copies, would fill any memory */
	{"local t = { 1 } for i = 1, 3 do local u = {} for k = 1, 1000 do u[k] = t end t "
	 "= u "
	 "end\nAsyncValue(t)",
	 "script.lua:2: the tables of a value have at most 4096 entries together"},
	{"local t, x = {}, (\"x\"):rep(1e5) for i = 1, 1000 do t[i] = x "
	 "end\nAsyncValue(t)",
	 "script.lua:2: the texts of a value have at most 262144 bytes together"},
	{"local t = {} for i = 1, 9 do t[(\"x\"):rep(1e5) .. i] = true "
	 "end\nAsyncValue(t)",
	 "script.lua:2: the texts of a value have at most 262144 bytes together"},
	/* one that catches everything */
	{"while true do pcall(function()\nwhile true do end end) end",
	 "script.lua:2: computed for too long without waiting; stopped"},
	{"while true do xpcall(error, function() error \"again\" end, \"x\") end",
	 "script.lua:1: computed for too long without waiting; stopped"},
	/* each within its budget, but all of them at once; and again and again */
	{"local v = AsyncValue(0) nursery(function(n) for i = 1, 256 do\n"
	 "n:start(function() v:wait_value(function(x) for i = 1, x do end end) end) end\n"
	 "sleep(0) v.value = 9000 sleep(1) end)",
	 "script.lua:2: the predicate failed: script.lua: all predicates and transforms "
	 "together ran more than 500000 instructions"},
	{"local v = AsyncValue(1) v = { v, v:transform(function(x) for i = 1, 5000 do "
	 "end "
	 "return x end) }\n"
	 "while true do v[1].value = v[1].value + 1 end",
	 "script.lua:2: computed for too long without waiting; stopped"},
	/* ones that are hardly ever where they can be paused */
	{"local t = {} for i = 1, 130000 do t[i] = i * 7919 % 130001 end\n"
	 "while true do table.sort(t, math.ult) end",
	 "script.lua:2: computed for too long without waiting; stopped"},
	{"local function f() for i = 1, 4950 do end end\nwhile true do batch(f) end",
	 "script.lua:2: computed for too long without waiting; stopped"},
	{"local function f() for i = 1, 4743 do end end\nwhile true do batch(f) end",
	 "script.lua:2: computed for too long without waiting; stopped"},
	/* one whose clean-up never ends, at every level */
	{"local mt = {__close = function() while true do end end}\n"
	 "local function f(d) local c <close> = setmetatable({}, mt) if d == 0 then "
	 "while true do end end f(d - 1) end f(5000)",
	 "computed for too long without waiting; stopped"},
	{"local function nest(d) local co = coroutine.create(function()\n"
	 "local c <close> = setmetatable({}, {__close = function()\n"
	 "if d > 0 then coroutine.close(nest(d - 1)) end while true do end end})\n"
	 "coroutine.yield() end) coroutine.resume(co) return co end\n"
	 "coroutine.close(nest(150))",
	 "computed for too long without waiting; stopped"},
	/* ones that start without an end */
	{"nursery(function(n) while true do n:start(function() sleep(1e9) end) end end)",
	 "more than 256 tasks"},
	{"local function f() nursery(function(n) n:start(f) n:start(f) end) end f()",
	 "more than 256 tasks"},
	{"local kept = {} while true do kept[#kept + 1] = channel(4096) end",
	 "more than 65536 places in channels"},
};

/* Ten turns, then a tick; on the virtual clock no tick may be late. */
#define NEIGHBOUR                                                                        \
	"local turns, late = 0, 0\n"                                                     \
	"for _, _, missed in periodic(0.001) do\n"                                       \
	"	turns, late = turns + 1, late + missed\n"                                      \
	"	if turns == 20 then break end\n"                                               \
	"	for _ = 1, 10 do sleep(0) end\n"                                               \
	"end\n"                                                                          \
	"print(turns)\n"                                                                 \
	"if late > 0 then print(\"late\", late) end\n"

static struct world *make_world(void)
{
	const struct value_info info = {.name = "imu.rate",
					.source = "test",
					.typed = true,
					.type = DATUM_NUMBER};
	const struct datum ten = datum_number(10);
	struct world *w = world_new();
	struct value *v;

	cr_assert(eq(int, world_add(w, &info, &v), 0));
	cr_assert(eq(int, value_set(v, &ten), 0));
	return w;
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

#ifndef SANITIZED
/*
 * Long before the watchdog takes notice (S5); on a slow machine more: 16 times what a computation takes that has
 * 6 ms on a quick one.
 */
static int64_t limit_ns(void)
{
	const int64_t least_ns = 100 * NS_PER_MS;
	int64_t from_ns = cpu_ns();
	volatile unsigned sum = 0;
	int64_t scaled_ns;

	for (unsigned i = 0; i < 10000000; i++)
		sum = sum + i;
	scaled_ns = 16 * (cpu_ns() - from_ns);
	return scaled_ns > least_ns ? scaled_ns : least_ns;
}
#endif

struct beside {
	struct run run;
	int64_t longest_ns; /* of processor time, between two turns */
};

/* A service: takes a turn in each pass, where the clock is real. */
static int take_turns(void *arg)
{
	struct beside *b = arg;
	int r = 0;

	while (r == 0 && !rt_is_virtual()) {
		int64_t before = cpu_ns();

		r = task_sleep(0);
		if (cpu_ns() - before > b->longest_ns)
			b->longest_ns = cpu_ns() - before;
	}
	return r;
}

static int beside_main(void *arg)
{
	const struct task_opt turns = {.name = "turns", .service = true};
	struct beside *b = arg;
	struct world *w = make_world();
	struct nursery n;
	int r;

	for (unsigned i = 0; i < b->run.n; i++)
		b->run.programs[i].world = w;
	nursery_open(&n);
	nursery_go(&n, "programs", run_main, &b->run);
	(void)nursery_start(&n, NULL, &turns, take_turns, b);
	r = nursery_close(&n, 0);
	world_free(w);
	return r;
}

static void check(const char *text, const char *error, enum rt_clock clock)
{
	const struct rt_conf conf = {.clock = clock, .slow_step_ns = -1};
	struct program p[] = {{.text = text}, {.text = NEIGHBOUR}};
	struct beside b = {.run = {p, ARRAY_LEN(p)}};

	cr_assert(eq(int, rt_run(&conf, beside_main, &b), 0));
	cr_expect(lt(int, p[0].r, 0), "%s", text);
	cr_expect(ne(ptr, strstr(p[0].why, error), NULL), "%s -> %s", text, p[0].why);
	cr_expect(eq(int, p[1].r, 0), "%s -> %s", text, p[1].why);
	if (clock == RT_CLOCK_VIRTUAL)
		cr_expect(eq(str, p[1].out, (char *)"20\n"), "%s", text);
	else
		cr_expect(eq(int, strncmp(p[1].out, "20\n", 3), 0), "%s", text);
#ifndef SANITIZED
	/* Of the processor's time, so what else runs is not counted. */
	cr_expect(lt(i64, b.longest_ns, limit_ns()), "%s", text);
#endif
}

Test(bad_input, S2_S4_S6_V5_V6_an_error_for_that_script_alone)
{
	log_set_level(
		LOG_LEVEL_ERR); /* the turns are taken too often for the runtime's taste */
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		check(refused[i].text, refused[i].error, RT_CLOCK_VIRTUAL);
		check(refused[i].text, refused[i].error, RT_CLOCK_MONOTONIC);
	}
}

/* V5: texts are compared without a function that could be charged: there the time is the backstop. */
Test(bad_input, V5_a_predicate_that_compares_long_texts)
{
	check("local a, b = (\"x\"):rep(1e6) .. 1, (\"x\"):rep(1e6) .. 1\n"
	      "AsyncValue(0):wait_value(function() while a == b do end end)",
	      "script.lua:2: a predicate or transform ran ", RT_CLOCK_MONOTONIC);
}
