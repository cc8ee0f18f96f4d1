/* Tasks: birth, steps, parking, end. */
#include "daemon/rt/task.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/internal.h"

/*
 * Stacks lie alike in their pages, and caches choose a line's place by its address within the page: tasks
 * begin at so many different lines, or some hundred would push each other out (a switch among 1000: half the
 * time). Scripts at fewer: one that waits has hardly more room left in its page.
 */
#define COLOURS 16
#define COLOURS_LUA 4

/* A task in whole cache lines, as aligned_alloc(3) wants it. */
#define TASK_ROOM ((sizeof(struct task) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE)

struct task *task_self(void)
{
	struct rt *rt = rt_this_or_null();

	return rt ? rt->current : NULL;
}

const char *task_name(const struct task *t)
{
	return t->name;
}

static struct task *self(void)
{
	struct task *t = task_self();

	assert(t);
	return t;
}

void task_set_band(enum task_band band)
{
	self()->band = band;
}

enum task_band task_band(void)
{
	return self()->band;
}

/* The first and last thing on a task's stack. */
static void boot(void *arg)
{
	struct task *t = arg;
	struct rt *rt = t->rt;
	int r;

	context_entered(&rt->loop);
	r = t->fn(t->arg);
	if (t->nursery) {
		nursery_child_ended(t, r);
	} else {
		rt->root_result = scope_leave(&t->own, r);
		if (t->own.absorbed) /* rt_run() tells its caller */
			rt->root_result = -ECANCELED;
	}
	rt->stats.tasks_living--;
	rt->ended = t;
	context_exit(&t->ctx, &rt->loop);
}

/* How far below its end a stack begins; the highest word is the pool's. */
static size_t colour(struct rt *rt, const struct task *t)
{
	unsigned colours = t->stack.size == STACK_LUA ? COLOURS_LUA : COLOURS;

	return (size_t)(1 + rt->colour++ % colours) * CACHE_LINE;
}

/* The room for one, all zero; NULL without memory. */
static struct task *task_room(struct rt *rt)
{
	struct link *k = list_pop(&rt->spare);
	struct task *t;

	if (k) {
		rt->spare_count--;
		t = container_of(k, struct task, run);
	} else {
		t = aligned_alloc(CACHE_LINE, TASK_ROOM);
	}
	if (t)
		memset(t, 0, sizeof(*t));
	return t;
}

static void task_room_back(struct rt *rt, struct task *t)
{
	rt->untidy = true;
#ifdef CONTEXT_ASAN
	free(t); /* it is to find who looks at a task after its end */
#else
	list_push_front(&rt->spare, &t->run);
	rt->spare_count++;
#endif
}

int task_new(struct rt *rt, const struct task_opt *opt, int (*fn)(void *), void *arg,
	     struct task **ret)
{
	size_t size = opt->stack_size ? opt->stack_size : STACK_DEFAULT;
	struct task *t = task_room(rt);
	int r;

	if (!t)
		return -ENOMEM;
	r = stack_get(&rt->stacks, size, &t->stack);
	if (r < 0) {
		task_room_back(rt, t);
		return r;
	}
	t->rt = rt;
	t->fn = fn;
	t->arg = arg;
	t->rate_since_ns = rt->now_ns;
	t->service = opt->service;
	t->band = opt->banded ? opt->band : rt->current ? rt->current->band : BAND_NORMAL;
	strncpy(t->name, opt->name, sizeof(t->name) - 1);
	context_init(&t->ctx, t->stack.lo, t->stack.size - colour(rt, t), boot, t);
	list_push(&rt->tasks, &t->all);
	rt->stats.tasks_living++;
	*ret = t;
	return 0;
}

void task_free(struct task *t)
{
	struct rt *rt = t->rt;

	error_free(t->error);
	link_remove(&t->all);
	context_fini(&t->ctx);
	stack_put(&rt->stacks, &t->stack);
	task_room_back(rt, t);
}

HOT void task_ready_now(struct task *t)
{
	list_push(&t->rt->ready[t->band], &t->run);
}

HOT void task_suspend(struct task *t)
{
	context_switch(&t->ctx, &t->rt->loop);
}

HOT void task_yield(void)
{
	struct task *t = self();

	task_ready_now(t);
	task_suspend(t);
}

int task_check(void)
{
	return self()->scope->effective ? -ECANCELED : 0;
}

bool task_cancelling(void)
{
	const struct scope *s = self()->scope;

	return s->effective || s->soft_effective;
}

void task_set_trace(void (*fn)(void *arg, FILE *out), void *arg)
{
	struct task *t = self();

	t->trace = fn;
	t->trace_arg = arg;
}

int task_checkpoint(void)
{
	int r = task_check();

	if (r < 0)
		return r;
	task_yield();
	/* Nothing took effect that a cancellation could lose, so look again: a deadline may have
	 * passed while this task computed. */
	return task_check();
}

HOT int task_park(struct wait *w)
{
	struct task *t = self();

	w->task = t;
	w->choice = NULL;
	w->since_ns = t->rt->now_ns;
	w->result = 0;
	w->abort_called = false;
	w->parked = true;
	t->wait = w;
	/* There was no check before, or a scope was entered since. */
	if (t->scope->effective)
		task_deliver(t);
	task_suspend(t);
	return w->result;
}

HOT void task_wake(struct wait *w, int r)
{
	struct task *t = w->task;

	if (w->choice) {
		choice_decide(w, r);
		return;
	}
	assert(w->parked && t->wait == w);
	w->parked = false;
	w->result = r;
	t->wait = NULL;
	task_ready_now(t);
}

void task_deliver(struct task *t)
{
	struct wait *w = t->wait;

	if (!w || w->abort_called || !w->abort || !t->scope->effective)
		return;
	w->abort_called = true;
	if (w->abort(w))
		task_wake(w, -ECANCELED);
}

static bool sleep_abort(struct wait *w)
{
	timer_disarm(&container_of(w, struct sleep, wait)->timer);
	return true;
}

static void sleep_describe(const struct wait *w, char *buf, size_t size)
{
	const struct sleep *s = container_of(w, struct sleep, wait);

	if (timer_armed(&s->timer))
		snprintf(buf, size, "%.3f s left",
			 (double)(s->timer.t_ns - rt_now()) / 1e9);
	else
		snprintf(buf, size, "for ever");
}

static void sleep_fire(struct timer *timer)
{
	task_wake(&container_of(timer, struct sleep, timer)->wait, 0);
}

void sleep_arm(struct sleep *s, int64_t t_ns)
{
	*s = (struct sleep){
		.wait = {.kind = "sleep",
			 .abort = sleep_abort,
			 .describe = sleep_describe},
		.timer = {.fn = sleep_fire},
	};
	if (t_ns != TIME_NEVER)
		timer_arm(&s->timer, t_ns);
}

int task_sleep_until(int64_t t_ns)
{
	struct sleep s;

	if (t_ns <= rt_now())
		return task_checkpoint();
	if (task_check() < 0)
		return -ECANCELED;
	sleep_arm(&s, t_ns);
	return task_park(&s.wait);
}

int task_sleep(int64_t ns)
{
	assert(ns >= 0);
	return task_sleep_until(time_add(rt_now(), ns));
}

int task_sleep_forever(void)
{
	return task_sleep_until(TIME_NEVER);
}

static bool blocked_abort(struct wait *w)
{
	link_remove(&w->task->run);
	return true;
}

int task_wait_all_blocked(void)
{
	struct task *t = self();
	struct wait w = {.kind = "all blocked", .abort = blocked_abort};

	if (task_check() < 0)
		return -ECANCELED;
	list_push(&t->rt->blocked_waiters, &t->run);
	return task_park(&w);
}
