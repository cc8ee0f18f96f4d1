/* A cancellation meets a wait (C6): when it aborts, and when the completion decides. */
#include <errno.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "tests/unit/rt_run.h"

static bool abort_at_once(struct wait *w)
{
	(void)w;
	return true;
}

static struct wait parked;

static int stubborn(void *arg)
{
	struct wait *w = arg;
	int r;

	say("sleep");
	r = task_park(w);
	say("woke%d", r);
	r = task_check();
	if (r == -ECANCELED)
		say("cancelled");
	return r;
}

RT_TEST(scope, C6_B23_a_wait_without_abort_is_not_woken_by_a_cancel)
{
	struct nursery n;

	parked = (struct wait){.kind = "test"};
	nursery_open(&n);
	nursery_go(&n, "stubborn", stubborn, &parked);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "test");
	cr_assert(eq(str, (char *)heard(), "sleep"));
	task_wake(&parked, 1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "woke1 cancelled"));
	return 0;
}

static int aborts;

static bool slow_abort(struct wait *w)
{
	(void)w;
	aborts++;
	return false;
}

RT_TEST(scope, C6_B24_abort_is_called_once_and_the_completion_decides)
{
	struct nursery n;

	aborts = 0;
	parked = (struct wait){.kind = "test", .abort = slow_abort};
	nursery_open(&n);
	nursery_go(&n, "stubborn", stubborn, &parked);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "test");
	scope_cancel(&n.scope, CANCEL_EXPLICIT, "again");
	expect(aborts, 1);
	task_wake(&parked, -ECANCELED);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "sleep woke-125 cancelled"));
	return 0;
}

/* Of a task that waits in it. */
static struct scope late;

static int shielded_late(void *arg)
{
	int r;

	scope_enter_until(&late, TIME_NEVER);
	r = task_park(arg);
	say("woke%d", r);
	expect(task_checkpoint(), 0);
	expect(task_sleep(2 * NS_PER_S), -ECANCELED); /* it has a bound */
	return scope_leave(&late, r);
}

RT_TEST(scope, B24_a_shield_that_comes_after_the_cancel)
{
	struct nursery n;

	parked = (struct wait){.kind = "test", .abort = slow_abort};
	nursery_open(&n);
	nursery_go(&n, "stubborn", shielded_late, &parked);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "test");
	cr_assert(scope_cancelled(&late));
	scope_set_shield(&late, NS_PER_S);
	cr_assert(not(scope_cancelled(&late)));
	task_wake(&parked, -ECANCELED); /* told all the same */
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "woke-125"));
	cr_assert(late.requested && late.absorbed); /* of its bound */
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	return 0;
}

RT_TEST(scope, C6_a_completion_wins_over_a_later_cancel_of_the_same_pass)
{
	struct nursery n;

	parked = (struct wait){.kind = "test", .abort = abort_at_once};
	nursery_open(&n);
	nursery_go(&n, "stubborn", stubborn, &parked);
	expect(task_wait_all_blocked(), 0);
	task_wake(&parked, 5);
	nursery_cancel(&n, "test");
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "sleep woke5 cancelled"));
	return 0;
}
