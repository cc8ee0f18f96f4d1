/*
 * What the runtime costs by itself: switching, spawning, cancelling, memory. Peer: Trio.
 *
 * Each figure is the median of many short stretches, half a millisecond to two: what a stretch takes in
 * which this thread runs undisturbed. The mean over seconds would measure what else the machine does. One
 * cancellation of thousands takes longer than that: there the thread's own processor time counts.
 */
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/base/log.h"
#include "daemon/base/macros.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

#define STRETCHES 201

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

/* Trio's figures; NaN when it is not installed. */
enum { TRIO_SWITCH, TRIO_SPAWN, TRIO_CANCEL, TRIO_RSS, TRIO_COUNT };

static struct bench_answer trio[TRIO_COUNT] = {
	[TRIO_SWITCH] = {.name = "switch_ns"},
	[TRIO_SPAWN] = {.name = "spawn_us"},
	[TRIO_CANCEL] = {.name = "cancel_us"},
	[TRIO_RSS] = {.name = "task_rss_bytes"},
};

static void report(const char *name, double value, const char *unit, int trio_row)
{
	double peer = trio[trio_row].value;

	bench_report(name, value, unit, isnan(peer) ? NULL : "trio", peer);
}

/* Switching: two tasks that let each other run. */
#define YIELDS 5000 /* of each, in a stretch */

static int yields(void *arg)
{
	(void)arg;
	for (int i = 0; i < STRETCHES * YIELDS; i++)
		task_yield();
	return 0;
}

static int yields_and_looks(void *arg)
{
	double *ns = arg;

	for (int i = 0; i < STRETCHES; i++) {
		int64_t start = bench_now_ns();

		for (int k = 0; k < YIELDS; k++)
			task_yield();
		ns[i] = (double)(bench_now_ns() - start) / (2.0 * YIELDS);
	}
	return 0;
}

static int switches(void *arg)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", yields_and_looks, arg);
	nursery_go(&n, "b", yields, NULL);
	return nursery_close(&n, 0);
}

/* Spawning: tasks that end at once, some at a time. */
#define BATCHES 40
#define BATCH 50

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int spawn_batch(void)
{
	struct nursery n;

	nursery_open(&n);
	for (int k = 0; k < BATCH; k++)
		nursery_go(&n, "child", nothing, NULL);
	return nursery_close(&n, 0);
}

static int spawns(void *arg)
{
	double *us = arg;
	int r = 0;

	for (int i = 0; i < STRETCHES && r == 0; i++) {
		int64_t start = bench_now_ns();

		for (int k = 0; k < BATCHES && r == 0; k++)
			r = spawn_batch();
		us[i] = (double)(bench_now_ns() - start) / (BATCHES * BATCH * 1e3);
	}
	return r;
}

static void bench_stretches(const char *name, int (*fn)(void *arg), const char *unit,
			    int trio_row)
{
	static double took[STRETCHES];

	if (!bench_wants(name))
		return;
	run(fn, took);
	report(name, bench_percentile(took, STRETCHES, 0.5), unit, trio_row);
}

/* Sleepers: what one takes while it sleeps, and what cancelling it takes. */
#define SLEEPERS 10000
#define ROUNDS 11

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

static int64_t thread_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int cancel_sleepers(void *arg)
{
	struct sleepers *s = arg;
	struct nursery n;
	double before;
	int64_t start;
	int r;

	malloc_trim(0); /* what the last round left is not there for this one */
	before = rss_bytes();
	nursery_open(&n);
	for (int i = 0; i < SLEEPERS; i++)
		nursery_go(&n, "sleeper", sleeps, NULL);
	r = task_wait_all_blocked();
	if (r < 0)
		return nursery_close(&n, r);
	s->rss_bytes = (rss_bytes() - before) / SLEEPERS;
	start = thread_time_ns();
	nursery_cancel(&n, "bench");
	r = nursery_close(&n, 0);
	s->cancel_us = (double)(thread_time_ns() - start) / (SLEEPERS * 1e3);
	return r;
}

static void bench_sleepers(void)
{
	double cancel_us[ROUNDS], rss[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct sleepers once;

		run(cancel_sleepers, &once);
		cancel_us[i] = once.cancel_us;
		rss[i] = once.rss_bytes;
	}
	report("rt.cancel_us", bench_percentile(cancel_us, ROUNDS, 0.5), "us",
	       TRIO_CANCEL);
	report("rt.task_rss_bytes", bench_percentile(rss, ROUNDS, 0.5), "bytes",
	       TRIO_RSS);
}

int main(int argc, char **argv)
{
	bool sleepers;

	bench_begin(argc, argv);
	/* Tasks that do nothing but switch are reported otherwise. */
	log_set_level(LOG_LEVEL_ERR);
	sleepers = bench_wants("rt.cancel_us") || bench_wants("rt.task_rss_bytes");
	if (sleepers || bench_wants("rt.switch_ns") || bench_wants("rt.spawn_us"))
		bench_ask("trio_rt.py", trio, TRIO_COUNT);
	bench_stretches("rt.switch_ns", switches, "ns", TRIO_SWITCH);
	bench_stretches("rt.spawn_us", spawns, "us", TRIO_SPAWN);
	if (sleepers)
		bench_sleepers();
	return 0;
}
