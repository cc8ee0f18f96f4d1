/*
 * The evaluator: where predicates and transforms written in Lua run, in the middle of a transaction,
 * whoever made the set. It has a C stack of its own (those of ordinary tasks are too small for Lua), a
 * protected call and a budget of 20,000 VM instructions; what it calls must not wait. All of one script have
 * 500,000 together in one step of the loop; a script that sets off more of them is paused as if it had run
 * them itself.
 */
#ifndef DAEMON_BEHAVE_EVALUATOR_H
#define DAEMON_BEHAVE_EVALUATOR_H
#include <stdbool.h>

#include "daemon/base/macros.h"
#include "daemon/state/datum.h"

#include <lua.h>

struct lua_host;
struct evaluator;

/* Make the evaluator of the state @L if there is none yet. Raises without memory. */
void evaluator_need(lua_State *L);
void evaluator_free(struct evaluator *e); /* NULL is fine */

#define EVALUATOR_WHY 200

/* A call of the function that is the registry reference @fn. */
struct evaluation {
	int fn;
	const struct datum *args[2]; /* NULL: nil */
	unsigned n_args;
	bool truth;          /* the result is only whether the function's is true */
	struct datum result; /* the caller's, when it succeeded */
	char why[EVALUATOR_WHY];
};

/* Returns 0, or -EIO with the error in ev->why. Does not suspend. */
int evaluator_run(struct lua_host *h, struct evaluation *ev) MUST_CHECK;

#endif
