/*
 * fd_read() and fd_wait_kept() leave their descriptor registered, and fd_read() waits before it tries where it had
 * to wait before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/rt/choose.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "tests/seed.h"
#include "tests/unit/rt_run.h"

/* A connected pair, both non-blocking. */
static void open_pair(int fds[2])
{
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	       0);
}

static void close_pair(int fds[2])
{
	fd_close(fds[0]);
	fd_close(fds[1]);
}

struct late {
	int fd;
	const char *text;
};

static int writes_late(void *arg)
{
	const struct late *l = arg;

	expect(task_sleep(NS_PER_MS), 0);
	expect(write(l->fd, l->text, strlen(l->text)), (ssize_t)strlen(l->text));
	return 0;
}

/* Have a task wait for long in fd_read(), so that the descriptor stays registered. */
static void read_late(int fds[2], const char *text)
{
	struct late l = {fds[1], text};
	struct nursery n;
	char c;

	nursery_open(&n);
	nursery_go(&n, "writer", writes_late, &l);
	expect(fd_read(fds[0], &c, 1), 1);
	cr_assert(eq(chr, c, text[0]));
	expect(nursery_close(&n, 0), 0);
}

static uint64_t polls(void)
{
	struct rt_stats s;

	rt_stats(&s);
	return s.polls;
}

RT_TEST_REAL(fd_kept, R4_what_nobody_reads_does_not_keep_the_loop_awake)
{
	uint64_t before;
	int fds[2];
	char c;

	open_pair(fds);
	read_late(fds, "ab");
	before = polls();
	for (int i = 0; i < 5; i++)
		expect(task_sleep(NS_PER_MS), 0);
	cr_assert(lt(u64, polls() - before, 20)); /* timers, and once the descriptor */
	expect(fd_read(fds[0], &c, 1), 1);
	cr_assert(eq(chr, c, 'b'));
	read_late(fds, "c");
	close_pair(fds);
	return 0;
}

RT_TEST(fd_kept, R7_a_number_that_was_closed_and_used_again)
{
	int fds[2], again[2];

	open_pair(fds);
	read_late(fds, "a");
	fd_close(fds[0]);
	open_pair(again);
	cr_assert(eq(int, again[0], fds[0]));
	read_late(again, "b");
	close_pair(again);
	fd_close(fds[1]);
	return 0;
}

RT_TEST(fd_kept, R7_a_number_that_was_closed_elsewhere_after_its_end)
{
	int fds[2], again[2];
	char c;

	open_pair(fds);
	read_late(fds, "a");
	fd_close(fds[1]);
	expect(fd_read(fds[0], &c, 1), 0);
	close(fds[0]); /* not through fd_close() */
	open_pair(again);
	cr_assert(eq(int, again[0], fds[0]));
	read_late(again, "b");
	close_pair(again);
	return 0;
}

RT_TEST(fd_kept, R2_what_came_before_the_wait_is_read)
{
	int fds[2];
	char text[8] = "";

	open_pair(fds);
	read_late(fds, "a");
	expect(write(fds[1], "bcd", 3), 3);
	expect(fd_read(fds[0], text, 1), 1); /* waits first, not for long */
	expect(fd_read(fds[0], text + 1, 4), 2);
	cr_assert(eq(str, (char *)text, "bcd"));
	close_pair(fds);
	return 0;
}

RT_TEST(fd_kept, C6_a_cancelled_read_takes_nothing)
{
	struct scope s;
	int fds[2];
	char c;

	open_pair(fds);
	read_late(fds, "a");
	scope_init(&s);
	scope_enter(&s);
	expect(write(fds[1], "b", 1), 1);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	expect(scope_leave(&s, (int)fd_read(fds[0], &c, 1)), 0);
	scope_enter_after(&s, NS_PER_MS);
	expect(fd_read(fds[0], &c, 1), 1);
	cr_assert(eq(chr, c, 'b'));
	expect(scope_leave_timeout(&s, (int)fd_read(fds[0], &c, 1)), -ETIMEDOUT);
	read_late(fds, "c");
	close_pair(fds);
	return 0;
}

static int waits_to_write(void *arg)
{
	say("w%d", fd_wait(*(int *)arg, FD_WRITE));
	return 0;
}

static int reads_one(void *arg)
{
	char c = '?';
	ssize_t n = fd_read(*(int *)arg, &c, 1);

	say("r%d%c", (int)n, c);
	return 0;
}

RT_TEST(fd_kept, R7_a_writer_comes_and_goes_beside_the_reader)
{
	struct nursery n;
	char junk[4096] = {0};
	int fds[2];

	open_pair(fds);
	read_late(fds, "a");
	while (write(fds[0], junk, sizeof(junk)) > 0)
		;
	nursery_open(&n);
	nursery_go(&n, "reader", reads_one, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	nursery_go(&n, "writer", waits_to_write, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	expect(write(fds[1], "b", 1), 1);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "r1b"));
	nursery_go(&n, "reader", reads_one, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	while (read(fds[1], junk, sizeof(junk)) > 0)
		;
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "w0"));
	expect(write(fds[1], "c", 1), 1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "r1c"));
	close_pair(fds);
	return 0;
}

/* Bytes 0, 1, 2 ... through a pair; both ends dawdle, and the reader waits in one way or another. */
#define BYTES 600

static int writes_now_and_then(void *arg)
{
	unsigned char next = 0;

	for (int sent = 0; sent < BYTES;) {
		int n = 1 + rand() % 4;

		for (int i = 0; i < n && sent < BYTES; i++, sent++)
			expect(write(*(int *)arg, &(unsigned char){next++}, 1), 1);
		if (rand() % 3)
			expect(task_sleep(rand() % 3 * 15 * NS_PER_US), 0);
	}
	return 0;
}

static ssize_t reads_somehow(int fd, unsigned char *buf)
{
	struct choice_fd ready;
	struct choice_timer late;
	struct choice_case *const cases[] = {
		choice_fd(&ready, fd, FD_READ),
		choice_timer(&late, rt_now() + 10 * NS_PER_US),
	};
	ssize_t n;

	switch (rand() % 5) {
	case 0:
	case 1:
		do {
			expect(rand() % 2 ? fd_wait(fd, FD_READ) : fd_wait_kept(fd), 0);
			n = read(fd, buf, 2);
		} while (n < 0);
		return n;
	case 2:
		cr_assert(ge(int, choose(cases, 2), 0));
		return 0;
	default:
		return fd_read(fd, buf, (size_t)(1 + rand() % 3));
	}
}

RT_TEST(fd_kept, R7_every_byte_arrives_however_one_waits)
{
	unsigned char buf[4], want = 0;
	struct nursery n;
	int fds[2];

	srand((unsigned)test_seed(29));
	open_pair(fds);
	nursery_open(&n);
	nursery_go(&n, "writer", writes_now_and_then, &fds[1]);
	for (int got = 0; got < BYTES;) {
		ssize_t r = reads_somehow(fds[0], buf);

		cr_assert(ge(int, (int)r, 0));
		for (ssize_t i = 0; i < r; i++, got++)
			cr_assert(eq(u8, buf[i], want++));
		if (rand() % 5 == 0)
			expect(task_sleep(rand() % 3 * 15 * NS_PER_US), 0);
	}
	expect(nursery_close(&n, 0), 0);
	close_pair(fds);
	return 0;
}
