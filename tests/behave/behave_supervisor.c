/* When the supervisor starts a behaviour, lets it rest, and gives it up. */
#include "tests/behave/supervisor_rig.h"

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
