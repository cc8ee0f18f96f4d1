/* Values as cases of choose() (rt/choose.h). */
#ifndef DAEMON_STATE_CHOICE_H
#define DAEMON_STATE_CHOICE_H
#include "daemon/rt/choose.h"
#include "daemon/state/await.h"
#include "daemon/state/value.h"
#include "daemon/state/waiter.h"

/*
 * A wait until a value matches. Results as of value_await(); @now is what matched when it was the case
 * that was chosen, else null. Placed by the caller, who calls choice_value_fini() after choose() has
 * returned; all private but @c.result and @now.
 */
struct choice_value {
	struct choice_case c;
	struct datum now;
	struct value *v;
	struct waiter waiter;
	struct wait wait;
};

/* Of @opt (NULL is fine) only fresh and stale count. @v stays until choose() has returned. */
struct choice_case *choice_value(struct choice_value *c, struct value *v,
				 const struct pred *p, const struct await_opt *opt);

/* Give back what it holds. */
void choice_value_fini(struct choice_value *c);

#endif
