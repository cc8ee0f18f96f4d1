/* Windows of time: how long something has been true without a break, gaps of stale values forgiven. */
#ifndef DAEMON_STATE_HOLD_H
#define DAEMON_STATE_HOLD_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/rt/timer.h"

enum hold_state {
	HOLD_NOT,     /* it is not true */
	HOLD_RUNNING, /* true since since_ns; the timer is at the end of the window */
	HOLD_GAP,  /* the value is stale for now; the timer is at the end of the grace */
	HOLD_DONE, /* the window is full */
};

/* Placed by the caller, all zero but @for_ns, @grace_ns, @good_ns and @done. */
struct hold {
	int64_t for_ns, grace_ns;
	int64_t good_ns; /* what was looked at last counts until then; 0: for ever */
	void (*done)(struct hold *h); /* the window became full by the passing of time */

	enum hold_state state;
	int64_t since_ns;
	struct timer timer;
};

/*
 * It is true now, or not; @stale: it is not because there is no fresh datum. Returns whether the
 * window is full; then and otherwise @done is not called.
 */
bool hold_look(struct hold *h, bool holds, bool stale);

/* It is not true any more; also ends the use of @h. */
void hold_break(struct hold *h);

#endif
