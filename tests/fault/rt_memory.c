/*
 * The runtime without memory: a scenario runs again and again with the 1st, 2nd, 3rd ... allocation
 * failing, until none fails any more. It must end each time, in an error or well, and leave nothing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/signals.h"
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

static int adds(void *arg)
{
	(*(int *)arg)++;
	return 0;
}

static void done_with(void *arg)
{
	(void)arg;
}

static int scenario_of_threads(void *arg)
{
	struct thread_pool *pool = thread_pool_open(1);
	int count = 0;
	int r;

	(void)arg;
	if (!pool)
		return -ENOMEM;
	r = thread_run(pool, adds, &count);
	if (r == 0)
		r = thread_run_abandon(pool, adds, &count, done_with);
	thread_pool_close(pool, NS_PER_S);
	return r;
}

static int serves(void *arg)
{
	int r = task_ready(arg);

	return r < 0 ? r : task_sleep(NS_PER_S);
}

static int sets_later(void *event)
{
	int r = task_sleep(NS_PER_S);

	event_set(event);
	return r;
}

/* The other waits of T3: sleep, choose, event, join, start_ready, signals. */
static int waits_for_all(struct nursery *n, struct child *c, struct event *e)
{
	const struct task_opt opt = {.name = "server"};
	const struct task_opt setter = {.name = "setter"};
	struct choice_timer soon;
	struct choice_case *const cases[] = {choice_timer(&soon, NS_PER_MS)};
	int r = nursery_start_ready(n, &opt, serves, NULL, NULL);

	if (r == 0)
		r = nursery_start(n, c, &setter, sets_later, e);
	if (r == 0)
		r = choose(cases, 1);
	if (r >= 0)
		r = event_wait(e);
	return r < 0 ? r : child_join(c);
}

static int gets_a_signal(void)
{
	static const int signos[] = {SIGUSR1, 0};
	struct signals s;
	int r = signals_open(&s, signos);

	if (r < 0)
		return r;
	raise(SIGUSR1);
	r = signals_recv(&s);
	if (r < 0)
		signal(SIGUSR1, SIG_IGN); /* it was not received */
	signals_close(&s);
	return r < 0 ? r : 0;
}

static int scenario_of_waits(void *arg)
{
	struct nursery n;
	struct event e;
	struct child c;
	int r;

	(void)arg;
	event_init(&e, "test");
	nursery_open(&n);
	r = nursery_close(&n, waits_for_all(&n, &c, &e));
	return r < 0 ? r : gets_a_signal();
}

/* @fn has failed so often. What its threads free is not counted, so leaks only show where it has none. */
static int fail_each(enum rt_poller poller, int (*fn)(void *arg), bool counted)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .poller = poller};
	int failures = 0;

	for (long nth = 1;; nth++) {
		long before = living;
		int r;

		fail_after = nth;
		r = rt_run(&conf, fn, NULL);
		if (fail_after > 0)
			break; /* there were not so many */
		fail_after = 0;
		if (counted)
			cr_assert(eq(long, living, before), "allocation %ld", nth);
		/* An error that lost its text is no failure. */
		cr_assert(r == 0 || r == -ENOMEM || r == -EAGAIN, "allocation %ld: %d",
			  nth, r);
		failures += r < 0;
	}
	fail_after = 0;
	return failures;
}

Test(memory, T3_each_allocation_fails_once)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload && strstr(preload, "valgrind"))
		cr_skip_test("valgrind's own allocator cannot be replaced");
	for (int p = RT_POLLER_EPOLL; p <= RT_POLLER_POLL; p++) {
		cr_assert(ge(int, fail_each((enum rt_poller)p, scenario, true), 6));
		cr_assert(ge(int, fail_each((enum rt_poller)p, scenario_of_waits, true),
			     4));
		cr_assert(ge(int,
			     fail_each((enum rt_poller)p, scenario_of_threads, false),
			     4));
	}
}
#endif
