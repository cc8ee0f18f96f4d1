/* What the files of the state layer share and nobody else sees: the inside of a value, transactions. */
#ifndef DAEMON_STATE_INTERNAL_H
#define DAEMON_STATE_INTERNAL_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/rt/timer.h"
#include "daemon/state/value.h"
#include "daemon/state/waiter.h"

#define RANK_MAX 32 /* how deep values may be derived from derived values */

/* What a transaction does to a value. */
enum mark {
	MARK_STORED = 1,     /* a datum was stored; value.old is what there was before */
	MARK_CHANGED = 2,    /* it differs from value.old */
	MARK_TOUCHED = 4,    /* to be told as if it had changed */
	MARK_STATE = 8,      /* unset, ok, stale: came or went */
	MARK_REFRESHED = 16, /* it has a new sample time */
	MARK_COUNTED = 32,   /* the change is in value.version */
	MARK_LATER = 64,     /* computed because time has passed: it changes now */
};
#define MARK_EDGE (MARK_CHANGED | MARK_TOUCHED)

struct value {
	struct datum now, old; /* old: while marked */
	enum value_state state;
	unsigned marks;              /* 0 <=> not in transaction.touched */
	struct value *touched_next;  /* in transaction.touched */
	struct transaction *home;    /* of the thread that made it */
	struct list waiters;         /* in the order of registration */
	unsigned fresh_waiters;      /* of them, those that look at the sample time */
	struct value_watch *watches; /* in the order of registration */
	int64_t sample_ns, change_ns;
	uint64_t version;
	struct timer
		stale_timer; /* armed <=> has a sample, can become stale and has not */
	struct value_info info;
	char *texts;   /* copies of the info's, if it owns them */
	unsigned refs; /* the owner, who may have gone; waits; the transaction */

	/* The graph of derived values. Invariant: rank > rank of every input; 0 <=> no derived value. */
	unsigned rank;
	struct value **outputs; /* derived from it */
	unsigned output_count, output_cap;
	struct value **inputs; /* NULL once closed */
	unsigned input_count;
	struct derivation how;
	unsigned input_marks;   /* of the inputs in this transaction; 0 <=> not due */
	struct value *due_next; /* in transaction.due[rank] */
	int compute_error;      /* 0: it was computed the last time */
	char *failure;          /* the text to that, or NULL */
	bool computed;

	bool closing; /* asked for */
	struct value *closing_next;
};

static inline bool value_derived(const struct value *v)
{
	return v->rank > 0;
}

/* References keep the object, not the value: that closes when its owner frees it. */
static inline void value_ref(struct value *v)
{
	v->refs++;
}
void value_unref(struct value *v);

/* Make the texts of its info its own. 0 or -ENOMEM. */
int value_own_texts(struct value *v) MUST_CHECK;

/*
 * Put *@d (taken over) in the place of what @v holds, unless it is equal, and mark what that means.
 * Of a closed value the datum is dropped.
 */
void value_store(struct value *v, struct datum *d, int64_t t_ns);

/* End its waits, close what is derived from it, forget its inputs: what transaction_close() leads to. */
void value_end(struct value *v);

/* compose.c: compute what is due now; 0 or what it failed with. Forget the inputs. */
void derived_update(struct value *v);
void derived_detach(struct value *v);

/* waiter.c: tell the waiters of @v what this transaction brought, or that it closed. */
void waiters_tell(struct value *v);
void waiters_end(struct value *v);

/* await.c: the cancel check that every wait begins with. */
int await_check(void) MUST_CHECK;

/* One set, touch or group of them, made while a transaction ran. */
struct queued {
	struct value *v;
	struct datum d;
	int64_t t_ns;
	bool touch;
	unsigned group; /* equal ones are one transaction */
};

/* The state of transactions, one for each thread that has values. All zero while nothing happens. */
struct transaction {
	bool running;
	unsigned batch;               /* depth of batches */
	struct value *touched, *last; /* in the order in which they were marked */
	struct {
		struct value *first, *last;
	} due[RANK_MAX + 1]; /* derived values to be looked at, by rank */
	unsigned due_count;

	/* Walks go on where these point, so what they point at may be removed. */
	struct link *waiter_next;
	struct value_watch *watch_next;
	struct value_watch *watches; /* of all values */

	struct queued *queue; /* ring */
	unsigned queue_cap, queue_head, queue_count;
	unsigned group;        /* the last one given out */
	unsigned queued_batch; /* depth of batches inside a transaction */
	unsigned chain;        /* transactions run one out of the other */
	bool chain_reported;
	struct value *closing, *closing_last;

	char why[VALUE_WHY]; /* of the function that is called: what it failed with */

	unsigned values; /* living */
};
extern _Thread_local struct transaction transaction;

/* @v is touched by the transaction that runs or is to come. */
void transaction_mark(struct value *v, unsigned marks);

/* Run what was marked, and what that queues; nothing inside a batch. */
void transaction_run(void);

/*
 * Around a call of somebody's function outside of transactions: what it sets and closes in between
 * follows at transaction_leave(), as in a transaction.
 */
bool transaction_enter(void);
void transaction_leave(bool entered);

/* Have a set (@d is copied; NULL: a touch) follow the transaction that runs. */
int transaction_queue(struct value *v, const struct datum *d, int64_t t_ns) MUST_CHECK;

/* Close @v, when running transactions and batches are done. */
void transaction_close(struct value *v);

/* The thread's last value has gone. */
void transaction_fini(void);

#endif
