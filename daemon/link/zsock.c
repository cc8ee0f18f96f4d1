/* ZeroMQ sockets for tasks. */
#include "daemon/link/zsock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"

#define HEARTBEAT_MS 5000
#define SILENCE_MS 15000 /* of a peer, after which it is taken for gone */
#define MESSAGE_MAX 65536
#define HWM 1000

struct zctx {
	void *zmq;
	unsigned sockets;
	struct rt_idle idle;
	struct list used; /* sockets used since they were last asked */
};

enum direction { TO_RECV, TO_SEND };

struct zsock {
	void *zmq;
	const char *name;
	struct zctx *ctx;
	struct link used;       /* in ctx->used */
	struct wait *waiter[2]; /* by enum direction */
	bool pumping;
};

/* Ask libzmq what is true, and wake who waits for it. */
static void look(struct zsock *s)
{
	static const int event[] = {[TO_RECV] = ZMQ_POLLIN, [TO_SEND] = ZMQ_POLLOUT};
	int events = 0;
	size_t size = sizeof(events);

	link_remove(&s->used);
	while (zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size) < 0)
		if (errno != EINTR)
			return; /* the context is ending */
	for (int d = TO_RECV; d <= TO_SEND; d++) {
		struct wait *w = s->waiter[d];

		if (!w || !(events & event[d]))
			continue;
		s->waiter[d] = NULL;
		task_wake(w, 0);
	}
}

/*
 * What any call on a socket may do is swallow the wake-up of who waits on it: it is asked again before
 * the loop sleeps.
 */
static void mark_used(struct zsock *s)
{
	if (!link_linked(&s->used))
		list_push(&s->ctx->used, &s->used);
}

static void look_at_used(struct rt_idle *idle)
{
	struct zctx *ctx = container_of(idle, struct zctx, idle);
	struct link *k;

	while ((k = list_pop(&ctx->used)) != NULL)
		look(container_of(k, struct zsock, used));
}

int zctx_open(struct zctx **ret)
{
	struct zctx *ctx = calloc(1, sizeof(*ctx));
	int err;

	if (!ctx)
		return -ENOMEM;
	ctx->zmq = zmq_ctx_new();
	if (!ctx->zmq) {
		err = errno;
		free(ctx);
		return -err;
	}
	list_init(&ctx->used);
	ctx->idle.fn = look_at_used;
	rt_idle_add(&ctx->idle);
	*ret = ctx;
	return 0;
}

void zctx_close(struct zctx *ctx)
{
	if (!ctx)
		return;
	assert(ctx->sockets == 0); /* libzmq would wait for them for ever */
	rt_idle_remove(&ctx->idle);
	zmq_ctx_term(ctx->zmq);
	free(ctx);
}

static int set_int(void *zmq, int option, int value)
{
	return zmq_setsockopt(zmq, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(void *zmq, const struct zsock_conf *conf)
{
	const int64_t message_max =
		conf->message_max ? (int64_t)conf->message_max : MESSAGE_MAX;
	const struct {
		int option, value;
	} options[] = {
		{ZMQ_LINGER, 0},
		{ZMQ_SNDHWM, conf->send_hwm ? conf->send_hwm : HWM},
		{ZMQ_RCVHWM, conf->recv_hwm ? conf->recv_hwm : HWM},
		{ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
		{ZMQ_HEARTBEAT_TIMEOUT, SILENCE_MS},
		{ZMQ_HANDSHAKE_IVL, SILENCE_MS},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(options) && r == 0; i++)
		r = set_int(zmq, options[i].option, options[i].value);
	if (r == 0 && conf->verbose)
		r = set_int(zmq, ZMQ_XPUB_VERBOSE, 1);
	if (r == 0 &&
	    zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) < 0)
		r = -errno;
	return r;
}

/* The folder keeps others out until the mode is right. */
static int bind_to(void *zmq, const char *endpoint)
{
	static const char ipc[] = "ipc:///";

	if (zmq_bind(zmq, endpoint) < 0)
		return -errno;
	if (strncmp(endpoint, ipc, sizeof(ipc) - 1) == 0 &&
	    chmod(endpoint + sizeof(ipc) - 2, 0660) < 0)
		return -errno;
	return 0;
}

static int attach(void *zmq, const struct zsock_conf *conf)
{
	int r = set_options(zmq, conf);

	if (r == 0 && conf->bind)
		r = bind_to(zmq, conf->bind);
	if (r == 0 && conf->connect && zmq_connect(zmq, conf->connect) < 0)
		r = -errno;
	return r;
}

int zsock_open(struct zctx *ctx, const struct zsock_conf *conf, struct zsock **ret)
{
	struct zsock *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->zmq = zmq_socket(ctx->zmq, conf->type);
	r = s->zmq ? attach(s->zmq, conf) : -errno;
	if (r < 0) {
		if (s->zmq)
			zmq_close(s->zmq);
		free(s);
		return r;
	}
	s->name = conf->name;
	s->ctx = ctx;
	ctx->sockets++;
	mark_used(s);
	*ret = s;
	return 0;
}

void zsock_close(struct zsock *s)
{
	if (!s)
		return;
	assert(!s->pumping && !s->waiter[TO_RECV] && !s->waiter[TO_SEND]);
	link_remove(&s->used);
	s->ctx->sockets--;
	zmq_close(s->zmq);
	free(s);
}

static int pump(void *arg)
{
	struct zsock *s = arg;
	size_t size = sizeof(int);
	int r = 0;
	int fd;

	if (zmq_getsockopt(s->zmq, ZMQ_FD, &fd, &size) < 0)
		return -errno;
	s->pumping = true;
	while (r == 0) {
		/* Commands that came before the watch give no edge any more. */
		look(s);
		r = fd_wait(fd, FD_READ);
	}
	fd_forget(fd);
	s->pumping = false;
	return r;
}

int zsock_pump(struct zsock *s, struct nursery *n)
{
	const struct task_opt opt = {.name = s->name, .service = true};

	return nursery_start(n, NULL, &opt, pump, s);
}

struct zwait {
	struct wait wait;
	struct wait **place;
};

static bool zwait_abort(struct wait *w)
{
	*container_of(w, struct zwait, wait)->place = NULL;
	return true;
}

/* Wait until the socket may be received from, or sent to. Suspends. */
static int park(struct zsock *s, enum direction d)
{
	struct zwait w = {
		.wait = {.kind = d == TO_RECV ? "message" : "room to send",
			 .what = s->name,
			 .abort = zwait_abort},
		.place = &s->waiter[d],
	};

	if (*w.place)
		return -EBUSY;
	*w.place = &w.wait;
	return task_park(&w.wait);
}

void zmsg_fini(struct zmsg *m)
{
	while (m->n > 0)
		zmq_msg_close(&m->part[--m->n]);
}

static int recv_part(struct zsock *s, zmq_msg_t *part)
{
	int n;

	zmq_msg_init(part);
	do {
		n = zmq_msg_recv(part, s->zmq, ZMQ_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The parts that come too many, which belong to the message, are received all the same. */
static void drop_rest(struct zsock *s)
{
	zmq_msg_t part;
	bool more = true;

	while (more && recv_part(s, &part) == 0) {
		more = zmq_msg_more(&part);
		zmq_msg_close(&part);
	}
}

static int try_recv(struct zsock *s, struct zmsg *ret)
{
	bool more = true;

	ret->n = 0;
	mark_used(s);
	while (more) {
		zmq_msg_t *part = &ret->part[ret->n];
		int r;

		if (ret->n == ZMSG_PARTS) {
			drop_rest(s);
			zmsg_fini(ret);
			return -EMSGSIZE;
		}
		r = recv_part(s, part);
		if (r < 0) {
			zmsg_fini(ret);
			return r;
		}
		ret->frame[ret->n].data = zmq_msg_data(part);
		ret->frame[ret->n].len = zmq_msg_size(part);
		ret->n++;
		more = zmq_msg_more(part);
	}
	return 0;
}

int zsock_try_send(struct zsock *s, const struct zframe *frames, unsigned n)
{
	mark_used(s);
	for (unsigned i = 0; i < n; i++) {
		int flags = ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0);
		int sent;

		do {
			sent = zmq_send(s->zmq, frames[i].data, frames[i].len, flags);
		} while (sent < 0 && errno == EINTR);
		/* Only the first part can be refused; later, it is the peer that went. */
		if (sent < 0)
			return i > 0 && errno == EAGAIN ? -EPIPE : -errno;
	}
	return 0;
}

int zsock_recv(struct zsock *s, struct zmsg *ret)
{
	int r = task_check();

	ret->n = 0;
	if (r < 0)
		return r;
	r = try_recv(s, ret);
	if (r != -EAGAIN) {
		task_yield();
		return r;
	}
	while (r == -EAGAIN) {
		r = park(s, TO_RECV);
		if (r == 0)
			r = try_recv(s, ret);
	}
	return r;
}

int zsock_send(struct zsock *s, const struct zframe *frames, unsigned n)
{
	int r = task_check();

	if (r < 0)
		return r;
	r = zsock_try_send(s, frames, n);
	if (r != -EAGAIN) {
		task_yield();
		return r;
	}
	while (r == -EAGAIN) {
		r = park(s, TO_SEND);
		if (r == 0)
			r = zsock_try_send(s, frames, n);
	}
	return r;
}
