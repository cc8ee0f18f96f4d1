/*
 * Tasks: stackful coroutines with a name, a nursery they belong to and a result.
 *
 * Tasks are started by a nursery (nursery.h). What a task calls may suspend it; a call that does says
 * "Suspends." and is a checkpoint, also when it need not wait: it first looks whether the task is
 * cancelled (then it returns -ECANCELED and has done nothing), then takes effect, then lets the other
 * ready tasks run. So a result other than -ECANCELED means that the effect took place.
 */
#ifndef DAEMON_RT_TASK_H
#define DAEMON_RT_TASK_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/base/macros.h"
#include "daemon/rt/timer.h"

struct task;

/* The task that is running, NULL on the loop's own stack or outside rt_run. */
struct task *task_self(void);

/* Its name, which lives as long as the task. */
const char *task_name(const struct task *t);

/* Scheduling bands: each is first in, first out. A task inherits its parent's. */
enum task_band { BAND_SAFETY, BAND_NORMAL, BAND_BACKGROUND, BAND_COUNT };
void task_set_band(enum task_band band);
enum task_band task_band(void);

/*
 * Let the other ready tasks run, and look for cancellation before and after.
 * Returns 0 or -ECANCELED. Suspends.
 */
int task_checkpoint(void) MUST_CHECK;

/* Let the other ready tasks run; no cancel point. Suspends. */
void task_yield(void);

/* Whether this task is cancelled now: 0 or -ECANCELED. Does not suspend. */
int task_check(void) MUST_CHECK;

/* Whether a soft cancellation has been asked for (or a hard one). Does not suspend. */
bool task_cancelling(void);

/*
 * Sleep for @ns (not negative), or until the moment @t_ns. A moment that is past makes it a
 * checkpoint.
 * Returns 0 or -ECANCELED. Suspends.
 */
int task_sleep(int64_t ns) MUST_CHECK;
int task_sleep_until(int64_t t_ns) MUST_CHECK;

/* Sleep until cancelled: returns -ECANCELED. Suspends. */
int task_sleep_forever(void);

/*
 * Wait until every other task is blocked and no post is pending; has priority over the virtual
 * clock's jump (for tests). Returns 0 or -ECANCELED. Suspends.
 */
int task_wait_all_blocked(void) MUST_CHECK;

/*
 * Parking: what every wait is made of. The caller places a struct wait, links it where the one who
 * will wake it finds it, and parks.
 */
struct wait {
	const char *kind; /* "sleep", "value", "channel": what the task dump shows */
	const char *what; /* the name of what is waited for, or NULL; not copied */
	/*
	 * Called once when the task is cancelled while parked: take the wait back and return true
	 * (the task gets -ECANCELED), or return false when the completion cannot be stopped any more
	 * and will wake the task. NULL: cancellation does not reach this wait.
	 */
	bool (*abort)(struct wait *w);
	/* More about it for the dump, such as a descriptor's number; NULL when there is none. */
	void (*describe)(const struct wait *w, char *buf, size_t size);

	struct task *task;     /* private from here on */
	struct choice *choice; /* of which it is a case, NULL: the task is parked on it */
	int64_t since_ns;
	int result;
	bool parked, abort_called;
};

/*
 * Sleep until task_wake(). No cancel check before: the caller has made it (task_check) before it
 * linked the wait. Returns what task_wake() was given, or -ECANCELED. Suspends.
 */
int task_park(struct wait *w);

/* Make the parked task ready; its task_park() returns @r. At most once for each park. */
void task_wake(struct wait *w, int r);

/* A sleep, for the sake of choose.h; private. */
struct sleep {
	struct wait wait;
	struct timer timer;
};

/*
 * What the dump (dump.h) adds about the running task, in a line of its own: @fn writes where its script is, say,
 * without a newline; nothing is fine too. Called while the task is suspended, and until it is taken back
 * with @fn NULL.
 */
void task_set_trace(void (*fn)(void *arg, FILE *out), void *arg);

#endif
