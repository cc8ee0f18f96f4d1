/*
 * Who listens to what: the set of prefixes that an XPUB socket was told of.
 *
 * libzmq tells of every subscription (XPUB_VERBOSE), but of an unsubscription only when the last
 * subscriber of that prefix has gone: so it is a set, not a count.
 */
#ifndef DAEMON_LINK_SUBSCRIPTIONS_H
#define DAEMON_LINK_SUBSCRIPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"

/* Prefixes kept at most, and their longest; names are shorter. */
#define SUBSCRIPTIONS_MAX 1000
#define SUBSCRIPTION_LEN_MAX 255

/* Placed by the caller; start with subscriptions_init(). */
struct subscriptions {
	struct list prefixes;
	unsigned count;
	uint64_t
		generation; /* counts what may change an answer of subscriptions_match() */
	bool crowded; /* one found no room: until all are gone, everything matches */
};

void subscriptions_init(struct subscriptions *s);
void subscriptions_fini(struct subscriptions *s);

/* Add or take away @prefix of @len bytes, as libzmq tells. */
void subscriptions_add(struct subscriptions *s, const char *prefix, size_t len);
void subscriptions_remove(struct subscriptions *s, const char *prefix, size_t len);

/* Does somebody listen to @name? */
bool subscriptions_match(const struct subscriptions *s, const char *name);

#endif
