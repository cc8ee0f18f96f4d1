/* wait_all, wait_any, move_on_when, run_and_cancelling. */
#include <errno.h>

#include "daemon/rt/combine.h"
#include "daemon/rt/event.h"
#include "daemon/rt/nursery.h"
#include "tests/unit/rt_run.h"

static int naps(void *arg)
{
	int64_t *ns = arg;
	int r = task_sleep(*ns);

	say("%s%d", task_name(task_self()), r);
	return r < 0 ? r : (int)(*ns / NS_PER_S);
}

static int fails(void *arg)
{
	(void)arg;
	return -EIO;
}

static int64_t one = NS_PER_S, two = 2 * NS_PER_S;

RT_TEST(combine, N7_WA1_wait_all)
{
	struct call calls[] = {CALL("slow", naps, &two), CALL("quick", naps, &one)};

	expect(wait_all(calls, 2), 0);
	cr_assert(eq(int, calls[0].result, 2));
	cr_assert(eq(int, calls[1].result, 1));
	cr_assert(eq(i64, rt_now(), two));
	calls[1] = (struct call)CALL("failing", fails, NULL);
	expect(wait_all(calls, 2), -EIO);
	expect(calls[0].result, -ECANCELED);
	return 0;
}

RT_TEST(combine, N7_WY1_wait_any)
{
	struct call calls[] = {CALL("slow", naps, &two), CALL("quick", naps, &one)};

	expect(wait_any(calls, 2), 1);
	cr_assert(eq(str, (char *)heard(), "quick0 slow-125"));
	cr_assert(eq(int, calls[1].result, 1));
	calls[0] = (struct call)CALL("failing", fails, NULL);
	expect(wait_any(calls, 2), -EIO);
	return 0;
}

RT_TEST(combine, N7_ties_go_to_the_first_argument)
{
	/* Started second, so its timer is the later of two equal ones. */
	struct call calls[] = {CALL("a", naps, &one), CALL("b", naps, &one)};

	expect(wait_any(calls, 2), 0);
	cr_assert(eq(str, (char *)heard(), "a0 b0"));
	return 0;
}

RT_TEST(combine, N7_wait_any_under_a_deadline)
{
	struct call calls[] = {CALL("a", naps, &two)};
	struct scope s;

	scope_enter_after(&s, one);
	expect(scope_leave_timeout(&s, wait_any(calls, 1)), -ETIMEDOUT);
	return 0;
}

static int races(void *arg)
{
	return wait_any(arg, 2);
}

RT_TEST(combine, N7_C6_a_winner_stays_one_when_a_cancellation_comes_later)
{
	struct call calls[] = {CALL("a", naps, &two), CALL("b", naps, &one)};
	const struct task_opt opt = {.name = "race"};
	struct nursery n;
	struct child c;

	nursery_open(&n);
	expect(nursery_start(&n, &c, &opt, races, calls), 0);
	expect(task_sleep(one - 1), 0);
	expect(task_wait_all_blocked(), 0);
	expect(task_sleep(1), 0); /* b's timer was armed before this one */
	nursery_cancel(&n, "too late");
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(int, c.state, CHILD_DONE));
	cr_assert(eq(int, c.result, 1));
	return 0;
}

static int waits_for_event(void *arg)
{
	return event_wait(arg);
}

static int nothing(void *arg)
{
	(void)arg;
	return 5;
}

static int sets_and_sleeps(void *arg)
{
	int r = task_sleep(NS_PER_S);

	if (r < 0)
		return r;
	event_set(arg);
	return task_sleep_forever();
}

/* MW-3, RC-3: the functions tell by their results that they were given their arguments. */
RT_TEST(combine, P4_MW1_MW3_move_on_when)
{
	struct event e;
	const struct call trigger = CALL("trigger", waits_for_event, &e);
	const struct call empty = CALL("empty", nothing, NULL);
	const struct call body = CALL("body", sets_and_sleeps, &e);
	const struct call bad = CALL("bad", fails, NULL);
	bool moved = true;

	event_init(&e, "test");
	expect(move_on_when(&trigger, &empty, &moved), 5);
	cr_assert(not(moved));
	expect(move_on_when(&trigger, &body, &moved), 0);
	cr_assert(moved);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	expect(move_on_when(&bad, &body, NULL), -EIO);
	expect(move_on_when(&trigger, &bad, NULL), -EIO);
	return 0;
}

static int starts_and_sleeps(void *arg)
{
	(void)arg;
	say("started");
	say("%d", task_sleep_forever());
	return -ECANCELED;
}

RT_TEST(combine, P4_RC1_RC2_RC3_run_and_cancelling)
{
	const struct call background = CALL("background", starts_and_sleeps, NULL);
	const struct call nap = CALL("nap", naps, &one);
	const struct call empty = CALL("empty", nothing, NULL);
	const struct call body = CALL("body", naps, &two);

	expect(run_and_cancelling(&background, &empty), 5);
	cr_assert(eq(str, (char *)heard(), "started -125"));
	expect(run_and_cancelling(&nap, &body), 2);
	cr_assert(eq(str, (char *)heard(), "nap0 main0"));
	return 0;
}
