/*
 * What becomes known of several sources of one quantity: who is used and who is not, as the values NAME.sources and
 * health.NAME, and in the log, with the reason, when it changes.
 */
#ifndef DAEMON_APP_VERDICTS_H
#define DAEMON_APP_VERDICTS_H
#include "daemon/base/conf.h"
#include "daemon/fusion/vote.h"
#include "daemon/state/world.h"

struct verdicts;

/*
 * For the quantity @name, which @maker ("fusion.values") makes of the @n sources, at most VOTE_MAX. All is copied but
 * @maker. An error about a name that has an owner is at @at; NULL: it is logged. Returns 0; -EINVAL after such an error;
 * -ENOMEM.
 */
int verdicts_new(const struct conf_at *at, struct world *world, const char *name,
		 const char *maker, const char *const *sources, unsigned n,
		 struct verdicts **ret) MUST_CHECK;
void verdicts_free(struct verdicts *v); /* its values stay with the world; NULL is fine */

/*
 * That is how it is now; @known: somebody knows something, and @majority: those who are used are more than the others. What has not changed is not told again. May run in
 * a transaction.
 */
void verdicts_tell(struct verdicts *v, const struct vote_note *notes, bool known,
		   bool majority);

/*
 * Of @role, the only source of @name, is known whether it is @frozen. It is logged when that is not what was *@told, and
 * noted there.
 */
void verdict_lone(const char *name, const char *role, bool frozen, bool *told);

#endif
