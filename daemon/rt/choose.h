/*
 * Waiting for the first of several things, of which exactly one takes effect.
 *
 *	struct choice_chan job;
 *	struct choice_timer late;
 *	struct choice_case *const cases[] = {
 *		choice_recv(&job, &jobs, &next),
 *		choice_timer(&late, rt_now() + NS_PER_S),
 *	};
 *
 *	switch (choose(cases, ARRAY_LEN(cases))) {
 *	case 0: ...
 *
 * What can happen at once is chosen in the order of the cases. What is not chosen has consumed nothing.
 *
 * Any wait may become a case: a kind of case of another layer embeds a struct choice_case and the
 * struct wait that its wait is made of (task.h). @arm is the part of that wait before task_park(),
 * without the check for cancellation.
 */
#ifndef DAEMON_RT_CHOOSE_H
#define DAEMON_RT_CHOOSE_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/rt/chan.h"
#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/task.h"
#include "daemon/rt/timer.h"

struct choice_case {
	/* How the wait ended, when this case was chosen: 0, or -EPIPE of a closed channel and such. */
	int result;

	/*
	 * For kinds of cases. @arm takes effect at once and returns its result, 0 or a negative errno;
	 * or it links @wait where task_wake() will find it and returns CHOICE_ARMED. @wait->abort
	 * takes it back, and must be able to.
	 */
	int (*arm)(struct choice_case *c);
	struct wait *wait;
};

#define CHOICE_ARMED 1

/*
 * Wait for the first of the @n cases (at least one).
 * Returns its index, or -ECANCELED. Suspends.
 */
int choose(struct choice_case *const *cases, size_t n) MUST_CHECK;

/* Kinds of cases, placed by the caller until choose() has returned; all private but @c.result. */

struct choice_timer {
	struct choice_case c;
	struct sleep sleep;
	int64_t t_ns;
};
struct choice_case *choice_timer(struct choice_timer *c, int64_t t_ns);

struct choice_fd {
	struct choice_case c;
	struct fd_waiter waiter;
};
struct choice_case *choice_fd(struct choice_fd *c, int fd, enum fd_dir dir);

/* Results as of chan_send() and chan_recv(). @elem stays until choose() has returned. */
struct choice_chan {
	struct choice_case c;
	struct chan *chan;
	struct chan_party party;
};
struct choice_case *choice_send(struct choice_chan *c, struct chan *chan,
				const void *elem);
struct choice_case *choice_recv(struct choice_chan *c, struct chan *chan, void *elem);

/* The end of a child, whose outcome is in its handle then. */
struct choice_child {
	struct choice_case c;
	struct child *child;
	struct child_joiner joiner;
};
struct choice_case *choice_child(struct choice_child *c, struct child *child);

/* The event is set after choose() was called. */
struct choice_event {
	struct choice_case c;
	struct event *event;
	struct event_waiter waiter;
};
struct choice_case *choice_event(struct choice_event *c, struct event *e);

#endif
