/* Soft cancellation (C7): who waits softly is asked to end, and has the grace to do it in. */
#include <errno.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "tests/unit/rt_run.h"

/* Until cancelled; says why. */
static int says_cause(void *arg)
{
	int r = task_sleep_forever();

	(void)arg;
	say("%s", scope_cause()->reason);
	return r;
}

/* A wait that a soft cancellation ends. */
static int soft_wait(void)
{
	struct scope s;

	scope_enter_soft(&s);
	return scope_leave(&s, task_sleep_forever());
}

RT_TEST(scope, C7_soft_cancel_ends_soft_waits_then_all)
{
	struct scope s;

	scope_enter_until(&s, TIME_NEVER);
	cr_assert(not(task_cancelling()));
	scope_cancel_soft(&s, CANCEL_PREEMPTION, 2 * NS_PER_S, "please");
	cr_assert(task_cancelling() && !s.requested);
	expect(task_check(), 0);
	expect(task_sleep(NS_PER_S), 0); /* not asked for with soft */
	expect(soft_wait(), -ECANCELED);
	cr_assert(eq(i64, scope_effective_deadline(), 2 * NS_PER_S));
	expect(task_sleep_forever(), -ECANCELED);
	cr_assert(eq(i64, rt_now(), 2 * NS_PER_S));
	cr_assert(eq(str, (char *)scope_cause()->reason, "please"));
	expect(scope_leave(&s, -ECANCELED), 0);
	cr_assert(s.absorbed && s.requested);
	return 0;
}

RT_TEST(scope, C4_C7_a_soft_cancellation_is_absorbed_by_the_outermost_that_was_asked)
{
	struct scope outer, inner;
	int r;

	scope_enter_until(&outer, TIME_NEVER);
	scope_enter_until(&inner, TIME_NEVER);
	scope_cancel_soft(&outer, CANCEL_EXPLICIT, NS_PER_S, "test");
	r = scope_leave(&inner, soft_wait());
	expect(r, -ECANCELED);
	expect(scope_leave(&outer, r), 0);

	scope_enter_until(&outer, TIME_NEVER);
	scope_enter_until(&inner, TIME_NEVER);
	scope_cancel_soft(&outer, CANCEL_EXPLICIT, NS_PER_S, "test");
	scope_cancel(&inner, CANCEL_EXPLICIT, "test");
	expect(scope_leave(&inner, task_checkpoint()), 0); /* a hard one of its own */
	return scope_leave(&outer, 0);
}

RT_TEST(scope, C7_a_shield_is_clipped_to_the_bound_around_it)
{
	struct scope s, outer, inner;

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	scope_enter_shield(&outer, NS_PER_S);
	scope_enter_shield(&inner, 5 * NS_PER_S);
	expect(task_sleep_forever(), -ECANCELED);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	expect(scope_leave(&inner, -ECANCELED), 0);
	expect(scope_leave(&outer, task_checkpoint()), 0);
	expect(scope_leave(&s, task_checkpoint()), 0);

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel_soft(&s, CANCEL_EXPLICIT, NS_PER_S, "test");
	scope_enter_shield(&inner, 5 * NS_PER_S);
	expect(scope_leave(&inner, task_sleep_forever()), 0);
	cr_assert(eq(i64, rt_now(), 2 * NS_PER_S)); /* the grace */
	return scope_leave(&s, task_checkpoint());
}

static int says_farewell(void *arg)
{
	int r = soft_wait();

	(void)arg;
	expect(r, -ECANCELED);
	expect(task_check(), 0);
	cr_assert(task_cancelling());
	cr_assert(eq(str, (char *)scope_cause()->reason, "please"));
	expect(task_sleep(NS_PER_S), 0); /* within the grace */
	say("farewell");
	return r;
}

static int waits_softly(void *arg)
{
	struct nursery n;
	struct scope s;

	(void)arg;
	scope_enter_soft(&s);
	nursery_open(&n);
	nursery_go(&n, "below", says_cause, NULL);
	return scope_leave(&s, nursery_close(&n, 0));
}

RT_TEST(scope, C7_what_waits_softly_ends_at_once_and_has_the_grace_left)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "polite", says_farewell, NULL);
	nursery_go(&n, "of many", waits_softly, NULL);
	expect(task_wait_all_blocked(), 0);
	scope_cancel_soft(&n.scope, CANCEL_EXPLICIT, 5 * NS_PER_S, "please");
	scope_cancel_soft(&n.scope, CANCEL_EXPLICIT, NS_PER_S, "again"); /* is nothing */
	cr_assert(eq(i64, scope_effective_deadline(), 5 * NS_PER_S));
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "please farewell"));
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	cr_assert(n.scope.absorbed && !n.scope.requested);
	return 0;
}

RT_TEST(scope, C7_a_shield_hides_a_soft_cancellation)
{
	struct scope s, shield;

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel_soft(&s, CANCEL_EXPLICIT, NS_PER_S, "please");
	scope_enter_shield(&shield, NS_PER_S / 2);
	cr_assert(not(task_cancelling()));
	cr_assert(scope_cause() == NULL);
	expect(scope_leave(&shield, soft_wait()), 0); /* until its bound */
	cr_assert(eq(i64, rt_now(), NS_PER_S / 2));
	expect(soft_wait(), -ECANCELED); /* was asked before */
	return scope_leave(&s, -ECANCELED);
}
