/* What events are built on: hysteresis, and that something has held for a time. */
#ifndef DAEMON_FUSION_HELD_H
#define DAEMON_FUSION_HELD_H
#include <stdbool.h>
#include <stdint.h>

/* A condition and since when it holds. Zero to start with: it does not. */
struct held {
	int64_t since_ns;
	bool on;
};

/* Does it hold at @t_ns? */
static inline void held_update(struct held *h, bool on, int64_t t_ns)
{
	if (on && !h->on)
		h->since_ns = t_ns;
	h->on = on;
}

/* Has it held for at least @for_ns at @t_ns? */
static inline bool held_for(const struct held *h, int64_t t_ns, int64_t for_ns)
{
	return h->on && t_ns - h->since_ns >= for_ns;
}

/* Above @on, and until it falls to @on less @hysteresis. */
static inline bool held_above(bool was, float x, float on, float hysteresis)
{
	return x > (was ? on - hysteresis : on);
}

#endif
