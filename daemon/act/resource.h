/*
 * Resources: groups of actuator channels ("neck" is pan and tilt) that at most one behaviour commands
 * at a time, and the leases by which they are held.
 *
 * Whoever wants resources asks for all of them with one lease, granted together or not at all. One of
 * higher rank takes them over: the holder is asked to leave, winds down, and releases; until then they
 * are reserved for the winner. All of it is decided in one place (resource.c, arbitrate), in an order
 * that depends on ranks and names only.
 */
#ifndef DAEMON_ACT_RESOURCE_H
#define DAEMON_ACT_RESOURCE_H
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/task.h"
#include "daemon/state/world.h"

/* What app knows about one actuator channel; texts are copied. */
struct channel_spec {
	const char *name;  /* within its resource: "pan" */
	const char *unit;  /* of values: "rad", "m/s"; "" for 0..1 */
	double min, max;   /* a command outside is refused */
	double rate_per_s; /* fastest change in units per second; 0: any */
	double rest;       /* where it is before the first command */
	/* Command @value; must not suspend. 0 or a negative errno. */
	int (*set)(void *arg, double value);
	/* Go to the safe value; must not suspend. NULL: nothing to do. */
	void (*safe)(void *arg);
	/* Nobody commands it any more; must not suspend. NULL: the last command stands. */
	void (*leave)(void *arg);
	void *arg;
};

struct resources;
struct resource;
struct channel;

/* An empty set, whose channels become values of @world. NULL without memory. */
struct resources *resources_new(struct world *world);

/* No lease may be held any more. NULL is fine. */
void resources_free(struct resources *rs);

/*
 * Add the resource @name with @n channels. Each channel becomes the value "<name>.<channel>" of the
 * world: the last command. Returns 0, or an error of world_add().
 */
int resource_add(struct resources *rs, const char *name,
		 const struct channel_spec *channels, size_t n) MUST_CHECK;

/* The resource @name, and the name nearest to it; NULL: there is none. Both are the resources' own. */
struct resource *resource_find(const struct resources *rs, const char *name);
const char *resource_nearest(const struct resources *rs, const char *name);
const char *resource_name(const struct resource *r);

/* The channels of a resource, and what is known about one. */
size_t resource_size(const struct resource *r);
struct channel *resource_channel(const struct resource *r, size_t i);
struct channel *resource_find_channel(const struct resource *r, const char *name);
const struct channel_spec *channel_info(const struct channel *c);
struct value *channel_value(const struct channel *c);

/* A rank: the band first, then the priority. Greater is more important. */
enum lease_band { LEASE_IDLE, LEASE_NORMAL, LEASE_SAFETY };

#define LEASE_NEEDS_MAX 8

/*
 * A claim on resources, placed by the caller; all zero but the first members to begin with. It must
 * stay in place until lease_release().
 */
struct lease {
	const char *name; /* of who asks; the last tie-break */
	enum lease_band band;
	double priority;
	struct resource *needs[LEASE_NEEDS_MAX];
	size_t n_needs;
	/*
	 * Called once while it is held: @winner is to have a resource of it; leave soon. Must not
	 * suspend and must not release in the call.
	 */
	void (*leave)(struct lease *l, const struct lease *winner);

	bool held; /* may be read; private from here on */
	bool asked;
	struct resources *rs;
	struct link link;
	struct wait wait;
};

/*
 * Wait until all needs of @l are free of holders that do not rank below it, and those that do have
 * left. Without needs it is a checkpoint.
 * Returns 0 when it is held, or -ECANCELED: then nothing is held or reserved. Suspends.
 */
int lease_take(struct resources *rs, struct lease *l) MUST_CHECK;

/*
 * Give everything back; the next in rank gets it, and then the last commands stand. Channels that nobody
 * is waiting for are left; with @safe each channel goes to its safe value. Nothing happens to a lease
 * that is not held. Does not suspend.
 */
void lease_release(struct lease *l, bool safe);

/* Who holds a need of @l, or has it reserved, and is not outranked by it; NULL when nobody. */
const struct lease *lease_blocker(const struct resources *rs, const struct lease *l);

/*
 * Command a channel. Returns 0; -EPERM when the lease is gone or does not cover it; -ERANGE for a
 * value outside min..max or NaN; or the actuator's own error. Does not suspend.
 */
int lease_set(struct lease *l, struct channel *c, double value) MUST_CHECK;

#endif
