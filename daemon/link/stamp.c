/* The time on the wire. */
#include "daemon/link/stamp.h"

#include <sys/timex.h>
#include <time.h>

#include "daemon/base/macros.h"
#include "daemon/rt/rt.h"

static int64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

struct stamp stamp_now(void)
{
	struct timex tx = {0};
	struct stamp s = {0};

	if (rt_is_virtual())
		return s;
	/* Both at once: rt_now() may be some time ago. */
	s.offset_ns = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
	s.synced = adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC);
	return s;
}
