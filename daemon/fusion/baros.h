/*
 * One height from one barometer or several. Each has a zero of its own, as two that stand side by side differ by
 * metres; their heights vote (vote.h). Who is silent, frozen or a falseticker is left out, and the height
 * does not jump when somebody comes or goes.
 */
#ifndef DAEMON_FUSION_BAROS_H
#define DAEMON_FUSION_BAROS_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/sample.h"
#include "daemon/fusion/doubt.h"
#include "daemon/fusion/vote.h"

#define BAROS_MAX VOTE_MAX

struct baro_source {
	double frozen_s; /* repeating itself for so long it is frozen; INFINITY: never */
	double late_s;   /* without a sample for so long it is silent */
	double zero_pa;  /* the pressure at height 0, if it has one */
	double height_m;
	int64_t t_ns;
	struct doubt doubt;
	bool seen;
	bool has_zero;
};

/* All zero to begin with, but for what baros_expect() sets. */
struct baros {
	struct baro_source source[BAROS_MAX];
	unsigned n;
	struct vote vote;
	struct vote_result result; /* of the newest sample */
};

/*
 * There is a barometer @which (below BAROS_MAX), which measures at @hz; repeating itself for @frozen_s, INFINITY:
 * for ever, it is frozen. Also for one in use, with @another if it is another chip, whose zero is not known.
 */
void baros_expect(struct baros *b, unsigned which, double hz, double frozen_s,
		  bool another);

/*
 * Can the pressure @s of @which be taken? 0; -EINVAL: it is not newer than the last one, and not by more than
 * @far_ns older, which is time gone back; -ERANGE: it is no air pressure.
 */
int baros_check(const struct baros *b, unsigned which, const struct sample *s,
		int64_t far_ns);

/*
 * Take such a one, and vote; a barometer that is new shows @height_m. Returns whether it, perhaps among others, makes up
 * *ret_m, the height by all that are used; b->result says who that is.
 */
bool baros_take(struct baros *b, unsigned which, const struct sample *s, double height_m,
		double tolerance_m, double *ret_m);

/* Nothing of before is near in time: the next height is not led over to. */
void baros_restart(struct baros *b);

#endif
