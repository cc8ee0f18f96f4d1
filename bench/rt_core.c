/*
 * What the runtime costs: switching, spawning, cancelling, from a descriptor to its task, periodic
 * work, memory. Peers: Trio, and the same work in a bare epoll or timerfd loop.
 */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/base/log.h"
#include "daemon/base/macros.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/rt.h"

#define ROUNDS 5 /* the best of so many counts: the machine has other things to do */
#define SLEEPERS 10000
#define MESSAGES 3000
#define MESSAGE_GAP_NS (200 * NS_PER_US)
#define TICKS 1000
#define UNKNOWN ((double)NAN) /* NAN is a float */

static void give_up(const char *what, int r)
{
	fprintf(stderr, "rt_core: %s: error %d\n", what, r);
	exit(1);
}

/* Run @fn(@arg) as a root task on the monotonic clock. */
static void run(int (*fn)(void *arg), void *arg)
{
	int r = rt_run(NULL, fn, arg);

	if (r < 0)
		give_up("run", r);
}

static double best(double a, double b)
{
	return isnan(a) || b < a ? b : a;
}

/* Trio's figures, read from the lines of its script; NaN when Trio is not installed. */
static struct {
	double switch_ns, spawn_us, cancel_us, task_rss_bytes;
} trio = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};

static void keep_trio(const char *name, double value)
{
	const struct {
		const char *name;
		double *value;
	} rows[] = {
		{"switch_ns", &trio.switch_ns},
		{"spawn_us", &trio.spawn_us},
		{"cancel_us", &trio.cancel_us},
		{"task_rss_bytes", &trio.task_rss_bytes},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			*rows[i].value = value;
}

static void read_trio(FILE *out)
{
	char line[80];

	while (fgets(line, sizeof(line), out)) {
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		*space = '\0';
		keep_trio(line, strtod(space + 1, NULL));
	}
}

static void ask_trio(void)
{
	static const char script[] = INSTINCT_SOURCE "/bench/peers/trio_rt.py";
	int out[2];
	pid_t pid;
	FILE *f;

	if (pipe2(out, O_CLOEXEC) < 0)
		give_up("pipe", 0);
	pid = fork();
	if (pid < 0)
		give_up("fork", 0);
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		execl("/usr/bin/python3", "python3", script, (char *)NULL);
		_exit(1);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!f)
		give_up("fdopen", 0);
	read_trio(f);
	fclose(f);
	waitpid(pid, NULL, 0);
}

static void report_trio(const char *name, double value, const char *unit, double peer)
{
	bench_report(name, value, unit, isnan(peer) ? NULL : "trio", peer);
}

/* Switching: two tasks that let each other run. */
#define YIELDS 1000000

static int yields(void *arg)
{
	(void)arg;
	for (int i = 0; i < YIELDS; i++)
		task_yield();
	return 0;
}

static int switch_once(void *arg)
{
	struct nursery n;
	int64_t start;
	int r;

	nursery_open(&n);
	nursery_go(&n, "a", yields, NULL);
	nursery_go(&n, "b", yields, NULL);
	start = bench_now_ns();
	r = nursery_close(&n, 0);
	*(double *)arg = (double)(bench_now_ns() - start) / (2.0 * YIELDS);
	return r;
}

/* Run a measurement several times; the best. */
static double measure(int (*fn)(void *arg))
{
	double result = UNKNOWN;

	for (int i = 0; i < ROUNDS; i++) {
		double once = UNKNOWN;

		run(fn, &once);
		result = best(result, once);
	}
	return result;
}

/* Spawning: tasks that end at once, some at a time. */
#define BATCHES 2000
#define BATCH 50

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int spawn_once(void *arg)
{
	int64_t start = bench_now_ns();

	for (int i = 0; i < BATCHES; i++) {
		struct nursery n;
		int r;

		nursery_open(&n);
		for (int k = 0; k < BATCH; k++)
			nursery_go(&n, "child", nothing, NULL);
		r = nursery_close(&n, 0);
		if (r < 0)
			return r;
	}
	*(double *)arg = (double)(bench_now_ns() - start) / (BATCHES * BATCH * 1e3);
	return 0;
}

static int sleeps(void *arg)
{
	(void)arg;
	return task_sleep_forever();
}

/* Resident memory of this process, bytes. */
static double rss_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[80];
	char *rest = line;

	if (!f || !fgets(line, sizeof(line), f))
		give_up("/proc/self/statm", 0);
	fclose(f);
	(void)strtol(line, &rest, 10); /* the address space */
	return (double)strtol(rest, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
}

struct sleepers {
	double cancel_us, rss_bytes;
};

static int cancel_sleepers(void *arg)
{
	struct sleepers *s = arg;
	double before = rss_bytes();
	struct nursery n;
	int64_t start;
	int r;

	nursery_open(&n);
	for (int i = 0; i < SLEEPERS; i++)
		nursery_go(&n, "sleeper", sleeps, NULL);
	r = task_wait_all_blocked();
	if (r < 0)
		return nursery_close(&n, r);
	s->rss_bytes = (rss_bytes() - before) / SLEEPERS;
	start = bench_now_ns();
	nursery_cancel(&n, "bench");
	r = nursery_close(&n, 0);
	s->cancel_us = (double)(bench_now_ns() - start) / (SLEEPERS * 1e3);
	return r;
}

static void bench_sleepers(void)
{
	struct sleepers all = {UNKNOWN, UNKNOWN};

	for (int i = 0; i < ROUNDS; i++) {
		struct sleepers once = {UNKNOWN, UNKNOWN};

		run(cancel_sleepers, &once);
		all.cancel_us = best(all.cancel_us, once.cancel_us);
		all.rss_bytes = best(all.rss_bytes, once.rss_bytes);
	}
	report_trio("rt.cancel_us", all.cancel_us, "us", trio.cancel_us);
	report_trio("rt.task_rss_bytes", all.rss_bytes, "bytes", trio.task_rss_bytes);
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

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(double *v, int n, double p)
{
	qsort(v, (size_t)n, sizeof(*v), by_size);
	return v[(int)(p * (n - 1))];
}

/* p50 and p99 of the ages in one run, kept if better. */
static void bench_messages(void (*reader)(struct messages *), int tickers, double ret[2])
{
	static struct messages m;

	m = (struct messages){.tickers = tickers};
	if (pipe2(m.fds, O_CLOEXEC | O_NONBLOCK) < 0)
		give_up("pipe", 0);
	reader(&m);
	pthread_join(m.writer, NULL);
	ret[0] = best(ret[0], percentile(m.age_us, MESSAGES, 0.5));
	ret[1] = best(ret[1], percentile(m.age_us, MESSAGES, 0.99));
	close(m.fds[0]);
	close(m.fds[1]);
}

/*
 * In turns: what the machine does beside differs more from minute to minute than the readers do. The
 * runtime goes first, since it makes this thread's timers exact, and its writers' with them.
 */
static void bench_descriptors(void)
{
	double ours[2] = {UNKNOWN, UNKNOWN};
	double loaded[2] = {UNKNOWN, UNKNOWN};
	double bare[2] = {UNKNOWN, UNKNOWN};

	for (int i = 0; i < ROUNDS; i++) {
		bench_messages(read_with_rt, 0, ours);
		bench_messages(read_with_epoll, 0, bare);
		bench_messages(read_with_rt, 50, loaded);
	}
	bench_report("rt.fd_p50_us", ours[0], "us", "epoll", bare[0]);
	bench_report("rt.fd_p99_us", ours[1], "us", "epoll", bare[1]);
	bench_report("rt.fd_loaded_p99_us", loaded[1], "us", "epoll", bare[1]);
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
	t->drift_ns = p.next_ns - start - TICKS * NS_PER_MS;
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
	double ours = UNKNOWN, bare = UNKNOWN;

	for (int i = 0; i < ROUNDS; i++) {
		run(tick_with_rt, &t);
		ours = best(ours, percentile(t.late_us, TICKS, 0.99));
		tick_with_timerfd(&t);
		bare = best(bare, percentile(t.late_us, TICKS, 0.99));
	}
	bench_report("rt.periodic_drift_ns", (double)t.drift_ns, "ns", NULL, UNKNOWN);
	bench_report("rt.periodic_late_p99_us", ours, "us", "timerfd", bare);
}

int main(int argc, char **argv)
{
	bool core;

	bench_begin(argc, argv);
	log_set_level(
		LOG_LEVEL_ERR); /* tasks that do nothing but switch are reported otherwise */
	core = bench_wants("rt.switch_ns") || bench_wants("rt.spawn_us") ||
	       bench_wants("rt.cancel_us") || bench_wants("rt.task_rss_bytes");
	if (core)
		ask_trio();
	if (bench_wants("rt.switch_ns"))
		report_trio("rt.switch_ns", measure(switch_once), "ns", trio.switch_ns);
	if (bench_wants("rt.spawn_us"))
		report_trio("rt.spawn_us", measure(spawn_once), "us", trio.spawn_us);
	if (bench_wants("rt.cancel_us") || bench_wants("rt.task_rss_bytes"))
		bench_sleepers();
	if (bench_wants("rt.fd_p50_us") || bench_wants("rt.fd_p99_us") ||
	    bench_wants("rt.fd_loaded_p99_us"))
		bench_descriptors();
	if (bench_wants("rt.periodic_drift_ns") || bench_wants("rt.periodic_late_p99_us"))
		bench_periodic();
	return 0;
}
