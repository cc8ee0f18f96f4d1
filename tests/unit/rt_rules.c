/* Clauses of rules and scenarios that belong to no single header. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "daemon/rt/choose.h"
#include "daemon/rt/combine.h"
#include "daemon/rt/event.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/signals.h"
#include "tests/unit/rt_run.h"

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int forever(void *arg)
{
	(void)arg;
	return task_sleep_forever();
}

static int fails(void *arg)
{
	(void)arg;
	return -EIO;
}

/* What need not wait is a checkpoint all the same. */
RT_TEST(rules, R2_every_call_that_may_suspend_is_a_checkpoint)
{
	const struct task_opt opt = {.name = "child"};
	struct event_listener l;
	struct choice_timer past;
	struct choice_case *const cases[] = {choice_timer(&past, 0)};
	struct periodic p;
	struct nursery n;
	struct child child;
	struct event e;
	struct tick tick;
	struct chan c;
	int v = 1, fds[2];

	expect(chan_init(&c, "test", sizeof(v), 1), 0);
	expect_checkpoint(chan_send(&c, &v), 0);
	expect_checkpoint(chan_recv(&c, &v), 0);
	chan_fini(&c);
	expect(pipe2(fds, O_NONBLOCK), 0);
	expect_checkpoint(fd_write(fds[1], "x", 1), 1);
	expect_checkpoint(fd_wait(fds[0], FD_READ), 0);
	expect_checkpoint(fd_wait_kept(fds[0]), 0);
	expect_checkpoint(fd_read(fds[0], &v, 1), 1);
	fd_close(fds[0]);
	fd_close(fds[1]);
	event_init(&e, "test");
	event_listen(&l, &e, true);
	expect_checkpoint(event_next(&l), 0);
	expect_checkpoint(task_sleep(0), 0);
	expect_checkpoint(choose(cases, 1), 0);
	periodic_init(&p, NS_PER_S, PERIODIC_SKIP);
	expect_checkpoint(periodic_next(&p, &tick), 0);
	nursery_open(&n);
	expect(nursery_start(&n, &child, &opt, nothing, NULL), 0);
	expect(child_join(&child), 0);
	expect_checkpoint(child_join(&child), 0);
	expect_checkpoint(nursery_close(&n, 0), 0);
	return 0;
}

static int takes_turns(void *arg)
{
	int first = *(int *)arg;

	turn(first);
	say("%d", first);
	turn(first + 2);
	say("%d", first + 2);
	return 0;
}

RT_TEST(rules, T2_a_sequencer)
{
	int numbers[] = {1, 0};
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "odd", takes_turns, &numbers[0]);
	nursery_go(&n, "even", takes_turns, &numbers[1]);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "0 1 2 3"));
	return 0;
}

static int reads_one(void *arg)
{
	char c;

	expect(fd_read(*(int *)arg, &c, 1), 1);
	say("%d", (int)passes_now());
	return 0;
}

RT_TEST(rules, R4_descriptors_are_looked_at_within_32_passes)
{
	uint64_t written, seen;
	struct nursery n;
	int fds[2];

	expect(pipe2(fds, O_NONBLOCK), 0);
	nursery_open(&n);
	nursery_go(&n, "reader", reads_one, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	expect(write(fds[1], "x", 1), 1);
	written = passes_now();
	for (int i = 0; i < 100; i++) /* never idle */
		expect(task_checkpoint(), 0);
	expect(nursery_close(&n, 0), 0);
	seen = strtoul(heard(), NULL, 10);
	cr_assert(seen - written <= 34, "%d passes", (int)(seen - written));
	fd_close(fds[0]);
	fd_close(fds[1]);
	return 0;
}

static uint64_t polls_now(void)
{
	struct rt_stats stats;

	rt_stats(&stats);
	return stats.polls;
}

static int computes(void *arg)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * NS_PER_S + b.tv_nsec - a.tv_nsec < 250000);
	*(uint64_t *)arg = polls_now();
	return 0;
}

RT_TEST_REAL(rules, R4_and_within_200_us_also_inside_a_pass)
{
	uint64_t polls[5], pass = passes_now();
	struct nursery n;

	nursery_open(&n);
	for (int i = 0; i < 5; i++)
		nursery_go(&n, "computing", computes, &polls[i]);
	expect(task_checkpoint(), 0);
	cr_assert(eq(u64, passes_now(), pass + 1)); /* they ran in one pass */
	for (int i = 1; i < 5; i++)
		cr_assert(polls[i] > polls[i - 1]);
	return nursery_close(&n, 0);
}

/* The cause that the running task sees; it is cancelled. */
static enum cancel_source source_now(void)
{
	expect(task_checkpoint(), -ECANCELED);
	return scope_cause()->source;
}

RT_TEST(rules, C8_sources)
{
	struct nursery n;
	struct scope s;

	scope_enter_until(&s, rt_now());
	cr_assert(eq(int, source_now(), CANCEL_DEADLINE));
	expect(scope_leave(&s, -ECANCELED), 0);
	nursery_open(&n);
	nursery_go(&n, "failing", fails, NULL);
	expect(task_checkpoint(), -ECANCELED);
	cr_assert(eq(int, source_now(), CANCEL_NURSERY));
	expect(nursery_close(&n, -ECANCELED), -EIO);
	cr_assert(error_last(-EIO)->others == NULL); /* B-3: exactly that one */
	nursery_open(&n);
	expect(nursery_close(&n, -EPROTO), -EPROTO);
	cr_assert(error_last(-EPROTO)->others == NULL); /* B-2 */
	return 0;
}

static int sees_shutdown(void *arg)
{
	(void)arg;
	rt_cancel("test");
	cr_assert(eq(int, source_now(), CANCEL_SHUTDOWN));
	return -ECANCELED;
}

Test(rules, C8_shutdown)
{
	expect(rt_run(NULL, sees_shutdown, NULL), -ECANCELED);
}

RT_TEST(rules, B18_only_a_shielded_checkpoint_inside)
{
	struct scope s, shield;

	scope_enter_until(&s, TIME_NEVER);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	scope_enter_shield(&shield, NS_PER_S);
	expect(task_checkpoint(), 0);
	expect(scope_leave(&shield, 0), 0);
	expect(scope_leave(&s, 0), 0);
	cr_assert(s.requested && !s.absorbed);
	return task_checkpoint();
}

RT_TEST(rules, B27_ready_in_a_function_that_is_called_directly)
{
	expect(task_ready(NULL), 0);
	expect(task_ready(NULL), -EALREADY);
	return 0;
}

static int sends(void *chan)
{
	int v = 1;

	say("%d", chan_send(chan, &v));
	return 0;
}

RT_TEST(rules, B41_senders_that_wait_end_when_the_last_receiver_closes)
{
	struct nursery n;
	struct chan c;

	expect(chan_init(&c, "test", sizeof(int), 0), 0);
	chan_clone_receiver(&c);
	nursery_open(&n);
	nursery_go(&n, "a", sends, &c);
	nursery_go(&n, "b", sends, &c);
	expect(task_wait_all_blocked(), 0);
	chan_close_receiver(&c);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), ""));
	chan_close_receiver(&c);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "-32 -32"));
	chan_fini(&c);
	return 0;
}

RT_TEST(rules, MW2_a_deadline_inside)
{
	const struct call never = CALL("never", forever, NULL);
	struct scope s;
	bool moved;

	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave(&s, move_on_when(&never, &never, &moved)), 0);
	cr_assert(s.requested && s.absorbed && !moved);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	return 0;
}

struct listening {
	struct event *event;
	int64_t body_ns;
	int count;
};

static int listens(void *arg)
{
	struct listening *me = arg;
	struct event_listener l;
	int r;

	event_listen(&l, me->event, false);
	while ((r = event_next(&l)) == 0) {
		me->count++;
		r = task_sleep(me->body_ns);
		if (r < 0)
			break;
	}
	return r;
}

RT_TEST(rules, RE3_two_listeners)
{
	struct event e;
	struct listening a = {.event = &e, .body_ns = NS_PER_S};
	struct listening b = {.event = &e, .body_ns = 2 * NS_PER_S};
	const int64_t naps_ns[] = {0, 1500 * NS_PER_MS, 600 * NS_PER_MS, 0, 3 * NS_PER_S};
	const bool sets[] = {true, true, false, true, false};
	const int counts[][2] = {{1, 1}, {2, 1}, {2, 2}, {2, 2}, {3, 3}};
	struct nursery n;

	event_init(&e, "test");
	event_set(&e); /* lost */
	nursery_open(&n);
	nursery_go(&n, "a", listens, &a);
	nursery_go(&n, "b", listens, &b);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(int, a.count + b.count, 0));
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		expect(task_sleep(naps_ns[i]), 0);
		if (sets[i])
			event_set(&e);
		expect(task_wait_all_blocked(), 0);
		cr_assert(eq(int, a.count, counts[i][0]), "step %zu", i);
		cr_assert(eq(int, b.count, counts[i][1]), "step %zu", i);
	}
	nursery_cancel(&n, "test");
	return nursery_close(&n, 0);
}

RT_TEST(rules, RE4_a_set_between_two_sessions)
{
	struct event_listener l;
	struct event e;
	struct scope s;

	event_init(&e, "test");
	event_listen(&l, &e, false);
	event_set(&e);
	expect(event_next(&l), 0);
	event_set(&e);
	event_listen(&l, &e, false);
	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave_timeout(&s, event_next(&l)), -ETIMEDOUT);
	event_listen(&l, &e, true);
	return event_next(&l);
}

RT_TEST(rules, N7_R10_choose_waits_for_signals)
{
	static const int signos[] = {SIGUSR1, 0};
	struct choice_timer late;
	struct choice_fd in;
	struct signals s;

	expect(signals_open(&s, signos), 0);
	for (int want = 1; want >= 0; want--) {
		struct choice_case *const cases[] = {
			choice_signal(&in, &s),
			choice_timer(&late, rt_now() + NS_PER_S),
		};

		if (want == 0)
			raise(SIGUSR1);
		expect(choose(cases, 2), want);
	}
	expect(signals_recv(&s), SIGUSR1);
	signals_close(&s);
	return 0;
}

/* B-20: a scope that was left is not entered again, nor one by two tasks. */
static int enters_again(void *arg)
{
	struct scope s;

	(void)arg;
	scope_enter_until(&s, TIME_NEVER);
	expect(scope_leave(&s, 0), 0);
	scope_enter(&s);
	return 0;
}

static int enters(void *scope)
{
	scope_enter((struct scope *)scope);
	return 0;
}

static int entered_by_two(void *arg)
{
	struct nursery n;
	struct scope s;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "second", enters, &s);
	scope_enter_until(&s, TIME_NEVER);
	return task_sleep_forever();
}

static int enters_for_a_negative_time(void *arg)
{
	struct scope s;

	(void)arg;
	scope_enter_after(&s, -1);
	return 0;
}

Test(rules, C9_B20_a_scope_is_used_once)
{
	dies_of(SIGABRT, enters_again, "task main entered a scope for the second time");
}

Test(rules, C9_B20_entering_the_scope_of_another_task)
{
	dies_of(SIGABRT, entered_by_two,
		"task second entered a scope for the second time: it was entered by task "
		"main in entered_by_two()");
}

Test(rules, C5_a_negative_time_is_refused)
{
	dies_of(SIGABRT, enters_for_a_negative_time, "ns >= 0");
}
