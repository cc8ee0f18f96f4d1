/*
 * Values that follow another one in the course of time: booleans without bounce, exact to the
 * transaction, and ramps.
 */
#ifndef DAEMON_STATE_DERIVE_H
#define DAEMON_STATE_DERIVE_H
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/state/pred.h"
#include "daemon/state/value.h"

/*
 * True when @p has held on @v without a break for @for_ns (not negative); false in the transaction in
 * which it ceases to hold, and after a time in which @v was stale. What *@p points to is borrowed for
 * the life of the result. Returns as value_derive(), or -EINVAL.
 */
int value_held_for(const struct value_info *info, struct value *v, const struct pred *p,
		   int64_t for_ns, struct value **ret) MUST_CHECK;

/*
 * True from when the number @v reaches @rise until it comes down to @fall; @fall < @rise. NaN changes
 * nothing; what is no number makes it false. Returns as value_derive(), or -EINVAL.
 */
int value_hysteresis(const struct value_info *info, struct value *v, double rise,
		     double fall, struct value **ret) MUST_CHECK;

/*
 * A number that goes to 1 while the boolean @v is true, in @rise_ns for the whole way, and to 0 in
 * @fall_ns while it is anything else or stale. Times are not negative, 0 is a jump. It is set 50 times a
 * second on its way, and in the moment in which it arrives. Returns as value_derive(), or -EINVAL.
 */
int value_ramp(const struct value_info *info, struct value *v, int64_t rise_ns,
	       int64_t fall_ns, struct value **ret) MUST_CHECK;

#endif
