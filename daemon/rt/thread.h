/*
 * Blocking work on a pool of threads: file system, name resolution, long computation.
 *
 * A pool starts threads as they are needed, up to its bound, and keeps them; work beyond that queues,
 * first in, first out. For devices that want a thread of their own see worker.h.
 */
#ifndef DAEMON_RT_THREAD_H
#define DAEMON_RT_THREAD_H
#include <stdint.h>

#include "daemon/base/macros.h"

struct thread_pool;

/*
 * A pool of at most @max threads (1 to 64) for this runtime. None is started yet.
 * Returns a pool that thread_pool_close() frees, or NULL without memory.
 */
struct thread_pool *thread_pool_open(unsigned max) MUST_CHECK;

/*
 * End the pool (NULL is fine). No thread_run() may be waiting. Threads that still run abandoned work are waited for
 * until @timeout_ns from now; after that they are left to themselves, with a line in the log, and what
 * they use of the pool is freed when they end. Suspends.
 */
void thread_pool_close(struct thread_pool *pool, int64_t timeout_ns);

/*
 * Run @fn(@arg) on a thread and wait for it. @fn must not call into the runtime. The virtual clock
 * stands still meanwhile. Cancellation is seen before @fn has begun and after it has ended, not
 * between: a thread that does not return then is reported (rt_conf.stuck_thread_ns).
 * Returns what @fn returned; -ECANCELED: @fn has not run and will not; the negative errno of starting
 * the pool's first thread. Suspends.
 */
int thread_run(struct thread_pool *pool, int (*fn)(void *arg), void *arg) MUST_CHECK;

/*
 * The same, but cancellation leaves @fn behind: the call returns -ECANCELED at once, and @release(@arg)
 * is called on the thread when @fn has ended (at once when it had not begun). After any other result
 * @arg is the caller's as before. Additional error: -ENOMEM.
 */
int thread_run_abandon(struct thread_pool *pool, int (*fn)(void *arg), void *arg,
		       void (*release)(void *arg)) MUST_CHECK;

#endif
