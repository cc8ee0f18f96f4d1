/* Waiting for descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "tests/unit/rt_run.h"

/* A connected pair, both non-blocking. */
static void open_pair(int fds[2])
{
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	       0);
}

static int waits_to_read(void *arg)
{
	say("%d", fd_wait(*(int *)arg, FD_READ));
	return 0;
}

static int waits_to_write(void *arg)
{
	say("w%d", fd_wait(*(int *)arg, FD_WRITE));
	return 0;
}

/* Write until there is no more room. */
static void fill(int fd)
{
	char junk[4096] = {0};

	while (write(fd, junk, sizeof(junk)) > 0)
		;
	cr_assert(eq(int, errno, EAGAIN));
}

RT_TEST(fd, R7_a_reader_and_a_writer_wait_at_once)
{
	struct nursery n;
	char junk[4096];
	int fds[2];

	open_pair(fds);
	fill(fds[0]);
	nursery_open(&n);
	nursery_go(&n, "reader", waits_to_read, &fds[0]);
	nursery_go(&n, "writer", waits_to_write, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	expect(fd_wait(fds[0], FD_READ), -EBUSY);
	expect(fd_wait(fds[0], FD_WRITE), -EBUSY);
	expect(write(fds[1], "x", 1), 1);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "0"));
	while (read(fds[1], junk, sizeof(junk)) > 0)
		;
	expect(nursery_close(&n, 0), 0); /* the writer's watch went on */
	cr_assert(eq(str, (char *)heard(), "w0"));
	fd_close(fds[0]);
	fd_close(fds[1]);
	return 0;
}

RT_TEST(fd, R7_closing_wakes_the_waiter_with_EBADF)
{
	struct nursery n;
	int fds[2];

	open_pair(fds);
	nursery_open(&n);
	nursery_go(&n, "reader", waits_to_read, &fds[0]);
	expect(task_wait_all_blocked(), 0);
	fd_close(fds[0]);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "-9"));
	expect(fd_wait(fds[0], FD_READ), -EBADF);
	expect(fd_wait(-1, FD_READ), -EBADF);
	fd_close(fds[1]);
	fd_close(-1);
	return 0;
}

RT_TEST(fd, R7_a_number_that_was_closed_elsewhere_and_used_again)
{
	struct nursery n;
	int old[2], new[2];

	open_pair(old);
	expect(write(old[1], "x", 1), 1);
	expect(fd_wait(old[0], FD_READ), 0);
	close(old[0]); /* not through fd_close() */
	open_pair(new);
	cr_assert(eq(int, new[0], old[0]));
	nursery_open(&n);
	nursery_go(&n, "reader", waits_to_read, &new[0]);
	expect(task_wait_all_blocked(), 0);
	expect(write(new[1], "y", 1), 1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "0"));
	fd_close(old[1]);
	fd_close(new[0]);
	fd_close(new[1]);
	return 0;
}

RT_TEST(fd, R6_what_cannot_be_polled_is_refused_by_both_pollers)
{
	int fd = open(INSTINCT_SOURCE "/CMakeLists.txt", O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0);
	expect(fd_wait(fd, FD_READ), -EPERM);
	fd_close(fd);
	return 0;
}

static int echoes(void *arg)
{
	int fd = *(int *)arg;
	char c;

	while (fd_read(fd, &c, 1) == 1)
		expect(fd_write(fd, &c, 1), 1);
	fd_close(fd);
	return 0;
}

RT_TEST(fd, R2_read_and_write_wait_as_long_as_needed)
{
	struct nursery n;
	int fds[2];
	char c = 'a';

	open_pair(fds);
	nursery_open(&n);
	nursery_go(&n, "echo", echoes, &fds[1]);
	for (int i = 0; i < 100; i++) {
		expect(fd_write(fds[0], &c, 1), 1);
		c = 0;
		expect(fd_read(fds[0], &c, 1), 1);
		cr_assert(eq(chr, c, 'a'));
	}
	fd_close(fds[0]);
	return nursery_close(&n, 0);
}

RT_TEST(fd, R7_writing_where_nobody_reads_is_an_error_and_no_signal)
{
	int fds[2];

	open_pair(fds);
	fd_close(fds[1]);
	expect(fd_write(fds[0], "x", 1), -EPIPE);
	expect(fd_wait(fds[0], FD_READ), 0);
	expect(fd_read(fds[0], fds, 1), 0);
	fd_close(fds[0]);
	return 0;
}

static void nothing(int signo)
{
	(void)signo;
}

static int interrupts(void *arg)
{
	(void)arg;
	expect(task_sleep(NS_PER_MS), 0);
	raise(SIGUSR1);
	return 0;
}

RT_TEST_REAL(fd, R6_signals_do_not_end_a_wait)
{
	struct sigaction sa = {.sa_handler = nothing};
	struct nursery n;
	struct scope s;
	int fds[2];

	sigaction(SIGUSR1, &sa, NULL);
	open_pair(fds);
	nursery_open(&n);
	nursery_go(&n, "signaller", interrupts, NULL);
	scope_enter_after(&s, 5 * NS_PER_MS);
	expect(scope_leave_timeout(&s, fd_wait(fds[0], FD_READ)), -ETIMEDOUT);
	fd_close(fds[0]);
	fd_close(fds[1]);
	return nursery_close(&n, 0);
}

RT_TEST(fd, V18_a_cancelled_wait_leaves_nothing_behind)
{
	struct scope s;
	int fds[2];

	open_pair(fds);
	for (int i = 0; i < 3; i++) {
		scope_enter_after(&s, 1);
		expect(scope_leave_timeout(&s, fd_wait(fds[0], FD_READ)), -ETIMEDOUT);
	}
	expect(write(fds[1], "x", 1), 1);
	expect(fd_wait(fds[0], FD_READ), 0);
	fd_close(fds[0]);
	fd_close(fds[1]);
	return 0;
}
