/* Workers: order, cancellation before and after the start, the clock, signals. */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/worker.h"
#include "tests/unit/rt_run.h"

static struct worker worker;

/* A job that says it has begun, and ends when it may. */
struct held {
	struct job job;
	atomic_bool begun;
	bool ended;
	sem_t may_end;
	int result;
};

static void held_run(struct job *j)
{
	struct held *h = container_of(j, struct held, job);

	atomic_store(&h->begun, true);
	while (sem_wait(&h->may_end) < 0)
		;
	h->ended = true;
}

static void held_init(struct held *h)
{
	memset(h, 0, sizeof(*h));
	h->job.fn = held_run;
	sem_init(&h->may_end, 0, 0);
}

static int hold(void *arg)
{
	struct held *h = arg;

	h->result = worker_run(&worker, &h->job);
	return h->result == -EINPROGRESS ? -ECANCELED : h->result;
}

static void await_begin(const struct held *h)
{
	while (!atomic_load(&h->begun))
		task_yield();
}

struct numbered {
	struct job job;
	int number, sum;
	pthread_t thread;
};

static void number_run(struct job *j)
{
	static int sum;
	struct numbered *n = container_of(j, struct numbered, job);

	sum = sum * 10 + n->number;
	n->sum = sum % 1000;
	n->thread = pthread_self();
}

static int number(void *arg)
{
	return worker_run(&worker, &((struct numbered *)arg)->job);
}

RT_TEST(worker, runs_jobs_on_its_thread_in_order)
{
	struct numbered jobs[3] = {{{.fn = number_run}, .number = 1},
				   {{.fn = number_run}, .number = 2},
				   {{.fn = number_run}, .number = 3}};
	struct nursery n;

	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	for (int i = 0; i < 3; i++)
		nursery_go(&n, "job", number, &jobs[i]);
	expect(nursery_close(&n, 0), 0);
	cr_expect(eq(int, jobs[2].sum, 123));
	cr_expect(not(pthread_equal(jobs[0].thread, pthread_self())));
	cr_expect(pthread_equal(jobs[0].thread, jobs[2].thread));
	worker_close(&worker, NULL);
	return 0;
}

RT_TEST(worker, R9_loop_goes_on_while_a_job_runs)
{
	struct nursery n;
	struct held h;

	held_init(&h);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_go(&n, "job", hold, &h);
	await_begin(&h);
	expect(task_checkpoint(), 0);
	cr_expect(not(h.ended));
	sem_post(&h.may_end);
	expect(nursery_close(&n, 0), 0);
	cr_expect(h.ended);
	cr_expect(eq(int, h.result, 0));
	worker_close(&worker, NULL);
	return 0;
}

RT_TEST(worker, R2_cancelled_before_never_runs)
{
	struct numbered job = {{.fn = number_run}, .number = 1};
	struct scope s;

	expect(worker_open(&worker, "test"), 0);
	scope_init(&s);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	scope_enter(&s);
	expect(scope_leave(&s, worker_run(&worker, &job.job)), 0);
	cr_expect(s.absorbed);
	cr_expect(eq(int, job.sum, 0));
	worker_close(&worker, NULL);
	return 0;
}

RT_TEST(worker, cancelled_in_the_queue_is_taken_back)
{
	struct numbered jobs[2] = {{{.fn = number_run}, .number = 1},
				   {{.fn = number_run}, .number = 2}};
	struct child first;
	struct nursery n;
	struct held h;

	held_init(&h);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_go(&n, "held", hold, &h);
	await_begin(&h);
	nursery_start(&n, &first, &(struct task_opt){.name = "first"}, number, &jobs[0]);
	nursery_go(&n, "second", number, &jobs[1]);
	expect(task_checkpoint(), 0);
	child_cancel(&first, CANCEL_EXPLICIT, "test");
	expect(child_join(&first), 0);
	cr_expect(eq(int, (int)first.state, CHILD_CANCELLED),
		  "while the other still runs");
	cr_expect(not(h.ended));
	sem_post(&h.may_end);
	expect(nursery_close(&n, 0), 0);
	cr_expect(eq(int, jobs[0].sum, 0));
	cr_expect(eq(int, jobs[1].sum % 10, 2));
	worker_close(&worker, NULL);
	return 0;
}

RT_TEST(worker, C6_what_has_begun_is_waited_for)
{
	struct child c;
	struct nursery n;
	struct held h;

	held_init(&h);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_start(&n, &c, &(struct task_opt){.name = "held"}, hold, &h);
	await_begin(&h);
	child_cancel(&c, CANCEL_EXPLICIT, "test");
	expect(task_checkpoint(), 0);
	cr_expect(eq(int, (int)c.state, CHILD_RUNNING));
	sem_post(&h.may_end);
	expect(nursery_close(&n, 0), 0);
	cr_expect(h.ended);
	cr_expect(eq(int, h.result, 0), "it took effect, and says so");
	worker_close(&worker, NULL);
	return 0;
}

/* Lets the held job end when the loop has nothing else to do than to wait, or to let time jump. */
struct release {
	struct rt_idle idle;
	struct held *held;
};

static void release_when_idle(struct rt_idle *idle)
{
	sem_post(&container_of(idle, struct release, idle)->held->may_end);
}

static int sleep_an_hour(void *arg)
{
	(void)arg;
	return task_sleep(3600 * NS_PER_S);
}

RT_TEST(worker, T1_virtual_time_waits_for_jobs)
{
	struct held h;
	struct release release = {.idle.fn = release_when_idle, .held = &h};
	struct nursery n;

	held_init(&h);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_go(&n, "sleeper", sleep_an_hour, NULL);
	rt_idle_add(&release.idle);
	expect(worker_run(&worker, &h.job), 0);
	rt_idle_remove(&release.idle);
	cr_expect(eq(i64, rt_now(), 0));
	expect(nursery_close(&n, 0), 0);
	cr_expect(eq(i64, rt_now(), 3600 * NS_PER_S));
	worker_close(&worker, NULL);
	return 0;
}

struct masked {
	struct job job;
	sigset_t mask;
};

static void mask_run(struct job *j)
{
	pthread_sigmask(SIG_SETMASK, NULL, &container_of(j, struct masked, job)->mask);
}

RT_TEST(worker, R10_thread_receives_no_signals)
{
	struct masked m = {.job.fn = mask_run};
	sigset_t own;

	expect(worker_open(&worker, "test"), 0);
	expect(worker_run(&worker, &m.job), 0);
	cr_expect(eq(int, sigismember(&m.mask, SIGTERM), 1));
	cr_expect(eq(int, sigismember(&m.mask, SIGINT), 1));
	pthread_sigmask(SIG_SETMASK, NULL, &own);
	cr_expect(eq(int, sigismember(&own, SIGTERM), 0), "the loop's mask is as before");
	worker_close(&worker, NULL);
	return 0;
}

static int jobs_for_ever(void *held)
{
	return worker_run(&worker, &((struct held *)held)->job);
}

static int ends_during_a_job(void *arg)
{
	struct held h;
	struct nursery n;

	(void)arg;
	held_init(&h);
	expect(worker_open(&worker, "bus 1"), 0);
	nursery_open(&n);
	nursery_go(&n, "stuck", jobs_for_ever, &h);
	await_begin(&h);
	rt_cancel("test");
	return nursery_close(&n, 0);
}

Test(worker, R9_a_job_that_never_returns_ends_the_program_with_its_task_and_worker)
{
	const struct rt_conf conf = {.stuck_thread_ns = 5 * NS_PER_MS};

	dies_with(&conf, SIGABRT, ends_during_a_job,
		  "task stuck: its thread does not return, and the program is to end");
	dies_with(&conf, SIGABRT, ends_during_a_job, "  stuck: waits for worker bus 1, ");
}

/* A job that may be left, and who has it then. */
static atomic_bool was_left, has_gone;

static void held_left(struct job *j)
{
	atomic_store(&was_left, container_of(j, struct held, job)->ended);
}

static void thread_gone(struct worker *w)
{
	(void)w;
	atomic_store(&has_gone, true);
}

static void await(const atomic_bool *flag)
{
	while (!atomic_load(flag))
		task_yield();
}

/* Cancelled once it runs; virtual time stands still, so what is late must be late at once. */
static void leave_a_job(struct held *h)
{
	struct child child;
	struct nursery n;

	held_init(h);
	h->job.left = held_left;
	h->job.leave_ns = rt_now();
	atomic_store(&was_left, false);
	atomic_store(&has_gone, false);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_start(&n, &child, &(struct task_opt){.name = "held"}, hold, h);
	await_begin(h);
	cr_expect(not(worker_stuck(&worker)));
	child_cancel(&child, CANCEL_EXPLICIT, "test");
	expect(nursery_close(&n, 0), 0);
	cr_expect(eq(int, h->result, -EINPROGRESS));
	cr_expect(not(h->ended));
	cr_expect(worker_stuck(&worker));
}

RT_TEST(worker, late_job_may_be_left)
{
	struct held h;

	leave_a_job(&h);
	sem_post(&h.may_end);
	await(&was_left);
	while (worker_stuck(&worker))
		task_yield();
	worker_close(&worker, thread_gone);
	cr_expect(atomic_load(&has_gone));
	return 0;
}

RT_TEST(worker, closed_while_a_job_that_was_left_goes_on)
{
	struct held h;

	leave_a_job(&h);
	worker_close(&worker, thread_gone);
	cr_expect(not(atomic_load(&has_gone)));
	sem_post(&h.may_end);
	await(&has_gone);
	cr_expect(atomic_load(&was_left));
	return 0;
}

/* A job from another thread, and what became of it. */
struct urgent {
	struct urgent_job job;
	int64_t timeout_ns;
	sem_t may_end;
	atomic_bool begun;
	int result;
	unsigned long before; /* jobs of the loop that had run before it */
};

static atomic_ulong ran;

static void count_run(struct job *j)
{
	(void)j;
	atomic_fetch_add(&ran, 1);
}

static int count(void *arg)
{
	return worker_run(&worker, arg);
}

static void urgent_run(struct urgent_job *j)
{
	struct urgent *u = container_of(j, struct urgent, job);

	u->before = atomic_load(&ran);
	atomic_store(&u->begun, true);
	while (sem_wait(&u->may_end) < 0)
		;
}

static void *be_urgent(void *arg)
{
	struct urgent *u = arg;

	u->result = worker_run_urgent(&worker, &u->job, u->timeout_ns);
	return NULL;
}

static bool urgent_waits(void)
{
	bool waits;

	pthread_mutex_lock(&worker.lock);
	waits = !list_empty(&worker.urgent);
	pthread_mutex_unlock(&worker.lock);
	return waits;
}

/* It waits for what has begun only, not for what is in the queue. */
RT_TEST(worker, S5_urgent_job_of_another_thread_overtakes)
{
	struct urgent u = {.job = {.fn = urgent_run}, .timeout_ns = 600 * NS_PER_S};
	struct job jobs[2] = {{.fn = count_run}, {.fn = count_run}};
	struct nursery n;
	struct held h;
	pthread_t thread;

	atomic_store(&ran, 0);
	sem_init(&u.may_end, 0, 1);
	held_init(&h);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_go(&n, "held", hold, &h);
	await_begin(&h);
	for (int i = 0; i < 2; i++)
		nursery_go(&n, "job", count, &jobs[i]);
	task_yield();
	task_yield();
	cr_assert(eq(int, pthread_create(&thread, NULL, be_urgent, &u), 0));
	while (!urgent_waits())
		task_yield();
	sem_post(&h.may_end);
	expect(nursery_close(&n, 0), 0);
	pthread_join(thread, NULL);
	cr_expect(eq(int, u.result, 0));
	cr_expect(eq(ulong, u.before, 0));
	cr_expect(eq(ulong, atomic_load(&ran), 2));
	worker_close(&worker, NULL);
	return 0;
}

/* Whoever must act does not wait for ever: neither for a thread that hangs nor for its own job. */
RT_TEST(worker, S5_urgent_job_is_given_up)
{
	struct urgent u = {.job = {.fn = urgent_run}, .timeout_ns = NS_PER_MS};
	struct nursery n;
	struct held h;
	pthread_t thread;

	held_init(&h);
	sem_init(&u.may_end, 0, 0);
	expect(worker_open(&worker, "test"), 0);
	nursery_open(&n);
	nursery_go(&n, "held", hold, &h);
	await_begin(&h);
	cr_assert(eq(int, pthread_create(&thread, NULL, be_urgent, &u), 0));
	pthread_join(thread, NULL);
	cr_expect(eq(int, u.result, -ETIMEDOUT));
	cr_expect(not(atomic_load(&u.begun)), "and never will");
	sem_post(&h.may_end);
	expect(nursery_close(&n, 0), 0);

	u.timeout_ns = 100 * NS_PER_MS;
	while (u.result !=
	       -EINPROGRESS) { /* on a loaded machine it may not begin in time */
		cr_assert(eq(int, u.result, -ETIMEDOUT));
		cr_assert(eq(int, pthread_create(&thread, NULL, be_urgent, &u), 0));
		pthread_join(thread, NULL);
	}
	cr_expect(atomic_load(&u.begun) || worker_stuck(&worker));
	cr_expect(eq(int, worker_run_urgent(&worker, &u.job, 0), -EBUSY));
	sem_post(&u.may_end);
	while (worker_stuck(&worker))
		task_yield();
	worker_close(&worker, NULL);
	return 0;
}
