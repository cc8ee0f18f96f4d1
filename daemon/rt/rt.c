/* The loop: passes over the ready tasks, timers, descriptors, posts; start and end of a runtime. */
#include "daemon/rt/rt.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

#define POLL_PASSES 32 /* rule R4: descriptors are polled at least every so many passes */
#define POLL_NS (200 * NS_PER_US) /* and every so many nanoseconds */
#define POSTS_PER_PASS 256
#define SLOW_STEP_NS (10 * NS_PER_MS)
#define FETCH_AHEAD 8   /* tasks: a step may take 60 ns, an unknown page 400 ns */
#define FETCH_LINES 8   /* what a sleep and its callers have on a stack */
#define BUSY_STEPS 3000 /* rule N9: more steps than this in a second are reported */

_Thread_local struct rt *this_rt;

struct rt *rt_current(void)
{
	return this_rt;
}

int64_t rt_now(void)
{
	return this_rt ? this_rt->now_ns : clock_read();
}

bool rt_is_virtual(void)
{
	return this_rt && this_rt->conf.clock == RT_CLOCK_VIRTUAL;
}

bool rt_is_repeatable(void)
{
	return rt_is_virtual() || (this_rt && this_rt->traced);
}

void rt_hold(void)
{
	rt_this()->in_flight++;
}

void rt_release(void)
{
	assert(rt_this()->in_flight > 0);
	rt_this()->in_flight--;
}

void rt_idle_add(struct rt_idle *idle)
{
	list_push(&rt_this()->idles, &idle->link);
}

void rt_idle_remove(struct rt_idle *idle)
{
	link_remove(&idle->link);
}

void rt_cancel(const char *reason)
{
	struct task *root = rt_this()->root;

	if (root) /* a last post may come after its end */
		scope_cancel(&root->own, CANCEL_SHUTDOWN, reason);
}

void rt_cancel_soft(int64_t grace_ns, const char *reason)
{
	struct task *root = rt_this()->root;

	if (root)
		scope_cancel_soft(&root->own, CANCEL_SHUTDOWN, grace_ns, reason);
}

void rt_stats(struct rt_stats *ret)
{
	struct rt *rt = rt_this();

	*ret = rt->stats;
	ret->in_flight = rt->in_flight;
	ret->next_deadline_ns = rt->timers ? rt->timers->t_ns : TIME_NEVER;
	ret->stack_deepest = rt->stacks.deepest[0];
	ret->stack_deepest_lua = rt->stacks.deepest[1];
	ret->tasks_ready = 0;
	for (int b = 0; b < BAND_COUNT; b++)
		list_each(t, &rt->ready[b], struct task, run) ret->tasks_ready++;
	list_each(t, &rt->batch, struct task, run) ret->tasks_ready++;
}

static bool anything_ready(const struct rt *rt)
{
	return !list_empty(&rt->ready[BAND_SAFETY]) ||
	       !list_empty(&rt->ready[BAND_NORMAL]) ||
	       !list_empty(&rt->ready[BAND_BACKGROUND]);
}

/* Look at the descriptors; wait until @deadline_ns when there is nothing else to do, 0: do not. */
HOT static void poll_descriptors(struct rt *rt, int64_t deadline_ns)
{
	if (rt->traced)
		record_poll(rt);
	rt->poller.ops->wait(&rt->poller, deadline_ns);
	if (deadline_ns != 0)
		counted_clock_forget(&rt->clock);
	rt->poll_ticks = rt->step_ticks = cheap_ticks();
	rt->unpolled = 0;
	rt->stats.polls++;
}

/* What libraries have to say. */
static void run_idles(struct rt *rt)
{
	list_each_safe(i, &rt->idles, struct rt_idle, link) i->fn(i);
}

/* While tasks are ready: do not let them keep the world outside waiting. */
static void look_outside(struct rt *rt)
{
	run_idles(rt);
	poll_descriptors(rt, 0);
}

COLD static void report_slow_step(struct rt *rt, const struct task *t, int64_t ticks)
{
	int64_t per_ms = cheap_ticks_per_ms();
	char where[128];

	rt->stats.slow_steps++;
	task_where(t, where, sizeof(where));
	LOG(WARNING, "task %s: kept the loop for %lld ms without a checkpoint%s%s",
	    t->name, (long long)(ticks / per_ms), where[0] ? "; now at " : "", where);
}

static void reap(struct rt *rt)
{
	struct task *t = rt->ended;

	rt->ended = NULL;
	if (t == rt->root) {
		rt->root_done = true;
		rt->root = NULL;
	}
	task_free(t);
}

/*
 * A task that runs too often keeps the processor awake and is most likely a loop that forgot to wait.
 * Said once for each task; virtual time tells nothing about it.
 */
COLD static void watch_rate(struct rt *rt, struct task *t)
{
	int64_t took = rt->now_ns - t->rate_since_ns;
	char where[128];

	t->rate_since_ns = rt->now_ns;
	if (took >= NS_PER_S || t->said_busy || rt->conf.clock == RT_CLOCK_VIRTUAL)
		return;
	t->said_busy = true;
	rt->stats.busy_tasks++;
	task_where(t, where, sizeof(where));
	LOG(WARNING, "task %s: ran %d times in %lld ms%s%s", t->name, BUSY_STEPS,
	    (long long)(took / NS_PER_MS), where[0] ? " at " : "", where);
}

/* Only this thread writes it: no atomic increment is needed. */
static void show_life(struct rt *rt)
{
	atomic_store_explicit(&rt->beat, (unsigned long)rt->stats.steps,
			      memory_order_relaxed);
}

/* Run one task until it suspends or ends. */
HOT static void step(struct rt *rt, struct task *t)
{
	int64_t before = rt->step_ticks;
	int64_t took;

	if (++t->steps % BUSY_STEPS == 0)
		watch_rate(rt, t);
	rt->stats.steps++;
	show_life(rt);
	if (rt->traced)
		record_step(rt, t);
	rt->current = t;
	context_switch(&rt->loop, &t->ctx);
	rt->current = NULL;
	rt->step_ticks = cheap_ticks();
	took = rt->step_ticks - before;
	if (took > rt->slow_ticks)
		report_slow_step(rt, t, took);
	if (rt->ended)
		reap(rt);
}

/* Put the batch in an order made from the seed (Fisher-Yates with xorshift64). */
static void shuffle(struct rt *rt, struct list *ready)
{
	struct link *k;
	unsigned n = 0;

	for (k = ready->head.next; k != &ready->head; k = k->next)
		n++;
	for (; n > 1; n--) {
		unsigned pick;

		rt->random ^= rt->random << 13;
		rt->random ^= rt->random >> 7;
		rt->random ^= rt->random << 17;
		pick = (unsigned)(rt->random % n);
		k = ready->head.next;
		while (pick-- > 0)
			k = k->next;
		link_remove(k);
		list_push(ready, k);
	}
}

/* What this pass runs: all of safety, all of normal, one of background. */
static void take_batch(struct rt *rt)
{
	struct link *one;

	if (rt->conf.shuffle_seed) {
		shuffle(rt, &rt->ready[BAND_SAFETY]);
		shuffle(rt, &rt->ready[BAND_NORMAL]);
	}
	list_splice(&rt->batch, &rt->ready[BAND_SAFETY]);
	list_splice(&rt->batch, &rt->ready[BAND_NORMAL]);
	one = list_pop(&rt->ready[BAND_BACKGROUND]);
	if (one)
		list_push(&rt->batch, one);
}

static void replay_polls(struct rt *rt)
{
	while (replay_poll(rt))
		run_idles(rt);
}

/*
 * Have the stack of the task at @k on its way into the cache when its turn comes; returns who follows it in
 * the batch. With thousands of tasks nearly all the time of a step would be that way (docs/PERFORMANCE.md).
 */
static inline const struct link *fetch(const struct rt *rt, const struct link *k)
{
	const char *sp;

	if (k == &rt->batch.head)
		return k;
	sp = container_of(k, struct task, run)->ctx.sp;
	for (int i = 0; i < FETCH_LINES; i++)
		__builtin_prefetch(sp + (ptrdiff_t)i * CACHE_LINE);
	return k->next;
}

HOT static void pass(struct rt *rt)
{
	bool real = rt->conf.clock == RT_CLOCK_MONOTONIC;
	const struct link *far;
	struct link *k;

	take_batch(rt);
	far = rt->batch.head.next;
	for (int i = 0; i < FETCH_AHEAD && far != &rt->batch.head; i++)
		far = far->next;
	rt->stats.passes++;
	rt->unpolled++;
	while ((k = list_pop(&rt->batch)) != NULL) {
		far = fetch(rt, far);
		step(rt, container_of(k, struct task, run));
		if (rt->conf.replay)
			replay_polls(rt);
		else if (real && rt->step_ticks - rt->poll_ticks > rt->poll_every_ticks)
			look_outside(rt);
	}
}

static bool wake_blocked_waiters(struct rt *rt)
{
	struct link *k;
	bool any = !list_empty(&rt->blocked_waiters);

	/* Linked through task.run, which is free while a task is parked. */
	while ((k = list_pop(&rt->blocked_waiters)) != NULL)
		task_wake(container_of(k, struct task, run)->wait, 0);
	return any;
}

/* Every task is blocked, nothing is in flight, and no timer or descriptor can change that. */
COLD static void report_deadlock(void)
{
	LOG(ERR, "every task is blocked for ever; cancelling them:");
	task_dump(stderr);
	rt_cancel("deadlock: every task is blocked for ever");
}

/*
 * All is quiet: wake those who waited for that, else let virtual time jump. Returns whether something
 * came of it.
 */
static bool settle(struct rt *rt)
{
	bool virtual = rt->conf.clock == RT_CLOCK_VIRTUAL;

	record_settle(rt);
	if (rt->in_flight > 0)
		return false;
	if (wake_blocked_waiters(rt))
		return true;
	if (virtual && rt->timers) {
		rt->now_ns = rt->timers->t_ns;
		return true;
	}
	if (virtual && rt->poller.waiting == 0 && !rt->root->own.requested) {
		report_deadlock();
		return true;
	}
	return false;
}

static bool anything_to_do(struct rt *rt)
{
	return anything_ready(rt) || posts_pending(rt);
}

static void sleep_until(struct rt *rt, int64_t deadline_ns)
{
	atomic_store(&rt->asleep, true);
	poll_descriptors(rt, posts_pending(rt) ? 0 : deadline_ns);
	/* Who reads it late writes to wake_fd for nothing: no barrier on the way to the task. */
	atomic_store_explicit(&rt->asleep, false, memory_order_relaxed);
}

/* The same turns that idle() took. */
static void replay_idle(struct rt *rt)
{
	run_idles(rt);
	do {
		replay_polls(rt);
	} while (replay_settle(rt) && !settle(rt));
	replay_rest(rt);
}

/* Nothing is ready: sleep, or let virtual time jump. */
HOT static void idle(struct rt *rt)
{
	bool virtual = rt->conf.clock == RT_CLOCK_VIRTUAL;

	if (rt->conf.replay) {
		replay_idle(rt);
		return;
	}
	run_idles(rt);
	if (anything_to_do(rt)) {
		/* What that took is not the next step's. */
		rt->step_ticks = cheap_ticks();
		return;
	}
	if (trim_due(rt) && trim(rt)) {
		poll_descriptors(rt, 0);
		return;
	}
	if (virtual || !list_empty(&rt->blocked_waiters)) {
		poll_descriptors(rt, 0);
		if (anything_to_do(rt) || settle(rt))
			return;
	}
	sleep_until(rt, virtual || !rt->timers ? TIME_NEVER : rt->timers->t_ns);
}

/*
 * Where the counters of two processors differ, or a virtual machine has moved to another host, what was counted
 * on may be ahead by the span of a reading: then time stands still for so long.
 */
static void latch_time(struct rt *rt)
{
	int64_t ns = counted_clock_at(&rt->clock, rt->step_ticks);

	if (ns > rt->now_ns)
		rt->now_ns = ns;
}

/* The time, and what it and other threads made ready. */
HOT static void begin_turn(struct rt *rt)
{
	bool any = false;

	if (rt->conf.replay) {
		replay_turn(rt);
		rt->step_ticks = cheap_ticks();
		return;
	}
	if (rt->conf.clock == RT_CLOCK_MONOTONIC)
		latch_time(rt);
	if (rt->traced)
		record_turn(rt);
	if (rt->timers && rt->timers->t_ns <= rt->now_ns)
		any = timers_fire(rt, rt->now_ns);
	if (posts_pending(rt))
		any |= posts_deliver(rt, POSTS_PER_PASS) > 0;
	if (any) /* what that took is not the first step's */
		rt->step_ticks = cheap_ticks();
}

HOT static void loop(struct rt *rt)
{
	while (!rt->root_done) {
		begin_turn(rt);
		if (!anything_ready(rt)) {
			idle(rt);
			continue;
		}
		pass(rt);
		if (rt->unpolled >= POLL_PASSES && !rt->conf.replay)
			look_outside(rt);
	}
}

/* The loop's times and limits in units of cheap_ticks(). */
static void set_ticks(struct rt *rt)
{
	int64_t slow = rt->conf.slow_step_ns ? rt->conf.slow_step_ns : SLOW_STEP_NS;
	int64_t per_ms = cheap_ticks_per_ms();

	rt->step_ticks = rt->poll_ticks = cheap_ticks();
	rt->slow_ticks = slow < 0 ? INT64_MAX : slow / NS_PER_US * per_ms / 1000;
	rt->poll_every_ticks = POLL_NS / NS_PER_US * per_ms / 1000;
	counted_clock_init(&rt->clock, POLL_NS);
}

static int rt_init(struct rt *rt, const struct rt_conf *conf)
{
	const struct poller_ops *ops;
	int r;

	if (conf)
		rt->conf = *conf;
	assert(!rt->conf.record || !rt->conf.replay);
	record_begin(rt);
	for (int b = 0; b < BAND_COUNT; b++)
		list_init(&rt->ready[b]);
	list_init(&rt->batch);
	list_init(&rt->idles);
	list_init(&rt->blocked_waiters);
	list_init(&rt->tasks);
	list_init(&rt->spare);
	atomic_init(&rt->refs, 1);
	rt->random = rt->conf.shuffle_seed;
	set_ticks(rt);
	if (rt->conf.clock == RT_CLOCK_MONOTONIC)
		rt->now_ns = clock_read();
	rt->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (rt->wake_fd < 0)
		return -errno;
	ops = rt->conf.poller == RT_POLLER_POLL ? &poller_poll : &poller_epoll;
	r = poller_open(&rt->poller, ops, rt->wake_fd);
	if (r < 0)
		close(rt->wake_fd);
	return r;
}

static void rt_fini(struct rt *rt)
{
	posts_refuse(rt);
	poller_close(&rt->poller);
	trim_fini(rt);
	rt_unref(rt);
}

void rt_ref(struct rt *rt)
{
	atomic_fetch_add(&rt->refs, 1);
}

void rt_unref(struct rt *rt)
{
	if (atomic_fetch_sub(&rt->refs, 1) != 1)
		return;
	close(rt->wake_fd);
	free(rt);
}

int rt_run(const struct rt_conf *conf, int (*fn)(void *arg), void *arg)
{
	const struct task_opt opt = {.name = "main"};
	struct rt *rt;
	int r;

	if (this_rt)
		return -EBUSY;
	rt = calloc(1, sizeof(*rt));
	if (!rt)
		return -ENOMEM;
	r = rt_init(rt, conf);
	if (r < 0) {
		free(rt);
		return r;
	}
	this_rt = rt;
	overflow_guard_install();
	signal(SIGPIPE, SIG_IGN);
	/* Timers are a timerfd, but poll(2)'s time-out would be 50 us late without this. */
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	context_adopt(&rt->loop);
	r = task_new(rt, &opt, fn, arg, &rt->root);
	if (r == 0) {
		scope_adopt(&rt->root->own, NULL, rt->root);
		task_ready_now(rt->root);
		loop(rt);
		r = rt->root_result;
	}
	rt_fini(rt);
	this_rt = NULL;
	return r;
}
