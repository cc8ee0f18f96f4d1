/* Posts from other threads. */
#include <errno.h>
#include <pthread.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/post.h"
#include "tests/unit/rt_run.h"

#define THREADS 4
#define EACH 500

struct numbered {
	struct post post;
	int thread, number;
};

/* What the loop saw, and the task that waits for all of it. */
static struct {
	struct numbered jobs[THREADS][EACH];
	int next[THREADS];
	int count;
	struct wait all;
	struct rt *rt;
} run;

static void count(struct post *p)
{
	struct numbered *job = container_of(p, struct numbered, post);

	cr_assert(
		eq(int, run.next[job->thread], job->number)); /* in each thread's order */
	run.next[job->thread]++;
	if (++run.count == THREADS * EACH)
		task_wake(&run.all, 0);
}

static void *poster(void *arg)
{
	struct numbered *jobs = arg;

	for (int i = 0; i < EACH; i++)
		cr_assert(eq(int, rt_post(run.rt, &jobs[i].post), 0));
	return NULL;
}

static int posts_of_threads(void *arg)
{
	pthread_t threads[THREADS];

	(void)arg;
	memset(&run, 0, sizeof(run));
	run.rt = rt_current();
	run.all = (struct wait){.kind = "test"};
	rt_hold();
	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < EACH; i++)
			run.jobs[t][i] = (struct numbered){{.fn = count}, t, i};
		pthread_create(&threads[t], NULL, poster, run.jobs[t]);
	}
	expect(task_park(&run.all), 0);
	rt_release();
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	return 0;
}

Test(post, R8_posts_of_each_thread_come_first_in_first_out)
{
	run_on(RT_CLOCK_VIRTUAL, posts_of_threads);
	run_on(RT_CLOCK_MONOTONIC, posts_of_threads);
}

static void said_post(struct post *p)
{
	(void)p;
	say("post");
}

RT_TEST(post, R8_equal_pending_posts_are_one)
{
	struct post p = {.fn = said_post};

	expect(rt_post(rt_current(), &p), 0);
	expect(rt_post(rt_current(), &p), 1);
	expect(task_checkpoint(), 0);
	cr_assert(eq(str, (char *)heard(), "post"));
	expect(rt_post(rt_current(), &p), 0);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "post"));
	return 0;
}

static void post_again(struct post *p)
{
	if (++run.count < 1000)
		(void)rt_post(run.rt, p);
}

RT_TEST(post, R8_at_most_256_a_pass_and_quiet_only_after_the_last)
{
	static struct post posts[600];

	run.rt = rt_current();
	run.count = 0;
	for (int i = 0; i < 600; i++) {
		posts[i] = (struct post){.fn = said_post};
		expect(rt_post(run.rt, &posts[i]), 0);
	}
	expect(task_checkpoint(), 0);
	cr_assert(eq(sz, strlen(heard()), 256 * 5 - 1));
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(sz, strlen(heard()), (600 - 256) * 5 - 1));
	posts[0] = (struct post){.fn = post_again};
	expect(rt_post(run.rt, &posts[0]), 0);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(int, run.count, 1000));
	return 0;
}

static struct post last;

static int posts_and_ends(void *arg)
{
	(void)arg;
	run.rt = rt_current();
	rt_ref(run.rt);
	last = (struct post){.fn = said_post};
	return rt_post(run.rt, &last);
}

static void posts_cancel(struct post *p)
{
	(void)p;
	rt_cancel("too late");
	say("cancelled");
}

static int ends_before_a_cancel(void *arg)
{
	(void)arg;
	last = (struct post){.fn = posts_cancel};
	return rt_post(rt_current(), &last);
}

Test(post, R8_what_came_in_time_is_delivered_and_later_posts_are_refused)
{
	expect(rt_run(NULL, posts_and_ends, NULL), 0);
	cr_assert(eq(str, (char *)heard(), "post"));
	expect(rt_post(run.rt, &last), -ESHUTDOWN);
	expect(rt_post(run.rt, &last), -ESHUTDOWN);
	rt_unref(run.rt);
	expect(rt_run(NULL, ends_before_a_cancel, NULL), 0);
	cr_assert(eq(str, (char *)heard(), "cancelled"));
}

/* A thread that posts as fast as it can until it is refused. */
static void *flood(void *arg)
{
	struct post *p = arg;
	int r;

	do
		r = rt_post(run.rt, p);
	while (r >= 0);
	cr_assert(eq(int, r, -ESHUTDOWN));
	rt_unref(run.rt);
	return NULL;
}

static void ignore(struct post *p)
{
	(void)p;
}

static int flooded(void *arg)
{
	run.rt = rt_current();
	rt_ref(run.rt);
	last = (struct post){.fn = ignore};
	pthread_create(arg, NULL, flood, &last);
	return task_sleep(2 * NS_PER_MS);
}

Test(post, R8_a_flood_neither_holds_the_loop_nor_outlives_it)
{
	pthread_t thread;

	expect(rt_run(NULL, flooded, &thread), 0);
	pthread_join(thread, NULL);
}
