/* Cancel scopes: deadlines, levels and shields, who absorbs a cancellation, and misuse. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "tests/unit/rt_run.h"

RT_TEST(scope, C4_an_inner_deadline_is_absorbed_by_its_scope)
{
	struct scope s;

	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave(&s, task_sleep_forever()), 0);
	cr_assert(s.requested && s.absorbed);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	return 0;
}

RT_TEST(scope, C4_outermost_absorbs)
{
	struct scope outer, inner;
	int r;

	scope_enter_after(&outer, NS_PER_S);
	scope_enter_after(&inner, NS_PER_S);
	r = task_sleep_forever();
	r = scope_leave(&inner, r);
	expect(r, -ECANCELED);
	cr_assert(inner.requested && !inner.absorbed);
	expect(scope_leave(&outer, r), 0);
	cr_assert(outer.absorbed);
	return 0;
}

RT_TEST(scope, C4_B18_what_was_not_delivered_is_not_absorbed)
{
	struct scope s;

	scope_init(&s);
	scope_enter(&s);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(scope_leave(&s, 0), 0);
	cr_assert(s.requested && !s.absorbed);
	expect(task_checkpoint(), 0);
	return 0;
}

RT_TEST(scope, C4_other_outcomes_pass)
{
	struct scope s;

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(scope_leave(&s, -EIO), -EIO);
	cr_assert(not(s.absorbed));
	scope_enter_until(&s, TIME_NEVER);
	expect(scope_leave(&s, -ECANCELED), -ECANCELED); /* it was not ours */
	return 0;
}

RT_TEST(scope, C4_leave_timeout_tells_deadline_from_cancel)
{
	struct scope s;

	scope_enter_after(&s, 1);
	expect(scope_leave_timeout(&s, task_sleep_forever()), -ETIMEDOUT);
	scope_enter_after(&s, 1);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(scope_leave_timeout(&s, task_sleep_forever()), 0);
	scope_enter_after(&s, 1);
	expect(scope_leave_timeout(&s, 7), 7);
	return 0;
}

RT_TEST(scope, C1_C2_B9_cancellation_is_a_level_that_shields_hide)
{
	struct scope s, shield;

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(task_check(), -ECANCELED);
	expect(task_checkpoint(), -ECANCELED);
	expect(task_sleep_forever(), -ECANCELED);
	scope_enter_shield(&shield, NS_PER_S);
	expect(task_checkpoint(), 0);
	expect(task_checkpoint(), 0);
	expect(scope_leave(&shield, 0), 0);
	expect(task_checkpoint(), -ECANCELED);
	return scope_leave(&s, -ECANCELED);
}

RT_TEST(scope, C3_B10_cancel_is_idempotent_and_works_before_entry)
{
	struct scope s;

	scope_init(&s);
	scope_cancel(&s, CANCEL_EXPLICIT, "first");
	scope_cancel(&s, CANCEL_PREEMPTION, "second");
	cr_assert(scope_cancelled(&s));
	scope_enter(&s);
	expect(task_sleep(1), -ECANCELED);
	expect(task_sleep(1), -ECANCELED);
	cr_assert(eq(str, (char *)scope_cause()->reason, "first"));
	return scope_leave(&s, -ECANCELED);
}

RT_TEST(scope, C5_B20_an_unentered_scope_with_a_past_deadline_is_cancelled_for_good)
{
	struct scope s;

	scope_init(&s);
	scope_set_deadline(&s, NS_PER_S);
	cr_assert(not(scope_cancelled(&s)));
	expect(task_sleep(2 * NS_PER_S), 0);
	cr_assert(scope_cancelled(&s));
	scope_set_deadline(&s, TIME_NEVER);
	cr_assert(scope_cancelled(&s));
	scope_enter(&s);
	expect(task_checkpoint(), -ECANCELED);
	return scope_leave(&s, -ECANCELED);
}

RT_TEST(scope, C5_B16_deadlines)
{
	struct scope s;

	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave(&s, 0), 0);
	expect(task_sleep(2 * NS_PER_S), 0); /* it has been left: never fires */
	cr_assert(not(s.requested));

	scope_enter_after(&s, 10 * NS_PER_S);
	scope_set_deadline(&s, rt_now() - 1);
	expect(task_checkpoint(), -ECANCELED);
	scope_set_deadline(&s, TIME_NEVER);
	expect(task_checkpoint(), -ECANCELED);
	expect(scope_leave(&s, -ECANCELED), 0);
	cr_assert(s.absorbed && s.requested);
	return 0;
}

RT_TEST(scope, C5_a_deadline_may_move_both_ways)
{
	struct scope s;

	scope_enter_after(&s, NS_PER_S);
	scope_set_deadline(&s, 3 * NS_PER_S);
	expect(task_sleep(2 * NS_PER_S), 0);
	scope_set_deadline(&s, rt_now() + 1);
	expect(scope_leave(&s, task_sleep_forever()), 0);
	cr_assert(eq(i64, rt_now(), 2 * NS_PER_S + 1));
	return 0;
}

RT_TEST(scope, C5_B30_effective_deadline)
{
	struct scope outer, inner;

	cr_assert(eq(i64, scope_effective_deadline(), TIME_NEVER));
	scope_enter_until(&outer, 5);
	scope_enter_until(&inner, 10);
	cr_assert(eq(i64, scope_effective_deadline(), 5));
	scope_set_deadline(&inner, 3);
	cr_assert(eq(i64, scope_effective_deadline(), 3));
	expect(scope_leave(&inner, 0), 0);
	scope_enter_shield(&inner, 10);
	cr_assert(eq(i64, scope_effective_deadline(), 10));
	scope_cancel(&outer, CANCEL_EXPLICIT, "test");
	cr_assert(eq(i64, scope_effective_deadline(), 10));
	expect(scope_leave(&inner, 0), 0);
	cr_assert(eq(i64, scope_effective_deadline(), INT64_MIN));
	expect(scope_leave(&outer, -ECANCELED), 0);
	cr_assert(eq(i64, scope_effective_deadline(), TIME_NEVER));
	return 0;
}

static int cancel_after_1s(void *arg)
{
	expect(task_sleep(NS_PER_S), 0);
	scope_cancel(arg, CANCEL_PREEMPTION, "somebody better came");
	return 0;
}

RT_TEST(scope, C8_provenance)
{
	const struct cancel_cause *cause;
	struct nursery n;
	struct scope s;

	cr_assert(scope_cause() == NULL);
	nursery_open(&n);
	scope_init(&s);
	nursery_go(&n, "rival", cancel_after_1s, &s);
	scope_enter(&s);
	expect(task_sleep_forever(), -ECANCELED);
	cause = scope_cause();
	cr_assert(eq(int, cause->source, CANCEL_PREEMPTION));
	cr_assert(eq(str, (char *)cause->task, "rival"));
	cr_assert(eq(str, (char *)cause->reason, "somebody better came"));
	cr_assert(eq(i64, cause->t_ns, NS_PER_S));
	expect(scope_leave(&s, -ECANCELED), 0);
	return nursery_close(&n, 0);
}

static int sleeps_in_scope(void *arg)
{
	scope_enter((struct scope *)arg);
	return scope_leave(arg, task_sleep_forever());
}

RT_TEST(scope, C3_B20_cancel_from_another_task_takes_effect_at_once)
{
	struct nursery n;
	struct scope s;

	scope_init(&s);
	nursery_open(&n);
	nursery_go(&n, "sleeper", sleeps_in_scope, &s);
	expect(task_wait_all_blocked(), 0);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(nursery_close(&n, 0), 0);
	cr_assert(s.absorbed);
	cr_assert(eq(i64, rt_now(), 0));
	return 0;
}

RT_TEST(scope, B20_a_shield_set_before_entry)
{
	struct scope outer, s;

	scope_init(&s);
	scope_set_shield(&s, NS_PER_S);
	expect(task_sleep(5 * NS_PER_S), 0); /* the bound counts from the entry */
	scope_enter_until(&outer, rt_now());
	expect(task_checkpoint(), -ECANCELED);
	scope_enter(&s);
	expect(task_checkpoint(), 0);
	expect(task_sleep(2 * NS_PER_S), -ECANCELED);
	cr_assert(eq(i64, rt_now(), 6 * NS_PER_S));
	expect(scope_leave(&s, -ECANCELED), 0);
	cr_assert(s.absorbed);
	expect(task_checkpoint(), -ECANCELED);
	return scope_leave(&outer, -ECANCELED);
}

RT_TEST_REAL(scope, R2_B25_a_checkpoint_notices_a_deadline_that_passed_meanwhile)
{
	struct timespec pause = {.tv_nsec = 2000000};
	struct scope s;

	scope_enter_after(&s, NS_PER_MS);
	nanosleep(&pause, NULL); /* the computation */
	expect(task_checkpoint(), -ECANCELED);
	return scope_leave(&s, -ECANCELED);
}

static int misordered(void *arg)
{
	struct scope outer, inner;

	(void)arg;
	scope_enter_until(&outer, TIME_NEVER);
	scope_enter_until(&inner, TIME_NEVER);
	return scope_leave(&outer, 0);
}

static int entered_twice(void *arg)
{
	struct scope s;

	(void)arg;
	scope_enter_until(&s, TIME_NEVER);
	scope_enter(&s);
	return 0;
}

static int leaves_anothers(void *arg)
{
	return scope_leave(arg, 0);
}

static int left_by_another(void *arg)
{
	struct nursery n;
	struct scope s;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "thief", leaves_anothers, &s);
	scope_enter_until(&s, TIME_NEVER);
	return task_sleep_forever();
}

static int forgets_to_leave(void *arg)
{
	struct scope s;

	(void)arg;
	scope_enter_until(&s, TIME_NEVER);
	return 0;
}

Test(scope, C9_B21_leaving_out_of_order_aborts_and_names_both)
{
	dies_of(SIGABRT, misordered,
		"task main left the scope entered in misordered() while the one "
		"entered in misordered() is still entered");
}

Test(scope, C9_B20_entering_twice_aborts)
{
	dies_of(SIGABRT, entered_twice,
		"task main entered a scope for the second time: it was entered "
		"by task main in entered_twice()");
}

Test(scope, C9_B22_leaving_the_scope_of_another_task_aborts)
{
	dies_of(SIGABRT, left_by_another,
		"task thief left a scope that it did not enter: it was "
		"entered by task main in left_by_another()");
}

Test(scope, C9_a_task_that_ends_inside_a_scope_aborts)
{
	dies_of(SIGABRT, forgets_to_leave,
		"task main ended inside a scope that it had entered");
}
