/* Workers: a queue with a lock on the way to the thread, a post on the way back. */
#include "daemon/rt/worker.h"

#include <assert.h>
#include <stdio.h>

#include "daemon/rt/internal.h"

static void *work(void *arg)
{
	struct worker *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		struct link *first = list_pop(&w->queue);
		struct job *j;

		if (!first && w->ending)
			break;
		if (!first) {
			(void)pthread_cond_wait(&w->wanted, &w->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&w->lock);
		j = container_of(first, struct job, link);
		j->fn(j);
		/* The loop has not ended: the task that waits for this is one of its own. From here on
		 * the job may be gone. */
		(void)rt_post(w->rt, &j->done);
		(void)pthread_mutex_lock(&w->lock);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

int worker_open(struct worker *w, const char *name)
{
	int r;

	*w = (struct worker){.rt = rt_current()};
	assert(w->rt);
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	list_init(&w->queue);
	(void)pthread_mutex_init(&w->lock, NULL); /* default attributes: cannot fail */
	(void)pthread_cond_init(&w->wanted, NULL);
	rt_ref(w->rt);
	r = thread_start(&w->thread, false, work, w);
	if (r < 0)
		goto unref;
	(void)pthread_setname_np(w->thread, w->name); /* only for those who look */
	return 0;

unref:
	rt_unref(w->rt);
	(void)pthread_cond_destroy(&w->wanted);
	(void)pthread_mutex_destroy(&w->lock);
	return r;
}

void worker_close(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock);
	assert(list_empty(&w->queue));
	w->ending = true;
	(void)pthread_cond_signal(&w->wanted);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->wanted);
	(void)pthread_mutex_destroy(&w->lock);
	rt_unref(w->rt);
}

static void job_done(struct post *p)
{
	task_wake(&container_of(p, struct job, done)->wait, 0);
}

static void job_overdue(struct timer *t)
{
	thread_overdue(t, &container_of(t, struct job, overdue)->wait);
}

/* Only what the thread has not begun can be taken back. */
static bool job_abort(struct wait *wait)
{
	struct job *j = container_of(wait, struct job, wait);
	struct rt *rt = j->worker->rt;
	bool queued, end;

	(void)pthread_mutex_lock(&j->worker->lock);
	queued = link_linked(&j->link);
	end = record_outcome(rt, queued);
	if (end)
		link_remove(&j->link);
	(void)pthread_mutex_unlock(&j->worker->lock);
	if (end && !queued)
		posts_drop(rt, &j->done);
	if (!end)
		thread_watch(&j->overdue, job_overdue);
	return end;
}

int worker_run(struct worker *w, struct job *j)
{
	int r = task_check();

	if (r < 0)
		return r;
	j->worker = w;
	j->link = (struct link){0};
	j->overdue = (struct timer){0};
	j->wait = (struct wait){.kind = "worker", .what = w->name, .abort = job_abort};
	j->done = (struct post){.fn = job_done, .source = post_source_new(w->rt)};
	rt_hold();
	(void)pthread_mutex_lock(&w->lock);
	list_push(&w->queue, &j->link);
	(void)pthread_cond_signal(&w->wanted);
	(void)pthread_mutex_unlock(&w->lock);
	r = task_park(&j->wait);
	timer_disarm(&j->overdue);
	rt_release();
	return r;
}
