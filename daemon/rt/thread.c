/* A pool of threads: a queue with a lock on the way there, a post on the way back. */
#include "daemon/rt/thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

#define MAX_THREADS 64
#define STUCK_NS (10 * NS_PER_S)
/* What Lua, NSS and file systems need, with room; only what is touched takes memory. */
#define STACK_BYTES (STACK_LUA + (size_t)256 * 1024)

struct thread_pool {
	struct rt *rt;
	/* thread_pool_close(), while it waits for the last thread; and that that has ended. */
	struct closer *closer;
	struct post gone;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	/* Under the lock. */
	struct list queue;
	unsigned queued, max, threads, idle, busy;
	bool ending, left_alone;
};

/* The task that closes the pool, in its own frame: a pool that is left alone frees itself. */
struct closer {
	struct wait wait;
	struct thread_pool *pool;
	bool held, leaves;
};

/* The task that waits, in its own frame: work that was abandoned outlives it. */
struct caller {
	struct wait wait;
	struct work *work;
	struct timer overdue;
	bool abandoned;
};

/* What has begun is in no list. */
struct work {
	struct thread_pool *pool;
	struct caller *caller;
	int (*fn)(void *arg);
	void *arg;
	void (*release)(void *arg); /* NULL: cannot be abandoned */
	int result;
	struct post done;
	/* Under the lock. */
	struct link link;
	bool finished, abandoned;
};

/* The new thread takes over the mask; the caller's own is as before when this returns. */
int thread_start(pthread_t *thread, bool detached, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (detached)
		(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(thread, &attr, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

static void free_pool(struct thread_pool *p)
{
	(void)pthread_cond_destroy(&p->wanted);
	(void)pthread_mutex_destroy(&p->lock);
	rt_unref(p->rt);
	free(p);
}

static void run(struct thread_pool *p, struct work *w)
{
	int r = w->fn(w->arg);
	bool abandoned;

	(void)pthread_mutex_lock(&p->lock);
	w->result = r;
	w->finished = true;
	abandoned = w->abandoned;
	p->busy -= !abandoned;
	(void)pthread_mutex_unlock(&p->lock);
	if (!abandoned) {
		(void)rt_post(p->rt, &w->done); /* the loop runs: a task of its waits */
		return;
	}
	w->release(w->arg);
	free(w);
	(void)pthread_mutex_lock(&p->lock);
	p->busy--;
	(void)pthread_mutex_unlock(&p->lock);
}

/* The next piece of work, NULL when the thread shall end. Under the lock. */
static struct work *next_work(struct thread_pool *p)
{
	struct link *first;

	while (!(first = list_pop(&p->queue)) && !p->ending) {
		p->idle++;
		(void)pthread_cond_wait(&p->wanted, &p->lock);
		p->idle--;
	}
	if (!first)
		return NULL;
	p->queued--;
	p->busy++;
	return container_of(first, struct work, link);
}

static void *work_until_the_end(void *arg)
{
	struct thread_pool *p = arg;
	struct rt *rt = p->rt;
	struct work *w;
	bool last, left_alone;

	(void)pthread_mutex_lock(&p->lock);
	while ((w = next_work(p)) != NULL) {
		(void)pthread_mutex_unlock(&p->lock);
		run(p, w);
		(void)pthread_mutex_lock(&p->lock);
	}
	last = --p->threads == 0;
	left_alone = p->left_alone;
	(void)pthread_mutex_unlock(&p->lock);
	if (last && left_alone)
		free_pool(p);
	else if (last)
		(void)rt_post(rt, &p->gone); /* the pool may be gone from here on */
	rt_unref(rt);
	return NULL;
}

struct thread_pool *thread_pool_open(unsigned max)
{
	struct thread_pool *p;

	assert(max >= 1 && max <= MAX_THREADS);
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->rt = rt_this();
	rt_ref(p->rt);
	p->gone.source = post_source_new(p->rt);
	p->max = max;
	list_init(&p->queue);
	(void)pthread_mutex_init(&p->lock, NULL); /* default attributes: cannot fail */
	(void)pthread_cond_init(&p->wanted, NULL);
	return p;
}

static void all_gone(struct post *post)
{
	struct closer *c = container_of(post, struct thread_pool, gone)->closer;

	if (c->held)
		rt_release();
	task_wake(&c->wait, 0);
}

/*
 * Threads that idle end by themselves and at once; only one that works is worth no more waiting. In a replay
 * the threads may have got further than they had then, even to their end.
 */
static bool close_abort(struct wait *wait)
{
	struct closer *c = container_of(wait, struct closer, wait);
	struct thread_pool *p = c->pool;
	unsigned busy;
	bool leave;

	(void)pthread_mutex_lock(&p->lock);
	busy = p->busy;
	leave = record_value(p->rt, busy > 0);
	c->leaves = p->left_alone = leave && p->threads > 0;
	(void)pthread_mutex_unlock(&p->lock);
	if (!leave) {
		c->held = true;
		rt_hold();
		return false;
	}
	if (!c->leaves)
		posts_drop(p->rt, &p->gone);
	LOG(WARNING, "threads that still run abandoned work are left to themselves: %u",
	    busy);
	return true;
}

void thread_pool_close(struct thread_pool *p, int64_t timeout_ns)
{
	struct closer c = {.wait = {.kind = "threads to end", .abort = close_abort},
			   .pool = p};
	struct scope s;
	bool none;
	int r;

	if (!p)
		return;
	p->closer = &c;
	p->gone.fn = all_gone;
	(void)pthread_mutex_lock(&p->lock);
	assert(list_empty(&p->queue));
	p->ending = true;
	(void)pthread_cond_broadcast(&p->wanted);
	none = p->threads == 0;
	(void)pthread_mutex_unlock(&p->lock);
	scope_enter_shield(&s, timeout_ns);
	r = scope_leave(&s, none ? 0 : task_park(&c.wait));
	assert(r == 0);
	if (!c.leaves) /* else the last thread frees it */
		free_pool(p);
}

void thread_watch(struct timer *t, void (*fn)(struct timer *t))
{
	int64_t bound = rt_this()->conf.stuck_thread_ns;

	t->fn = fn;
	timer_arm(t, time_add(rt_now(), bound ? bound : STUCK_NS));
}

void thread_overdue(struct timer *t, const struct wait *w)
{
	const struct cancel_cause *cause = scope_cause_of(w->task->scope);
	const struct rt *rt = rt_this();
	char why[160];

	cancel_cause_print(cause, rt_now(), why, sizeof(why));
	if (rt->root->own.requested) {
		LOG(CRIT,
		    "task %s: its thread does not return, and the program is to end; "
		    "cancelled %s",
		    w->task->name, why);
		task_dump(stderr);
		abort();
	}
	LOG(WARNING, "task %s: its thread goes on though the task was cancelled %s",
	    w->task->name, why);
	thread_watch(t, t->fn);
}

static void work_overdue(struct timer *t)
{
	thread_overdue(t, &container_of(t, struct caller, overdue)->wait);
}

static void work_done(struct post *post)
{
	task_wake(&container_of(post, struct work, done)->caller->wait, 0);
}

/* Take back what has not begun; leave behind what may be abandoned. */
static bool work_abort(struct wait *wait)
{
	struct caller *c = container_of(wait, struct caller, wait);
	struct work *w = c->work;
	struct thread_pool *p = w->pool;
	bool queued, abandon, end;

	(void)pthread_mutex_lock(&p->lock);
	queued = link_linked(&w->link);
	abandon = !queued && !w->finished && w->release;
	end = record_value(p->rt, queued || abandon);
	if (end && queued) {
		p->queued--;
		link_remove(&w->link);
	}
	c->abandoned = w->abandoned = end && abandon;
	(void)pthread_mutex_unlock(&p->lock);
	if (end && !queued && !abandon)
		posts_drop(p->rt, &w->done);
	if (!end)
		thread_watch(&c->overdue, work_overdue);
	return end;
}

/* Start a thread unless those that idle will do. Under the lock. */
static int reinforce(struct thread_pool *p)
{
	pthread_t thread;
	int r;

	if (p->queued <= p->idle) {
		(void)pthread_cond_signal(&p->wanted);
		return 0;
	}
	if (p->threads == p->max)
		return 0;
	rt_ref(p->rt);
	r = thread_start(&thread, true, work_until_the_end, p);
	if (r < 0) {
		rt_unref(p->rt);
		return p->threads > 0 ? 0
				      : r; /* with others at work it only takes longer */
	}
	p->threads++;
	return 0;
}

/* Hand over and wait. */
static int run_work(struct thread_pool *p, struct caller *c, struct work *w)
{
	int r;

	c->wait = (struct wait){.kind = "thread", .abort = work_abort};
	c->work = w;
	c->overdue = (struct timer){0};
	c->abandoned = false;
	w->pool = p;
	w->caller = c;
	w->done.fn = work_done;
	w->done.source = post_source_new(p->rt);
	(void)pthread_mutex_lock(&p->lock);
	list_push(&p->queue, &w->link);
	p->queued++;
	r = reinforce(p);
	if (r < 0) {
		link_remove(&w->link);
		p->queued--;
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (r < 0)
		return r;
	rt_hold();
	r = task_park(&c->wait);
	timer_disarm(&c->overdue);
	rt_release();
	return r;
}

int thread_run(struct thread_pool *p, int (*fn)(void *arg), void *arg)
{
	struct work w = {.fn = fn, .arg = arg};
	struct caller c;
	int r = task_check();

	if (r == 0)
		r = run_work(p, &c, &w);
	return r < 0 ? r : w.result;
}

int thread_run_abandon(struct thread_pool *p, int (*fn)(void *arg), void *arg,
		       void (*release)(void *arg))
{
	struct caller c;
	struct work *w;
	int r = task_check();

	if (r < 0) {
		release(arg);
		return r;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fn = fn;
	w->arg = arg;
	w->release = release;
	r = run_work(p, &c, w);
	if (r == -ECANCELED && c.abandoned)
		return r; /* the thread frees it */
	if (r == -ECANCELED)
		release(arg);
	else if (r == 0)
		r = w->result;
	free(w);
	return r;
}
