/*
 * Everything in the runtime that suspends, as a table: how to wait, what completes it, what closes it under
 * the waiter. The cases of rule T3 are generated from it: tests/unit/rt_waits.c and, out of memory,
 * tests/fault/rt_memory.c.
 */
#ifndef TESTS_UNIT_RT_KINDS_H
#define TESTS_UNIT_RT_KINDS_H
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/combine.h"
#include "daemon/rt/event.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/signals.h"
#include "daemon/rt/thread.h"
#include "daemon/rt/worker.h"
#include "tests/unit/rt_run.h"

#define SLEEP_NS (10 * NS_PER_S) /* beyond the deadline of the case */

/* What the waits wait for. */
static struct {
	struct chan chan;
	struct event event;
	struct event_listener listener;
	struct signals signals;
	struct nursery nursery; /* of the child to be joined */
	struct child child;
	struct wait child_wait;
	int fds[2], begun[2];
	struct thread_pool *pool;
	struct worker worker;
	bool blocked;
	int v;
} on;

#define LATE                                                                             \
	1u /* completion takes a turn of another task or of the poller, after cancellations */
#define HELD 2u    /* the virtual clock stands still meanwhile */
#define MEMORY 4u  /* may fail for want of memory; all others cannot */
#define THREADS 8u /* other threads free what was taken for it */
#define RACES                                                                            \
	16u /* a completion on its thread and a cancellation here: either may come first */

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

	return v == (r == 0 ? 7 : 0) ? r : -EPROTO;
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

static int wait_fd_kept(void)
{
	return fd_wait_kept(on.fds[0]);
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
	event_listen(&on.listener, &on.event, false);
}

static int wait_next(void)
{
	return event_next(&on.listener);
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

static void close_signals(void)
{
	signals_close(&on.signals);
	on.signals.fd = -1;
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

static int wait_choice_fd(void)
{
	struct choice_fd in;
	struct choice_timer never;
	struct choice_case *const cases[] = {
		choice_timer(&never, TIME_NEVER),
		choice_fd(&in, on.fds[0], FD_READ),
	};
	int r = choose(cases, 2);

	return r < 0 ? r : in.c.result;
}

/* The combinations, of a wait for the channel and one without end. */
static int recv_call(void *arg)
{
	(void)arg;
	return wait_recv();
}

static int sleep_call(void *arg)
{
	(void)arg;
	return task_sleep_forever();
}

static const struct call recv_is = CALL("recv", recv_call, NULL);
static const struct call sleep_is = CALL("sleep", sleep_call, NULL);

static int wait_for_all(void)
{
	struct call calls[] = {recv_is};

	return wait_all(calls, 1);
}

static int wait_for_any(void)
{
	struct call calls[] = {sleep_is, recv_is};
	int r = wait_any(calls, 2);

	return r < 0 ? r : calls[r].result;
}

static int wait_beside(void)
{
	return run_and_cancelling(&sleep_is, &recv_is);
}

static int wait_move_on(void)
{
	bool moved;
	int r = move_on_when(&recv_is, &sleep_is, &moved);

	return r < 0 ? r : moved ? 0 : -EPROTO;
}

/* Not everybody is blocked while this one spins. */
static int spins(void *arg)
{
	int r = 0;

	(void)arg;
	while (!on.blocked && r == 0)
		r = task_checkpoint();
	return r;
}

static void setup_blocked(void)
{
	on.blocked = false;
	nursery_open(&on.nursery);
	nursery_go(&on.nursery, "spinner", spins, NULL);
}

static void complete_blocked(void)
{
	on.blocked = true;
}

static void teardown_blocked(void)
{
	complete_blocked();
	expect(nursery_close(&on.nursery, 0), 0);
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
 * The only thread is kept busy, so that what is handed over can be taken back, until its completion
 * frees the thread.
 */
static int wait_for_byte(void *arg)
{
	char c;

	(void)arg;
	return read(on.fds[0], &c, 1) == 1 ? 0 : -EIO;
}

static int say_begun(void *arg)
{
	(void)arg;
	return write(on.begun[1], "x", 1) == 1 ? 0 : -EIO;
}

static void open_pipes(void)
{
	expect(pipe(on.fds), 0);
	expect(pipe(on.begun), 0);
}

static void complete_thread(void)
{
	char c;

	expect(write(on.fds[1], "x", 1), 1);
	expect(read(on.begun[0], &c, 1), 1); /* from now on it cannot be taken back */
}

static void end_busy(void)
{
	/* Nothing completed it when the wait failed: the thread still waits. */
	expect(write(on.fds[1], "x", 1), 1);
	expect(nursery_close(&on.nursery, 0), 0);
	for (int i = 0; i < 2; i++) {
		close(on.fds[i]);
		close(on.begun[i]);
	}
}

static int pool_busy(void *arg)
{
	(void)arg;
	return thread_run(on.pool, wait_for_byte, NULL);
}

static void setup_thread(void)
{
	open_pipes();
	on.pool = thread_pool_open(1);
	cr_assert(on.pool != NULL);
	nursery_open(&on.nursery);
	nursery_go(&on.nursery, "busy", pool_busy, NULL);
	task_yield();
}

static int wait_thread(void)
{
	return thread_run(on.pool, say_begun, NULL);
}

static void no_release(void *arg)
{
	(void)arg;
}

static int wait_abandon(void)
{
	return thread_run_abandon(on.pool, say_begun, NULL, no_release);
}

static void teardown_thread(void)
{
	end_busy();
	thread_pool_close(on.pool, 10 * NS_PER_S);
}

static void byte_job(struct job *j)
{
	(void)j;
	(void)wait_for_byte(NULL);
}

static void begun_job(struct job *j)
{
	(void)j;
	(void)say_begun(NULL);
}

static int worker_busy(void *arg)
{
	struct job j = {.fn = byte_job};

	(void)arg;
	return worker_run(&on.worker, &j);
}

static void setup_worker(void)
{
	open_pipes();
	expect(worker_open(&on.worker, "test"), 0);
	nursery_open(&on.nursery);
	nursery_go(&on.nursery, "busy", worker_busy, NULL);
	task_yield();
}

static int wait_worker(void)
{
	struct job j = {.fn = begun_job};

	return worker_run(&on.worker, &j);
}

static void teardown_worker(void)
{
	end_busy();
	worker_close(&on.worker, NULL);
}

static const struct wait_kind kinds[] = {
	{"chan_recv", setup_chan, wait_recv, complete_recv, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"chan_send", setup_chan, wait_send, complete_send, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"choose", setup_chan, wait_choice, complete_recv, close_chan, -EPIPE,
	 teardown_chan, 0},
	{"choose_fd", setup_fd, wait_choice_fd, complete_read, close_fd, -EBADF,
	 teardown_fd, LATE | MEMORY},
	{"wait_all", setup_chan, wait_for_all, complete_recv, close_chan, -EPIPE,
	 teardown_chan, MEMORY},
	{"wait_any", setup_chan, wait_for_any, complete_recv, close_chan, -EPIPE,
	 teardown_chan, MEMORY},
	{"move_on_when", setup_chan, wait_move_on, complete_recv, close_chan, -EPIPE,
	 teardown_chan, LATE | MEMORY},
	{"run_and_cancelling", setup_chan, wait_beside, complete_recv, close_chan, -EPIPE,
	 teardown_chan, MEMORY},
	{"fd_wait", setup_fd, wait_fd, complete_read, close_fd, -EBADF, teardown_fd,
	 LATE | MEMORY},
	{"fd_wait_kept", setup_fd, wait_fd_kept, complete_read, close_fd, -EBADF,
	 teardown_fd, LATE | MEMORY},
	{"fd_read", setup_fd, wait_read, complete_read, close_fd, -EBADF, teardown_fd,
	 LATE | MEMORY},
	{"fd_write", setup_full_fd, wait_write, complete_write, close_fd, -EBADF,
	 teardown_fd, LATE | MEMORY},
	{"event_wait", setup_event, wait_event, complete_event, NULL, 0, NULL, 0},
	{"event_next", setup_event, wait_next, complete_event, NULL, 0, NULL, 0},
	{"signals_recv", setup_signals, wait_signal, complete_signal, close_signals,
	 -EBADF, teardown_signals, LATE | MEMORY},
	{"child_join", setup_child, wait_join, complete_child, NULL, 0, teardown_child,
	 LATE},
	{"sleep", NULL, wait_sleep, complete_sleep, NULL, 0, NULL, 0},
	{"periodic_next", NULL, wait_periodic, complete_sleep, NULL, 0, NULL, 0},
	{"wait_all_blocked", setup_blocked, task_wait_all_blocked, complete_blocked, NULL,
	 0, teardown_blocked, LATE | HELD},
	{"start_ready", setup_start_ready, wait_start_ready, complete_child, NULL, 0,
	 teardown_start_ready, MEMORY},
	{"thread_run", setup_thread, wait_thread, complete_thread, NULL, 0,
	 teardown_thread, HELD | THREADS},
	{"thread_run_abandon", setup_thread, wait_abandon, complete_thread, NULL, 0,
	 teardown_thread, HELD | THREADS | MEMORY | RACES},
	{"worker_run", setup_worker, wait_worker, complete_thread, NULL, 0,
	 teardown_worker, HELD | THREADS},
};

/* Until the child waits; what is in flight, or never rests, is never "all blocked". */
static inline void let_it_wait(const struct wait_kind *k)
{
	if (k->traits & HELD)
		task_yield();
	else
		expect(task_wait_all_blocked(), 0);
}

#endif
