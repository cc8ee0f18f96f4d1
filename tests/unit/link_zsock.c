/* ZeroMQ sockets for tasks: no wake-up is lost, messages of many parts, cancellation. */
#include <stdint.h>
#include <time.h>

#include "tests/seed.h"
#include "tests/unit/link_run.h"

/* What two tasks do to one socket, in the order that loses the wake-up without a look before sleeping. */
struct duplex {
	struct zsock *ours, *peer;
	char got[32];
};

static int read_one(void *arg)
{
	struct duplex *d = arg;

	return recv_text(d->ours, d->got, sizeof(d->got));
}

static int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* libzmq looks at its commands when it sends, but only once in about a millisecond. */
static void let_libzmq_be_curious(void)
{
	int64_t until = clock_ns() + 5 * NS_PER_MS;

	while (clock_ns() < until)
		;
}

/* Run until the reader has ended, or for so many turns that it never will. */
static int keep_the_loop_awake(void *arg)
{
	const struct duplex *d = arg;
	int r = 0;

	for (int turns = 0; r == 0 && turns < 100000 && d->got[0] == '\0'; turns++)
		r = task_checkpoint();
	cr_assert(ne(chr, d->got[0], '\0'));
	return r;
}

static void swallow_a_wake_up(struct link_test *t, bool busy)
{
	struct duplex d = {0};
	struct nursery sockets, n;

	nursery_open(&sockets);
	d.ours = open_bound(t, &sockets, ZMQ_DEALER, "inproc://duplex");
	d.peer = open_connected(t, &sockets, ZMQ_DEALER, "inproc://duplex");
	nursery_open(&n);
	nursery_go(&n, "reader", read_one, &d);
	expect(task_wait_all_blocked(), 0);

	/* The message arrives while this task runs, and this task's send takes the news of it. */
	expect(zsock_try_send(d.peer, &(struct zframe){"to us", 5}, 1), 0);
	let_libzmq_be_curious();
	expect(zsock_try_send(d.ours, &(struct zframe){"from us", 7}, 1), 0);

	if (busy)
		nursery_go(&n, "busy", keep_the_loop_awake, &d);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, d.got, "to us"));
	nursery_cancel(&sockets, "done");
	expect(nursery_close(&sockets, 0), 0);
	zsock_close(d.ours);
	zsock_close(d.peer);
}

LINK_TEST(zsock, a_send_that_swallows_the_readers_wake_up)
{
	swallow_a_wake_up(t, false);
	return 0;
}

LINK_TEST(zsock, a_swallowed_wake_up_in_a_loop_that_never_sleeps)
{
	swallow_a_wake_up(t, true);
	return 0;
}

#define ROUNDS 2000

struct player {
	struct zsock *sock;
	uint64_t random;
	unsigned sent, received;
};

static bool chance(struct player *p, unsigned of)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random % of == 0;
}

static int keep_sending(void *arg)
{
	struct player *p = arg;
	int r = 0;

	while (r == 0 && p->sent < ROUNDS) {
		r = send_text(p->sock, "ball");
		p->sent++;
		if (r == 0 && chance(p, 16))
			r = task_sleep(50 * NS_PER_US);
	}
	return r;
}

static int keep_receiving(void *arg)
{
	struct player *p = arg;
	char buf[32];
	int r = 0;

	while (r == 0 && p->received < ROUNDS) {
		r = recv_text(p->sock, buf, sizeof(buf));
		p->received++;
		if (r == 0 && chance(p, 16))
			r = task_sleep(50 * NS_PER_US);
	}
	return r;
}

LINK_TEST(zsock, random_duplex_traffic_stops_nowhere)
{
	uint64_t random = test_seed(1) | 1;
	struct player a = {.random = random}, b = {.random = random ^ 0x5555};
	struct nursery sockets, n;

	nursery_open(&sockets);
	a.sock = open_bound(t, &sockets, ZMQ_DEALER, endpoint(t, "duplex"));
	b.sock = open_connected(t, &sockets, ZMQ_DEALER, endpoint(t, "duplex"));
	nursery_open(&n);
	nursery_go(&n, "a sends", keep_sending, &a);
	nursery_go(&n, "a receives", keep_receiving, &a);
	nursery_go(&n, "b sends", keep_sending, &b);
	nursery_go(&n, "b receives", keep_receiving, &b);
	expect(nursery_close(&n, 0), 0);
	expect(a.received + b.received, 2 * ROUNDS);
	nursery_cancel(&sockets, "done");
	expect(nursery_close(&sockets, 0), 0);
	zsock_close(a.sock);
	zsock_close(b.sock);
	return 0;
}

static const struct rt_conf virtual_clock = {.clock = RT_CLOCK_VIRTUAL};

/* A message that is on its way is no deadlock, although all tasks wait and no timer runs. */
static int on_virtual_time(void *arg)
{
	struct link_test *t = arg;
	struct duplex d = {0};
	struct nursery n;

	expect(zctx_open(&t->ctx), 0);
	nursery_open(&n);
	d.ours = open_bound(t, &n, ZMQ_PULL, endpoint(t, "pull"));
	d.peer = open_connected(t, &n, ZMQ_PUSH, endpoint(t, "pull"));
	nursery_go(&n, "reader", read_one, &d);
	expect(send_text(d.peer, "now"), 0);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, d.got, "now"));
	zsock_close(d.ours);
	zsock_close(d.peer);
	zctx_close(t->ctx);
	return 0;
}

Test(zsock, works_on_the_virtual_clock)
{
	struct link_test t = {0};

	link_test_make(&t);
	expect(rt_run(&virtual_clock, on_virtual_time, &t), 0);
	link_test_remove(&t);
}

LINK_TEST(zsock, a_cancelled_wait_leaves_the_socket_usable)
{
	struct nursery n;
	struct scope s;
	char buf[32];

	nursery_open(&n);
	struct zsock *in = open_bound(t, &n, ZMQ_PULL, endpoint(t, "pull"));
	struct zsock *out = open_connected(t, &n, ZMQ_PUSH, endpoint(t, "pull"));

	scope_enter_after(&s, NS_PER_MS);
	expect(scope_leave_timeout(&s, recv_text(in, buf, sizeof(buf))), -ETIMEDOUT);
	expect(send_text(out, "later"), 0);
	expect(recv_text(in, buf, sizeof(buf)), 0);
	cr_assert(eq(str, buf, "later"));
	nursery_cancel(&n, "done");
	expect(nursery_close(&n, 0), 0);
	zsock_close(in);
	zsock_close(out);
	return 0;
}

LINK_TEST(zsock, too_many_parts_are_one_lost_message)
{
	struct zframe many[ZMSG_PARTS + 3];
	struct nursery n;
	struct zmsg m;

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct zframe){"x", 1};
	nursery_open(&n);
	struct zsock *in = open_bound(t, &n, ZMQ_PULL, endpoint(t, "pull"));
	struct zsock *out = open_connected(t, &n, ZMQ_PUSH, endpoint(t, "pull"));

	expect(zsock_send(out, many, ARRAY_LEN(many)), 0);
	expect(zsock_send(out, many, ZMSG_PARTS), 0);
	expect(zsock_recv(in, &m), -EMSGSIZE);
	expect(zsock_recv(in, &m), 0);
	cr_assert(eq(uint, m.n, ZMSG_PARTS));
	zmsg_fini(&m);
	nursery_cancel(&n, "done");
	expect(nursery_close(&n, 0), 0);
	zsock_close(in);
	zsock_close(out);
	return 0;
}

LINK_TEST(zsock, a_full_queue_makes_the_sender_wait)
{
	const struct zsock_conf conf = {.name = "full",
					.type = ZMQ_PUSH,
					.bind = endpoint(t, "full"),
					.send_hwm = 1};
	struct zsock *s;
	struct nursery n;
	struct scope scope;

	expect(zsock_open(t->ctx, &conf, &s), 0);
	expect(zsock_try_send(s, &(struct zframe){"x", 1}, 1), -EAGAIN);
	nursery_open(&n);
	expect(zsock_pump(s, &n), 0);
	scope_enter_after(&scope, NS_PER_MS);
	expect(scope_leave_timeout(&scope, send_text(s, "nobody is there")), -ETIMEDOUT);

	/* Somebody comes, and is sent to. */
	struct zsock *in = open_connected(t, &n, ZMQ_PULL, endpoint(t, "full"));
	char buf[32];

	expect(send_text(s, "hello"), 0);
	expect(recv_text(in, buf, sizeof(buf)), 0);
	cr_assert(eq(str, buf, "hello"));
	nursery_cancel(&n, "done");
	expect(nursery_close(&n, 0), 0);
	zsock_close(s);
	zsock_close(in);
	return 0;
}

LINK_TEST(zsock, what_cannot_be_bound_is_an_error)
{
	struct zsock_conf conf = {.name = "bad", .type = ZMQ_PULL};
	struct zsock *s = NULL;

	conf.bind = "nonsense";
	expect(zsock_open(t->ctx, &conf, &s), -EINVAL);
	conf.bind = "ipc:///nowhere/to/be/found";
	expect(zsock_open(t->ctx, &conf, &s), -ENOENT);
	cr_assert(zero(ptr, s));
	return 0;
}

LINK_TEST(zsock, a_bound_socket_is_for_owner_and_group)
{
	const struct zsock_conf conf = {
		.name = "mode", .type = ZMQ_PULL, .bind = endpoint(t, "mode")};
	struct zsock *s;
	struct stat st;

	expect(zsock_open(t->ctx, &conf, &s), 0);
	expect(stat(conf.bind + strlen("ipc://"), &st), 0);
	expect(st.st_mode & 0777, 0660);
	zsock_close(s);
	return 0;
}
