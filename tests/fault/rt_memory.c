/*
 * The runtime without memory: a scenario runs again and again with the 1st, 2nd, 3rd ... allocation
 * failing, until none fails any more. It must end each time, in an error or well, and leave nothing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/thread.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
Test(memory, failing_allocations)
{
	cr_skip_test("the sanitizer's own allocator cannot be replaced");
}
#else

/* Allocations of the thread under test until one fails; 0: none will. */
static _Thread_local long fail_after;
static _Thread_local long living; /* blocks and mappings */

static bool fail_now(void)
{
	return fail_after > 0 && --fail_after == 0;
}

void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

void *calloc(size_t n, size_t size)
{
	void *p = fail_now() ? NULL : __libc_calloc(n, size);

	living += p != NULL;
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p = fail_now() ? NULL : __libc_realloc(old, size);

	living += p != NULL && old == NULL;
	return p;
}

void free(void *p)
{
	living -= p != NULL;
	__libc_free(p);
}

void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (fail_now()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	living++;
	return (void *)syscall(SYS_mmap, addr, size, prot, flags, fd, offset);
}

int munmap(void *addr, size_t size)
{
	living--;
	return (int)syscall(SYS_munmap, addr, size);
}

static int fails(void *arg)
{
	(void)arg;
	return error_set(-EIO, "on purpose");
}

static int reads(void *arg)
{
	char c;
	ssize_t n = fd_read(*(int *)arg, &c, 1);

	return n < 0 ? (int)n : 0;
}

static int receives(void *arg)
{
	int v;

	return chan_recv(arg, &v);
}

/* Children of all kinds; whatever fails, the nursery tells. */
static int inner(struct chan *c, int fds[2])
{
	struct nursery n;
	int v = 1;
	int r;

	nursery_open(&n);
	nursery_go(&n, "receiver", receives, c);
	nursery_go(&n, "reader", reads, &fds[0]);
	r = chan_send(c, &v);
	if (r == 0)
		r = (int)fd_write(fds[1], "x", 1);
	r = nursery_close(&n, r < 0 ? r : 0);
	if (r < 0)
		return r;
	nursery_open(&n);
	nursery_go(&n, "failing", fails, NULL);
	nursery_go(&n, "failing too", fails, NULL);
	r = nursery_close(&n, 0);
	return r == -EIO ? 0 : r;
}

static int scenario(void *arg)
{
	struct chan c;
	int fds[2];
	int r;

	(void)arg;
	r = chan_init(&c, "test", sizeof(int), 2);
	if (r < 0)
		return r;
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0));
	r = inner(&c, fds);
	fd_close(fds[0]);
	fd_close(fds[1]);
	chan_fini(&c);
	return r;
}

static void fail_each(enum rt_poller poller)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .poller = poller};
	int failures = 0;

	for (long nth = 1;; nth++) {
		long before = living;
		int r;

		fail_after = nth;
		r = rt_run(&conf, scenario, NULL);
		if (fail_after > 0)
			break; /* there were not so many */
		fail_after = 0;
		cr_assert(eq(long, living, before), "allocation %ld", nth);
		/* An error that lost its text is no failure. */
		cr_assert(r == 0 || r == -ENOMEM || r == -EAGAIN, "allocation %ld: %d",
			  nth, r);
		failures += r < 0;
	}
	fail_after = 0;
	cr_assert(failures >= 6, "%d", failures);
}

Test(memory, T3_each_allocation_fails_once)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload && strstr(preload, "valgrind"))
		cr_skip_test("valgrind's own allocator cannot be replaced");
	fail_each(RT_POLLER_EPOLL);
	fail_each(RT_POLLER_POLL);
}
#endif
