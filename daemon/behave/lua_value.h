/* Values and predicates as userdata of scripts: what the files of the value API share. */
#ifndef DAEMON_BEHAVE_LUA_VALUE_H
#define DAEMON_BEHAVE_LUA_VALUE_H
#include <stdbool.h>

#include "daemon/behave/evaluator.h"
#include "daemon/rt/scope.h"
#include "daemon/state/await.h"
#include "daemon/state/value.h"

#include <lua.h>

/* A value; its user value 1 keeps what it is derived from. */
struct lua_value {
	struct value *v;
	bool own;    /* freed with the userdata */
	bool writes; /* the script may set it */
	bool timed;  /* it has a timer, which counts */
};

/* A predicate; shared by all waits that were given it. */
struct lua_pred {
	struct lua_host *host;
	struct pred pred;
	int fn;     /* of PRED_FN: registry reference; else LUA_NOREF */
	char why[]; /* of PRED_FN: how it failed, EVALUATOR_WHY bytes */
};

/* Push a handle on @v. Raises without memory; then an own value is not taken over. */
struct lua_value *lua_push_value(lua_State *L, struct value *v, bool own, bool writes);

/* Raise why a derived value could not be made. */
int lua_not_derived(lua_State *L, int r) __attribute__((noreturn));

/* Push one that stays unset, for one that there is not, so that a script can be loaded further. */
void lua_push_stand_in(lua_State *L);

/* The value at @idx; raises for anything else. */
struct lua_value *lua_check_value(lua_State *L, int idx);
struct lua_value *lua_test_value(lua_State *L, int idx); /* NULL for anything else */

/* One more method of values. */
void lua_add_value_method(lua_State *L, const char *name, lua_CFunction fn);

/* Push the predicate that argument @idx is: nothing (all), a datum, a comparison, a function. */
struct lua_pred *lua_push_pred(lua_State *L, int idx);

/* Push the @n data at @found, 1 or 2, and give them back, also when it raises. */
void lua_push_found(lua_State *L, struct datum *found, int n);

/* What a wait may be told in its options. */
struct lua_wait_opt {
	struct await_opt await;
	int64_t timeout_ns; /* TIME_NEVER: none */
	unsigned queue;
	bool soft; /* a soft cancellation ends the wait (scope_enter_soft) */
};

/* A way to wait, and the options that it knows; NULL ends. */
struct wait_call {
	const char *name;
	const char *const *options;
};
extern const struct wait_call lua_wait_transitions, lua_wait_eventual, lua_wait_choose;

/* The table at @idx (nil is fine), the last argument; raises for what @call does not know. */
struct lua_wait_opt lua_check_wait_opt(lua_State *L, int idx,
				       const struct wait_call *call);

/*
 * Around a wait that may be @soft. lua_leave_soft() returns @r, or -EINTR when a soft cancellation ended
 * the wait.
 */
void lua_enter_soft(struct scope *s, bool soft);
int lua_leave_soft(struct scope *s, bool soft, int r) MUST_CHECK;

/* Push what a wait that failed with @r returns: nil, "closed" and the like; or raise. */
int lua_wait_failed(lua_State *L, const struct lua_pred *p, int r);

#endif
