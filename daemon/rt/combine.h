/* Combining functions that suspend: all of them, the first of them, one until the other. */
#ifndef DAEMON_RT_COMBINE_H
#define DAEMON_RT_COMBINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

struct nursery;

/* A function to be run as a task. The result is valid once it has ended. */
struct call {
	const char *name; /* for the task dump */
	int (*fn)(void *arg);
	void *arg;
	int result;

	uint64_t ended; /* private: in which pass */
	struct nursery *race;
};

/* struct call calls[] = {CALL("imu", read_imu, bot), CALL("range", read_range, bot)}; */
#define CALL(call_name, call_fn, call_arg)                                               \
	{                                                                                \
		.name = (call_name), .fn = (call_fn), .arg = (call_arg)                  \
	}

/*
 * Run all @n calls at the same time, and wait for all. Results are in @calls.
 * Returns 0, or the first failure, which cancels the others, or -ECANCELED. Suspends.
 */
int wait_all(struct call *calls, size_t n) MUST_CHECK;

/*
 * Run all @n calls (at least one) until the first has ended; cancel and join the others. Of several
 * that ended in the same pass the first argument wins.
 * Returns the winner's index, the first failure, or -ECANCELED: then none has ended well. Suspends.
 */
int wait_any(struct call *calls, size_t n) MUST_CHECK;

/*
 * Run @body, and cancel it when @wait returns; @wait is cancelled when @body has ended first.
 * Returns what @body returned; 0 with *@ret_moved_on (NULL is fine) true when it was cut short; the
 * failure of @wait; -ECANCELED. Suspends.
 */
int move_on_when(const struct call *wait, const struct call *body,
		 bool *ret_moved_on) MUST_CHECK;

/*
 * Run @fn beside @body, and cancel it when @body has ended; it runs at least to its first checkpoint.
 * Returns what @body returned, or the failure of @fn, which cancels @body, or -ECANCELED. Suspends.
 */
int run_and_cancelling(const struct call *fn, const struct call *body) MUST_CHECK;

#endif
