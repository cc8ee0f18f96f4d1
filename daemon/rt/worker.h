/*
 * A worker: one thread that runs blocking jobs for the loop, one after the other. For devices whose
 * system calls block (one worker for each I2C bus).
 *
 * A job is embedded in whatever its caller works on, so that running it allocates nothing.
 */
#ifndef DAEMON_RT_WORKER_H
#define DAEMON_RT_WORKER_H
#include <pthread.h>
#include <stdbool.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/post.h"
#include "daemon/rt/task.h"
#include "daemon/rt/timer.h"

/* Something to be run on a worker's thread. */
struct job {
	/* Runs on the thread; must not call into the runtime. Leaves its result where it belongs. */
	void (*fn)(struct job *j);

	struct worker *worker; /* private from here on */
	struct link link;
	struct wait wait;
	struct timer overdue;
	struct post done;
};

/* Placed by the caller; all private. */
struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	struct rt *rt;
	/* Under the lock. What has been started is in no list. */
	struct list queue;
	bool ending;
	char name[16];
};

/*
 * Start a thread called @name (cut at 15 bytes), which receives no signals. Inside rt_run().
 * Returns 0, or the negative errno of starting it (-EAGAIN: too many threads).
 */
int worker_open(struct worker *w, const char *name) MUST_CHECK;

/* End the thread. No job may be left. Does not suspend. */
void worker_close(struct worker *w);

/*
 * Have @j->fn run on the thread, after the jobs that were handed over before, and wait until it has.
 * The virtual clock stands still meanwhile.
 * Returns 0; or -ECANCELED, and then @fn has not run and will not: what has begun cannot be called
 * back, and is waited for (rt_conf.stuck_thread_ns). Suspends.
 */
int worker_run(struct worker *w, struct job *j) MUST_CHECK;

#endif
