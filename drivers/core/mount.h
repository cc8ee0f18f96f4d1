/*
 * How a sensor is mounted: the rotation from the chip's axes to the body's, x forward, y left, z up.
 *
 * In the configuration it is a text that says where the chip's axes point, "x=left y=up z=front", or a
 * 3x3 matrix whose rows are the body's axes in the chip's.
 */
#ifndef DRIVERS_CORE_MOUNT_H
#define DRIVERS_CORE_MOUNT_H
#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"

/* body = m * chip; always a rotation. */
struct mount {
	float m[3][3];
};

/* Chip axes are body axes. */
extern const struct mount mount_identity;

/*
 * Read the value at @at; one that is not there is the identity.
 * Returns 0, or -EINVAL after an error in @at->errs.
 */
int mount_read(const struct conf_at *at, struct mount *ret) MUST_CHECK;

/* Turn a vector sample into body axes; samples of width 1 stay as they are. */
void mount_apply(const struct mount *mount, struct sample *s);

#endif
