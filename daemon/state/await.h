/*
 * Waiting on values: until a value matches, on a transition, and loops over both.
 *
 * A predicate (pred.h) is false on a value that is unset, and on a stale one unless the wait says
 * otherwise. A waiter captures its first match at the moment it matches, so a value that matched for
 * an instant is not missed, and later sets do not overwrite what is returned.
 */
#ifndef DAEMON_STATE_AWAIT_H
#define DAEMON_STATE_AWAIT_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/rt/task.h"
#include "daemon/state/account.h"
#include "daemon/state/value.h"
#include "daemon/state/waiter.h"

/* All zero is an ordinary wait. */
struct await_opt {
	int64_t held_for_ns; /* the predicate must have held without a break for so long */
	int64_t grace_ns;    /* held_for forgives a stale gap of at most this */
	int64_t fresh_ns;    /* only a sample not older than this; 0: any */
	bool stale_use;      /* a stale value is as good as a fresh one */
	/*
	 * Looked at again just before the waiter runs: if it is gone, waits on; else what it is then
	 * is returned.
	 */
	bool still;
	/* Of transitions(): charged with what the queue keeps and is not charged to it already; NULL: nobody. */
	struct account *account;
};

/*
 * Wait until @v matches; true now is one checkpoint. *@ret (NULL is fine) gets a copy of the datum that
 * matched (with held_for: the latest), which the caller gives back with datum_fini().
 * Returns 0; -EPIPE when the value closed; the predicate's own error; -ECANCELED. A time-out is a scope
 * around it. -EINVAL for PRED_CHANGED, which is of transitions. @opt may be NULL.
 * Suspends.
 */
int value_await(struct value *v, const struct pred *p, const struct await_opt *opt,
		struct datum *ret) MUST_CHECK;

/*
 * Wait for the next change that matches (never the present state). The first set is a change from
 * null; value_touch() is one from the datum to itself. Of @opt, held_for, grace and still mean
 * nothing. Returns as above. Suspends.
 */
int value_await_transition(struct value *v, const struct pred *p,
			   const struct await_opt *opt, struct datum *ret_now,
			   struct datum *ret_old) MUST_CHECK;

/* One change. */
struct change {
	struct datum now, old;
};

/*
 * Loop over changes that match, from transitions_open() on. The first match is captured and disarms
 * the loop until transitions_next() is called again: changes during the body are dropped. With
 * @queue > 0 the loop stays armed and keeps up to so many (then the oldest goes, counted in
 * @dropped).
 */
struct transitions {
	uint64_t dropped; /* may be read; all else is private */
	struct waiter waiter;
	struct wait wait;
	struct value *v;
	struct change *ring;
	struct account *account; /* charged with the ring */
	unsigned cap, head, count;
	int failed;
	bool queues, armed, waiting;
};

/*
 * Returns 0 or -ENOMEM. On a closed value transitions_next() returns -EPIPE, and -ENOMEM when the account has no room
 * for a change; what came before is handed out first.
 */
int transitions_open(struct transitions *t, struct value *v, const struct pred *p,
		     const struct await_opt *opt, unsigned queue) MUST_CHECK;
/* As value_await_transition(); what is queued comes before an error. Suspends. */
int transitions_next(struct transitions *t, struct datum *ret_now,
		     struct datum *ret_old) MUST_CHECK;
void transitions_close(struct transitions *t);

/*
 * Loop over what the value is, now and whenever it matters again: yields the present datum if it
 * matches, then again whenever it, looked at when eventual_next() runs, matches and differs from the
 * last one yielded, or did not match in between when looked at. Conflates; never yields a datum that
 * no longer matches; never misses the latest.
 */
struct eventual {
	struct value *v; /* all private */
	struct pred pred;
	struct await_opt opt;
	struct datum last;
	bool have_last;
};
void eventual_open(struct eventual *e, struct value *v, const struct pred *p,
		   const struct await_opt *opt);
/* Returns as value_await(). Suspends. */
int eventual_next(struct eventual *e, struct datum *ret) MUST_CHECK;
void eventual_close(struct eventual *e);

#endif
