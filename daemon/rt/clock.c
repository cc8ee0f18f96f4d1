/* The clocks. */
#include "daemon/rt/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdbool.h>
#include <time.h>

#include "daemon/base/macros.h"

#define RATE_PARTS 2000 /* what the rate may be off by: one of them for each cause */
#define RATE_LEAST_NS (NS_PER_MS / 5)
#define RATE_MOST_NS (20 * NS_PER_MS)
#define STEP_MOST_NS 200 /* of a counter that is worth reading */

HOT int64_t clock_read(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * One moment on both clocks; returns how many ns it may be off. Of a few readings the one that took the shortest:
 * this thread may have been interrupted in any of them, for milliseconds on a busy machine.
 */
static int64_t read_both(int64_t *ret_ns, int64_t *ret_ticks)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 16; i++) {
		int64_t before = clock_read();
		int64_t ticks = cheap_ticks();
		int64_t after = clock_read();

		if (after - before >= best)
			continue;
		best = after - before;
		*ret_ns = before + best / 2;
		*ret_ticks = ticks;
	}
	return best / 2;
}

/* A reading takes long in an emulator or where it is a system call, and some counters run at a few MHz. */
static bool is_exact(int64_t ns, int64_t ticks, int64_t off_ns)
{
	if (ns >= RATE_MOST_NS)
		return true;
	return ns >= RATE_LEAST_NS && ns >= off_ns * RATE_PARTS && ticks >= RATE_PARTS;
}

int64_t cheap_ticks_per_ms(void)
{
	static _Atomic int64_t known; /* the machine's, so one for the process */
	int64_t rate = known;
	int64_t t0 = 0, c0 = 0, t1 = 0, c1 = 0;
	int64_t off0, off1;

	if (rate)
		return rate;
	off0 = read_both(&t0, &c0);
	do {
		off1 = read_both(&t1, &c1);
	} while (!is_exact(t1 - t0, c1 - c0, off0 + off1));
	rate = (c1 - c0) * NS_PER_MS / (t1 - t0);
	if (rate < 1)
		rate = 1;
	known = rate;
	return rate;
}

/* Whether the machine promises that the counter runs at one rate and alike on all processors. */
static bool is_invariant(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	/* Intel SDM vol. 3, 18.17.1 "Invariant TSC"; AMD APM vol. 3, Fn8000_0007. */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
#else
	return true; /* the generic timer, Arm ARM D12.1; elsewhere it is the clock itself */
#endif
}

/*
 * By how many ticks the counter moves on at once, or in the time that reading it takes. In an emulator it may
 * stand still for a microsecond.
 */
static int64_t counter_step(void)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 16; i++) {
		int64_t from = cheap_ticks();
		int64_t to;

		do {
			to = cheap_ticks();
		} while (to == from);
		if (to - from < least)
			least = to - from;
	}
	return least;
}

void counted_clock_init(struct counted_clock *c, int64_t span_ns)
{
	uint64_t per_ms = (uint64_t)cheap_ticks_per_ms();
	uint64_t exact = ((uint64_t)NS_PER_MS << 32) / per_ms;
	bool good = per_ms >= RATE_PARTS && is_invariant() &&
		    (uint64_t)counter_step() <= STEP_MOST_NS * per_ms / NS_PER_MS;

	*c = (struct counted_clock){
		.span_most = good ? (uint64_t)span_ns * per_ms / NS_PER_MS : 0,
		.rate = exact - exact / 500,
	};
}

HOT int64_t counted_clock_read(struct counted_clock *c, int64_t ticks)
{
	int64_t ns = clock_read();

	/*
	 * Only what was read on both at one moment is good to count from. The counter last, so that a
	 * thread which is interrupted in between is behind the clock and not ahead.
	 */
	c->ns = ns;
	c->ticks = cheap_ticks();
	c->span = (uint64_t)(c->ticks - ticks) <= c->span_most / 200 ? c->span_most : 0;
	return ns;
}
