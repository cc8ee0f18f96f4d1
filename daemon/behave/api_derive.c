/* Script calls: values derived from others. They keep what they are made from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/behaviour.h"
#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_order.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "daemon/state/expr.h"

enum { COMPOSE_INPUTS = 32 };

static const struct value_info derived_info = {.source = "script"};

/* A function of a script that computes a derived value. */
struct transform {
	struct lua_host *host;
	int fn; /* registry reference */
};

static int transform_compute(void *arg, struct value *const *inputs, unsigned n,
			     struct datum *ret)
{
	struct transform *f = arg;
	struct evaluation ev = {.fn = f->fn, .args = {value_get(inputs[0])}, .n_args = n};
	int r = evaluator_run(f->host, &ev);

	if (r < 0)
		return value_failed(r, "%s", ev.why);
	*ret = ev.result;
	return 0;
}

static void transform_free(void *arg)
{
	struct transform *f = arg;

	lua_host_unref(f->host, f->fn);
	free(f);
}

/* Push a handle, still without a value, that keeps what is at @keeps (0: nothing). */
static struct lua_value *push_derived(lua_State *L, int keeps)
{
	struct lua_value *u = lua_push_value(L, NULL, true, false);

	if (keeps) {
		lua_pushvalue(L, keeps);
		lua_setiuservalue(L, -2, 1);
	}
	return u;
}

/* The options of a derived value at @idx, the last argument: it may keep what has become stale. */
static bool check_keep_stale(lua_State *L, int idx, const char *call)
{
	static const char *const known[] = {"stale", NULL};

	if (lua_gettop(L) > idx)
		luaL_error(L, "%s: too many arguments", call);
	return lua_check_options(L, idx, call, known) &&
	       lua_option_word(L, idx, call, "stale", "keep");
}

/* Push the transform of the value at @idx by the function at @fn. */
static void push_transform(lua_State *L, int idx, int fn, bool keep_stale)
{
	struct lua_value *from = lua_check_value(L, idx), *u;
	struct derivation how = {.compute = transform_compute,
				 .arg_free = transform_free,
				 .keep_stale = keep_stale};
	struct transform *f;
	int r;

	luaL_checktype(L, fn, LUA_TFUNCTION);
	evaluator_need(L);
	u = push_derived(L, idx);
	lua_pushvalue(L, fn);
	r = luaL_ref(L, LUA_REGISTRYINDEX);
	f = malloc(sizeof(*f));
	if (!f) {
		luaL_unref(L, LUA_REGISTRYINDEX, r);
		luaL_error(L, "not enough memory");
		return;
	}
	*f = (struct transform){.host = lua_host_of(L), .fn = r};
	how.arg = f;
	r = value_derive(&derived_info, &from->v, 1, &how, &u->v);
	if (r < 0) {
		transform_free(f);
		lua_not_derived(L, r);
	}
}

/* v:transform(fn, opt) */
static int value_transform(lua_State *L)
{
	bool keep_stale = check_keep_stale(L, 3, "transform");

	lua_settop(L, 2);
	push_transform(L, 1, 2, keep_stale);
	return 1;
}

/* The inputs of a composition, sorted by name. */
struct inputs {
	const char *keys[COMPOSE_INPUTS];
	struct value *values[COMPOSE_INPUTS];
	unsigned n;
};

static void add_input(lua_State *L, struct inputs *in, const char *key, struct value *v)
{
	unsigned i = in->n;

	if (in->n == COMPOSE_INPUTS)
		luaL_error(L, "more than %d inputs", COMPOSE_INPUTS);
	for (; i > 0 && strcmp(in->keys[i - 1], key) > 0; i--) {
		in->keys[i] = in->keys[i - 1];
		in->values[i] = in->values[i - 1];
	}
	in->keys[i] = key;
	in->values[i] = v;
	in->n++;
}

/* compose({ a = v, b = w, transform = fn }, opt) */
static int api_compose(lua_State *L)
{
	struct inputs in = {.n = 0};
	struct lua_value *u;
	bool keep_stale;
	int r;

	luaL_checktype(L, 1, LUA_TTABLE);
	keep_stale = check_keep_stale(L, 2, "compose");
	lua_settop(L, 1);
	if (lua_getfield(L, 1, "transform") != LUA_TNIL && !lua_isfunction(L, 2))
		return luaL_error(L, "compose: transform: function expected, got %s",
				  luaL_typename(L, 2));
	for (lua_pushnil(L); lua_next_ordered(L, 1); lua_pop(L, 1)) {
		const struct lua_value *from;

		if (lua_type(L, -2) != LUA_TSTRING)
			return luaL_error(L, "compose: every input has a name");
		if (strcmp(lua_tostring(L, -2), "transform") == 0)
			continue;
		from = lua_test_value(L, -1);
		if (!from)
			return luaL_error(L, "compose: %s: value expected, got %s",
					  lua_tostring(L, -2), luaL_typename(L, -1));
		add_input(L, &in, lua_tostring(L, -2), from->v);
	}
	if (in.n == 0)
		return luaL_error(L, "compose: no inputs");
	u = push_derived(L, 1);
	r = value_compose(&derived_info, in.keys, in.values, in.n, keep_stale, &u->v);
	if (r < 0)
		return lua_not_derived(L, r);
	if (!lua_isnil(L, 2))
		push_transform(L, 3, 2, keep_stale);
	return 1;
}

/* expr "text" */
static int api_expr(lua_State *L)
{
	struct lua_host *h = lua_host_of(L);
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	struct lua_value *u = push_derived(L, 0);
	struct expr_error err;
	struct expr_names names;
	struct expr *e;
	int r;

	behaviour_names(h->behaviour, h->conf.world, &names);
	r = expr_compile(text, len, &names, &e, &err);
	if (r < 0) {
		load_check_complain(L, "expr: column %d: %s", (int)err.col, err.text);
		lua_push_stand_in(L);
		return 1;
	}
	r = expr_value(e, &derived_info, &u->v);
	if (r < 0)
		return lua_not_derived(L, r);
	return 1;
}

void lua_open_derive(lua_State *L)
{
	lua_add_value_method(L, "transform", value_transform);
	lua_register(L, "compose", api_compose);
	lua_register(L, "expr", api_expr);
}
