/* Workers: a queue with a lock on the way to the thread, a post on the way back. */
#include "daemon/rt/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "daemon/rt/internal.h"

/* The task that waits, in its own frame: a job that was left outlives it. */
struct job_caller {
	struct job *job;
	struct wait wait;
	struct timer overdue;
};

/* Run a job. The lock is held before and after. */
static void run(struct worker *w, struct job *j)
{
	bool abandoned;

	(void)pthread_mutex_unlock(&w->lock);
	j->fn(j);
	(void)pthread_mutex_lock(&w->lock);
	j->finished = true;
	abandoned = j->abandoned;
	(void)pthread_mutex_unlock(&w->lock);
	/* Without abandonment the loop has not ended: the task that waits for this is one of its own. From
	 * here on the job may be gone. */
	if (abandoned)
		j->left(j);
	else
		(void)rt_post(w->rt, &j->done);
	(void)pthread_mutex_lock(&w->lock);
	w->busy_alone = w->busy_alone && !abandoned;
}

/* Everything urgent. The lock is held before and after. */
static void run_urgent(struct worker *w)
{
	struct link *first;

	while ((first = list_pop(&w->urgent))) {
		struct urgent_job *j = container_of(first, struct urgent_job, link);

		(void)pthread_mutex_unlock(&w->lock);
		j->fn(j);
		(void)pthread_mutex_lock(&w->lock);
		j->done = true;
		w->busy_alone = w->busy_alone && !j->abandoned;
		(void)pthread_cond_broadcast(&w->urgent_done);
	}
}

static void fini(struct worker *w)
{
	(void)pthread_cond_destroy(&w->urgent_done);
	(void)pthread_cond_destroy(&w->wanted);
	(void)pthread_mutex_destroy(&w->lock);
	rt_unref(w->rt);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	void (*gone)(struct worker * w);

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		struct link *first;

		run_urgent(w);
		first = list_pop(&w->queue);
		if (first)
			run(w, container_of(first, struct job, link));
		else if (w->ending)
			break;
		else
			(void)pthread_cond_wait(&w->wanted, &w->lock);
	}
	gone = w->gone;
	(void)pthread_mutex_unlock(&w->lock);
	if (gone) {
		fini(w);
		gone(w);
	}
	return NULL;
}

int worker_open(struct worker *w, const char *name)
{
	int r;

	*w = (struct worker){.rt = rt_current()};
	assert(w->rt);
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	list_init(&w->queue);
	list_init(&w->urgent);
	(void)pthread_mutex_init(&w->lock, NULL); /* default attributes: cannot fail */
	(void)pthread_cond_init(&w->wanted, NULL);
	(void)pthread_cond_init(&w->urgent_done, NULL);
	rt_ref(w->rt);
	r = thread_start(&w->thread, false, work, w);
	if (r < 0)
		goto unref;
	(void)pthread_setname_np(w->thread, w->name); /* only for those who look */
	return 0;

unref:
	rt_unref(w->rt);
	(void)pthread_cond_destroy(&w->urgent_done);
	(void)pthread_cond_destroy(&w->wanted);
	(void)pthread_mutex_destroy(&w->lock);
	return r;
}

void worker_close(struct worker *w, void (*gone)(struct worker *w))
{
	pthread_t thread = w->thread;
	bool leave;

	(void)pthread_mutex_lock(&w->lock);
	assert(list_empty(&w->queue) && list_empty(&w->urgent));
	w->ending = true;
	leave = w->busy_alone;
	if (leave)
		w->gone = gone;
	(void)pthread_cond_signal(&w->wanted);
	(void)pthread_mutex_unlock(&w->lock);
	assert(!leave || gone);
	if (leave) { /* the worker may be gone from here on */
		(void)pthread_detach(thread);
		return;
	}
	(void)pthread_join(thread, NULL);
	fini(w);
	if (gone)
		gone(w);
}

bool worker_stuck(struct worker *w)
{
	bool stuck;

	(void)pthread_mutex_lock(&w->lock);
	stuck = w->busy_alone;
	(void)pthread_mutex_unlock(&w->lock);
	return stuck;
}

static void job_done(struct post *p)
{
	task_wake(&container_of(p, struct job, done)->caller->wait, 0);
}

/* Leave the job to the thread, unless it has just finished. */
static bool leave(struct job *j)
{
	struct worker *w = j->worker;
	bool end, finished;

	(void)pthread_mutex_lock(&w->lock);
	finished = j->finished;
	end = record_value(w->rt, !finished);
	j->abandoned = end && !finished;
	w->busy_alone = w->busy_alone || j->abandoned;
	(void)pthread_mutex_unlock(&w->lock);
	/* In a replay it may have finished where it had not when it was recorded. */
	if (end && finished) {
		posts_drop(w->rt, &j->done);
		j->left(j);
	}
	return end;
}

static void job_overdue(struct timer *t)
{
	struct job_caller *c = container_of(t, struct job_caller, overdue);

	if (!c->job->left)
		thread_overdue(t, &c->wait);
	else if (leave(c->job))
		task_wake(&c->wait, -EINPROGRESS);
}

/* Only what the thread has not begun can be taken back; what it has begun may be left when it is late. */
static bool job_abort(struct wait *wait)
{
	struct job_caller *c = container_of(wait, struct job_caller, wait);
	struct job *j = c->job;
	struct rt *rt = j->worker->rt;
	bool queued, end;

	(void)pthread_mutex_lock(&j->worker->lock);
	queued = link_linked(&j->link);
	end = record_value(rt, queued);
	if (end)
		link_remove(&j->link);
	(void)pthread_mutex_unlock(&j->worker->lock);
	if (end && !queued)
		posts_drop(rt, &j->done);
	if (end)
		return true;
	if (j->left) {
		c->overdue.fn = job_overdue;
		timer_arm(&c->overdue, j->leave_ns);
	} else {
		thread_watch(&c->overdue, job_overdue);
	}
	return false;
}

int worker_run(struct worker *w, struct job *j)
{
	struct job_caller c = {
		.job = j,
		.wait = {.kind = "worker", .what = w->name, .abort = job_abort},
	};
	int r = task_check();

	if (r < 0)
		return r;
	j->worker = w;
	j->caller = &c;
	j->link = (struct link){0};
	j->finished = j->abandoned = false;
	j->done = (struct post){.fn = job_done, .source = post_source_new(w->rt)};
	rt_hold();
	(void)pthread_mutex_lock(&w->lock);
	list_push(&w->queue, &j->link);
	(void)pthread_cond_signal(&w->wanted);
	(void)pthread_mutex_unlock(&w->lock);
	r = task_park(&c.wait);
	timer_disarm(&c.overdue);
	rt_release();
	return r;
}

/* What becomes of a job that has not ended in time. With the lock. */
static int leave_urgent(struct worker *w, struct urgent_job *j)
{
	if (link_linked(&j->link)) {
		link_remove(&j->link);
		return -ETIMEDOUT;
	}
	j->abandoned = w->busy_alone = true;
	return -EINPROGRESS;
}

int worker_run_urgent(struct worker *w, struct urgent_job *j, int64_t timeout_ns)
{
	int64_t until_ns = time_add(clock_read(), timeout_ns);
	const struct timespec until = {.tv_sec = until_ns / NS_PER_S,
				       .tv_nsec = until_ns % NS_PER_S};
	int r = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (j->abandoned) {
		(void)pthread_mutex_unlock(&w->lock);
		return -EBUSY;
	}
	j->link = (struct link){0};
	j->done = false;
	list_push(&w->urgent, &j->link);
	(void)pthread_cond_signal(&w->wanted);
	while (r == 0 && !j->done)
		r = pthread_cond_clockwait(&w->urgent_done, &w->lock, CLOCK_MONOTONIC,
					   &until);
	r = j->done ? 0 : leave_urgent(w, j);
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}
