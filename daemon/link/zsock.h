/*
 * ZeroMQ sockets for tasks.
 *
 * libzmq's descriptor says "there are commands", not "there is a message", it says so once, and any
 * call on the socket may swallow it (zmq_getsockopt(3), ZMQ_FD). So each socket has a task, its pump,
 * that waits for the descriptor and then asks libzmq what is true, and each socket that was used is
 * asked again before the loop sleeps.
 *
 *	zsock_open(ctx, &conf, &s);
 *	nursery_open(&n);
 *	zsock_pump(s, &n);
 *	...zsock_recv(s, &m)...
 *	r = nursery_close(&n, r);
 *	zsock_close(s);
 *
 * One task at a time may wait to receive, and one to send.
 */
#ifndef DAEMON_LINK_ZSOCK_H
#define DAEMON_LINK_ZSOCK_H
#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

#include "daemon/base/macros.h"
#include "daemon/rt/nursery.h"

struct zctx;
struct zsock;

/*
 * libzmq's context with its threads, and the hook that looks before the loop sleeps. Inside rt_run().
 * Returns 0 or a negative errno.
 */
int zctx_open(struct zctx **ret) MUST_CHECK;

/* All its sockets must be closed. Waits for libzmq's threads: well below a millisecond. NULL is fine. */
void zctx_close(struct zctx *ctx);

/* What a socket is; zeros are the defaults. Texts are borrowed for the call, but the name for good. */
struct zsock_conf {
	const char *name;           /* for the task dump */
	int type;                   /* ZMQ_ROUTER and so on */
	const char *bind, *connect; /* endpoints; NULL: not */
	size_t message_max; /* bytes of one part; 0: 64 KiB. A peer that sends more is cut off */
	int send_hwm, recv_hwm; /* messages queued for each peer; 0: 1000 */
	bool verbose; /* of XPUB: tell of every subscription, also of known ones */
};

/*
 * A bound ipc socket is for owner and group only (0660).
 * Returns 0, or a negative errno: -EADDRINUSE, -EACCES, -EINVAL for an endpoint that is none ...
 */
int zsock_open(struct zctx *ctx, const struct zsock_conf *conf,
	       struct zsock **ret) MUST_CHECK;

/* Its pump must have ended, and nobody may wait on it. What is not sent yet is lost. NULL is fine. */
void zsock_close(struct zsock *s);

/*
 * Start the pump in @n, as a service, so that it ends with the others; it must run while somebody waits
 * on the socket. Returns 0 or nursery_start()'s errors. Does not suspend.
 */
int zsock_pump(struct zsock *s, struct nursery *n);

struct zframe {
	const void *data;
	size_t len;
};

#define ZMSG_PARTS 8

/* A received message; placed by the caller, must not move. zmsg_fini() when done. */
struct zmsg {
	unsigned n;
	struct zframe frame[ZMSG_PARTS];
	zmq_msg_t part[ZMSG_PARTS]; /* private */
};
void zmsg_fini(struct zmsg *m); /* fine after a failure, and twice */

/*
 * Receive one message with all its parts into *@ret.
 * Returns 0; -EMSGSIZE for one of more than ZMSG_PARTS parts, which is lost; -EBUSY when another task
 * waits; -ECANCELED. Suspends.
 */
int zsock_recv(struct zsock *s, struct zmsg *ret) MUST_CHECK;

/*
 * Send copies of @n frames as one message.
 * Returns 0; -EBUSY when another task waits to send; -EPIPE when the peer went in the middle of it;
 * -ECANCELED. Suspends.
 */
int zsock_send(struct zsock *s, const struct zframe *frames, unsigned n) MUST_CHECK;

/* The same without waiting: -EAGAIN instead. Does not suspend. */
int zsock_try_send(struct zsock *s, const struct zframe *frames, unsigned n);

#endif
