/* Moves: actuator channels taken from where they are to a target, eased, within their rate limits. */
#ifndef DAEMON_ACT_MOVE_H
#define DAEMON_ACT_MOVE_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/act/resource.h"
#include "daemon/base/macros.h"

enum ease { EASE_LINEAR, EASE_IN, EASE_OUT, EASE_INOUT, EASE_COUNT };
extern const char *const ease_name[EASE_COUNT + 1]; /* NULL-terminated */

struct move_target {
	struct channel *channel;
	double value;
};

/*
 * Move @n channels to their targets together in @ns, or in as much longer as the slowest rate limit
 * asks for; commands go out 50 times a second, the last one is the target itself.
 * Returns 0, an error of lease_set(), or -ECANCELED (the last command stands). Suspends.
 */
int move_run(struct lease *l, const struct move_target *targets, size_t n, int64_t ns,
	     enum ease ease) MUST_CHECK;

#endif
