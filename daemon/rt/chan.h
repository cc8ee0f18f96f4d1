/*
 * Channels: a bounded queue of equal-sized elements between tasks of one loop.
 *
 * With capacity 0 sender and receiver meet. Waiting senders and receivers are served first in, first
 * out, and a waiting receiver comes before a later chan_try_recv(). Sending is atomic with
 * cancellation: -ECANCELED means that nothing was sent or received.
 */
#ifndef DAEMON_RT_CHAN_H
#define DAEMON_RT_CHAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/task.h"

/* Who waits at one end; private. */
struct chan_party {
	struct wait wait;
	struct link link;
	void *elem; /* the waiting task's own memory */
};

/* Placed by the caller, who keeps it until nobody waits on it. */
struct chan {
	const char *name; /* for the task dump; not copied; private from here on */
	size_t elem_size, cap, head, count;
	uint8_t *buf;
	struct list senders, receivers;
	unsigned sender_ends, receiver_ends;
	bool closed;
};

/*
 * Make a channel with one sending and one receiving end. @elem_size > 0.
 * Returns 0 or -ENOMEM.
 */
int chan_init(struct chan *c, const char *name, size_t elem_size, size_t cap) MUST_CHECK;

/* Give its memory back. Nobody may be waiting. */
void chan_fini(struct chan *c);

/*
 * Send a copy of *@elem; waits while the channel is full.
 * Returns 0, -EPIPE when closed or no receiving end is left, -ECANCELED. Suspends.
 */
int chan_send(struct chan *c, const void *elem) MUST_CHECK;

/*
 * Receive into *@elem; waits while it is empty.
 * Returns 0, -EPIPE when it is empty and closed (or no sending end is left), -ECANCELED. Suspends.
 */
int chan_recv(struct chan *c, void *elem) MUST_CHECK;

/* The same without waiting: -EAGAIN instead. Do not suspend. */
int chan_try_send(struct chan *c, const void *elem) MUST_CHECK;
int chan_try_recv(struct chan *c, void *elem) MUST_CHECK;

/*
 * Close for good: waiting senders get -EPIPE, receivers what is still queued, then -EPIPE.
 */
void chan_close(struct chan *c);

/* Further ends: the last sending end that closes is the end of the channel; so is the last receiving. */
void chan_clone_sender(struct chan *c);
void chan_clone_receiver(struct chan *c);
void chan_close_sender(struct chan *c);
void chan_close_receiver(struct chan *c);

/* Elements queued. */
size_t chan_count(const struct chan *c);

#endif
