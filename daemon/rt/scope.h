/*
 * Cancel scopes: the part of a task's work that can be cancelled as one, with deadlines and shields.
 *
 *	struct scope s;
 *	int r;
 *
 *	scope_enter_after(&s, 2 * NS_PER_S);
 *	r = scope_leave(&s, ask_the_sensor());
 *	if (s.absorbed)
 *		...the two seconds were up...
 *
 * Scopes form a tree across tasks: a nursery has a scope, and the tasks it starts run in it. A task
 * sees a cancellation when its nearest scope is effectively cancelled: itself cancelled, or not
 * shielded and its parent effectively cancelled. Cancellation is a level, not an event: once in a
 * cancelled scope, each further checkpoint returns -ECANCELED.
 *
 * Scopes are left in the reverse order of entering, by the task that entered them; anything else is a
 * programmer's error and aborts with a message that names both.
 */
#ifndef DAEMON_RT_SCOPE_H
#define DAEMON_RT_SCOPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/timer.h"

enum cancel_source {
	CANCEL_EXPLICIT,   /* somebody called scope_cancel() */
	CANCEL_DEADLINE,   /* the time was up */
	CANCEL_NURSERY,    /* a sibling or the body failed */
	CANCEL_PREEMPTION, /* somebody more important wanted the resource */
	CANCEL_SHUTDOWN,   /* the program ends */
};
const char *cancel_source_name(enum cancel_source source);

/* Who cancelled, why and when. Carried by every cancellation. */
struct cancel_cause {
	enum cancel_source source;
	int64_t t_ns;
	char task[32];   /* the task that asked; "" for the loop itself */
	char reason[72]; /* cut when longer */
};

/*
 * Write who, when as seen from @t_ns, and why, to go behind "cancelled": "by rival 1.500 s earlier:
 * somebody better came (pre-emption)". Returns @buf.
 */
char *cancel_cause_print(const struct cancel_cause *cause, int64_t t_ns, char *buf,
			 size_t size);

/* Placed by the caller. @requested and @absorbed may be read, also after scope_leave(). */
struct scope {
	bool requested; /* was cancelled, or its deadline passed */
	bool absorbed;  /* scope_leave() turned a cancellation into 0 */

	/* Private from here on. What every cancellation and every end looks at is first, in one cache line. */
	bool shield, yields, effective, soft, soft_effective;
	bool entered : 1, left : 1;
	struct scope *parent;
	struct list kids;
	struct link sibling;
	struct task *task;
	struct timer timer;
	int64_t deadline_ns, grace_end_ns, shield_ns;
	const char *function; /* that entered it */
	struct cancel_cause cause;
};

/* Make a scope that is not entered yet; it may be cancelled or given a deadline before. */
void scope_init(struct scope *s);

/*
 * Enter a scope made with scope_init(). Once. This and its like are macros that remember the function
 * they are called in, for the message of a misuse.
 */
#define scope_enter(s) scope_enter_in(s, __func__)

/* scope_init() and scope_enter(), with a deadline at @t_ns, or @ns (not negative) from now. */
#define scope_enter_until(s, t_ns) scope_enter_until_in(s, t_ns, __func__)
#define scope_enter_after(s, ns) scope_enter_after_in(s, ns, __func__)

/*
 * scope_init() and scope_enter() for clean-up that may suspend although the task is cancelled: for at
 * most @bound_ns, clipped to the bound of any shield or grace around it.
 */
#define scope_enter_shield(s, bound_ns) scope_enter_shield_in(s, bound_ns, __func__)

/*
 * scope_init() and scope_enter() for waits asked for as soft: to what runs in it, tasks started in it
 * included, a soft cancellation is as good as a hard one. Outside of it the rest of the grace is left,
 * for a farewell say; scope_leave() passes the -ECANCELED on, up to the scope that was asked:
 *
 *	scope_enter_soft(&s);
 *	r = scope_leave(&s, chan_recv(&orders, &next));
 *	if (r == -ECANCELED && task_check() == 0)
 *		...asked to come to an end, and there is time to do so...
 */
#define scope_enter_soft(s) scope_enter_soft_in(s, __func__)

void scope_enter_in(struct scope *s, const char *function);
void scope_enter_until_in(struct scope *s, int64_t t_ns, const char *function);
void scope_enter_after_in(struct scope *s, int64_t ns, const char *function);
void scope_enter_shield_in(struct scope *s, int64_t bound_ns, const char *function);
void scope_enter_soft_in(struct scope *s, const char *function);

/*
 * Leave the scope; @r is the outcome of what ran in it.
 * Returns 0 when @r is -ECANCELED, this scope is effectively cancelled and its parent's cancellation
 * is not visible to it (then @absorbed is set); otherwise @r.
 */
int scope_leave(struct scope *s, int r) MUST_CHECK;

/* scope_leave(), but a passed deadline of this scope gives -ETIMEDOUT instead of 0. */
int scope_leave_timeout(struct scope *s, int r) MUST_CHECK;

/*
 * Cancel; takes effect at once, also before the scope is entered; again is nothing. Any task of the
 * same loop, or the loop itself. @reason is copied.
 */
void scope_cancel(struct scope *s, enum cancel_source source, const char *reason);

/*
 * Ask to come to an end: task_cancelling() turns true, what runs in scope_enter_soft() is cancelled, and
 * hard cancellation follows after @grace_ns (not negative).
 */
void scope_cancel_soft(struct scope *s, enum cancel_source source, int64_t grace_ns,
		       const char *reason);

/*
 * Move the deadline; TIME_NEVER takes it away. A past one cancels. Moving it later does not undo a
 * cancellation.
 */
void scope_set_deadline(struct scope *s, int64_t t_ns);

/*
 * Make a scope a shield, as scope_enter_shield() does, before it is entered (the bound counts from there) or
 * while it is. What has been told that it is cancelled is not told otherwise; later checkpoints pass.
 */
void scope_set_shield(struct scope *s, int64_t bound_ns);

/* Whether a cancellation is visible to what runs in it. */
bool scope_cancelled(const struct scope *s);

/*
 * The moment at which the running task will be cancelled: the earliest deadline up to the nearest
 * shield; INT64_MIN when it is cancelled already, TIME_NEVER when there is none.
 */
int64_t scope_effective_deadline(void);

/*
 * Why the running task is cancelled (or is asked to end): the cause in the outermost scope that is
 * visible to it. NULL when it is not. Valid until the task leaves that scope.
 */
const struct cancel_cause *scope_cause(void);

#endif
