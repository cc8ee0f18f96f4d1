/* Choosing one of several waits. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/rt/choose.h"
#include "daemon/rt/dump.h"
#include "tests/unit/rt_run.h"

static int sends_7_after_1s(void *arg)
{
	int v = 7;

	expect(task_sleep(NS_PER_S), 0);
	return chan_send(arg, &v);
}

RT_TEST(choose, N7_a_channel_or_a_timer)
{
	struct choice_chan got;
	struct choice_timer late;
	struct nursery n;
	struct chan c;
	int v = 0;

	expect(chan_init(&c, "test", sizeof(v), 0), 0);
	nursery_open(&n);
	nursery_go(&n, "sender", sends_7_after_1s, &c);
	for (int turn = 0; turn < 2; turn++) {
		struct choice_case *const cases[] = {
			choice_recv(&got, &c, &v),
			choice_timer(&late, 2 * NS_PER_S),
		};

		expect(choose(cases, 2), turn);
		expect(cases[turn]->result, 0);
	}
	cr_assert(eq(int, v, 7));
	cr_assert(eq(i64, rt_now(), 2 * NS_PER_S));
	chan_fini(&c);
	return nursery_close(&n, 0);
}

RT_TEST(choose, N7_what_can_happen_at_once_is_chosen_in_order)
{
	struct choice_chan first, second;
	struct choice_timer past;
	struct chan a, b;
	int v = 1, w = 0;

	expect(chan_init(&a, "a", sizeof(v), 1), 0);
	expect(chan_init(&b, "b", sizeof(v), 1), 0);
	expect(chan_try_send(&b, &v), 0);
	struct choice_case *const cases[] = {
		choice_recv(&first, &a, &w),
		choice_recv(&second, &b, &w),
		choice_timer(&past, 0),
	};
	expect(choose(cases, 3), 1);
	cr_assert(eq(int, w, 1));
	cr_assert(eq(sz, chan_count(&b), 0));
	expect(chan_try_send(&a, &v), 0); /* nobody waits there any more */
	cr_assert(eq(sz, chan_count(&a), 1));
	chan_close(&b);
	expect(chan_try_recv(&a, &w), 0);
	expect(choose(cases, 2), 1);
	expect(cases[1]->result, -EPIPE);
	chan_fini(&a);
	chan_fini(&b);
	return 0;
}

static int chooses_both(void *arg)
{
	struct chan *c = arg;
	struct choice_chan x, y;
	int v[2] = {0};
	struct choice_case *const cases[] = {
		choice_recv(&x, &c[0], &v[0]),
		choice_recv(&y, &c[1], &v[1]),
	};
	int i = choose(cases, 2);

	say("%d %d %d", i, v[0], v[1]);
	return i < 0 ? i : 0;
}

RT_TEST(choose, N7_C6_two_events_in_one_step_commit_exactly_one)
{
	struct nursery n;
	struct chan c[2];
	int v = 5;

	expect(chan_init(&c[0], "a", sizeof(v), 1), 0);
	expect(chan_init(&c[1], "b", sizeof(v), 1), 0);
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses_both, c);
	expect(task_wait_all_blocked(), 0);
	expect(chan_try_send(&c[1], &v), 0); /* handed over */
	expect(chan_try_send(&c[0], &v), 0); /* stays in the channel */
	nursery_cancel(&n, "too late");
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "1 0 5"));
	cr_assert(eq(sz, chan_count(&c[0]), 1));

	expect(chan_try_recv(&c[0], &v), 0);
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses_both, c);
	expect(task_wait_all_blocked(), 0);
	nursery_cancel(&n, "in time");
	expect(chan_try_send(&c[0], &v), 0);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "-125 0 0"));
	cr_assert(eq(sz, chan_count(&c[0]), 1));
	chan_fini(&c[0]);
	chan_fini(&c[1]);
	return 0;
}

static int naps(void *arg)
{
	(void)arg;
	return task_sleep(NS_PER_S);
}

RT_TEST(choose, N7_descriptors_and_the_ends_of_children)
{
	const struct task_opt opt = {.name = "napper"};
	struct choice_child end;
	struct choice_fd in;
	struct nursery n;
	struct child c;
	int fds[2];

	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	nursery_open(&n);
	nursery_start(&n, &c, &opt, naps, NULL);
	struct choice_case *const cases[] = {
		choice_child(&end, &c),
		choice_fd(&in, fds[0], FD_READ),
	};
	expect(write(fds[1], "x", 1), 1);
	expect(choose(cases, 2), 1);
	cr_assert(eq(int, c.state, CHILD_RUNNING));
	expect(read(fds[0], &in, 1), 1);
	choice_fd(&in, fds[0], FD_READ);
	expect(choose(cases, 2), 0);
	cr_assert(eq(int, c.state, CHILD_DONE));
	expect(choose(cases, 2), 0); /* it has ended already */
	expect(fd_wait(fds[1], FD_WRITE), 0);
	fd_close(fds[0]);
	expect(choose(&cases[1], 1), 0);
	expect(in.c.result, -EBADF);
	fd_close(fds[1]);
	return nursery_close(&n, 0);
}

static void keep_wait(void *arg, const struct task_info *info)
{
	if (info->depth == 1)
		snprintf(arg, sizeof(info->waits_for), "%s", info->waits_for);
}

RT_TEST(choose, N8_the_dump_shows_the_cases)
{
	char text[sizeof((struct task_info){0}.waits_for)] = "";
	struct nursery n;
	struct chan c[2];

	expect(chan_init(&c[0], "orders", sizeof(int), 0), 0);
	expect(chan_init(&c[1], "replies", sizeof(int), 0), 0);
	nursery_open(&n);
	nursery_go(&n, "chooser", chooses_both, c);
	expect(task_wait_all_blocked(), 0);
	task_each(keep_wait, text);
	cr_assert(eq(str, text,
		     "choice (channel to receive orders, channel to receive replies)"));
	nursery_cancel(&n, "test");
	expect(nursery_close(&n, 0), 0);
	chan_fini(&c[0]);
	chan_fini(&c[1]);
	return 0;
}

RT_TEST(choose, N7_C5_under_a_deadline)
{
	struct choice_timer never;
	struct choice_case *const cases[] = {choice_timer(&never, TIME_NEVER)};
	struct scope s;

	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave_timeout(&s, choose(cases, 1)), -ETIMEDOUT);
	return 0;
}

static int sets_after_1s(void *arg)
{
	expect(task_sleep(NS_PER_S), 0);
	event_set(arg);
	return 0;
}

RT_TEST(choose, N7_P2_an_event_set_after_the_call)
{
	struct choice_event set;
	struct choice_timer late;
	struct nursery n;
	struct event e;

	event_init(&e, "test");
	event_set(&e); /* before does not count */
	nursery_open(&n);
	nursery_go(&n, "setter", sets_after_1s, &e);
	for (int turn = 0; turn < 2; turn++) {
		struct choice_case *const cases[] = {
			choice_event(&set, &e),
			choice_timer(&late, 2 * NS_PER_S),
		};

		expect(choose(cases, 2), turn);
	}
	event_set(&e); /* nobody waits any more */
	return nursery_close(&n, 0);
}

/* Both ends of one channel: a task never meets itself, and what it receives is not lost. */
RT_TEST(choose, N7_both_ends_of_a_channel)
{
	struct choice_chan out, in;
	struct choice_timer late;
	struct chan c;
	int sent = 1, got = 0;

	for (size_t cap = 0; cap < 2; cap++) {
		struct choice_case *const cases[] = {
			choice_send(&out, &c, &sent),
			choice_recv(&in, &c, &got),
			choice_timer(&late, rt_now() + NS_PER_S),
		};

		expect(chan_init(&c, "test", sizeof(sent), cap), 0);
		if (cap == 0) {
			expect(choose(cases, 3), 2);
		} else {
			expect(choose(cases, 3), 0);
			sent = 2;
			expect(choose(cases, 3), 1);
			cr_assert(eq(int, got, 1));
			cr_assert(eq(sz, chan_count(&c), 0));
		}
		chan_fini(&c);
	}
	return 0;
}
