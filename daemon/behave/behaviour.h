/*
 * One behaviour: its script's declaration (`return behaviour { ... }`), checked when the file is
 * loaded, its parameters, and what it needs.
 */
#ifndef DAEMON_BEHAVE_BEHAVIOUR_H
#define DAEMON_BEHAVE_BEHAVIOUR_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/act/resource.h"
#include "daemon/base/conf.h"
#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/behave/lua_host.h"
#include "daemon/state/expr.h"

#define BEHAVIOUR_NAME 48
#define BEHAVIOUR_PARAMS 32

/* A parameter; a value of the world, "param.<behaviour>.<name>". */
struct param {
	char name[BEHAVIOUR_NAME];
	struct value *value;
};

struct behaviour {
	char name[BEHAVIOUR_NAME];
	struct world *world;
	struct resources *resources;
	struct lua_host *host;
	int run, wind_down; /* references in the registry of its state; LUA_NOREF: none */

	struct value *when, *keep;
	const struct expr
		*when_expr;      /* what `when` follows, or NULL; lives as long as it */
	bool when_own, keep_own; /* derived here, from an expression */
	int64_t hold_ns, cooldown_ns, lost_ns, preempt_within_ns;
	int64_t grace_ns; /* that a run is asked to come to an end before it is cancelled */
	bool again, declared;
	enum lease_band band;
	double priority;
	struct lease lease;   /* its needs */
	struct param *params; /* BEHAVIOUR_PARAMS at most */
	size_t n_params;
	const struct conf_at
		*conf; /* while it is loaded: its entry in the configuration */

	struct value *state; /* "behaviour.<name>.state" */
};

/* How an expression of this behaviour reads names: its own parameters are `param.NAME`. @b NULL is fine. */
void behaviour_names(struct behaviour *b, struct world *world, struct expr_names *ret);

/*
 * Load @b's script from @path. Zeroed before, but for name, world, resources; @host_conf is for its state.
 * Returns 0, or a negative errno with what is wrong in @errs, all of it that can be found; then
 * behaviour_stop() and behaviour_fini() are due all the same. On a Lua stack. Suspends.
 */
int behaviour_load(struct behaviour *b, const char *path, const struct conf_at *conf,
		   const struct lua_host_conf *host_conf,
		   struct conf_errors *errs) MUST_CHECK;

/* Free its state and what follows other values; then its own values. Zeroed storage is fine. */
void behaviour_stop(struct behaviour *b);
void behaviour_fini(struct behaviour *b);

/* Is there a resource of this name on @b's robot? @b NULL is fine. */
bool behaviour_has_resource(const struct behaviour *b, const char *name);

/* Define the global `behaviour`, and `param`. */
void lua_open_behaviour(lua_State *L);

/* Push the handle of a resource: neck:set{}, neck:move{}, neck.pan. */
void lua_push_resource(lua_State *L, struct resource *r);

#endif
