/*
 * The runtime: one loop thread on which all tasks run, its clock, and its end.
 *
 * A program is one call of rt_run(). Inside it everything that decides runs as tasks (task.h) in
 * nurseries (nursery.h) under cancel scopes (scope.h). Tasks take turns: a task runs until it calls
 * something whose header says "Suspends."; until then nobody else touches what it works on.
 *
 * Ready tasks run first in, first out, in passes: one pass runs the ready tasks of the safety band,
 * those of the normal band, and one of the background band; what becomes ready meanwhile waits for
 * the next pass. Descriptors are polled when nothing is ready, and otherwise after 32 passes or 200
 * us.
 */
#ifndef DAEMON_RT_RT_H
#define DAEMON_RT_RT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"

enum rt_clock {
	RT_CLOCK_MONOTONIC, /* CLOCK_MONOTONIC */
	RT_CLOCK_VIRTUAL, /* starts at 0; jumps to the next deadline when all are blocked */
};

enum rt_poller {
	RT_POLLER_EPOLL, /* epoll and one timerfd: Linux, the default */
	RT_POLLER_POLL, /* poll(2): any POSIX system; time-outs rounded up to milliseconds */
};

struct rt_record;

/* All zero is the ordinary runtime. */
struct rt_conf {
	enum rt_clock clock;
	enum rt_poller poller;
	/* Not 0: each batch of ready tasks in an order made from this, to find hidden dependencies. */
	uint64_t shuffle_seed;
	int64_t slow_step_ns; /* a step longer than this is logged; 0: 10 ms, negative: never */
	/*
	 * How long a thread may go on after its task was cancelled before that is logged, and in a
	 * runtime that is ending, before the program aborts; 0: 10 s.
	 */
	int64_t stuck_thread_ns;
	/* Write what enters each pass, or take it from there (record.h); not both. NULL: neither. */
	struct rt_record *record, *replay;
};

struct rt;

/*
 * Run @fn(@arg) as the root task, named "main", until it and all it started have ended. One at a time
 * in each thread.
 * Returns what @fn returned (-ECANCELED when the root scope's cancellation reached its end), or
 * -EBUSY inside another rt_run, -ENOMEM, or the errno of a system call that failed at the start.
 */
int rt_run(const struct rt_conf *conf, int (*fn)(void *arg), void *arg) MUST_CHECK;

/*
 * Nanoseconds on the runtime's clock, latched at the start of the pass: it stands still while a task
 * runs. Outside rt_run: CLOCK_MONOTONIC.
 */
int64_t rt_now(void);

/* Whether time is virtual. */
bool rt_is_virtual(void);

/*
 * How the wall clock stands now. Virtual time has no calendar: its offset is 0, and it is not synced. This and
 * rt_random() enter a recording (record.h), so the loop's code asks nobody else.
 */
struct rt_wall {
	int64_t offset_ns; /* to be added to rt_now()'s times: nanoseconds since 1970 */
	bool synced;       /* somebody keeps the system's clock right */
};
struct rt_wall rt_wall(void);

/* 64 bits from the kernel's generator, for names that nobody else has; never waits for it. */
uint64_t rt_random(void);

/*
 * Whether this run has to be repeatable: time is virtual, or it is recorded or replayed. Then nothing that
 * decides who runs may be measured, only counted.
 */
bool rt_is_repeatable(void);

/* The runtime of this thread, to be handed to others that post to it (post.h); NULL outside. */
struct rt *rt_current(void);

/* Keep the object @rt (not the loop) alive beyond rt_run(), for threads that post. Any thread. */
void rt_ref(struct rt *rt);
void rt_unref(struct rt *rt);

/*
 * Cancel the root scope: every task ends at its next checkpoint. @reason is shown in logs and errors.
 */
void rt_cancel(const char *reason);

/*
 * The same, gently: task_cancelling() turns true, waits asked for as soft end, and after @grace_ns
 * what is left is cancelled.
 */
void rt_cancel_soft(int64_t grace_ns, const char *reason);

/*
 * Outside work is in flight (a worker thread, a transfer): the virtual clock stands still until
 * rt_release() has been called as often as rt_hold().
 */
void rt_hold(void);
void rt_release(void);

/*
 * Called each time before the loop would sleep, and in a loop that never does, each time before it looks
 * at descriptors. Runs on the loop's own stack; must not suspend, and may wake tasks. For libraries whose
 * descriptors alone do not tell the truth (ZeroMQ). Placed by the caller, who removes it before it goes.
 */
struct rt_idle {
	void (*fn)(struct rt_idle *idle);
	struct link link;
};
void rt_idle_add(struct rt_idle *idle);
void rt_idle_remove(struct rt_idle *idle);

/* Counters since rt_run began. */
struct rt_stats {
	uint64_t passes, steps, polls;
	uint64_t slow_steps; /* steps longer than rt_conf.slow_step_ns */
	unsigned busy_tasks; /* tasks that ran more than 3000 times in a second */
	unsigned tasks_living, tasks_ready;
	unsigned in_flight;       /* rt_hold() less rt_release() */
	int64_t next_deadline_ns; /* of the earliest timer, TIME_NEVER if none */
	/*
	 * Bytes of stack, in whole pages: the most that was seen in use, for stacks of 64 KiB and of
	 * 512 KiB. Stacks are looked at when the loop has time, once after their task has ended and now
	 * and then while it lives; 0: none was.
	 */
	size_t stack_deepest, stack_deepest_lua;
};
void rt_stats(struct rt_stats *ret);

#endif
