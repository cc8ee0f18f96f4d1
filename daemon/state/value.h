/*
 * Observable values, in the manner of trio-util's AsyncValue: a named or anonymous quantity that tasks
 * read, set, and wait on.
 *
 * A set is a transaction: the datum is stored, derived values are recomputed (each once, inputs before
 * outputs), the predicates of waiters are evaluated on that consistent picture, and those that match
 * are woken, in the order in which they began to wait. Nobody ever sees a mixture of old and new. A set
 * made inside a predicate or a compute function is queued as the next transaction.
 *
 * Nothing here suspends; waits are in await.h. All on the loop's thread: a set from another thread is
 * refused loudly (use rt/post.h).
 */
#ifndef DAEMON_STATE_VALUE_H
#define DAEMON_STATE_VALUE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/state/datum.h"

enum value_state { VALUE_UNSET, VALUE_OK, VALUE_STALE, VALUE_CLOSED };
const char *value_state_name(enum value_state state);

/* What is declared about a value; texts are borrowed and must outlive it. */
struct value_info {
	const char *name; /* dotted: "imu.accel"; NULL: anonymous */
	const char *unit; /* SI; "" or NULL: none */
	const char *help;
	const char
		*source; /* who sets it: "driver mpu6050", "fusion", "behaviour greet" */
	bool typed;      /* only data of @type, or null, may be set */
	enum datum_type type;
	double min, max;        /* of a number; both 0: no range */
	double dead_band;       /* a number that moved no more than this is unchanged */
	int64_t stale_after_ns; /* no set for so long: stale; 0: never */
};

struct value;

/*
 * A new value, unset, owned by the caller, who frees it with value_free(). 0 or -ENOMEM.
 */
int value_new(const struct value_info *info, struct value **ret) MUST_CHECK;

/*
 * Close it (value_close) and free it. Nothing may use it any more but waits and iterators, which end.
 * NULL is fine.
 */
void value_free(struct value *v);

/*
 * Set it to a copy of *@d, measured at @t_ns (rt_now() or earlier). An equal datum refreshes the sample
 * time and ends staleness, but is no change. Runs the transaction, or queues it when one is running.
 * Returns 0; -EPIPE when closed; -EINVAL for a datum of the wrong type; -EROFS for a derived value;
 * -EPERM (and a line in the log) on a thread that is not the value's. Queued: -ENOMEM, and -ELOOP when
 * predicates and watches keep setting values without an end. Does not suspend.
 */
int value_set_at(struct value *v, const struct datum *d, int64_t t_ns);
int value_set(struct value *v, const struct datum *d); /* at rt_now() */

/*
 * Its source has gone, or has another rhythm: it is stale from now until the next set, unless it was unset; or
 * it becomes stale after @ns from now on, counted from its last sample (0: never). Not of derived values,
 * not inside a transaction. Who holds it and who waits for it stays.
 */
void value_lapse(struct value *v);
void value_set_stale_after(struct value *v, int64_t ns);

/*
 * How many wait for it or are derived from it; of the latter one's name in *@ret_name, NULL if there is none with
 * a name.
 */
unsigned value_uses(const struct value *v, const char **ret_name);

/* Notify as if it had changed, without a change. Returns as value_set(). */
int value_touch(struct value *v);

/*
 * Several sets as one transaction: it runs when the outermost batch ends. The task must not suspend in
 * between.
 */
void value_batch_begin(void);
void value_batch_end(void);

/*
 * Every wait on it ends with -EPIPE, iterators end, values derived from it close. For good. Inside a
 * batch, a predicate, a compute function or a watch it takes effect when that is done.
 */
void value_close(struct value *v);

/* What it holds; null while unset. Valid until the next set: do not keep it across a suspension. */
const struct datum *value_get(const struct value *v);
enum value_state value_state(const struct value *v);
uint64_t value_version(const struct value *v);  /* counts changes */
int64_t value_sample_ns(const struct value *v); /* when it was last measured; 0: never */
int64_t value_change_ns(const struct value *v); /* when it last changed; 0: never */
const struct value_info *value_info(const struct value *v);
bool value_is_derived(const struct value *v);
/* Whether somebody waits for it, or something is derived from it. */
bool value_is_awaited(const struct value *v);

/*
 * A derived value: @compute makes the datum from the inputs (value_get of those it was given), now and
 * when one of them changed, and is not called while one is unset. The result is unset or stale when an
 * input is (unless @keep_stale), as old as its oldest input, and closes when one closes. @arg is given
 * back with @arg_free when the value goes (NULL: not needed). @compute must not suspend; a negative
 * result leaves what the value holds, makes it stale (also with @keep_stale) until it can be computed again,
 * and is logged once per change of the error, with the text that value_failed() was given; but -EAGAIN only
 * says that there is nothing to say yet.
 * Returns 0; -EPIPE when an input is closed; -ELOOP when it is more than 32 deep; -EBUSY inside a
 * predicate, a compute function or a watch; -ENOMEM. On failure the caller keeps @arg.
 */
struct derivation {
	int (*compute)(void *arg, struct value *const *inputs, unsigned n,
		       struct datum *ret);
	void (*arg_free)(void *arg);
	void *arg;
	bool keep_stale;
	/*
	 * @compute asks for itself what the inputs are: it is called also while some are unset, and
	 * on a mere new sample; the result is always set, and measured when it was computed.
	 */
	bool asks;
	/*
	 * With @asks, after @compute: the state that the value is in, and when what it holds was
	 * measured. NULL: ok, and now.
	 */
	enum value_state (*judge)(void *arg, struct value *const *inputs, unsigned n,
				  int64_t *ret_measured_ns);
};
int value_derive(const struct value_info *info, struct value *const *inputs, unsigned n,
		 const struct derivation *how, struct value **ret) MUST_CHECK;

/* The @arg of a value that is derived with @by; NULL for any other. It lives as long as the value. */
void *value_derivation(const struct value *v,
		       int (*by)(void *arg, struct value *const *inputs, unsigned n,
				 struct datum *ret));

/* Why a derived value could not be computed the last time it was due; NULL: it could. Until it is due again. */
const char *value_failure(const struct value *v);

/*
 * Give the error that a compute function or a predicate is about to return a text, for the log:
 * `return value_failed(-EIO, "%s", why);`. Returns @code.
 */
#define VALUE_WHY 200
int value_failed(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A table {keys[i]: inputs[i]}: one consistent snapshot. Keys are copied; @n > 0. As above. */
int value_compose(const struct value_info *info, const char *const *keys,
		  struct value *const *inputs, unsigned n, bool keep_stale,
		  struct value **ret) MUST_CHECK;

/*
 * Compute a derived value again although no input changed, as a transaction: for those that depend on the
 * time as well. Nothing happens to one that is unset or closed.
 */
void value_recompute(struct value *v);

/*
 * Be told of every transaction that touched a value (changed, refreshed or changed state): the hook of
 * publishers, recorders and views. Called at the end of the transaction; must not suspend; may set
 * values (queued). @v NULL: all values. Placed by the caller.
 */
struct value_watch {
	void (*fn)(struct value_watch *w, struct value *v, bool changed);
	struct value_watch *next; /* private */
	struct value_watch **link;
	struct value *v;
};
void value_watch_add(struct value_watch *w, struct value *v);
void value_watch_remove(struct value_watch *w);

#endif
