/*
 * Posts: how other threads reach the loop.
 *
 * A struct post is embedded in the job that it completes, so posting needs no memory and cannot fail
 * for want of it. Posts of all threads are delivered first in, first out, at most 256 a pass.
 */
#ifndef DAEMON_RT_POST_H
#define DAEMON_RT_POST_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/rt/rt.h"

/* All zero but @fn to begin with. Belongs to the loop from rt_post() until @fn is called. */
struct post {
	/* Called on the loop's stack; must not suspend; may free @p. */
	void (*fn)(struct post *p);
	/* In a recording (record.h) posts are told apart by this number; equal ones by their order. */
	uint64_t source;
	struct post *next; /* private */
	atomic_bool pending;
};

/*
 * Have @p->fn(@p) called on the loop of @rt. Any thread, also the loop's own; never blocks.
 * Returns 0; 1 when @p was pending already (equal posts are one); -ESHUTDOWN when the loop has ended:
 * then the caller still owns @p. A thread that may outlive rt_run() holds a rt_ref().
 */
int rt_post(struct rt *rt, struct post *p);

#endif
