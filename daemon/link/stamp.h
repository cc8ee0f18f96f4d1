/* The time on the wire: moments of the runtime's clock as nanoseconds since 1970. */
#ifndef DAEMON_LINK_STAMP_H
#define DAEMON_LINK_STAMP_H
#include <stdbool.h>
#include <stdint.h>

struct stamp {
	int64_t offset_ns; /* to be added to rt_now()'s times */
	bool synced;       /* somebody keeps the system's clock right */
};

/*
 * How the two clocks stand now. Virtual time has no calendar: its offset is 0, and it is not synced.
 */
struct stamp stamp_now(void);

#endif
