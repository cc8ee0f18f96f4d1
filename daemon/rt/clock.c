/* The clocks: the kernel's, and the processor's counter for "how long did this step take". */
#include <time.h>

#include "daemon/rt/internal.h"

HOT int64_t clock_read(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * One moment on both clocks. Of a few readings the one that took the shortest: this thread may have been
 * interrupted in any of them, for milliseconds on a busy machine.
 */
static void read_both(int64_t *ret_ns, int64_t *ret_ticks)
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
}

int64_t cheap_ticks_per_ms(void)
{
	static _Atomic int64_t known; /* the machine's, so one for the process */
	int64_t rate = known;
	int64_t t0 = 0, c0 = 0, t1 = 0, c1 = 0;

	if (rate)
		return rate;
	read_both(&t0, &c0);
	do {
		read_both(&t1, &c1);
	} while (t1 - t0 < NS_PER_MS / 5);
	rate = (c1 - c0) * NS_PER_MS / (t1 - t0);
	if (rate < 1)
		rate = 1;
	known = rate;
	return rate;
}
