/*
 * A vote among the sources of a value, and what becomes known of it: who is used and who is not, as the
 * values NAME.sources and health.NAME, and in the log when it changes.
 */
#ifndef DAEMON_APP_VOTES_H
#define DAEMON_APP_VOTES_H
#include "daemon/app/quantity_conf.h"

struct votes;

/*
 * For the value at @at, whose sources are @inputs. Returns 0; -EINVAL after an error in @at->errs (a
 * name that has an owner); -ENOMEM.
 */
int votes_new(const struct conf_at *at, const struct quantity_conf *conf,
	      const struct quantity_inputs *inputs, struct world *world,
	      struct votes **ret) MUST_CHECK;
/* Another time in which a change of sources is led over. */
void votes_retune(struct votes *v, double settle_s);
void votes_free(struct votes *v); /* its values stay with the world; NULL is fine */

/* Take the readings of the sources at @t_ns; false when nobody knows anything. May run in a transaction. */
bool votes_take(struct votes *v, const struct vote_source *sources, unsigned n,
		unsigned width, int64_t t_ns, double ret[VOTE_AXES]);

#endif
