/*
 * The robot's state for everybody who subscribes: each named value on an XPUB socket, as two frames,
 * its name and
 *
 *	{"v":21.5, "t":"<ns since 1970>", "mono":"<ns>", "boot":"<id>", "seq":7, "state":"ok", "unit":"degC"}
 *
 * A new subscription gets the last value of every name it matches. The replay reaches all who match,
 * with boot and seq unchanged, and subscribers ignore what they have seen. What changes several times
 * before the publisher's turn is sent once, as it is then. seq counts the messages of a name; a gap is
 * what a slow subscriber lost. Nothing is serialised that nobody subscribed to.
 */
#ifndef DAEMON_LINK_PUBLISH_H
#define DAEMON_LINK_PUBLISH_H
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/link/zsock.h"
#include "daemon/state/world.h"

struct publish;

/*
 * Bind to @endpoint; @boot is the daemon's start id. Borrows @world and @boot.
 * Returns 0 or zsock_open()'s errors.
 */
int publish_new(struct zctx *ctx, struct world *world, const char *endpoint,
		const char *boot, struct publish **ret) MUST_CHECK;

/* publish_run() must have ended. NULL is fine. */
void publish_free(struct publish *p);

/* The task that publishes, until it is cancelled. @arg is a struct publish. Suspends. */
int publish_run(void *arg);

struct publish_stats {
	uint64_t sent;          /* messages, replays included */
	unsigned subscriptions; /* different ones, now */
};
void publish_stats(const struct publish *p, struct publish_stats *ret);

#endif
