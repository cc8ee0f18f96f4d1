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

/* Prefixes kept at most. */
#define SUBSCRIPTIONS_MAX 1000

/* Storage is the caller's: start with subscriptions_init(). */
struct subscriptions {
	char *prefixes[SUBSCRIPTIONS_MAX];
	unsigned count;
	uint64_t
		generation; /* counts what may change an answer of subscriptions_match() */
	bool crowded; /* one found no room: until all are gone, everything matches */
};

void subscriptions_init(struct subscriptions *s);
void subscriptions_fini(struct subscriptions *s);

/* Add or take away @prefix (copied), as libzmq tells. */
void subscriptions_add(struct subscriptions *s, const char *prefix);
void subscriptions_remove(struct subscriptions *s, const char *prefix);

/* Does somebody listen to @name? */
bool subscriptions_match(const struct subscriptions *s, const char *name);

#endif
