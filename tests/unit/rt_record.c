/*
 * Rule R11: a run is recorded and run again. The program is random tasks that sleep, give up, read what
 * threads write, have jobs done by threads and hear their posts; what each of them saw is compared.
 */
#include "daemon/rt/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/thread.h"
#include "daemon/rt/worker.h"
#include "tests/seed.h"
#include "tests/unit/rt_run.h"

#define TASKS 12
#define STEPS 40
#define THREADS 3
#define POSTS 60
#define BYTES 50

struct program {
	uint64_t seed;
	FILE *log;
	struct thread_pool *pool;
	struct worker worker;
	struct event told;
	int heard;
	int fds[2];
	struct rt *rt;
};

static struct program program;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A thread that posts, and writes a byte now and then. */
struct poster {
	pthread_t thread;
	struct post posts[POSTS];
	int number;
};

static struct poster posters[THREADS];

static void hear(struct post *p)
{
	program.heard++;
	fprintf(program.log, "post %d\n", (int)p->source);
	event_set(&program.told);
}

static void *post_all(void *arg)
{
	struct poster *me = arg;

	for (int i = 0; i < POSTS; i++) {
		me->posts[i] =
			(struct post){.fn = hear, .source = (uint64_t)me->number + 1};
		cr_assert(eq(int, rt_post(program.rt, &me->posts[i]), 0));
		if (me->number == 0 && i < BYTES)
			cr_assert(eq(int, (int)write(program.fds[1], "x", 1), 1));
		sched_yield();
	}
	return NULL;
}

static int hears_all(void *arg)
{
	int r = 0;

	(void)arg;
	while (program.heard < THREADS * POSTS && r == 0) {
		r = event_wait(&program.told);
		fprintf(program.log, "heard %d\n", program.heard);
	}
	rt_release();
	return r;
}

static int reads_all(void *arg)
{
	char buf[8];

	(void)arg;
	for (int got = 0; got < BYTES;) {
		ssize_t n = fd_read(program.fds[0], buf, sizeof(buf));

		fprintf(program.log, "read %zd at %lld\n", n, (long long)rt_now());
		if (n <= 0)
			return (int)n;
		got += (int)n;
	}
	return 0;
}

struct sum {
	struct job job;
	unsigned upto, sum;
};

static int add_up(void *arg)
{
	struct sum *s = arg;

	s->sum = 0;
	for (unsigned i = 0; i < s->upto; i++)
		s->sum += i;
	return (int)(s->sum % 1000);
}

static void add_up_job(struct job *j)
{
	(void)add_up(container_of(j, struct sum, job));
}

/* One random thing, perhaps with a deadline on it; -ECANCELED when it passed. */
static int act(uint64_t random)
{
	struct sum s = {.job = {.fn = add_up_job},
			.upto = (unsigned)(random >> 32) % 20000};
	struct scope scope;
	int r = 0;

	scope_enter_after(&scope, (int64_t)(random >> 8) % 100000);
	switch (random % 5) {
	case 0:
		r = task_sleep((int64_t)(random >> 16) % 100000);
		break;
	case 1:
		r = thread_run(program.pool, add_up, &s);
		break;
	case 2:
		r = worker_run(&program.worker, &s.job);
		break;
	case 3:
		r = task_checkpoint();
		break;
	case 4:
		r = event_wait(&program.told);
		break;
	}
	r = scope_leave(&scope, r);
	return scope.absorbed ? -ECANCELED : r;
}

static int acts(void *arg)
{
	int number = *(int *)arg;
	uint64_t random = program.seed + (uint64_t)number * 7919;

	for (int i = 0; i < STEPS; i++) {
		int r = act(random_next(&random));

		fprintf(program.log, "%d.%d: %d at %lld\n", number, i, r,
			(long long)rt_now());
	}
	return 0;
}

static int run_tasks(void)
{
	static int numbers[TASKS];
	struct nursery n;

	nursery_open(&n);
	rt_hold(); /* virtual time knows nothing of these threads */
	for (int i = 0; i < THREADS; i++) {
		posters[i].number = i;
		cr_assert(eq(
			int,
			pthread_create(&posters[i].thread, NULL, post_all, &posters[i]),
			0));
	}
	nursery_go(&n, "hears", hears_all, NULL);
	nursery_go(&n, "reads", reads_all, NULL);
	for (int i = 0; i < TASKS; i++) {
		char name[16];

		numbers[i] = i;
		(void)snprintf(name, sizeof(name), "task %d", i);
		nursery_go(&n, name, acts, &numbers[i]);
	}
	return nursery_close(&n, 0);
}

/* The numbers are part of the record, and threads that end free theirs when they like. */
static void open_pipe(void)
{
	int fds[2];

	expect(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		program.fds[i] = dup2(fds[i], 100 + i);
		close(fds[i]);
	}
}

static int main_task(void *arg)
{
	int r;

	(void)arg;
	fprintf(program.log, "%lld %llx\n", (long long)rt_wall().offset_ns,
		(unsigned long long)rt_random());
	program.rt = rt_current();
	program.heard = 0;
	rt_ref(program.rt);
	event_init(&program.told, "told");
	open_pipe();
	program.pool = thread_pool_open(3);
	cr_assert(program.pool != NULL);
	expect(worker_open(&program.worker, "worker"), 0);
	r = run_tasks();
	for (int i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	worker_close(&program.worker, NULL);
	thread_pool_close(program.pool, NS_PER_S);
	fd_close(program.fds[0]);
	fd_close(program.fds[1]);
	return r;
}

/* Run the program; what it said, to be freed. */
static char *play(const struct rt_conf *conf, uint64_t seed, int want)
{
	char *text = NULL;
	size_t size = 0;

	program = (struct program){.seed = seed, .log = open_memstream(&text, &size)};
	expect(rt_run(conf, main_task, NULL), want);
	fclose(program.log);
	rt_unref(program.rt);
	return text;
}

static void record_and_replay(struct rt_conf conf, uint64_t seed)
{
	struct rt_record record = {0};
	char *first, *again;
	uint64_t trace;

	conf.record = &record;
	first = play(&conf, seed, 0);
	expect(record.result, 0);
	trace = record.trace;
	conf.record = NULL;
	conf.replay = &record;
	for (int i = 0; i < 3; i++) {
		again = play(&conf, seed, 0);
		expect(record.result, 0);
		cr_assert(eq(u64, record.trace, trace), "seed %llu",
			  (unsigned long long)seed);
		cr_assert(eq(str, again, first), "seed %llu", (unsigned long long)seed);
		free(again);
	}
	free(first);
	rt_record_fini(&record);
}

static uint64_t any_seed(void)
{
	return test_seed(1) * 2654435761u | 1;
}

Test(record, R11_a_recorded_run_is_run_again)
{
	for (int p = RT_POLLER_EPOLL; p <= RT_POLLER_POLL; p++)
		for (uint64_t i = 0; i < 5; i++)
			record_and_replay((struct rt_conf){.poller = (enum rt_poller)p},
					  any_seed() + i * 1000);
}

Test(record, R11_also_on_the_virtual_clock_and_shuffled)
{
	for (uint64_t i = 0; i < 5; i++)
		record_and_replay(
			(struct rt_conf){.clock = RT_CLOCK_VIRTUAL, .shuffle_seed = i},
			any_seed() + i * 1000);
}

/* A pool that closes while abandoned work goes on, or has just come to its end. */
static int waits_to_go(void *arg)
{
	while (sem_wait(arg) < 0)
		;
	return 0;
}

static void release_nothing(void *arg)
{
	(void)arg;
}

static int closes_while_busy(void *arg)
{
	struct thread_pool *pool = thread_pool_open(1);
	struct scope s;

	cr_assert(pool != NULL);
	scope_enter_after(&s, NS_PER_MS);
	expect(scope_leave_timeout(
		       &s, thread_run_abandon(pool, waits_to_go, arg, release_nothing)),
	       -ETIMEDOUT);
	thread_pool_close(pool, NS_PER_MS);
	return task_sleep(NS_PER_MS);
}

Test(record, R11_a_pool_that_was_left_alone_is_left_alone_again)
{
	struct rt_record record = {0};
	const struct rt_conf recording = {.record = &record};
	const struct rt_conf replaying = {.replay = &record};
	static sem_t go; /* the thread may outlive the test's frame */
	uint64_t trace;

	expect(sem_init(&go, 0, 0), 0);
	expect(rt_run(&recording, closes_while_busy, &go), 0);
	expect(record.result, 0);
	trace = record.trace;
	expect(sem_post(&go), 0);
	for (int i = 0; i < 20;
	     i++) { /* now the work ends as soon as it begins, or never */
		if (i % 2)
			expect(sem_post(&go), 0);
		expect(rt_run(&replaying, closes_while_busy, &go), 0);
		expect(record.result, 0);
		cr_assert(eq(u64, record.trace, trace));
		if (i % 2 == 0)
			expect(sem_post(&go), 0);
	}
	rt_record_fini(&record);
}

/* Sleeps that depend on the argument. */
static int sleeps(void *arg)
{
	for (int i = 0; i < 10; i++) {
		int r = task_sleep(*(int64_t *)arg);

		if (r < 0)
			return r;
	}
	return task_checkpoint();
}

static int sleeps_as_another(void *arg)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "another", sleeps, arg);
	return nursery_close(&n, 0);
}

Test(record, R11_a_replay_that_goes_another_way_says_so_and_ends)
{
	struct rt_record record = {0};
	const struct rt_conf recording = {.clock = RT_CLOCK_VIRTUAL, .record = &record};
	const struct rt_conf replaying = {.clock = RT_CLOCK_VIRTUAL, .replay = &record};
	int64_t ns = NS_PER_S;

	expect(rt_run(&recording, sleeps, &ns), 0);
	expect(rt_run(&replaying, sleeps, &ns), 0);
	expect(record.result, 0);
	expect(rt_run(&replaying, sleeps_as_another, &ns), -ECANCELED);
	expect(record.result, -EILSEQ);
	record.size /= 2;
	expect(rt_run(&replaying, sleeps, &ns), -ECANCELED);
	expect(record.result, -ENODATA);
	rt_record_fini(&record);
}
