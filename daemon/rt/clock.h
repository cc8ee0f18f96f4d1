/*
 * The clocks: the kernel's, the processor's counter for "how long did this step take", and the kernel's
 * counted on with the processor's for a few hundred microseconds, which costs a tenth of a reading.
 */
#ifndef DAEMON_RT_CLOCK_H
#define DAEMON_RT_CLOCK_H
#include <stdint.h>

/* CLOCK_MONOTONIC, ns. */
int64_t clock_read(void);

/*
 * A monotonic counter that costs a few nanoseconds, in units of its own; its rate is measured once. Where
 * the machine does not promise that it runs evenly, only good for coarse questions.
 */
static inline int64_t cheap_ticks(void)
{
#if defined(__x86_64__)
	return (int64_t)__builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return (int64_t)t;
#else
	return clock_read();
#endif
}

int64_t cheap_ticks_per_ms(void);

/*
 * CLOCK_MONOTONIC, read now and then and counted on in between: never ahead of it, never back, and behind by no
 * more than a 100th of what a reading is good for. It is counted a 500th too slowly, which is more than the
 * error of the rate (a 2000th for how long a reading takes, another for how far the counter runs in it) and
 * what adjtimex(2) may slew (a 2000th) together. Where a counter breaks its promise, the time may be ahead by as long as
 * a reading is good for.
 */
struct counted_clock {
	int64_t ns, ticks;  /* the last reading, on both */
	uint64_t span;      /* ticks that it is good for; 0: it is not */
	uint64_t span_most; /* 0 where the counter is coarse or promises nothing */
	uint64_t rate;      /* ns for a tick, times 2^32 */
};

/* For readings that are good for @span_ns, at most a millisecond; the first counted_clock_at() reads. */
void counted_clock_init(struct counted_clock *c, int64_t span_ns);

/* Read the clock; @ticks is the counter as it was just before. */
int64_t counted_clock_read(struct counted_clock *c, int64_t ticks);

/* The time when the counter was at @ticks, just before. */
static inline int64_t counted_clock_at(struct counted_clock *c, int64_t ticks)
{
	uint64_t since = (uint64_t)(ticks - c->ticks);

	if (since >= c->span)
		return counted_clock_read(c, ticks);
	return c->ns + (int64_t)(since * c->rate >> 32);
}

/* After a sleep: read the clock next time. */
static inline void counted_clock_forget(struct counted_clock *c)
{
	c->span = 0;
}

#endif
