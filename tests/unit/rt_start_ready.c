/* Children that say when they are ready (N5): what the starter is told, and where grandchildren go. */
#include "daemon/rt/scope.h"
#include "tests/unit/rt_children.h"

static int ready_after_1s(void *arg)
{
	expect(task_sleep(NS_PER_S), 0);
	expect(task_ready(arg), 0);
	expect(task_ready(arg), -EALREADY);
	expect(task_sleep(NS_PER_S), 0);
	return say("end");
}

RT_TEST(start_ready, N5_B27_start_ready_returns_the_value)
{
	const struct task_opt opt = {.name = "server"};
	struct nursery n;
	void *value = NULL;

	nursery_open(&n);
	expect(nursery_start_ready(&n, &opt, ready_after_1s, &address, &value), 0);
	cr_assert(value == &address);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(i64, rt_now(), 2 * NS_PER_S));
	nursery_open(&n);
	nursery_go(&n, "plain", ready_after_1s, NULL); /* works unchanged */
	return nursery_close(&n, 0);
}

RT_TEST(start_ready, N5_B27_what_ends_before_ready_is_the_starters)
{
	const struct task_opt opt = {.name = "server"};
	struct nursery n;

	nursery_open(&n);
	expect(nursery_start_ready(&n, &opt, fails, &address, NULL), -EIO);
	cr_assert(eq(str, (char *)error_last(-EIO)->text, "no answer at 0x68"));
	expect(nursery_start_ready(&n, &opt, done, NULL, NULL), -ECHILD);
	expect(task_checkpoint(), 0); /* nothing of it was the nursery's */
	return nursery_close(&n, 0);
}

static int ready_at_once(void *arg)
{
	expect(task_ready(arg), 0);
	return 0;
}

RT_TEST(start_ready, N5_B27_start_ready_under_cancellation)
{
	const struct task_opt opt = {.name = "server"};
	struct nursery n, closed;
	struct scope s;

	nursery_open(&closed);
	expect(nursery_close(&closed, 0), 0);
	expect(nursery_start_ready(&closed, &opt, done, NULL, NULL), -EINVAL);
	nursery_open(&n);
	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(nursery_start_ready(&n, &opt, forever, NULL, NULL), -ECANCELED);
	expect(nursery_start_ready(&n, &opt, ready_at_once, NULL, NULL), 0);
	expect(nursery_start_ready(&n, &opt, fails, &address, NULL), -EIO);
	expect(scope_leave(&s, -ECANCELED), 0);
	return nursery_close(&n, 0);
}

static int ready_with_grandchildren(void *arg)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "x", forever, NULL);
	nursery_go(&n, "y", forever, NULL);
	expect(task_wait_all_blocked(), 0);
	if (arg)
		nursery_cancel(arg, "just before");
	expect(task_ready(NULL), 0);
	return nursery_close(&n, 0);
}

RT_TEST(start_ready, N5_B28_grandchildren_move_into_a_cancelled_nursery)
{
	const struct task_opt opt = {.name = "server"};
	struct nursery n, before;

	/* The starter itself must not be cancelled with it: a nursery of another task's. */
	nursery_open(&before);
	nursery_open(&n);
	expect(nursery_start_ready(&before, &opt, ready_with_grandchildren, NULL, NULL),
	       0);
	nursery_cancel(&before, "just after");
	expect(nursery_close(&n, 0), 0);
	expect(nursery_close(&before, 0), 0);
	cr_assert(eq(str, (char *)heard(), "cancelled1 cancelled1"));

	nursery_open(&before);
	expect(nursery_start_ready(&before, &opt, ready_with_grandchildren, &before,
				   NULL),
	       0);
	expect(nursery_close(&before, 0), 0);
	cr_assert(eq(str, (char *)heard(), "cancelled1 cancelled1"));
	return 0;
}
