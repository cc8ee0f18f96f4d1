/*
 * Other services, as devices reach them: commands that are calls of their methods, and topics that they publish.
 *
 * Who has the connections fills in a struct peer_port and hands each message of a topic that a device hears to
 * peer_topic_deliver(). Nobody does so yet: a robot's devices get no port, and say so.
 */
#ifndef HAL_PEER_H
#define HAL_PEER_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/event.h"

#define PEER_MESSAGE_MAX 1024 /* bytes of a message that are kept; the rest is cut off */
#define PEER_QUEUE_MAX 8      /* messages of a topic that wait for their reader */

/* A command to another service: a call of its @method. */
struct peer_command {
	const char *peer;     /* its name in the configuration's "bus.services" */
	const char *method;   /* of its, such as "say" */
	float value;          /* NaN: cancel what was commanded before */
	int64_t valid_for_ns; /* after which the service goes safe by itself */
};

struct peer_message {
	int64_t t_ns; /* when it came */
	size_t len;
	uint8_t data[PEER_MESSAGE_MAX];
};

/* A topic that one device hears. Made by peer_topic_open(). */
struct peer_topic {
	const char *peer, *name;
	struct peer_port *port;
	struct link link; /* the port's, who finds by it whom a message is for */
	/* Private: message[first .. first + count) modulo PEER_QUEUE_MAX, oldest first. */
	struct peer_message message[PEER_QUEUE_MAX];
	unsigned first, count;
	uint32_t lost; /* since the last read */
	struct event came;
};

/* Where other services are reached. */
struct peer_port {
	/*
	 * Hand @c (borrowed for the call) to the service, and repeat it before it runs out until the next one
	 * comes. Returns 0 when the service has taken it; -ENOENT: no such service; -ENOTCONN: it is not there;
	 * -ETIMEDOUT; -EREMOTEIO: it refuses (error_set() has its words); -ECANCELED. Suspends.
	 */
	int (*command)(struct peer_port *p, const struct peer_command *c);
	/*
	 * From now on what @t->peer publishes as @t->name, exactly, goes to @t. Whether the service is there is
	 * not asked: one that comes later is heard then. Returns 0; -ENOENT: the configuration has no such
	 * service (error_set() says so); -ENOMEM. Does not suspend.
	 */
	int (*subscribe)(struct peer_port *p, struct peer_topic *t);
	/* No longer; @t is not touched any more. Does not suspend. */
	void (*unsubscribe)(struct peer_port *p, struct peer_topic *t);
};

/* Can the service @peer be reached by @port? 0, or -ENOTCONN with a text when there is no port. */
int peer_check(const struct peer_port *port, const char *peer) MUST_CHECK;

/*
 * Hear @topic of the service @peer (both are borrowed, and outlive it). Returns 0 with a topic for peer_topic_close(),
 * or the port's errors. Does not suspend.
 */
int peer_topic_open(struct peer_port *port, const char *peer, const char *topic,
		    struct peer_topic **ret) MUST_CHECK;
void peer_topic_close(struct peer_topic *t); /* nobody waits; NULL is fine */

/*
 * For the port: a message has come at @t_ns, rt_now() or a little earlier. It is copied; of a queue that is full the
 * oldest goes. Does not suspend.
 */
void peer_topic_deliver(struct peer_topic *t, const void *data, size_t len, int64_t t_ns);

/*
 * Wait for a message, till @until_ns at the latest. Returns 0 with the time at which the oldest came, -ETIMEDOUT or
 * -ECANCELED. Suspends.
 */
int peer_topic_wait(struct peer_topic *t, int64_t until_ns, int64_t *ret_t_ns) MUST_CHECK;

/*
 * Take the oldest message, at most @size bytes of it. Returns how many there are; 0: there is none. *ret_lost is how
 * many went for want of room since the last call. Does not suspend.
 */
size_t peer_topic_read(struct peer_topic *t, uint8_t *ret, size_t size,
		       uint32_t *ret_lost);

#endif
