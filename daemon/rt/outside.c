/* The wall clock and chance: read here only, so that both are in a recording. */
#include <stdbool.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

#include "daemon/rt/internal.h"

static struct rt_wall read_wall(void)
{
	struct timex status = {0}; /* asks, sets nothing */
	struct rt_wall w = {0};
	struct timespec ts;

	/* Both at once: rt_now() may be some time ago. */
	w.offset_ns = -clock_read();
	clock_gettime(CLOCK_REALTIME, &ts);
	w.offset_ns += ts.tv_sec * NS_PER_S + ts.tv_nsec;
	w.synced = adjtimex(&status) >= 0 && !(status.status & STA_UNSYNC);
	return w;
}

struct rt_wall rt_wall(void)
{
	struct rt *rt = rt_this_or_null();
	struct rt_wall w = {0};

	if (rt_is_virtual())
		return w;
	if (!rt || !rt->conf.replay)
		w = read_wall();
	if (rt && rt->traced) {
		w.offset_ns = record_value(rt, w.offset_ns);
		w.synced = record_value(rt, w.synced) != 0;
	}
	return w;
}

uint64_t rt_random(void)
{
	struct rt *rt = rt_this_or_null();
	uint64_t n = 0;

	/* So early after power-on that there is no chance yet, time has to do. */
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = (uint64_t)clock_read();
	return rt && rt->traced ? (uint64_t)record_value(rt, (int64_t)n) : n;
}
