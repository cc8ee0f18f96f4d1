/* What the files of the runtime share with each other and with nobody else. */
#ifndef DAEMON_RT_INTERNAL_H
#define DAEMON_RT_INTERNAL_H
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/rt/chan.h"
#include "daemon/rt/clock.h"
#include "daemon/rt/context.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/error.h"
#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/poller.h"
#include "daemon/rt/post.h"
#include "daemon/rt/record.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/stack.h"
#include "daemon/rt/task.h"
#include "daemon/rt/timer.h"

#define CACHE_LINE 64

/*
 * Tasks lie close together, apart from their stacks: a walk over thousands of them meets few pages, and the
 * processor fetches the next while it works on one. They begin with a cache line (task_room()): the first is what
 * a step and a wake-up need, the next three what a cancellation and the end need too.
 */
struct task {
	struct link run;     /* in rt.ready[] or the batch of the pass */
	struct wait *wait;   /* what it is parked on, NULL while ready or running */
	struct scope *scope; /* the nearest; never NULL while it lives */
	struct rt *rt;
	uint64_t steps;
	enum task_band band;
	bool service, said_ready, said_busy;
	struct context ctx;

	struct nursery *nursery;
	struct child *child;       /* its handle, or NULL */
	struct starting *starting; /* set while nursery_start_ready() waits for it */
	struct link sibling;       /* in nursery->children */
	struct link all;           /* in rt.tasks */
	struct error *error;       /* error_set() */
	struct stack stack;
	int64_t rate_since_ns; /* when steps last was a multiple of BUSY_STEPS */
	struct scope own;      /* around its whole life */

	int (*fn)(void *arg);
	void *arg;
	void *value;
	void (*trace)(void *arg, FILE *out); /* for the dump, or NULL */
	void *trace_arg;
	char name[32];
};

struct rt {
	struct rt_conf conf;
	struct task *current;
	struct context loop;
	int64_t now_ns;
	struct counted_clock clock;
	struct list ready[BAND_COUNT];
	struct list batch;  /* what is left of the pass that runs */
	struct task *ended; /* has run its last step; the loop frees it */
	struct task *root;
	int root_result;
	bool root_done;

	struct timer *timers; /* root of the heap */
	uint64_t timer_seq;

	struct poller poller;
	/* In units of cheap_ticks(): since when a step runs, when descriptors were last polled. */
	int64_t step_ticks, poll_ticks;
	int64_t slow_ticks, poll_every_ticks; /* limits */
	unsigned unpolled;                    /* passes since the last poll */
	struct list idles;
	struct list blocked_waiters; /* task_wait_all_blocked() */
	unsigned in_flight;

	atomic_ulong beat; /* grows with every step; the watchdog's thread reads it */

	/* Written by other threads. */
	_Atomic(struct post *) posts; /* newest first */
	atomic_bool asleep;           /* a poster must write to wake_fd */
	atomic_bool shut;
	atomic_uint refs;
	int wake_fd;
	struct post *posts_taken; /* oldest first, already off the shared list */

	struct rt_record *traced; /* conf.record or conf.replay */
	uint64_t post_source;     /* the last that was given out */

	struct stack_pool stacks;
	unsigned colour;   /* of the next task, see task_new() */
	struct list tasks; /* that live; whose stack is looked at next is first */
	struct list spare; /* that have ended, through run, for the next ones */
	unsigned spare_count;
	bool untidy; /* tasks have ended since trim() last found nothing more to do */
	int64_t trimmed_ns; /* when it last looked at stacks of those that live */
	struct rt_stats stats;
	uint64_t random;
};

/* The one thing that has to be found without being handed around: rt_now() takes no argument. */
extern _Thread_local struct rt *this_rt;

static inline struct rt *rt_this_or_null(void)
{
	return this_rt;
}

/* The runtime of this thread; asserts that there is one. */
static inline struct rt *rt_this(void)
{
	assert(this_rt);
	return this_rt;
}

/* task.c */
int task_new(struct rt *rt, const struct task_opt *opt, int (*fn)(void *), void *arg,
	     struct task **ret) MUST_CHECK;
void task_free(struct task *t);
void task_ready_now(struct task *t); /* append to its band's queue */
void task_suspend(struct task *t);   /* switch to the loop */
/* Its scope has changed: if it is cancelled, end its wait if that may be. */
void task_deliver(struct task *t);

/* dump.c: what the wait is for, and where a task is that does not run, as text; "" if nobody knows. */
void wait_print(const struct wait *w, char *buf, size_t size);
void task_where(const struct task *t, char *buf, size_t size);

/* The halves of waits before they park, for choose.c. */
void sleep_arm(struct sleep *s, int64_t t_ns);
int fd_arm(struct fd_waiter *w) MUST_CHECK;               /* @fd and @dir are set */
void chan_arm_send(struct chan *c, struct chan_party *p); /* @elem is set */
void chan_arm_recv(struct chan *c, struct chan_party *p);
void event_arm(struct event *e, struct event_waiter *w);
void child_arm_join(struct child *c, struct child_joiner *j);

/* choose.c: task_wake() on the wait of a case. */
void choice_decide(struct wait *w, int r);

/* scope.c */
void scope_adopt(struct scope *s, struct scope *parent, struct task *t);
void scope_reparent(struct scope *s, struct scope *parent);
/* What a task whose nearest scope is @s sees: why it is cancelled or NULL, and its next deadline. */
const struct cancel_cause *scope_cause_of(const struct scope *s);
int64_t scope_deadline_of(const struct scope *s);

/* nursery.c */
void nursery_child_ended(struct task *t, int r);

/* error.c: an error is NULL when there was no memory for it; its code is kept beside it. */
struct error *error_new(int code, const char *task, const char *text);
void error_free(struct error *e);
void error_attach(struct error *to, struct error *e);
struct error *error_take(struct task *t, int code);

/* timer.c */
bool timers_fire(struct rt *rt, int64_t now); /* whether any did */

/* post.c */
static inline bool posts_pending(const struct rt *rt)
{
	return rt->posts_taken || atomic_load(&rt->posts);
}
unsigned posts_deliver(struct rt *rt, unsigned most);
void posts_refuse(struct rt *rt);
/* A number for the posts of a job, by which a replay knows them. */
uint64_t post_source_new(struct rt *rt);
/* For a replay: wait for a post while the loop has nothing to do. */
void posts_wait(struct rt *rt, int timeout_ms);
/* Wait for one from @source and deliver it, before those that came earlier. False: none came. */
bool posts_deliver_from(struct rt *rt, uint64_t source, int timeout_ms) MUST_CHECK;
/* Wait for @p, whose thread has it in hand, and forget it. */
void posts_drop(struct rt *rt, struct post *p);

/* fd.c: for a replay. False: nobody ever waited for @fd. */
bool poller_replay_report(struct poller *p, int fd, unsigned events) MUST_CHECK;

/* record.c: to be called where something enters. Nothing happens unless the runtime records. */
void record_begin(struct rt *rt);
void record_step(struct rt *rt, const struct task *t); /* only if rt->traced */
void record_turn(struct rt *rt);                       /* only if rt->traced */
void record_post(struct rt *rt, const struct post *p);
void record_poll(struct rt *rt);
void record_ready(struct rt *rt, int fd, unsigned events);
void record_settle(struct rt *rt);
void record_refused(struct rt *rt, int fd, int r);
void record_read(struct rt *rt, int fd, ssize_t n, const void *buf);
void record_write(struct rt *rt, int fd, ssize_t n);
/* What another thread or the machine decided: @live, in a replay what it was then. */
int64_t record_value(struct rt *rt, int64_t live);

/* The same for a replay, only if rt->conf.replay. */
void replay_turn(struct rt *rt);   /* sets the time; timers and posts of the pass */
bool replay_poll(struct rt *rt);   /* whether descriptors were looked at here */
bool replay_settle(struct rt *rt); /* whether all was quiet */
void replay_rest(struct rt *rt);   /* nothing to do */
int replay_refused(struct rt *rt, int fd);
ssize_t replay_read(struct rt *rt, int fd, void *buf, size_t size);
ssize_t replay_write(struct rt *rt, int fd);

/* thread.c: a thread that receives no signals. 0 or a negative errno. */
int thread_start(pthread_t *thread, bool detached, void *(*fn)(void *),
		 void *arg) MUST_CHECK;

/*
 * The task that waits in @w was cancelled, but its thread cannot be called back: say so when @t fires,
 * again and again until the caller disarms it, and do not let it hold up the end of the runtime.
 */
void thread_watch(struct timer *t, void (*fn)(struct timer *t));
void thread_overdue(struct timer *t, const struct wait *w);

/*
 * trim.c: when there is time, give back what tasks that have ended left beyond what is kept for the next ones
 * and, now and then, what sleeping tasks touched below their frames. Returns whether that took long, so
 * that descriptors want to be looked at before the rest of it.
 */
#define TRIM_EVERY_NS NS_PER_S
bool trim(struct rt *rt);
void trim_fini(struct rt *rt);

static inline bool trim_due(const struct rt *rt)
{
	return rt->untidy || rt->now_ns - rt->trimmed_ns >= TRIM_EVERY_NS;
}

/* overflow.c: report a stack overflow by the task's name. */
void overflow_guard_install(void);

#endif
