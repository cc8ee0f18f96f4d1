/*
 * Waiters: what every wait on a value is made of. A waiter is linked to one value and told, inside the
 * transaction, that its predicate matches. await.h, and whoever waits on several things at once, build
 * on it.
 */
#ifndef DAEMON_STATE_WAITER_H
#define DAEMON_STATE_WAITER_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/state/pred.h"
#include "daemon/state/value.h"

/* Placed by the caller, all zero but what is wanted; must not move or go while added. */
struct waiter {
	struct link link; /* private; first, so that a look touches one cache line */
	bool edge;        /* look at transitions only: at @now and @old */
	bool every;       /* tell of looks that did not match as well */
	bool stale_use;   /* a stale value is as good as a fresh one */
	int64_t fresh_ns; /* only a sample not older than this; 0: any */
	struct pred pred;
	struct value *v; /* private */
	/*
	 * @r 1: it matches; 0: it does not (only with @every); negative: the predicate failed, or the
	 * value closed (-EPIPE), and the waiter has been taken away. It stays after a match, unless
	 * the callback removes it. The data live until the callback returns; @old is NULL unless
	 * @edge. Must not suspend; may wake tasks, add and remove waiters; sets are queued.
	 */
	void (*tell)(struct waiter *w, int r, const struct datum *now,
		     const struct datum *old);
};

/* Tell @w of later transactions of @v, which must not be closed. Those added first are told first. */
void waiter_add(struct waiter *w, struct value *v);

/* Nothing happens to one that is not added. */
void waiter_remove(struct waiter *w);

static inline bool waiter_added(const struct waiter *w)
{
	return link_linked(&w->link);
}

/* Its predicate for people: "< 20", "== \"left\"", "is true", "changed", "a function". Does not suspend. */
void waiter_describe(const struct waiter *w, char *buf, size_t size);

/*
 * Look now: 1, 0, the predicate's error, -EPIPE when @v is closed, or -ELOOP for a predicate that
 * keeps changing what it looks at.
 */
int waiter_look(const struct waiter *w, const struct value *v);

#endif
