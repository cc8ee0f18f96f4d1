/* The pool of threads. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/rt/combine.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/thread.h"
#include "tests/unit/rt_run.h"

static int doubles(void *arg)
{
	return 2 * *(int *)arg;
}

RT_TEST(thread, R9_a_call_returns_what_the_function_returned)
{
	struct thread_pool *p = thread_pool_open(2);
	int v = 21, error = -EIO / 2;

	expect(thread_run(p, doubles, &v), 42);
	expect(thread_run(p, doubles, &error), 2 * error);
	thread_pool_close(p, 0);
	thread_pool_close(NULL, 0);
	p = thread_pool_open(1); /* never used */
	thread_pool_close(p, 0);
	return 0;
}

/* A gate that the test opens for the threads that wait before it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int inside, gate_open;

static int passes_gate(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	inside++;
	pthread_cond_broadcast(&moved);
	while (!gate_open)
		pthread_cond_wait(&moved, &lock);
	inside--;
	pthread_mutex_unlock(&lock);
	return 1;
}

static void open_gate(int open)
{
	pthread_mutex_lock(&lock);
	gate_open = open;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&lock);
}

/* Block the loop until @n threads are before the gate. */
static void wait_inside(int n)
{
	pthread_mutex_lock(&lock);
	while (inside < n)
		pthread_cond_wait(&moved, &lock);
	cr_assert(eq(int, inside, n));
	pthread_mutex_unlock(&lock);
}

static int runs(void *pool)
{
	int r = thread_run(pool, passes_gate, NULL);

	say("%d", r);
	return r;
}

RT_TEST(thread, R9_the_pool_is_bounded_and_first_in_first_out)
{
	struct thread_pool *p = thread_pool_open(2);
	struct nursery n;

	open_gate(0);
	nursery_open(&n);
	for (int i = 0; i < 5; i++)
		nursery_go(&n, "runner", runs, p);
	expect(task_checkpoint(), 0);
	wait_inside(2);
	open_gate(1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "1 1 1 1 1"));
	thread_pool_close(p, 0);
	return 0;
}

RT_TEST(thread, R9_cancel_takes_back_what_has_not_begun_and_waits_for_what_has)
{
	struct thread_pool *p = thread_pool_open(1);
	struct nursery n;

	open_gate(0);
	nursery_open(&n);
	nursery_go(&n, "begun", runs, p);
	nursery_go(&n, "queued", runs, p);
	expect(task_checkpoint(), 0);
	wait_inside(1);
	nursery_cancel(&n, "test");
	expect(task_sleep_forever(), -ECANCELED);
	task_yield();
	cr_assert(eq(str, (char *)heard(), "-125"));
	open_gate(1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "1"));
	thread_pool_close(p, 0);
	return 0;
}

static atomic_int released;

static void release(void *arg)
{
	free(arg);
	released++;
}

static int abandons(void *pool)
{
	int r = thread_run_abandon(pool, passes_gate, malloc(16), release);

	say("%d", r);
	return r;
}

RT_TEST_REAL(thread, R9_abandoned_work_goes_on_without_its_caller)
{
	struct thread_pool *p = thread_pool_open(1);
	struct nursery n;

	released = 0;
	open_gate(0);
	nursery_open(&n);
	nursery_go(&n, "begun", abandons, p);
	nursery_go(&n, "queued", abandons, p);
	expect(task_checkpoint(), 0);
	wait_inside(1);
	nursery_cancel(&n, "test");
	nursery_go(&n, "late", abandons, p);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "-125 -125 -125"));
	cr_assert(eq(int, released, 2)); /* all but the one before the gate */
	open_gate(1);
	thread_pool_close(p, 60 * NS_PER_S);
	cr_assert(eq(int, released, 3));
	return 0;
}

RT_TEST(thread, R9_abandonable_work_that_ends_is_the_callers_again)
{
	struct thread_pool *p = thread_pool_open(1);
	int v = 4;

	released = 0;
	expect(thread_run_abandon(p, doubles, &v, release), 8);
	cr_assert(eq(int, released, 0));
	thread_pool_close(p, 0);
	return 0;
}

static char logged[256];

static void keep_log(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	snprintf(logged, sizeof(logged), "%s", text);
}

RT_TEST(thread, R9_a_thread_that_never_returns_is_left_with_a_word)
{
	struct thread_pool *p = thread_pool_open(1);
	struct nursery n;

	released = 0;
	log_set_sink(keep_log, NULL);
	open_gate(0);
	nursery_open(&n);
	nursery_go(&n, "begun", abandons, p);
	expect(task_checkpoint(), 0);
	wait_inside(1);
	nursery_cancel(&n, "test");
	expect(nursery_close(&n, 0), 0);
	thread_pool_close(p, NS_PER_S);
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	cr_assert(eq(str, logged,
		     "threads that still run abandoned work are left to themselves: 1"));
	open_gate(1);
	while (released == 0) /* it ends by itself, after the pool */
		usleep(100);
	return 0;
}

static int slow_double(void *arg)
{
	usleep(1000);
	return doubles(arg);
}

static int runs_slow(void *arg)
{
	int v = 3;

	return thread_run(arg, slow_double, &v) == 6 ? 0 : -EPROTO;
}

static int never_returns(void *begun)
{
	atomic_store((atomic_bool *)begun, true);
	while (pause() < 0)
		;
	return 0;
}

struct stuck {
	struct thread_pool *pool;
	atomic_bool begun;
};

static int runs_for_ever(void *arg)
{
	struct stuck *s = arg;

	return thread_run(s->pool, never_returns, &s->begun);
}

static int ends_the_program(void *arg)
{
	struct stuck s = {.pool = thread_pool_open(1)};
	struct nursery n;

	(void)arg;
	cr_assert(s.pool != NULL);
	nursery_open(&n);
	nursery_go(&n, "stuck", runs_for_ever, &s);
	while (!atomic_load(&s.begun))
		task_yield();
	rt_cancel("test");
	return nursery_close(&n, 0);
}

Test(thread, C9_a_thread_that_never_returns_ends_the_program_with_its_name)
{
	const struct rt_conf conf = {.stuck_thread_ns = 5 * NS_PER_MS};

	dies_with(&conf, SIGABRT, ends_the_program, "task stuck: its thread does not");
}

RT_TEST_REAL(thread, R9_many_calls_on_few_threads)
{
	struct thread_pool *p = thread_pool_open(3);
	struct nursery n;

	nursery_open(&n);
	for (int i = 0; i < 30; i++)
		nursery_go(&n, "runner", runs_slow, p);
	expect(nursery_close(&n, 0), 0);
	thread_pool_close(p, 0);
	return 0;
}
