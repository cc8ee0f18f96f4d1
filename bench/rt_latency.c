/*
 * How soon a task runs: after its descriptor became readable, and at its tick. Peers: the same work in a
 * bare epoll loop, and with a bare timerfd.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/base/log.h"
#include "daemon/base/macros.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/rt.h"

#define ROUNDS 9
#define MESSAGES 1500
#define MESSAGE_GAP_NS (200 * NS_PER_US)
#define TICKS 500

static void give_up(const char *what, int r)
{
	fprintf(stderr, "rt_latency: %s: error %d\n", what, r);
	exit(1);
}

/* Run @fn(@arg) as a root task on the monotonic clock. */
static void run(int (*fn)(void *arg), void *arg)
{
	int r = rt_run(NULL, fn, arg);

	if (r < 0)
		give_up("run", r);
}

static void report(const char *name, struct bench_pair *rounds, const char *peer)
{
	bench_report_pairs(name, rounds, ROUNDS, "us", peer);
}

/*
 * From a descriptor to its task: a thread writes the time into a pipe, again and again; who reads it
 * looks how old it is.
 */
struct messages {
	int fds[2];
	double age_us[MESSAGES];
	int count;
	int tickers; /* tasks beside the reader */
	pthread_t writer;
};

static void pause_ns(int64_t ns)
{
	struct timespec ts = {.tv_nsec = ns};

	nanosleep(&ts, NULL);
}

static void *write_messages(void *arg)
{
	const struct messages *m = arg;

	for (int i = 0; i < MESSAGES; i++) {
		int64_t now;

		pause_ns(MESSAGE_GAP_NS);
		now = bench_now_ns();
		if (write(m->fds[1], &now, sizeof(now)) != sizeof(now))
			give_up("write", 0);
	}
	return NULL;
}

static void start_writer(struct messages *m)
{
	if (pthread_create(&m->writer, NULL, write_messages, m) != 0)
		give_up("thread", 0);
}

static void keep_message(struct messages *m, int64_t sent_ns)
{
	m->age_us[m->count++] = (double)(bench_now_ns() - sent_ns) / 1e3;
}

static int ticks_at_50hz(void *arg)
{
	struct periodic p;
	struct tick tick;
	int r;

	(void)arg;
	periodic_init(&p, 20 * NS_PER_MS, PERIODIC_SKIP);
	do
		r = periodic_next(&p, &tick);
	while (r == 0);
	return r;
}

static int read_messages(void *arg)
{
	const struct task_opt opt = {.name = "ticker", .service = true};
	struct messages *m = arg;
	struct nursery n;
	int r = 0;

	nursery_open(&n);
	for (int i = 0; i < m->tickers && r == 0; i++) {
		nursery_start(&n, NULL, &opt, ticks_at_50hz, NULL);
		r = task_sleep(20 * NS_PER_MS / m->tickers); /* not all at once */
	}
	start_writer(m);
	while (m->count < MESSAGES && r == 0) {
		int64_t sent_ns;
		ssize_t got = fd_read(m->fds[0], &sent_ns, sizeof(sent_ns));

		if (got == sizeof(sent_ns))
			keep_message(m, sent_ns);
		else
			r = -1;
	}
	return nursery_close(&n, r);
}

static void read_with_rt(struct messages *m)
{
	run(read_messages, m);
}

static void read_with_epoll(struct messages *m)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = {.events = EPOLLIN};

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, m->fds[0], &ev) < 0)
		give_up("epoll", 0);
	start_writer(m);
	while (m->count < MESSAGES) {
		int64_t sent_ns;

		if (epoll_wait(ep, &ev, 1, -1) == 1 &&
		    read(m->fds[0], &sent_ns, sizeof(sent_ns)) == sizeof(sent_ns))
			keep_message(m, sent_ns);
	}
	close(ep);
}

/* The ages of one run. */
struct ages {
	double p50_us, p99_us;
};

static struct ages measure(void (*reader)(struct messages *), int tickers)
{
	static struct messages m;
	struct ages ret;

	m = (struct messages){.tickers = tickers};
	if (pipe2(m.fds, O_CLOEXEC | O_NONBLOCK) < 0)
		give_up("pipe", 0);
	reader(&m);
	pthread_join(m.writer, NULL);
	ret.p50_us = bench_percentile(m.age_us, MESSAGES, 0.5);
	ret.p99_us = bench_percentile(m.age_us, MESSAGES, 0.99);
	close(m.fds[0]);
	close(m.fds[1]);
	return ret;
}

/* The peer of the loaded reader is the bare loop with nothing beside it. */
static void bench_descriptors(void)
{
	struct bench_pair p50[ROUNDS], p99[ROUNDS], loaded[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct ages ours = measure(read_with_rt, 0);
		struct ages bare = measure(read_with_epoll, 0);
		struct ages beside = measure(read_with_rt, 50);

		p50[i] = (struct bench_pair){ours.p50_us, bare.p50_us};
		p99[i] = (struct bench_pair){ours.p99_us, bare.p99_us};
		loaded[i] = (struct bench_pair){beside.p99_us, bare.p99_us};
	}
	report("rt.fd_p50_us", p50, "epoll");
	report("rt.fd_p99_us", p99, "epoll");
	report("rt.fd_loaded_p99_us", loaded, "epoll");
}

/* Periodic work at 1 kHz: how late each tick comes, and how far the last is from where it belongs. */
struct ticks {
	double late_us[TICKS];
	int64_t drift_ns;
};

static int tick_with_rt(void *arg)
{
	struct ticks *t = arg;
	struct periodic p;
	struct tick tick;
	int64_t start = 0;

	periodic_init(&p, NS_PER_MS, PERIODIC_BURST);
	for (int i = 0; i < TICKS; i++) {
		int64_t due = p.next_ns;
		int r = periodic_next(&p, &tick);

		if (r < 0)
			return r;
		if (i == 0)
			start = due = p.next_ns - p.period_ns;
		t->late_us[i] = (double)(bench_now_ns() - due) / 1e3;
	}
	t->drift_ns += p.next_ns - start - TICKS * NS_PER_MS;
	return 0;
}

static void tick_with_timerfd(struct ticks *t)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int64_t due = bench_now_ns();

	if (fd < 0)
		give_up("timerfd", 0);
	for (int i = 0; i < TICKS; i++) {
		struct itimerspec its = {0};
		uint64_t count;

		due += NS_PER_MS;
		its.it_value.tv_sec = due / NS_PER_S;
		its.it_value.tv_nsec = due % NS_PER_S;
		timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);
		if (read(fd, &count, sizeof(count)) != sizeof(count))
			give_up("timerfd", 0);
		t->late_us[i] = (double)(bench_now_ns() - due) / 1e3;
	}
	close(fd);
}

static void bench_periodic(void)
{
	static struct ticks t;
	struct bench_pair late[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		run(tick_with_rt, &t);
		late[i].ours = bench_percentile(t.late_us, TICKS, 0.99);
		tick_with_timerfd(&t);
		late[i].peer = bench_percentile(t.late_us, TICKS, 0.99);
	}
	bench_report("rt.periodic_drift_ns", (double)t.drift_ns, "ns", NULL, 0);
	report("rt.periodic_late_p99_us", late, "timerfd");
}

int main(int argc, char **argv)
{
	bench_begin(argc, argv);
	log_set_level(LOG_LEVEL_ERR);
	/* As rt_run() does it: the writers' pauses shall be the same whoever reads. */
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	if (bench_wants("rt.fd_p50_us") || bench_wants("rt.fd_p99_us") ||
	    bench_wants("rt.fd_loaded_p99_us"))
		bench_descriptors();
	if (bench_wants("rt.periodic_drift_ns") || bench_wants("rt.periodic_late_p99_us"))
		bench_periodic();
	return 0;
}
