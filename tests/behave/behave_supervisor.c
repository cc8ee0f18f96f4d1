/* The supervisor on the virtual clock: decisions and commands as they come, against golden text. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

/* A robot with a neck, a light and three senses, whose story a test tells. */
struct robot {
	struct world *world;
	struct resources *resources;
	struct supervisor *supervisor;
	struct value *touched, *shaken, *picked_up;
	FILE *out;
	double commands[3]; /* the last: pan, tilt, led */
	unsigned n_commands, n_safe;
	int (*story)(struct robot *bot);
	struct conf_errors errs;
};

static void tell(struct robot *bot, const char *text)
{
	fprintf(bot->out, "%6.2f %s\n", (double)rt_now() / 1e9, text);
}

static void decided(void *arg, const struct decision *d)
{
	tell(arg, d->text);
}

static void printed(void *arg, const char *behaviour, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "%s says %s", behaviour, line);
	tell(arg, text);
}

static struct robot *the_robot; /* of this test's process */

static int command(void *arg, double value)
{
	*(double *)arg = value;
	the_robot->n_commands++;
	return 0;
}

static void make_safe(void *arg)
{
	(void)arg;
	the_robot->n_safe++;
}

static struct value *add_bool(struct robot *bot, const char *name)
{
	const struct value_info info = {
		.name = name, .typed = true, .type = DATUM_BOOL, .source = "test"};
	struct datum no = datum_bool(false);
	struct value *v;

	cr_assert(eq(int, world_add(bot->world, &info, &v), 0));
	cr_assert(eq(int, value_set(v, &no), 0));
	return v;
}

static void sense(struct value *v, bool b)
{
	struct datum d = datum_bool(b);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static void build(struct robot *bot)
{
	const struct channel_spec neck[] = {
		{.name = "pan",
		 .unit = "rad",
		 .min = -1,
		 .max = 1,
		 .rate_per_s = 4,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[0]},
		{.name = "tilt",
		 .unit = "rad",
		 .min = -0.7,
		 .max = 0.7,
		 .rate_per_s = 4,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[1]},
	};
	const struct channel_spec light[] = {
		{.name = "led",
		 .unit = "",
		 .min = 0,
		 .max = 1,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[2]},
	};
	static const char *const folders[] = {INSTINCT_SOURCE "/behaviours", NULL};
	struct supervisor_conf conf = {
		.folders = folders, .decided = decided, .print = printed, .arg = bot};

	bot->world = world_new();
	bot->touched = add_bool(bot, "head.touched");
	bot->shaken = add_bool(bot, "motion.shaken");
	bot->picked_up = add_bool(bot, "motion.picked_up");
	bot->resources = resources_new(bot->world);
	cr_assert(eq(int, resource_add(bot->resources, "neck", neck, 2), 0));
	cr_assert(eq(int, resource_add(bot->resources, "light", light, 1), 0));
	conf.world = bot->world;
	conf.resources = bot->resources;
	bot->supervisor = supervisor_new(&conf);
}

static int bot_main(void *arg)
{
	struct robot *bot = arg;
	int r;

	build(bot);
	r = bot->story(bot);
	supervisor_free(bot->supervisor);
	resources_free(bot->resources);
	world_free(bot->world);
	return r;
}

/* Scripts of a test have names that differ from run to run. */
static char *without_file_name(char *text)
{
	char *at;

	while ((at = strstr(text, "instinct-test-")) != NULL)
		memmove(at, at + strlen("instinct-test-XXXXXX"),
			strlen(at) - strlen("instinct-test-XXXXXX") + 1);
	return text;
}

/* Run the story; what was told must be @want. */
static void play(int (*story)(struct robot *bot), const char *want)
{
	const struct rt_conf rt = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	struct robot bot = {.story = story};
	char *text = NULL;
	size_t size = 0;

	the_robot = &bot;
	bot.out = open_memstream(&text, &size);
	cr_assert(eq(int, rt_run(&rt, bot_main, &bot), 0));
	fclose(bot.out);
	cr_assert(eq(str, without_file_name(text), (char *)want));
	free(text);
	conf_errors_fini(&bot.errs);
}

/* A script of this test, in a file of its own. */
static int load_text(struct robot *bot, const char *name, const char *text)
{
	char path[] = "/tmp/instinct-test-XXXXXX.lua";
	int fd = mkstemps(path, 4), r;

	cr_assert(ne(int, fd, -1));
	cr_assert(eq(int, dprintf(fd, "%s", text), (int)strlen(text)));
	close(fd);
	r = supervisor_load(bot->supervisor, name, path, NULL, &bot->errs);
	unlink(path);
	return r;
}

/* Tell @steps while the supervisor runs, then end it. */
static int supervise(struct robot *bot, int (*steps)(struct robot *bot))
{
	struct nursery n;
	int r;

	nursery_open(&n);
	nursery_go(&n, "behaviours", supervisor_run, bot->supervisor);
	r = steps(bot);
	nursery_cancel(&n, "the story has ended");
	return nursery_close(&n, r);
}

static int sleep_s(double s)
{
	return task_sleep((int64_t)(s * 1e9));
}

static int touch_then_shake(struct robot *bot)
{
	int r = sleep_s(1);

	sense(bot->touched, true);
	if (r == 0)
		r = sleep_s(0.1);
	sense(bot->touched, false);
	if (r == 0)
		r = sleep_s(2);
	sense(bot->touched, true);
	if (r == 0)
		r = sleep_s(0.5);
	sense(bot->shaken, true);
	if (r == 0)
		r = sleep_s(1);
	sense(bot->shaken, false);
	sense(bot->touched, false);
	return r == 0 ? sleep_s(6) : r;
}

static int shipped(struct robot *bot)
{
	int r;

	cr_assert(
		eq(int, supervisor_load(bot->supervisor, "nod", "", NULL, &bot->errs), 0),
		"%s", bot->errs.n ? bot->errs.list[0].text : "");
	cr_assert(eq(int, supervisor_load(bot->supervisor, "dizzy", "", NULL, &bot->errs),
		     0),
		  "%s", bot->errs.n ? bot->errs.list[0].text : "");
	r = supervise(bot, touch_then_shake);
	cr_assert(gt(uint, bot->n_commands, 100));
	return r;
}

Test(supervisor, A1_A3_shipped_behaviours_and_take_over)
{
	play(shipped, "  1.00 nod starts: head.touched turned true\n"
		      "  2.20 nod ended: done, 1.2 s\n"
		      "  3.10 nod starts: head.touched turned true\n"
		      "  3.60 dizzy takes neck from nod\n"
		      "  3.90 nod left: dizzy took neck, 0.8 s\n"
		      "  3.90 dizzy starts: motion.shaken turned true\n"
		      "  8.40 dizzy ended: done, 4.5 s\n");
}

static void load_or_fail(struct robot *bot, const char *name, const char *text)
{
	cr_assert(eq(int, load_text(bot, name, text), 0), "%s",
		  bot->errs.n ? bot->errs.list[0].text : "");
}

static int press_and_release(struct robot *bot)
{
	static const double held_s[] = {0.4, 1, 0.4, 3};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(held_s) && r == 0; i++) {
		r = sleep_s(1);
		sense(bot->touched, true);
		if (r == 0)
			r = sleep_s(held_s[i]);
		sense(bot->touched, false);
	}
	return r;
}

static int hold_and_cooldown(struct robot *bot)
{
	load_or_fail(
		bot, "greet",
		"return behaviour { when = 'head.touched', hold = 0.5, cooldown = 2,\n"
		"run = function() print('hello') end }");
	return supervise(bot, press_and_release);
}

/* Held 0.4 s: no run. 1 s: one. In the cool-down: none. 3 s: one when hold and cool-down are over. */
Test(supervisor, hold_and_cooldown)
{
	play(hold_and_cooldown, "  2.90 greet starts: head.touched turned true\n"
				"  2.90 greet says hello\n"
				"  2.90 greet ended: done, 0.0 s\n"
				"  6.30 greet starts: head.touched turned true\n"
				"  6.30 greet says hello\n"
				"  6.30 greet ended: done, 0.0 s\n");
}

/* From 1 to 3, and from 4.8, which is in the cool-down, to the end. */
static int press_early(struct robot *bot)
{
	int r = sleep_s(1);

	sense(bot->touched, true);
	if (r == 0)
		r = sleep_s(2);
	sense(bot->touched, false);
	if (r == 0)
		r = sleep_s(1.8);
	sense(bot->touched, true);
	return r == 0 ? sleep_s(8) : r;
}

static int hold_while_cooling(struct robot *bot)
{
	load_or_fail(
		bot, "once",
		"return behaviour { when = 'head.touched', hold = 0.5, cooldown = 3.5,\n"
		"run = function() end }");
	load_or_fail(
		bot, "often",
		"return behaviour { when = 'head.touched', hold = 0.5, cooldown = 3,\n"
		"again = true, run = function() sleep(0.5) end }");
	return supervise(bot, press_early);
}

/*
 * `hold` counts from when the condition turned true, in a cool-down as well: "once" starts at 5.3, as its
 * cool-down is over at 5; "often", whose condition stays true, 3 s after each end.
 */
Test(supervisor, hold_counts_in_the_cooldown)
{
	play(hold_while_cooling, "  1.50 once starts: head.touched turned true\n"
				 "  1.50 often starts: head.touched turned true\n"
				 "  1.50 once ended: done, 0.0 s\n"
				 "  2.00 often ended: done, 0.5 s\n"
				 "  5.30 often starts: head.touched turned true\n"
				 "  5.30 once starts: head.touched turned true\n"
				 "  5.30 once ended: done, 0.0 s\n"
				 "  5.80 often ended: done, 0.5 s\n"
				 "  8.80 often starts: head.touched turned true\n"
				 "  9.30 often ended: done, 0.5 s\n"
				 " 12.30 often starts: head.touched turned true\n");
}

static int touch_on(struct robot *bot)
{
	sense(bot->touched, true);
	return sleep_s(40);
}

static int failing(struct robot *bot)
{
	load_or_fail(bot, "broken",
		     "return behaviour {\n"
		     "needs = { 'light' },\n"
		     "run = function()\n"
		     "sleep(0.1)\n"
		     "error('oh')\n"
		     "end }");
	load_or_fail(bot, "other",
		     "return behaviour { when = 'head.touched', again = true, needs = { "
		     "'neck' },\n"
		     "run = function() sleep(15) end }");
	return supervise(bot, touch_on);
}

/* 0.1 s each, with pauses of 0.5, 1, 2 and 4 s between them; the other one does not notice. */
Test(supervisor, A6_failure_backs_off_and_parks)
{
	play(failing, "  0.00 broken starts: it always runs\n"
		      "  0.00 other starts: head.touched turned true\n"
		      "  0.10 broken failed: .lua:5: oh\n"
		      "  0.60 broken starts: it always runs\n"
		      "  0.70 broken failed: .lua:5: oh\n"
		      "  1.70 broken starts: it always runs\n"
		      "  1.80 broken failed: .lua:5: oh\n"
		      "  3.80 broken starts: it always runs\n"
		      "  3.90 broken failed: .lua:5: oh\n"
		      "  7.90 broken starts: it always runs\n"
		      "  8.00 broken failed: .lua:5: oh\n"
		      "  8.00 broken is parked: it failed 5 times within a minute\n"
		      " 15.00 other ended: done, 15.0 s\n"
		      " 15.00 other starts: head.touched turned true\n"
		      " 30.00 other ended: done, 15.0 s\n"
		      " 30.00 other starts: head.touched turned true\n");
}

static int looping(struct robot *bot)
{
	load_or_fail(bot, "loops",
		     "return behaviour { when = 'head.touched',\n"
		     "needs = { 'light' },\n"
		     "run = function()\n"
		     "light:set { led = 1 }\n"
		     "while true do pcall(function() end) end\n"
		     "end }");
	load_or_fail(bot, "ticks",
		     "return behaviour { run = function()\n"
		     "for i = 1, 40 do print(i) sleep(1) end end }");
	return supervise(bot, touch_on);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

/* A loop that never waits is named with its line, its light goes safe, and the other one ticks on. */
Test(supervisor, S4_endless_loop_is_stopped_and_named)
{
	const struct rt_conf rt = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	struct robot bot = {.story = looping};
	char *text = NULL;
	size_t size = 0;

	the_robot = &bot;
	bot.out = open_memstream(&text, &size);
	cr_assert(eq(int, rt_run(&rt, bot_main, &bot), 0));
	fclose(bot.out);
	cr_assert(eq(uint, count(text, ".lua:5: computed for too long"), 5), "%s", text);
	cr_assert(eq(uint, count(text, "ticks says"), 40), "%s", text);
	cr_assert(eq(uint, bot.n_safe, 5));
	free(text);
	conf_errors_fini(&bot.errs);
}

static int losing_keep(struct robot *bot)
{
	int r;

	sense(bot->touched, true);
	r = sleep_s(2);
	sense(bot->touched, false);
	return r == 0 ? sleep_s(2) : r;
}

static int keeping(struct robot *bot)
{
	load_or_fail(bot, "stays",
		     "return behaviour { when = 'head.touched', keep = 'head.touched', "
		     "lost = 0.5,\n"
		     "needs = { 'neck' },\n"
		     "run = function() while true do neck:move { pan = 0.5, seconds = 1 "
		     "} end end,\n"
		     "wind_down = function(why) print('leaving: ' .. why)\n"
		     "neck:move { pan = 0, seconds = 0.1 } end }");
	return supervise(bot, losing_keep);
}

/* The way back takes longer than asked for, as the rate limit wants it: 0.5 * 1.5 / 4 s. */
Test(supervisor, keep_lost_winds_down_within_the_rate_limit)
{
	play(keeping, "  0.00 stays starts: head.touched turned true\n"
		      "  2.50 stays says leaving: keep turned false\n"
		      "  2.69 stays left: keep turned false, 2.7 s\n");
}

static int equal_ranks(struct robot *bot)
{
	static const char text[] = "return behaviour { when = 'head.touched', needs = { "
				   "'neck' }, priority = 5,\n"
				   "run = function() sleep(3) end }";

	load_or_fail(bot, "first", text);
	load_or_fail(bot, "second", text);
	return supervise(bot, losing_keep);
}

/* An equal waits for the holder, and gives up when its condition turns false meanwhile. */
Test(supervisor, A1_equal_rank_waits)
{
	play(equal_ranks, "  0.00 second waits: first has neck\n"
			  "  0.00 first starts: head.touched turned true\n"
			  "  3.00 first ended: done, 3.0 s\n");
}

static int take_twice(struct robot *bot)
{
	int r;

	sense(bot->touched, true);
	r = sleep_s(1);
	sense(bot->shaken, true);
	return r == 0 ? sleep_s(5) : r;
}

static int stubborn(struct robot *bot)
{
	load_or_fail(bot, "stubborn",
		     "return behaviour { when = 'head.touched', needs = { 'neck' },\n"
		     "run = function()\n"
		     "local c <close> = setmetatable({}, { __close = function()\n"
		     "shield(5, function() sleep(3) print(pcall(neck.set, neck, { pan = "
		     "0 })) end)\n"
		     "end })\n"
		     "sleep(60) end }");
	load_or_fail(bot, "urgent",
		     "return behaviour { when = 'motion.shaken', needs = { 'neck' }, "
		     "priority = 1,\n"
		     "run = function() sleep(1) end }");
	return supervise(bot, take_twice);
}

/* The lease moves at the bound, even while the loser is still settling; its commands then raise. */
Test(supervisor, A3_lease_moves_at_the_bound)
{
	play(stubborn, "  0.00 stubborn starts: head.touched turned true\n"
		       "  1.00 urgent takes neck from stubborn\n"
		       "  2.00 stubborn left: urgent took neck, 2.0 s\n"
		       "  2.00 urgent starts: motion.shaken turned true\n"
		       "  3.00 urgent ended: done, 1.0 s\n"
		       "  4.00 stubborn says false\tneck: the lease is gone\n");
}

/* Ask the supervision to come to an end in the middle of what goes on. */
static int touch_and_stop(struct robot *bot)
{
	struct nursery n;
	struct child c;
	const struct task_opt opt = {.name = "behaviours"};
	int r;

	nursery_open(&n);
	cr_assert(
		eq(int, nursery_start(&n, &c, &opt, supervisor_run, bot->supervisor), 0));
	sense(bot->touched, true);
	r = sleep_s(1);
	sense(bot->shaken, true);
	child_cancel_soft(&c, CANCEL_SHUTDOWN, 4 * NS_PER_S, "Terminated");
	return nursery_close(&n, r);
}

static int stopping(struct robot *bot)
{
	int r;

	load_or_fail(bot, "polite",
		     "local never = AsyncValue(false)\n"
		     "return behaviour { when = 'head.touched', needs = { 'neck' }, "
		     "grace = 2,\n"
		     "run = function()\n"
		     "print(never:wait_value(true, { soft = true }))\n"
		     "print(cancelling())\n"
		     "sleep(0.5) neck:set { pan = 0.2 } print 'tidy'\n"
		     "end,\n"
		     "wind_down = function(why) print(why, cancelling()) sleep(0.1) "
		     "print 'down' end }");
	load_or_fail(bot, "deaf",
		     "return behaviour { when = 'head.touched', needs = { 'light' }, "
		     "grace = 2,\n"
		     "run = function() sleep(60) end }");
	load_or_fail(bot, "blunt",
		     "return behaviour { when = 'head.touched',\n"
		     "run = function() sleep(60) end }");
	load_or_fail(bot, "late",
		     "return behaviour { when = 'motion.shaken', run = print }");
	r = touch_and_stop(bot);
	cr_expect(eq(u32, bot->n_safe, 3));
	return r;
}

/*
 * R10, A3, C7: who stops is asked first and may use its grace; who takes no notice is cancelled at its end;
 * nothing new starts. What was held becomes safe.
 */
Test(supervisor, R10_C7_stopping_asks_first)
{
	play(stopping, "  0.00 polite starts: head.touched turned true\n"
		       "  0.00 deaf starts: head.touched turned true\n"
		       "  0.00 blunt starts: head.touched turned true\n"
		       "  1.00 polite says nil\tcancelling\n"
		       "  1.00 polite says true\n"
		       "  1.00 blunt left: stopping: Terminated, 1.0 s\n"
		       "  1.50 polite says tidy\n"
		       "  1.50 polite says stopping: Terminated\ttrue\n"
		       "  1.60 polite says down\n"
		       "  1.60 polite left: stopping: Terminated, 1.6 s\n"
		       "  3.00 deaf left: stopping: Terminated, 3.0 s\n");
}

static int polite_loser(struct robot *bot)
{
	load_or_fail(bot, "polite",
		     "return behaviour { when = 'head.touched', needs = { 'neck' }, "
		     "grace = 2,\n"
		     "run = function() while not cancelling() do sleep(0.3) end print "
		     "'gives way' end }");
	load_or_fail(bot, "urgent",
		     "return behaviour { when = 'motion.shaken', needs = { 'neck' }, "
		     "priority = 1,\n"
		     "run = function() print(cancelling()) sleep(1) end }");
	return supervise(bot, take_twice);
}

Test(supervisor, A3_C7_a_loser_with_a_grace_is_asked_first)
{
	play(polite_loser, "  0.00 polite starts: head.touched turned true\n"
			   "  1.00 urgent takes neck from polite\n"
			   "  1.20 polite says gives way\n"
			   "  1.20 polite left: urgent took neck, 1.2 s\n"
			   "  1.20 urgent starts: motion.shaken turned true\n"
			   "  1.20 urgent says false\n"
			   "  2.20 urgent ended: done, 1.0 s\n");
}

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

Test(supervisor, bad_scripts_are_refused_with_their_line)
{
	play(refused, "");
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

Test(supervisor, all_mistakes_of_a_script_are_found_in_one_run)
{
	play(refused_whole, "");
}

Test(supervisor, params_come_from_the_configuration)
{
	play(configured,
	     "t:1:39: params.depth_rad: \"m\" does not fit here; units: mrad, deg, rad\n"
	     "t:1:57: params.seconds: 9 is out of range; 0.2 to 3 s\n"
	     "t:1:23: params.tims: unknown parameter \"tims\"; known: depth_rad, "
	     "seconds, "
	     "times; did you mean \"times\"?\n");
}
