/*
 * For tests of the link: a runtime on the real clock with a ZeroMQ context, and a folder for sockets
 * that no other test has.
 */
#ifndef TESTS_UNIT_LINK_RUN_H
#define TESTS_UNIT_LINK_RUN_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/link/zsock.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

#define expect(what, r) cr_assert(eq(int, (what), (r)))

/* Nothing in these tests takes so long, on any machine; what hangs fails. */
#define HANGS_NS (200 * NS_PER_S)

struct link_test {
	struct zctx *ctx;
	char dir[64];
	int (*body)(struct link_test *t);
};

static inline int link_test_main(void *arg)
{
	struct link_test *t = arg;
	struct scope s;

	expect(zctx_open(&t->ctx), 0);
	scope_enter_after(&s, HANGS_NS);
	expect(scope_leave_timeout(&s, t->body(t)), 0);
	zctx_close(t->ctx);
	return 0;
}

static inline void link_test_make(struct link_test *t)
{
	snprintf(t->dir, sizeof(t->dir), "/tmp/instinct-test-XXXXXX");
	cr_assert(mkdtemp(t->dir) != NULL);
}

static inline void link_test_remove(const struct link_test *t)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", t->dir);
	expect(system(command), 0);
}

static inline void link_test_run(const struct rt_conf *conf,
				 int (*body)(struct link_test *t))
{
	struct link_test t = {.body = body};

	link_test_make(&t);
	expect(rt_run(conf, link_test_main, &t), 0);
	link_test_remove(&t);
}

/* A test whose body runs as the main task and returns 0. */
#define LINK_TEST(suite, name) LINK_TEST_IN(suite, name, NULL)
#define LINK_TEST_IN(suite, name, conf)                                                  \
	static int suite##_##name(struct link_test *t);                                  \
	Test(suite, name)                                                                \
	{                                                                                \
		link_test_run(conf, suite##_##name);                                     \
	}                                                                                \
	static int suite##_##name(struct link_test *t)

/*
 * Let the loop run until @condition, which libzmq's own thread or a peer brings about. There is nothing to
 * wait on; the test's deadline ends it otherwise.
 */
#define wait_until(condition)                                                            \
	do {                                                                             \
		expect(task_sleep(100 * NS_PER_US), 0);                                  \
	} while (!(condition))

/* "ipc://<folder>/<name>". */
static inline const char *endpoint(const struct link_test *t, const char *name)
{
	static char buf[4][128];
	static unsigned next;
	char *at = buf[next++ % 4];

	snprintf(at, sizeof(buf[0]), "ipc://%s/%s", t->dir, name);
	return at;
}

/* A socket of @type that is bound, or connected, with its pump in @n. */
static inline struct zsock *open_bound(struct link_test *t, struct nursery *n, int type,
				       const char *where)
{
	const struct zsock_conf conf = {.name = "bound", .type = type, .bind = where};
	struct zsock *s;

	expect(zsock_open(t->ctx, &conf, &s), 0);
	expect(zsock_pump(s, n), 0);
	return s;
}

static inline struct zsock *open_connected(struct link_test *t, struct nursery *n,
					   int type, const char *where)
{
	const struct zsock_conf conf = {
		.name = "connected", .type = type, .connect = where};
	struct zsock *s;

	expect(zsock_open(t->ctx, &conf, &s), 0);
	expect(zsock_pump(s, n), 0);
	return s;
}

static inline int send_text(struct zsock *s, const char *text)
{
	const struct zframe frame = {text, strlen(text)};

	return zsock_send(s, &frame, 1);
}

/* Receive one message; its last part as a text in @buf. */
static inline int recv_text(struct zsock *s, char *buf, size_t size)
{
	struct zmsg m;
	int r = zsock_recv(s, &m);

	if (r == 0)
		snprintf(buf, size, "%.*s", (int)m.frame[m.n - 1].len,
			 (const char *)m.frame[m.n - 1].data);
	zmsg_fini(&m);
	return r;
}

#endif
