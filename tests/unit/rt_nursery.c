/* Nurseries: children, failures, handles, services. */
#include <stdlib.h>

#include "daemon/rt/scope.h"
#include "tests/unit/rt_children.h"

/* Fails although it is told to end. */
static int fails_on_cancel(void *arg)
{
	(void)arg;
	(void)task_sleep_forever();
	return -EPROTO;
}

static int spins(void *arg)
{
	int r;

	(void)arg;
	do
		r = task_checkpoint();
	while (r == 0);
	say("saw%d", r == -ECANCELED);
	return r;
}

RT_TEST(nursery, N1_close_waits_for_every_child)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", done, NULL);
	nursery_go(&n, "b", done, NULL);
	cr_assert(eq(u32, nursery_size(&n), 2));
	expect(nursery_close(&n, 9), 9);
	cr_assert(eq(str, (char *)heard(), "done done"));
	return 0;
}

RT_TEST(nursery, N2_B3_B6_a_childs_failure_wakes_the_body)
{
	struct nursery n;
	int r;

	nursery_open(&n);
	nursery_go(&n, "imu", fails, &address);
	r = task_sleep_forever();
	expect(r, -ECANCELED);
	expect(nursery_close(&n, r), -EIO);
	cr_assert(eq(str, (char *)error_last(-EIO)->text, "no answer at 0x68"));
	cr_assert(eq(str, (char *)error_last(-EIO)->task, "imu"));
	return 0;
}

RT_TEST(nursery, N2_B2_the_bodys_failure_cancels_the_children)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", forever, NULL);
	expect(task_wait_all_blocked(), 0);
	expect(nursery_close(&n, error_set(-EINVAL, "mine")), -EINVAL);
	cr_assert(eq(str, (char *)heard(), "cancelled1"));
	cr_assert(eq(str, (char *)error_last(-EINVAL)->text, "mine"));
	return 0;
}

RT_TEST(nursery, N2_B7_a_failure_cancels_a_sibling_that_spins)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "spinner", spins, NULL);
	nursery_go(&n, "imu", fails, &address);
	expect(nursery_close(&n, 0), -EIO);
	cr_assert(eq(str, (char *)heard(), "saw1"));
	return 0;
}

RT_TEST(nursery, N3_B4_B5_one_shape_for_several_errors)
{
	const struct error *e;
	struct nursery n;
	char text[512];

	nursery_open(&n);
	nursery_go(&n, "imu", fails, &address);
	nursery_go(&n, "late", fails_on_cancel, NULL);
	expect(nursery_close(&n, -EINVAL), -EINVAL);
	e = error_last(-EINVAL);
	cr_assert(eq(int, e->others->code, -EIO));
	cr_assert(eq(int, e->others->next->code, -EPROTO));
	cr_assert(e->others->next->next == NULL);
	cr_assert(
		eq(str, error_format(e, text, sizeof(text)),
		   "main: EINVAL; and 2 more: imu: no answer at 0x68 (EIO), cancelled by "
		   "main 0.000 s earlier: main failed (nursery); late: EPROTO, cancelled "
		   "by main 0.000 s earlier: main failed (nursery)"));
	cr_assert(eq(str, error_format(e, text, 12), "main: EINVA"));
	return 0;
}

static int nested(void *arg)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "inner", fails, arg);
	return nursery_close(&n, 0);
}

RT_TEST(nursery, N3_an_error_keeps_its_text_through_nurseries)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "outer", nested, &address);
	expect(nursery_close(&n, 0), -EIO);
	cr_assert(eq(str, (char *)error_last(-EIO)->task, "inner"));
	return 0;
}

RT_TEST(nursery, N3_cancellation_is_not_an_error)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", forever, NULL);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "test");
	expect(nursery_close(&n, 4), 4);
	cr_assert(n.scope.absorbed);
	return 0;
}

RT_TEST(nursery, N2_a_cancellation_from_outside_passes)
{
	struct nursery n;
	struct scope s;
	int r;

	scope_enter_after(&s, NS_PER_S);
	nursery_open(&n);
	nursery_go(&n, "a", forever, NULL);
	r = nursery_close(&n, 4); /* the body has ended well, the child is cut short */
	expect(r, -ECANCELED);
	expect(scope_leave(&s, r), 0);
	cr_assert(s.absorbed);
	return 0;
}

RT_TEST(nursery, C4_B34_an_error_passes_a_cancelled_scope_unchanged)
{
	struct nursery n;
	struct scope s;

	scope_enter_until(&s, TIME_NEVER);
	nursery_open(&n);
	nursery_go(&n, "late", fails_on_cancel, NULL);
	expect(task_wait_all_blocked(), 0);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(scope_leave(&s, nursery_close(&n, 0)), -EPROTO);
	cr_assert(not(s.absorbed));
	return 0;
}

RT_TEST(nursery, R2_B31_close_is_a_schedule_point_and_no_cancel_point)
{
	struct nursery n, outer;
	struct scope s;

	nursery_open(&outer);
	nursery_go(&outer, "other", done, NULL);
	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	nursery_open(&n);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "done"));
	nursery_open(&n);
	nursery_go(&n, "a", done, NULL);
	expect(nursery_close(&n, 0), 0);
	expect(scope_leave(&s, 0), 0);
	cr_assert(not(s.absorbed));
	return nursery_close(&outer, 0);
}

static int start_and_sleep(void *arg)
{
	(void)arg;
	say("started");
	return forever(NULL);
}

RT_TEST(nursery, N4_B12_a_child_of_a_cancelled_nursery_runs_to_its_first_checkpoint)
{
	struct nursery n;

	nursery_open(&n);
	nursery_cancel(&n, "test");
	nursery_go(&n, "a", start_and_sleep, NULL);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "started cancelled1"));
	return 0;
}

static int two_grandchildren(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "x", forever, NULL);
	nursery_go(&n, "y", forever, NULL);
	return nursery_close(&n, 0);
}

RT_TEST(nursery, C1_B14_a_cancel_reaches_grandchildren)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", two_grandchildren, NULL);
	nursery_go(&n, "b", two_grandchildren, NULL);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "test");
	expect(nursery_close(&n, 0), 0);
	cr_assert(
		eq(str, (char *)heard(), "cancelled1 cancelled1 cancelled1 cancelled1"));
	return 0;
}

static int adds_a_sibling(void *arg)
{
	expect(task_sleep(NS_PER_S), 0);
	expect(nursery_go(arg, "sibling", done, NULL), 0);
	return 0;
}

RT_TEST(nursery, N4_B26_siblings_may_come_while_it_closes_and_not_after)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", adds_a_sibling, &n);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "done"));
	expect(nursery_go(&n, "late", done, NULL), -EINVAL);
	return 0;
}

static int returns_7(void *arg)
{
	task_set_value(arg);
	return 7;
}

RT_TEST(nursery, N5_join_hands_out_the_outcome)
{
	const struct task_opt opt = {.name = "child"};
	struct child ok, bad, cut;
	struct nursery n;

	nursery_open(&n);
	expect(nursery_start(&n, &ok, &opt, returns_7, &address), 0);
	cr_assert(eq(int, ok.state, CHILD_RUNNING));
	expect(child_join(&ok), 0);
	expect(child_join(&ok), 0);
	cr_assert(eq(int, ok.state, CHILD_DONE));
	cr_assert(eq(int, ok.result, 7));
	cr_assert(ok.value == &address);

	expect(nursery_start(&n, &cut, &opt, forever, NULL), 0);
	expect(task_wait_all_blocked(), 0);
	child_cancel(&cut, CANCEL_EXPLICIT, "test");
	expect(child_join(&cut), 0); /* the child's cancellation, not the joiner's */
	cr_assert(eq(int, cut.state, CHILD_CANCELLED));
	child_cancel(&cut, CANCEL_EXPLICIT, "again");

	expect(nursery_start(&n, &bad, &opt, fails, &address), 0);
	expect(child_join(&bad), 0);      /* it ended, */
	expect(task_check(), -ECANCELED); /* and its failure cancels the nursery */
	expect(nursery_close(&n, 0), -EIO);
	cr_assert(eq(int, bad.state, CHILD_FAILED));
	return 0;
}

static int serves(void *arg)
{
	(void)arg;
	say("serve");
	forever(NULL);
	return -ECANCELED;
}

static int naps(void *arg)
{
	(void)arg;
	expect(task_sleep(NS_PER_S), 0);
	return say("napped");
}

RT_TEST(nursery, N6_services_go_last_by_themselves)
{
	const struct task_opt opt = {.name = "service", .service = true};
	struct nursery n;

	nursery_open(&n);
	nursery_start(&n, NULL, &opt, serves, NULL);
	nursery_go(&n, "napper", naps, NULL);
	expect(nursery_close(&n, 3), 3);
	cr_assert(eq(str, (char *)heard(), "serve napped cancelled1"));
	return 0;
}

RT_TEST(nursery, N6_C6_a_service_cut_short_from_outside_takes_nothing_from_the_body)
{
	const struct task_opt opt = {.name = "service", .service = true};
	struct nursery n;
	struct scope s;

	scope_enter_until(&s, TIME_NEVER);
	nursery_open(&n);
	nursery_start(&n, NULL, &opt, serves, NULL);
	expect(task_wait_all_blocked(), 0);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(nursery_close(&n, 3), 3); /* the body had come to its end */
	expect(scope_leave(&s, 0), 0);
	cr_assert(eq(str, (char *)heard(), "serve cancelled1"));
	return 0;
}

static int too_many;

static int starts_until_none(void *arg)
{
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	do
		r = nursery_go(&n, "one of many", forever, NULL);
	while (r == 0 && ++too_many < 40000);
	r = nursery_close(&n, 0);
	if (r < 0 && r != -ECANCELED)
		cr_assert(strstr(error_last(r)->text,
				 r == -EAGAIN ? "too many tasks for the kernel"
					      : "no memory for its stack") != NULL);
	return r;
}

Test(nursery, N2_too_many_tasks_are_an_error_of_the_nursery)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	int r;

#ifdef TESTS_CROSS_CRITERION_H
	cr_skip_test("tools and emulators have no room for so many stacks");
#endif
	too_many = 0;
	r = rt_run(&conf, starts_until_none, NULL);
	cr_assert(too_many > 1000);
	cr_assert(r == -EAGAIN || r == -ENOMEM || too_many == 40000, "%d: %d", too_many,
		  r);
}

static int fails_after_1s(void *arg)
{
	expect(task_sleep(NS_PER_S), 0);
	return fails(arg);
}

static int cleans_up(void *arg)
{
	struct scope s;

	(void)arg;
	(void)task_sleep_forever();
	scope_enter_shield(&s, NS_PER_S);
	expect(task_sleep(NS_PER_S / 2), 0);
	expect(scope_leave(&s, 0), 0);
	return error_set(-EPROTO, "no good-bye");
}

RT_TEST(nursery, C8_an_error_tells_what_its_task_was_cancelled_for)
{
	const struct task_opt opt = {.name = "cut"};
	const struct error *late;
	struct nursery n;
	struct child cut;
	char text[256];

	nursery_open(&n);
	nursery_go(&n, "imu", fails_after_1s, &address);
	nursery_go(&n, "late", cleans_up, NULL);
	nursery_start(&n, &cut, &opt, forever, NULL);
	expect(nursery_close(&n, 0), -EIO);
	late = error_last(-EIO)->others;
	cr_assert(not(error_last(-EIO)->cancelled));
	cr_assert(late->cancelled);
	cr_assert(eq(int, late->cause.source, CANCEL_NURSERY));
	cr_assert(eq(i64, late->cause.t_ns, NS_PER_S));
	cr_assert(eq(str, error_format(late, text, sizeof(text)),
		     "late: no good-bye (EPROTO), cancelled by imu 0.500 s earlier: imu "
		     "failed (nursery)"));
	cr_assert(eq(int, cut.state, CHILD_CANCELLED));
	cr_assert(eq(str, (char *)cut.cause.task, "imu"));
	cr_assert(eq(str, (char *)cut.cause.reason, "imu failed"));
	return 0;
}

static int cancels_root(void *arg)
{
	(void)arg;
	rt_cancel("enough");
	return task_sleep_forever();
}

Test(nursery, C8_a_cancelled_root_is_told_to_the_caller_of_run)
{
	expect(rt_run(NULL, cancels_root, NULL), -ECANCELED);
}

static int closes(void *arg)
{
	return nursery_close(arg, 0);
}

static int closed_by_another(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "thief", closes, &n);
	return task_sleep_forever();
}

Test(nursery, N1_closing_the_nursery_of_another_task_aborts)
{
	dies_of(SIGABRT, closed_by_another, "task thief closes the nursery of task main");
}
