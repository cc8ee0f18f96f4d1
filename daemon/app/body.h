/*
 * From resources to actuators: the chips and actuators of the configuration, and the resources in which
 * behaviours lease their channels.
 */
#ifndef DAEMON_APP_BODY_H
#define DAEMON_APP_BODY_H
#include <stddef.h>

#include "daemon/act/resource.h"
#include "daemon/app/config.h"
#include "daemon/app/hardware.h"
#include "daemon/rt/nursery.h"

struct body;

/*
 * Make chips, actuators and resources of @c; all arguments are borrowed and outlive it. Channels become
 * values of the world behind @resources. Returns 0, or a negative errno that is logged.
 */
int body_new(const struct config *c, struct hardware *hw, struct resources *resources,
	     struct world *world, struct conf_errors *errs, struct body **ret) MUST_CHECK;
void body_free(struct body *b); /* after the chips' tasks have ended; NULL is fine */

/*
 * Make all outputs safe without the loop, which is stuck: from another thread. What cannot be made safe is
 * logged. Blocks for some 100 ms at most for each chip.
 */
void body_safe_now(struct body *b);

/* Start one service of @n for each chip; on its way out it makes its outputs safe. */
void body_go(struct body *b, struct nursery *n);

/* A chip that actuators are on, and how it is. */
struct body_chip_info {
	const char *name;
	const struct device_conf *device;
	struct device_health health;
};
size_t body_chips(const struct body *b);
struct body_chip_info body_chip_info(const struct body *b, size_t i);

/* What an actuator got, for the view. */
struct body_part {
	const char *name;
	const char *unit; /* "rad", or "" for a level */
	double min, max;
	float value;    /* last written; NaN: limp */
	double pulse_s; /* at the simulated chip's output; NaN: none to see */
	uint64_t writes;
};
size_t body_size(const struct body *b);
struct body_part body_part(const struct body *b, size_t i);

#endif
