/*
 * What is the machine's own, registers over a switch and stacks, and what threads share, in quantity: for
 * emulators and ThreadSanitizer above all.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/post.h"
#include "daemon/rt/thread.h"
#include "tests/unit/rt_run.h"

/*
 * Sums with many values alive across switches: they sit in the registers that a switch must keep, also
 * those for floating point.
 */
static int keeps_registers(void *arg)
{
	double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
	long p = 1, q = 2, r = 3, s = 4, t = 5, u = 6;

	(void)arg;
	for (int i = 0; i < 1000; i++) {
		task_yield();
		a += 1, b += a, c += 2, d += 3, e += 4, f += 5, g += 6, h += 7;
		p += 1, q += p, r += 2, s += 3, t += 4, u += 5;
	}
	cr_assert(a == 1001 && b == 2 + 501500 && c == 2003 && d == 3004);
	cr_assert(e == 4005 && f == 5006 && g == 6007 && h == 7008);
	cr_assert(p == 1001 && q == 2 + 501500 && r == 2003 && s == 3004 && t == 4005 &&
		  u == 5006);
	return 0;
}

/* Deep, with floating point formatted at the bottom, which wants an aligned stack. */
static int recurses(int depth)
{
	volatile char frame[200];
	int below;

	memset((void *)(uintptr_t)frame, depth, sizeof(frame));
	if (depth == 0) {
		char text[32];

		snprintf(text, sizeof(text), "%.3f", 2.5);
		task_yield();
		return strcmp(text, "2.500") == 0;
	}
	below = recurses(depth - 1);
	return below && frame[100] == (char)depth;
}

static int goes_deep(void *arg)
{
	(void)arg;
	cr_assert(recurses(100));
	return 0;
}

static int machine(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	for (int i = 0; i < 20; i++) {
		nursery_go(&n, "registers", keeps_registers, NULL);
		nursery_go(&n, "deep", goes_deep, NULL);
	}
	return nursery_close(&n, 0);
}

/* A ring of tasks that pass a number on through channels. */
#define RING 100

static struct chan ring[RING];

static int passes_on(void *arg)
{
	int i = (int)(intptr_t)arg;
	int v;

	while (chan_recv(&ring[i], &v) == 0) {
		v++;
		if (chan_send(&ring[(i + 1) % RING], &v) < 0)
			break;
	}
	return -ECANCELED;
}

static int tasks(void *arg)
{
	struct nursery n;
	struct scope s;
	int v = 0;

	(void)arg;
	nursery_open(&n);
	for (int i = 0; i < RING; i++) {
		cr_assert(chan_init(&ring[i], "ring", sizeof(v), 0) == 0);
		if (i > 0)
			nursery_go(&n, "link", passes_on, (void *)(intptr_t)i);
	}
	for (int turn = 1; turn <= 50; turn++) {
		cr_assert(chan_send(&ring[1], &v) == 0);
		cr_assert(chan_recv(&ring[0], &v) == 0);
		cr_assert(v == turn * (RING - 1));
	}
	scope_enter_after(&s, NS_PER_MS);
	cr_assert(scope_leave_timeout(&s, chan_recv(&ring[0], &v)) == -ETIMEDOUT);
	nursery_cancel(&n, "enough");
	cr_assert(nursery_close(&n, 0) == 0);
	for (int i = 0; i < RING; i++)
		chan_fini(&ring[i]);
	return 0;
}

static int echoes(void *arg)
{
	const int *fds = arg;
	char c;

	while (fd_read(fds[0], &c, 1) == 1)
		cr_assert(fd_write(fds[1], &c, 1) == 1);
	return 0;
}

static int descriptors(void *arg)
{
	int there[2], back[2], ends[2];
	struct nursery n;
	char c = 0;

	(void)arg;
	cr_assert(pipe2(there, O_NONBLOCK) == 0 && pipe2(back, O_NONBLOCK) == 0);
	ends[0] = there[0];
	ends[1] = back[1];
	nursery_open(&n);
	nursery_go(&n, "echo", echoes, ends);
	for (int i = 0; i < 200; i++, c++) {
		char got;

		cr_assert(fd_write(there[1], &c, 1) == 1);
		cr_assert(fd_read(back[0], &got, 1) == 1 && got == c);
	}
	fd_close(there[1]);
	cr_assert(nursery_close(&n, 0) == 0);
	fd_close(there[0]);
	fd_close(back[0]);
	fd_close(back[1]);
	return 0;
}

/* Threads that post, and threads that work. */
#define POSTS 200

struct poster {
	struct rt *rt;
	struct post posts[POSTS];
	pthread_t thread;
};

static int delivered;

static void deliver(struct post *p)
{
	(void)p;
	delivered++;
}

static void *posts_all(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < POSTS; i++)
		cr_assert(rt_post(p->rt, &p->posts[i]) == 0);
	rt_unref(p->rt);
	return NULL;
}

static int doubles(void *arg)
{
	int *v = arg;

	*v *= 2;
	return *v;
}

static int works(void *pool)
{
	for (int i = 1; i < 30; i++) {
		int v = i;

		cr_assert(thread_run(pool, doubles, &v) == 2 * i);
	}
	return 0;
}

static int abandons(void *pool)
{
	int *v = malloc(sizeof(*v));

	cr_assert(v != NULL);
	*v = 1;
	if (thread_run_abandon(pool, doubles, v, free) >= 0)
		free(v);
	return 0;
}

static int threads(void *arg)
{
	static struct poster posters[4];
	struct thread_pool *pool = thread_pool_open(3);
	struct nursery n;

	(void)arg;
	cr_assert(pool != NULL);
	delivered = 0;
	for (size_t i = 0; i < ARRAY_LEN(posters); i++) {
		posters[i].rt = rt_current();
		rt_ref(posters[i].rt);
		for (int k = 0; k < POSTS; k++)
			posters[i].posts[k].fn = deliver;
		cr_assert(pthread_create(&posters[i].thread, NULL, posts_all,
					 &posters[i]) == 0);
	}
	nursery_open(&n);
	for (int i = 0; i < 6; i++)
		nursery_go(&n, "works", works, pool);
	cr_assert(nursery_close(&n, 0) == 0);
	nursery_open(&n);
	for (int i = 0; i < 50; i++)
		nursery_go(&n, "abandons", abandons, pool);
	task_yield();
	nursery_cancel(&n, "enough");
	cr_assert(nursery_close(&n, 0) == 0);
	for (size_t i = 0; i < ARRAY_LEN(posters); i++)
		pthread_join(posters[i].thread, NULL);
	task_yield();
	thread_pool_close(pool, 60 * NS_PER_S);
	cr_assert(eq(int, delivered, 4 * POSTS));
	return 0;
}

Test(machine, R1_registers_and_stacks_over_switches)
{
	run_on(RT_CLOCK_MONOTONIC, machine);
}

Test(machine, P3_a_ring_of_tasks)
{
	run_on(RT_CLOCK_MONOTONIC, tasks);
}

Test(machine, R7_bytes_there_and_back)
{
	run_on(RT_CLOCK_MONOTONIC, descriptors);
}

Test(machine, R8_R9_posts_work_and_abandoned_work_of_many_threads)
{
	run_on(RT_CLOCK_MONOTONIC, threads);
}
