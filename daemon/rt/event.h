/*
 * Events: something happens, any number of tasks are told. An event has no memory of its own; a
 * listener remembers what it has not seen yet.
 */
#ifndef DAEMON_RT_EVENT_H
#define DAEMON_RT_EVENT_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/task.h"

/* Who waits; private. */
struct event_waiter {
	struct wait wait;
	struct link link;
};

/* Placed by the caller, who keeps it until nobody waits on it; private but @count. */
struct event {
	uint64_t count; /* how often it was set */
	const char *name;
	struct list waiters;
};

/* @name is for the task dump and not copied. */
void event_init(struct event *e, const char *name);

/* It happens: wake who waits. Does not suspend. */
void event_set(struct event *e);

/* Wait until it is set after this call. Returns 0 or -ECANCELED. Suspends. */
int event_wait(struct event *e) MUST_CHECK;

/* Placed by the caller; all private. */
struct event_listener {
	struct event *event;
	uint64_t seen;
};

/* Listen from here on; with @repeat_last the first event_next() returns at once. */
void event_listen(struct event_listener *l, struct event *e, bool repeat_last);

/*
 * Wait until it is set, unless it was since the last call: then return at once, and once only however
 * often it was. Returns 0 or -ECANCELED. Suspends.
 */
int event_next(struct event_listener *l) MUST_CHECK;

#endif
