/*
 * The world: the robot's named values. Names are dotted, role first: "imu.accel", "head.touched",
 * "param.greet.distance_m". Exactly one source owns a name.
 */
#ifndef DAEMON_STATE_WORLD_H
#define DAEMON_STATE_WORLD_H
#include <stddef.h>

#include "daemon/base/macros.h"
#include "daemon/state/value.h"

struct world;

/* An empty world; freed with world_free(), which frees its values. NULL without memory. */
struct world *world_new(void);
void world_free(struct world *w);

/*
 * Make the value info->name, owned by the world; all texts of @info are copied.
 * Returns 0; -EEXIST when the name has an owner; -EINVAL for a name that is no dotted lower-case name;
 * -ENOMEM.
 */
int world_add(struct world *w, const struct value_info *info,
	      struct value **ret) MUST_CHECK;

/*
 * Put a value made elsewhere (value_derive) under its info->name; the world then owns it and copies of
 * its texts. As above; on failure the caller still owns @v.
 */
int world_adopt_take(struct world *w, struct value *v) MUST_CHECK;

/* Close, free and remove a value of this world. */
void world_remove(struct world *w, struct value *v);

/* The value of that name, or NULL. Lives until it is removed. */
struct value *world_find(const struct world *w, const char *name);

/* The nearest name there is (for "did you mean"), or NULL when none is near. */
const char *world_nearest(const struct world *w, const char *name);

/* All values, sorted by name: @i from 0 to world_size() - 1. Changes when values come and go. */
size_t world_size(const struct world *w);
struct value *world_at(const struct world *w, size_t i);

#endif
