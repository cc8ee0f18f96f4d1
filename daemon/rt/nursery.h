/*
 * Nurseries: where tasks are started, and where one waits for their end.
 *
 *	struct nursery n;
 *
 *	nursery_open(&n);
 *	nursery_go(&n, "imu", read_imu, bot);
 *	nursery_go(&n, "range", read_range, bot);
 *	return nursery_close(&n, 0);
 *
 * A nursery is opened and closed by the same function, so no task outlives the one that started it.
 * The first failure of a child or of the body cancels the rest; closing returns when all have ended.
 */
#ifndef DAEMON_RT_NURSERY_H
#define DAEMON_RT_NURSERY_H
#include <stddef.h>

#include "daemon/base/list.h"
#include "daemon/rt/error.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"

/* Placed by the caller; all private but the scope, which may be cancelled. */
struct nursery {
	struct scope scope;
	struct task *opener;
	struct list children;
	unsigned ordinary, services;
	bool closing, child_cancelled;
	int failed;           /* the primary error's code, 0 while nothing failed */
	struct error *errors; /* the primary, the others attached; NULL without memory */
	struct wait close_wait;
};

/* Open a nursery; the caller's further work runs in its scope. */
#define nursery_open(n) nursery_open_in(n, __func__)
void nursery_open_in(struct nursery *n, const char *function);

/*
 * Wait until all children have ended and leave the scope. @r is the outcome of the body: a failure
 * (negative, not -ECANCELED) cancels the children.
 * Returns the primary error's code (the first in time of body and children; error_last() has it with
 * the others attached), else -ECANCELED when a cancellation from outside cut the body or an ordinary
 * child short, else @r (0 for an -ECANCELED that this nursery's own cancellation caused). A schedule
 * point but no cancel point. Suspends.
 */
int nursery_close(struct nursery *n, int r) MUST_CHECK;

/* Cancel the body and all children. */
void nursery_cancel(struct nursery *n, const char *reason);

/*
 * Start @fn(@arg) as a child named @name (copied, cut at 31 bytes). It runs at the next pass. Its
 * result: 0 or more is success, negative a failure with that errno.
 * A child that cannot be started (-ENOMEM, -EAGAIN: too many tasks) counts as failed, so the result
 * may be ignored. -EINVAL after the nursery has closed. Does not suspend.
 */
int nursery_go(struct nursery *n, const char *name, int (*fn)(void *arg), void *arg);

/* How a child is started; all zero with a name is an ordinary child. */
struct task_opt {
	const char *name;
	size_t stack_size; /* bytes of address space; 0: 64 KiB */
	bool service;      /* cancelled by itself when all ordinary children have ended */
	bool banded;       /* use @band instead of the caller's */
	enum task_band band;
};

/* How a child ended. */
enum child_state { CHILD_RUNNING, CHILD_DONE, CHILD_FAILED, CHILD_CANCELLED };
const char *child_state_name(enum child_state state);

/* A handle on a child, placed by the caller; must stay until the nursery has closed. */
struct child {
	enum child_state state;
	int result;                /* once it has ended */
	void *value;               /* what it gave to task_set_value() */
	struct cancel_cause cause; /* of CHILD_CANCELLED: who, when and why */

	struct task *task; /* private */
	struct list joiners;
};

/* Who waits for the end of a child; private. */
struct child_joiner {
	struct wait wait;
	struct link link;
};

/* nursery_go() with options, and with a handle unless @c is NULL. */
int nursery_start(struct nursery *n, struct child *c, const struct task_opt *opt,
		  int (*fn)(void *arg), void *arg);

/*
 * Start a child and wait until it calls task_ready(). Until then it runs under the caller: its
 * failure is the caller's, not the nursery's, and the caller's cancellation reaches it.
 * Returns 0 with its value in @ret_value (NULL is fine), its error, -ECHILD when it ended without
 * becoming ready, or -ECANCELED. Suspends.
 */
int nursery_start_ready(struct nursery *n, const struct task_opt *opt,
			int (*fn)(void *arg), void *arg, void **ret_value) MUST_CHECK;

/*
 * In a child: what nursery_start_ready() waits for; hands @value over. Nothing happens when it was
 * started otherwise. Returns 0, or -EALREADY the second time. Does not suspend.
 */
int task_ready(void *value);

/* In a child: the value that its handle shows after it has ended. */
void task_set_value(void *value);

/* Cancel this child alone; nothing happens when it has ended. */
void child_cancel(struct child *c, enum cancel_source source, const char *reason);

/* The same, softly (scope_cancel_soft). */
void child_cancel_soft(struct child *c, enum cancel_source source, int64_t grace_ns,
		       const char *reason);

/*
 * Wait until the child has ended; its outcome is in @c then, apart from this call's own result.
 * Returns 0, or -ECANCELED when the caller was cancelled. Suspends.
 */
int child_join(struct child *c) MUST_CHECK;

/* The children's tasks in the order in which they were started; for the dump. */
unsigned nursery_size(const struct nursery *n);

#endif
