/*
 * The runtime without memory: a scenario, or one wait of the table of rule T3, runs again and again with
 * the 1st, 2nd, 3rd ... allocation failing, until none fails any more. It must end each time, in an error
 * or well, and leave nothing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/sanitized.h"
#include "tests/unit/rt_kinds.h"

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
void *__libc_memalign(size_t align, size_t size);
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

void *aligned_alloc(size_t align, size_t size)
{
	void *p = fail_now() ? NULL : __libc_memalign(align, size);

	living += p != NULL;
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

/* What came of @fn with the allocation @nth failing. Whether there were as many. */
static bool failed_at(enum rt_poller poller, int (*fn)(void *arg), long nth, int *ret)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .poller = poller};
	bool reached;

	fail_after = nth;
	*ret = rt_run(&conf, fn, NULL);
	reached = fail_after == 0;
	fail_after = 0;
	return reached;
}

/* How often @fn has failed. */
static int fail_each(enum rt_poller poller, int (*fn)(void *arg))
{
	int failures = 0;
	int r;

	for (long nth = 1;; nth++) {
		long before = living;

		if (!failed_at(poller, fn, nth, &r))
			return failures;
		cr_assert(eq(long, living, before), "allocation %ld", nth);
		/* An error that lost its text is no failure. */
		cr_assert(r == 0 || r == -ENOMEM || r == -EAGAIN, "allocation %ld: %d",
			  nth, r);
		failures += r < 0;
	}
}

/* The wait of the table under test, which of its allocations fails, and what came of it. */
static struct {
	const struct wait_kind *kind;
	long nth;
	bool reached;
	int result;
} row;

static int waits_without_memory(void *arg)
{
	int r;

	(void)arg;
	fail_after = row.nth;
	r = row.kind->wait();
	row.reached = row.nth > 0 && fail_after == 0;
	fail_after = 0;
	row.result = r;
	say("ended");
	return 0;
}

/* Wait once; what ends by itself needs no completion. */
static void wait_once(void)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, row.kind->name, waits_without_memory, NULL);
	let_it_wait(row.kind);
	if (said[0] == '\0')
		row.kind->complete();
	expect(nursery_close(&n, 0), 0);
	(void)heard();
}

static int one_row(void *arg)
{
	(void)arg;
	if (row.kind->setup)
		row.kind->setup();
	wait_once();
	if (row.result < 0) { /* it has taken nothing, and works again */
		bool reached = row.reached;
		int failure = row.result;

		row.nth = 0;
		wait_once();
		cr_assert(row.result >= 0, "%s again: %d", row.kind->name, row.result);
		row.reached = reached;
		row.result = failure;
	}
	if (row.kind->teardown)
		row.kind->teardown();
	return 0;
}

/* How often the wait @k has failed. What its threads free is not counted, so leaks show where it has none. */
static int fail_each_of(enum rt_poller poller, const struct wait_kind *k)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .poller = poller};
	int failures = 0;

	for (long nth = 1;; nth++) {
		long before = living;

		row.kind = k;
		row.nth = nth;
		expect(rt_run(&conf, one_row, NULL), 0);
		if (!(k->traits & THREADS))
			cr_assert(eq(long, living, before), "%s: allocation %ld", k->name,
				  nth);
		if (!row.reached)
			return failures;
		cr_assert(row.result >= 0 || row.result == -ENOMEM ||
				  row.result == -EAGAIN,
			  "%s: allocation %ld: %d", k->name, nth, row.result);
		failures += row.result < 0;
	}
}

static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "valgrind");
}

Test(memory, T3_each_allocation_fails_once)
{
	if (under_valgrind())
		cr_skip_test("valgrind's own allocator cannot be replaced");
	for (int p = RT_POLLER_EPOLL; p <= RT_POLLER_POLL; p++)
		cr_assert(ge(int, fail_each((enum rt_poller)p, scenario), 6));
}

Test(memory, T3_out_of_memory)
{
	if (under_valgrind())
		cr_skip_test("valgrind's own allocator cannot be replaced");
	for (int p = RT_POLLER_EPOLL; p <= RT_POLLER_POLL; p++)
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
			int failures = fail_each_of((enum rt_poller)p, &kinds[i]);

			cr_assert(eq(int, failures > 0, !!(kinds[i].traits & MEMORY)),
				  "%s: %d", kinds[i].name, failures);
		}
}
#endif
