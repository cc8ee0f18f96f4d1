/* How the supervisor ends a run: its condition is lost, another one takes its resource, all is stopped. */
#include "tests/behave/supervisor_rig.h"

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
Test(handover, keep_lost_winds_down_within_the_rate_limit)
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
Test(handover, A1_equal_rank_waits)
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
Test(handover, A3_lease_moves_at_the_bound)
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
Test(handover, R10_C7_stopping_asks_first)
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

Test(handover, A3_C7_a_loser_with_a_grace_is_asked_first)
{
	play(polite_loser, "  0.00 polite starts: head.touched turned true\n"
			   "  1.00 urgent takes neck from polite\n"
			   "  1.20 polite says gives way\n"
			   "  1.20 polite left: urgent took neck, 1.2 s\n"
			   "  1.20 urgent starts: motion.shaken turned true\n"
			   "  1.20 urgent says false\n"
			   "  2.20 urgent ended: done, 1.0 s\n");
}
