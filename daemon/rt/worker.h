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

/* Something to be run on a worker's thread. */
struct job {
	/* Runs on the thread; must not call into the runtime. Leaves its result where it belongs. */
	void (*fn)(struct job *j);
	/*
	 * NULL: once begun it is waited for, however long it takes. Otherwise its task, when cancelled,
	 * waits no longer than until @leave_ns; from then on the job and all it works on belong to @left,
	 * which runs when @fn has returned, on the thread (in a replay perhaps on the loop).
	 */
	void (*left)(struct job *j);
	int64_t leave_ns;

	struct worker *worker; /* private from here on */
	struct job_caller *caller;
	struct link link;
	struct post done;
	bool finished, abandoned; /* under the worker's lock */
};

/* A job from outside the loop; see worker_run_urgent(). */
struct urgent_job {
	/* As that of struct job. */
	void (*fn)(struct urgent_job *j);

	struct link link; /* private from here on, under the worker's lock */
	bool done, abandoned;
};

/* Placed by the caller; all private. */
struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	struct rt *rt;
	/* Under the lock. What has been started is in no list. */
	struct list queue, urgent;
	pthread_cond_t urgent_done;
	bool ending;
	bool busy_alone;                /* with a job that its task has left */
	void (*gone)(struct worker *w); /* of worker_close(), which did not wait */
	char name[16];
};

/*
 * Start a thread called @name (cut at 15 bytes), which receives no signals. Inside rt_run().
 * Returns 0, or the negative errno of starting it (-EAGAIN: too many threads).
 */
int worker_open(struct worker *w, const char *name) MUST_CHECK;

/*
 * End the thread; nobody may wait for a job. @gone then frees what the worker is embedded in: before this
 * returns, or, while the thread is still busy with a job that was left, on the thread after that. NULL where
 * no job can be left. Does not suspend.
 */
void worker_close(struct worker *w, void (*gone)(struct worker *w));

/*
 * Have @j->fn run on the thread, after the jobs that were handed over before, and wait until it has.
 * The virtual clock stands still meanwhile.
 * Returns 0; -ECANCELED, and then @fn has not run and will not; or, when the task is cancelled,
 * -EINPROGRESS: it has begun and was left (job.left). Other jobs that have begun cannot be called back, and
 * are waited for (rt_conf.stuck_thread_ns). Suspends.
 */
int worker_run(struct worker *w, struct job *j) MUST_CHECK;

/*
 * From any thread but the loop's, which may be stuck: have @j->fn run on the thread before all jobs that wait,
 * and block until it has, for @timeout_ns at most. For outputs that must become safe.
 * Returns 0; -ETIMEDOUT when it had not begun by then, and will not; -EINPROGRESS when it had: @j is the
 * worker's then, and may not be used again. -EBUSY for one that may not.
 */
int worker_run_urgent(struct worker *w, struct urgent_job *j,
		      int64_t timeout_ns) MUST_CHECK;

/* Is the thread busy with a job that was left? Others would wait for it in vain. */
bool worker_stuck(struct worker *w);

#endif
