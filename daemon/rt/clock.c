/* The clocks: the kernel's, and the processor's counter for "how long did this step take". */
#include <time.h>

#include "daemon/rt/internal.h"

HOT int64_t clock_read(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t cheap_ticks_per_ms(void)
{
	static _Atomic int64_t known; /* the machine's, so one for the process */
	int64_t rate = known;
	int64_t t0, c0, t1;

	if (rate)
		return rate;
	t0 = clock_read();
	c0 = cheap_ticks();
	do {
		t1 = clock_read();
	} while (t1 - t0 < NS_PER_MS / 5);
	rate = (cheap_ticks() - c0) * NS_PER_MS / (t1 - t0);
	if (rate < 1)
		rate = 1;
	known = rate;
	return rate;
}
