/*
 * Rule T3: whatever suspends behaves in the same way when it succeeds, is cancelled before or during,
 * completes and is cancelled in one pass, runs into a deadline, or is closed while it waits. One table
 * of waits, one test for each case.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/signals.h"
#include "daemon/rt/thread.h"
#include "tests/unit/rt_run.h"

#define SLEEP_NS (10 * NS_PER_S) /* beyond the deadline of the case */

/* What the waits wait for. */
static struct {
	struct chan chan;
	struct event event;
	struct signals signals;
	struct nursery nursery; /* of the child to be joined */
	struct child child;
	struct wait child_wait;
	int fds[2], begun[2];
	struct thread_pool *pool;
	int v, result;
} on;

#define LATE 1u /* completion is seen when descriptors are polled, after cancellations */
#define HELD 2u /* the virtual clock stands still meanwhile */

struct wait_kind {
	const char *name;
	void (*setup)(void);
	int (*wait)(void); /* suspends; 0 or more is success */
	void (*complete)(void);
	void (*close)(void); /* NULL: there is nothing to close */
	int closed;          /* what the wait returns then */
	void (*teardown)(void);
	unsigned traits;
};

static void setup_chan(void)
{
	on.v = 7;
	expect(chan_init(&on.chan, "test", sizeof(on.v), 0), 0);
}

static void close_chan(void)
{
	chan_close(&on.chan);
}

static void teardown_chan(void)
{
	chan_fini(&on.chan);
}

static int wait_recv(void)
{
	int v = 0;
	int r = chan_recv(&on.chan, &v);

	cr_assert(eq(int, v, r == 0 ? 7 : 0));
	return r;
}

static void complete_recv(void)
{
	expect(chan_try_send(&on.chan, &on.v), 0);
}

static int wait_send(void)
{
	int v = 7;

	return chan_send(&on.chan, &v);
}

static void complete_send(void)
{
	int v = 0;

	expect(chan_try_recv(&on.chan, &v), 0);
	cr_assert(eq(int, v, 7));
}

static void setup_fd(void)
{
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, on.fds), 0);
}

static void close_fd(void)
{
	fd_close(on.fds[0]);
	on.fds[0] = -1;
}

static void teardown_fd(void)
{
	fd_close(on.fds[0]);
	fd_close(on.fds[1]);
}

static int wait_fd(void)
{
	return fd_wait(on.fds[0], FD_READ);
}

static int wait_read(void)
{
	char c;

	return (int)fd_read(on.fds[0], &c, 1);
}

static void complete_read(void)
{
	expect(write(on.fds[1], "x", 1), 1);
}

static void setup_full_fd(void)
{
	char junk[4096] = {0};

	setup_fd();
	while (write(on.fds[0], junk, sizeof(junk)) > 0)
		;
}

static int wait_write(void)
{
	return (int)fd_write(on.fds[0], "x", 1);
}

static void complete_write(void)
{
	char junk[4096];

	while (read(on.fds[1], junk, sizeof(junk)) > 0)
		;
}

static void setup_event(void)
{
	event_init(&on.event, "test");
}

static int wait_event(void)
{
	return event_wait(&on.event);
}

static void complete_event(void)
{
	event_set(&on.event);
}

static void setup_signals(void)
{
	static const int signos[] = {SIGUSR1, 0};

	expect(signals_open(&on.signals, signos), 0);
}

static int wait_signal(void)
{
	return signals_recv(&on.signals);
}

static void complete_signal(void)
{
	raise(SIGUSR1);
}

static void teardown_signals(void)
{
	signal(SIGUSR1, SIG_IGN); /* for what was not received */
	signals_close(&on.signals);
}

static int child_body(void *arg)
{
	(void)arg;
	return task_park(&on.child_wait);
}

static void setup_child(void)
{
	const struct task_opt opt = {.name = "child"};

	on.child_wait = (struct wait){.kind = "test"};
	nursery_open(&on.nursery);
	expect(nursery_start(&on.nursery, &on.child, &opt, child_body, NULL), 0);
	expect(task_wait_all_blocked(), 0);
}

static int wait_join(void)
{
	return child_join(&on.child);
}

static void complete_child(void)
{
	task_wake(&on.child_wait, 0);
}

static void teardown_child(void)
{
	if (on.child_wait.parked)
		complete_child();
	expect(nursery_close(&on.nursery, 0), 0);
}

static int wait_choice(void)
{
	struct choice_chan got;
	struct choice_timer never;
	int v = 0;
	struct choice_case *const cases[] = {
		choice_timer(&never, TIME_NEVER),
		choice_recv(&got, &on.chan, &v),
	};
	int r = choose(cases, 2);

	return r < 0 ? r : got.c.result;
}

/* A sleep completes by itself, as the others do when it is their time. */
static int wait_sleep(void)
{
	return task_sleep(SLEEP_NS);
}

static void complete_sleep(void)
{
	expect(task_sleep(SLEEP_NS), 0);
}

static int wait_periodic(void)
{
	struct periodic p;
	struct tick tick;
	int r;

	periodic_init(&p, SLEEP_NS, PERIODIC_SKIP);
	r = periodic_next(&p, &tick); /* at once */
	return r < 0 ? r : periodic_next(&p, &tick);
}

static int becomes_ready(void *arg)
{
	int r = task_park(&on.child_wait);

	(void)arg;
	return r < 0 ? r : task_ready(NULL);
}

static bool give_up(struct wait *w)
{
	(void)w;
	return true;
}

static void setup_start_ready(void)
{
	on.child_wait = (struct wait){.kind = "test", .abort = give_up};
	nursery_open(&on.nursery);
}

static int wait_start_ready(void)
{
	const struct task_opt opt = {.name = "server"};

	return nursery_start_ready(&on.nursery, &opt, becomes_ready, NULL, NULL);
}

static void teardown_start_ready(void)
{
	expect(nursery_close(&on.nursery, 0), 0);
}

/*
 * The only thread of a pool is kept busy, so that what is handed over can be taken back, until its
 * completion frees the thread.
 */
static int wait_for_byte(void *arg)
{
	char c;

	(void)arg;
	return read(on.fds[0], &c, 1) == 1 ? 0 : -EIO;
}

static int keep_busy(void *arg)
{
	(void)arg;
	return thread_run(on.pool, wait_for_byte, NULL);
}

static int say_begun(void *arg)
{
	(void)arg;
	return write(on.begun[1], "x", 1) == 1 ? 0 : -EIO;
}

static void setup_thread(void)
{
	expect(pipe(on.fds), 0);
	expect(pipe(on.begun), 0);
	on.pool = thread_pool_open(1);
	cr_assert(on.pool != NULL);
	nursery_open(&on.nursery);
	nursery_go(&on.nursery, "busy", keep_busy, NULL);
	task_yield();
}

static int wait_thread(void)
{
	return thread_run(on.pool, say_begun, NULL);
}

static void complete_thread(void)
{
	char c;

	expect(write(on.fds[1], "x", 1), 1);
	expect(read(on.begun[0], &c, 1), 1); /* from now on it cannot be taken back */
}

static void teardown_thread(void)
{
	expect(nursery_close(&on.nursery, 0), 0);
	thread_pool_close(on.pool, 10 * NS_PER_S);
	for (int i = 0; i < 2; i++) {
		close(on.fds[i]);
		close(on.begun[i]);
	}
}

static const struct wait_kind kinds[] = {
	{"chan_recv", setup_chan, wait_recv, complete_recv, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"chan_send", setup_chan, wait_send, complete_send, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"choose", setup_chan, wait_choice, complete_recv, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"fd_wait", setup_fd, wait_fd, complete_read, close_fd, -EBADF, teardown_fd,
	 LATE},
	{"fd_read", setup_fd, wait_read, complete_read, close_fd, -EBADF, teardown_fd,
	 LATE},
	{"fd_write", setup_full_fd, wait_write, complete_write, close_fd, -EBADF,
	 teardown_fd, LATE},
	{"event_wait", setup_event, wait_event, complete_event, NULL, 0, NULL, 0},
	{"signals_recv", setup_signals, wait_signal, complete_signal, NULL, 0,
	 teardown_signals, LATE},
	{"child_join", setup_child, wait_join, complete_child, NULL, 0, teardown_child,
	 LATE},
	{"sleep", NULL, wait_sleep, complete_sleep, NULL, 0, NULL, 0},
	{"periodic", NULL, wait_periodic, complete_sleep, NULL, 0, NULL, 0},
	{"start_ready", setup_start_ready, wait_start_ready, complete_child, NULL, 0,
	 teardown_start_ready, 0},
	{"thread_run", setup_thread, wait_thread, complete_thread, NULL, 0,
	 teardown_thread, HELD},
};

static int waits(void *kind)
{
	int r = ((const struct wait_kind *)kind)->wait();

	say("%s", r >= 0 ? "done" : r == -ECANCELED ? "cancelled" : "failed");
	on.result = r;
	return r < 0 && r != -ECANCELED ? 0 : r;
}

enum wait_case {
	SUCCEEDS,
	CANCELLED_BEFORE,
	CANCELLED_DURING,
	COMPLETES_THEN_CANCELLED,
	DEADLINE,
	CLOSED,
};

/* Until the child waits; what is in flight is never "all blocked". */
static void let_it_wait(const struct wait_kind *k)
{
	if (k->traits & HELD)
		task_yield();
	else
		expect(task_wait_all_blocked(), 0);
}

/* Start the wait as a child, do to it what the case says; what it said tells. */
static const char *play(struct wait_kind *k, enum wait_case c)
{
	struct nursery n;

	nursery_open(&n);
	if (c == CANCELLED_BEFORE)
		nursery_cancel(&n, "before");
	nursery_go(&n, k->name, waits, k);
	if (c != CANCELLED_BEFORE)
		let_it_wait(k);
	cr_assert(eq(str, said, ""), "%s did not wait", k->name);
	if (c == SUCCEEDS || c == COMPLETES_THEN_CANCELLED)
		k->complete();
	if (c == CLOSED)
		k->close();
	if (c == CANCELLED_DURING || c == COMPLETES_THEN_CANCELLED)
		nursery_cancel(&n, "during");
	if (c == DEADLINE)
		scope_set_deadline(&n.scope,
				   rt_now() + ((k->traits & HELD) ? 0 : NS_PER_S));
	expect(nursery_close(&n, 0), 0);
	return heard();
}

/* A wait that was cancelled consumed nothing: the next one gets what came. */
static void wait_again(struct wait_kind *k)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, k->name, waits, k);
	let_it_wait(k);
	if (said[0] == '\0')
		k->complete();
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "done"), "%s again", k->name);
}

static void play_all(enum wait_case c, const char *want, const char *want_late)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct wait_kind k = kinds[i];

		if (c == CLOSED && !k.close)
			continue;
		if (k.setup)
			k.setup();
		cr_assert(eq(str, (char *)play(&k, c),
			     (char *)((k.traits & LATE) ? want_late : want)),
			  "%s", k.name);
		if (c == CLOSED)
			cr_assert(eq(int, on.result, k.closed), "%s", k.name);
		else if (c != SUCCEEDS)
			wait_again(&k);
		if (k.teardown)
			k.teardown();
	}
}

RT_TEST(waits, T3_success)
{
	play_all(SUCCEEDS, "done", "done");
	return 0;
}

RT_TEST(waits, T3_R2_cancelled_before)
{
	play_all(CANCELLED_BEFORE, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_cancelled_during)
{
	play_all(CANCELLED_DURING, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_C6_completed_then_cancelled_in_one_pass)
{
	play_all(COMPLETES_THEN_CANCELLED, "done", "cancelled");
	return 0;
}

RT_TEST(waits, T3_deadline)
{
	play_all(DEADLINE, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_V15_closed_while_waiting)
{
	play_all(CLOSED, "failed", "failed");
	return 0;
}
