/*
 * Debouncing: booleans derived from a value, exact to the transaction.
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

#endif
