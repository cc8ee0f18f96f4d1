/* Script calls: values, comparisons, and waiting for a value. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_value.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"

#define VALUE_TYPE "value"
#define QUEUE_MAX 1024 /* of transitions */

/*
 * Comparisons of numbers hold no memory and have no finalizer, which would make them costly garbage;
 * those of texts and tables, and functions, have one.
 */
#define PRED_TYPE "comparison"
#define HOLDING_PRED_TYPE "predicate"

struct lua_value *lua_push_value(lua_State *L, struct value *v, bool own, bool writes)
{
	struct lua_value *u;

	if (own)
		caps_check(L, &lua_host_of(L)->caps.values, CAP_VALUES, "values");
	u = lua_newuserdatauv(L, sizeof(*u), 1);
	lua_host_of(L)->caps.values += own;
	*u = (struct lua_value){.v = v, .own = own, .writes = writes};
	luaL_setmetatable(L, VALUE_TYPE);
	return u;
}

struct lua_value *lua_check_value(lua_State *L, int idx)
{
	struct lua_value *u = lua_test_known(L, idx, LUA_KNOWN_VALUE);

	return u ? u : luaL_checkudata(L, idx, VALUE_TYPE); /* which raises */
}

struct lua_value *lua_test_value(lua_State *L, int idx)
{
	return lua_test_known(L, idx, LUA_KNOWN_VALUE);
}

void lua_add_value_method(lua_State *L, const char *name, lua_CFunction fn)
{
	lua_push_methods(L, VALUE_TYPE);
	lua_pushcfunction(L, fn);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

int lua_not_derived(lua_State *L, int r)
{
	const char *why = r == -EPIPE   ? "a value that it is made from is closed"
			  : r == -EBUSY ? "a predicate or transform cannot make values"
			  : r == -ELOOP ? "values derived from derived ones, too deep"
					: strerror(-r);

	luaL_error(L, "the value cannot be made: %s", why);
	__builtin_unreachable();
}

void lua_push_stand_in(lua_State *L)
{
	static const struct value_info info = {.source = "nobody"};
	struct lua_value *u = lua_push_value(L, NULL, true, false);

	if (value_new(&info, &u->v) < 0)
		luaL_error(L, "not enough memory");
}

/* value "name" */
static int api_value(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1), *near;
	struct world *w = lua_host_of(L)->conf.world;
	struct value *v = w ? world_find(w, name) : NULL;

	if (v) {
		lua_push_value(L, v, false, false);
		return 1;
	}
	near = w ? world_nearest(w, name) : NULL;
	load_check_complain(L, "no value \"%s\"%s%s%s", name,
			    near ? "; did you mean \"" : "", near ? near : "",
			    near ? "\"?" : "");
	lua_push_stand_in(L);
	return 1;
}

static void set(lua_State *L, struct lua_value *u, int idx)
{
	const char *why = NULL;
	struct datum d;
	int r;

	if (lua_type(L, idx) == LUA_TNUMBER)
		d = datum_number(lua_tonumber(L, idx));
	else
		why = lua_get_datum(L, idx, &d);
	if (why)
		luaL_error(L, "%s", why);
	r = value_set(u->v, &d);
	datum_fini(&d);
	if (r == -EPIPE)
		luaL_error(L, "the value is closed");
	if (r == -ELOOP)
		luaL_error(L, "predicates set values without an end");
	if (r < 0)
		luaL_error(L, "the value cannot be set: %s", strerror(-r));
}

/* AsyncValue(x) */
static int api_async_value(lua_State *L)
{
	static const struct value_info info = {.source = "script"};
	struct lua_value *u;

	lua_settop(L, 1);
	u = lua_push_value(L, NULL, true, true);
	if (value_new(&info, &u->v) < 0)
		return luaL_error(L, "not enough memory");
	if (!lua_isnil(L, 1))
		set(L, u, 1);
	return 1;
}

static int value_gc(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);

	if (u->own) {
		value_free(u->v);
		lua_host_of(L)->caps.values--;
		lua_host_of(L)->caps.timers -= u->timed;
	}
	u->own = false;
	u->v = NULL;
	return 0;
}

/* Seconds since @t_ns; nil while @v has never been set. */
static void push_since(lua_State *L, const struct value *v, int64_t t_ns)
{
	if (value_version(v) > 0)
		lua_pushnumber(L, (double)(rt_now() - t_ns) / 1e9);
	else
		lua_pushnil(L);
}

static int value_tostring(lua_State *L)
{
	const struct lua_value *u = lua_check_value(L, 1);
	const struct value_info *info = value_info(u->v);
	char text[256];

	datum_print(value_get(u->v), 6, text, sizeof(text));
	lua_pushfstring(L, "%s(%s)", info->name ? info->name : "AsyncValue",
			value_state(u->v) == VALUE_UNSET ? "unset" : text);
	return 1;
}

/* What a value has beside methods; in the table of methods these numbers stand for them. */
enum field {
	FIELD_VALUE,
	FIELD_AGE,
	FIELD_SINCE,
	FIELD_STATE,
	FIELD_UNIT,
	FIELD_VERSION
};

static const char *const value_fields[] = {
	[FIELD_VALUE] = "value",
	[FIELD_AGE] = "age",
	[FIELD_SINCE] = "since",
	[FIELD_STATE] = "state",
	[FIELD_UNIT] = "unit",
	[FIELD_VERSION] = "version",
	NULL,
};

static bool is_value_field(const char *key)
{
	const char *const *f = value_fields;

	while (*f && strcmp(*f, key) != 0)
		f++;
	return *f;
}

static void push_field(lua_State *L, const struct value *v, enum field field)
{
	switch (field) {
	case FIELD_VALUE:
		if (value_state(v) == VALUE_UNSET)
			lua_pushnil(L);
		else
			lua_push_datum(L, value_get(v));
		return;
	case FIELD_AGE:
		push_since(L, v, value_sample_ns(v));
		return;
	case FIELD_SINCE:
		push_since(L, v, value_change_ns(v));
		return;
	case FIELD_STATE:
		lua_pushstring(L, value_state_name(value_state(v)));
		return;
	case FIELD_UNIT:
		lua_pushstring(L, value_info(v)->unit ? value_info(v)->unit : "");
		return;
	case FIELD_VERSION:
		lua_pushinteger(L, (lua_Integer)value_version(v));
		return;
	}
}

/* v.value, v.age, ... and the methods: one look in the table of methods tells which it is. */
static int value_index(lua_State *L)
{
	const struct lua_value *u = lua_check_value(L, 1);

	lua_settop(L, 2);
	lua_pushvalue(L, 2);
	switch (lua_rawget(L, lua_upvalueindex(1))) {
	case LUA_TNUMBER:
		push_field(L, u->v, (enum field)lua_tointeger(L, -1));
		return 1;
	case LUA_TNIL:
		lua_no_field(L, "value", luaL_checkstring(L, 2), NULL,
			     lua_upvalueindex(1));
	default:
		return 1;
	}
}

static void open_fields(lua_State *L)
{
	lua_push_methods(L, VALUE_TYPE);
	for (int i = 0; value_fields[i]; i++) {
		lua_pushinteger(L, i);
		lua_setfield(L, -2, value_fields[i]);
	}
	lua_pop(L, 1);
}

static int value_newindex(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);
	const struct value_info *info = value_info(u->v);
	const char *key = luaL_checkstring(L, 2);

	if (strcmp(key, "value") != 0) {
		if (!is_value_field(key))
			lua_no_field(L, "value", key, value_fields, 0);
		return luaL_error(L, "only .value can be assigned, not .%s", key);
	}
	if (value_is_derived(u->v) || (u->own && !u->writes))
		return luaL_error(L, "a derived value cannot be set");
	if (!u->writes)
		return luaL_error(L, "%s cannot be set here: its source is %s",
				  info->name, info->source ? info->source : "another");
	set(L, u, 3);
	return 0;
}

static int call_predicate(void *arg, const struct datum *now, const struct datum *old)
{
	struct lua_pred *p = arg;
	struct evaluation ev = {
		.fn = p->fn, .args = {now, old}, .n_args = old ? 2 : 1, .truth = true};
	int r = evaluator_run(p->host, &ev);

	if (r == 0)
		return ev.result.b;
	memcpy(p->why, ev.why, EVALUATOR_WHY);
	return value_failed(r, "%s", ev.why);
}

static struct lua_pred *new_pred(lua_State *L, enum pred_op op)
{
	size_t size = sizeof(struct lua_pred) + (op == PRED_FN ? EVALUATOR_WHY : 0);
	struct lua_pred *p = lua_newuserdatauv(L, size, 0);

	memset(p, 0, size);
	p->host = lua_host_of(L);
	p->pred.op = op;
	p->fn = LUA_NOREF;
	luaL_setmetatable(L, op == PRED_FN ? HOLDING_PRED_TYPE : PRED_TYPE);
	return p;
}

/* Push a comparison with the datum at @idx. */
static struct lua_pred *new_datum_pred(lua_State *L, enum pred_op op, int idx)
{
	struct lua_pred *p = new_pred(L, op);
	const char *why = lua_get_datum(L, idx, &p->pred.datum);

	if (why)
		luaL_argerror(L, idx, why);
	if (datum_shared(&p->pred.datum))
		luaL_setmetatable(L, HOLDING_PRED_TYPE);
	return p;
}

static bool is_pred(lua_State *L, int idx)
{
	return lua_test_known(L, idx, LUA_KNOWN_PRED) ||
	       lua_test_known(L, idx, LUA_KNOWN_HOLDING_PRED);
}

static int pred_gc(lua_State *L)
{
	struct lua_pred *p = luaL_checkudata(L, 1, HOLDING_PRED_TYPE);

	luaL_unref(L, LUA_REGISTRYINDEX, p->fn);
	p->fn = LUA_NOREF;
	datum_fini(&p->pred.datum);
	return 0;
}

struct found {
	struct datum *data;
	int n;
};

static int push_all(lua_State *L)
{
	const struct found *f = lua_touserdata(L, 1);

	for (int i = 0; i < f->n; i++)
		lua_push_datum(L, &f->data[i]);
	return f->n;
}

void lua_push_found(lua_State *L, struct datum *found, int n)
{
	struct found f = {found, n};
	int status;

	if (!datum_shared(&found[0]) && !datum_shared(&found[n - 1])) {
		for (int i = 0; i < n; i++)
			lua_push_datum(L, &found[i]);
		return;
	}
	lua_pushcfunction(L, push_all);
	lua_pushlightuserdata(L, &f);
	status = lua_pcall(L, 1, n, 0);
	for (int i = 0; i < n; i++)
		datum_fini(&found[i]);
	if (status != LUA_OK)
		lua_error(L);
}

/* eq(x), ne(x): upvalue 1 is the operation */
static int api_equal(lua_State *L)
{
	enum pred_op op = (enum pred_op)lua_tointeger(L, lua_upvalueindex(1));

	luaL_checkany(L, 1);
	new_datum_pred(L, op, 1);
	return 1;
}

/* lt(x), ...: one limit; between(a, b), outside(a, b): two */
static int api_compare(lua_State *L)
{
	enum pred_op op = (enum pred_op)lua_tointeger(L, lua_upvalueindex(1));
	double a = luaL_checknumber(L, 1), b = a;
	struct lua_pred *p;

	if (op == PRED_BETWEEN || op == PRED_OUTSIDE)
		b = luaL_checknumber(L, 2);
	luaL_argcheck(L, !isnan(a), 1, "a number expected, got NaN");
	luaL_argcheck(L, a <= b, 2, "the limits are the wrong way round");
	p = new_pred(L, op);
	p->pred.a = a;
	p->pred.b = b;
	return 1;
}

struct lua_pred *lua_push_pred(lua_State *L, int idx)
{
	struct lua_pred *p;

	if (is_pred(L, idx)) {
		lua_pushvalue(L, idx);
		p = lua_touserdata(L, -1);
	} else if (lua_isnoneornil(L, idx)) {
		p = new_pred(L, PRED_ANY);
	} else if (lua_tocfunction(L, idx) == api_equal ||
		   lua_tocfunction(L, idx) == api_compare) {
		luaL_error(L, "a comparison needs what it compares with: gt(5)");
		return NULL;
	} else if (lua_isfunction(L, idx)) {
		evaluator_need(L);
		p = new_pred(L, PRED_FN);
		p->pred.fn = call_predicate;
		p->pred.arg = p;
		lua_pushvalue(L, idx);
		p->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	} else {
		p = new_datum_pred(L, PRED_EQ, idx);
	}
	return p;
}

/* The options of the ways to wait; what does not count in one is unknown there. */
static const char *const wait_value_options[] = {"held_for", "timeout", "grace", "fresh",
						 "stale",    "still",   "soft",  NULL};
static const char *const wait_transition_options[] = {"timeout", "fresh", "stale", "soft",
						      NULL};
static const char *const transitions_options[] = {"queue", "fresh", "stale", "soft",
						  NULL};
static const char *const eventual_options[] = {"held_for", "grace", "fresh",
					       "stale",    "soft",  NULL};
static const char *const choose_options[] = {"fresh", "stale", NULL};

const struct wait_call lua_wait_value = {"wait_value", wait_value_options};
const struct wait_call lua_wait_transition = {"wait_transition", wait_transition_options};
const struct wait_call lua_wait_transitions = {"transitions", transitions_options};
const struct wait_call lua_wait_eventual = {"eventual_values", eventual_options};
const struct wait_call lua_wait_choose = {"choose", choose_options};

struct lua_wait_opt lua_check_wait_opt(lua_State *L, int idx,
				       const struct wait_call *call)
{
	struct lua_wait_opt o = {.timeout_ns = TIME_NEVER};
	const char *name = call->name;

	if (lua_gettop(L) > idx)
		luaL_error(L, "%s: one predicate and one table of options expected",
			   name);
	if (!lua_check_options(L, idx, name, call->options))
		return o;
	o.await.held_for_ns = lua_opt_seconds(L, idx, "held_for", 0);
	o.await.grace_ns = lua_opt_seconds(L, idx, "grace", 0);
	o.await.fresh_ns = lua_opt_seconds(L, idx, "fresh", 0);
	o.await.stale_use = lua_option_word(L, idx, name, "stale", "use");
	o.await.still = lua_option_flag(L, idx, name, "still", false);
	o.soft = lua_option_flag(L, idx, name, "soft", false);
	o.timeout_ns = lua_opt_seconds(L, idx, "timeout", TIME_NEVER);
	o.queue = lua_option_count(L, idx, name, "queue", QUEUE_MAX);
	if (o.await.grace_ns > 0 && o.await.held_for_ns == 0)
		luaL_error(L, "%s: grace is for held_for, which is not asked for", name);
	return o;
}

int lua_wait_failed(lua_State *L, const struct lua_pred *p, int r)
{
	if (r == -EPIPE || r == -ETIMEDOUT || r == -EINTR) {
		lua_pushnil(L);
		lua_pushstring(L, r == -EPIPE       ? "closed"
				  : r == -ETIMEDOUT ? "timeout"
						    : "cancelling");
		return 2;
	}
	if (r == -EINVAL && p->pred.op == PRED_CHANGED)
		return luaL_error(L, "`changed` is for transitions");
	if (p->pred.op == PRED_FN && p->why[0])
		return luaL_error(L, "the predicate failed: %s", p->why);
	return luaL_error(L, "the wait failed: %s", strerror(-r));
}

void lua_enter_soft(struct scope *s, bool soft)
{
	if (soft)
		scope_enter_soft(s);
}

int lua_leave_soft(struct scope *s, bool soft, int r)
{
	if (!soft)
		return r;
	r = scope_leave(s, r);
	return r == -ECANCELED && task_check() == 0 ? -EINTR : r;
}

/* A wait for the value, on behalf of @t. */
struct value_wait {
	struct lua_task *t;
	struct value *v;
	const struct pred *p;
	const struct lua_wait_opt *o;
	bool transition;
	struct datum *found;
};

static int wait_once(const struct value_wait *w)
{
	if (w->transition)
		return value_await_transition(w->v, w->p, &w->o->await, &w->found[0],
					      &w->found[1]);
	return value_await(w->v, w->p, &w->o->await, &w->found[0]);
}

/* Scopes are large, and most waits have none: these frames are only where they are needed. */
static NOINLINE int wait_softly(const struct value_wait *w)
{
	struct scope gentle;

	scope_enter_soft(&gentle);
	return lua_leave_soft(&gentle, true, wait_once(w));
}

static int wait_plain(const struct value_wait *w)
{
	return w->o->soft ? wait_softly(w) : wait_once(w);
}

static NOINLINE int wait_timed(const struct value_wait *w)
{
	struct scope s;

	scope_enter_after(&s, w->o->timeout_ns);
	return scope_leave_timeout(&s, wait_plain(w));
}

static int wait_counted(const struct value_wait *w)
{
	struct caps *caps = &w->t->host->caps;
	int r;

	caps->waiters++;
	r = w->o->timeout_ns != TIME_NEVER ? wait_timed(w) : wait_plain(w);
	caps->waiters--;
	return r;
}

/*
 * The predicate that argument @idx is. Most need no memory of their own and are made in *@room, so that
 * a wait leaves no garbage; others are pushed.
 */
static const struct lua_pred *take_pred(lua_State *L, int idx, struct lua_pred *room)
{
	*room = (struct lua_pred){.fn = LUA_NOREF};
	switch (lua_type(L, idx)) {
	case LUA_TNONE:
	case LUA_TNIL:
		room->pred.op = PRED_ANY;
		return room;
	case LUA_TNUMBER:
		room->pred.op = PRED_EQ;
		room->pred.datum = datum_number(lua_tonumber(L, idx));
		return room;
	case LUA_TBOOLEAN:
		room->pred.op = PRED_EQ;
		room->pred.datum = datum_bool(lua_toboolean(L, idx));
		return room;
	default:
		return lua_push_pred(L, idx);
	}
}

static int wait_for(lua_State *L, const struct wait_call *call, bool transition)
{
	struct datum found[2];
	struct value_wait w = {
		.v = lua_check_value(L, 1)->v, .transition = transition, .found = found};
	const struct lua_wait_opt o = lua_check_wait_opt(L, 3, call);
	const struct lua_pred *p;
	struct lua_pred room;
	int n = transition ? 2 : 1, r;

	p = take_pred(L, 2, &room);
	w.p = &p->pred;
	w.o = &o;
	w.t = lua_wait_begin(L);
	caps_check(L, &w.t->host->caps.waiters, CAP_WAITERS, "waiters");
	r = lua_wait_end(L, w.t, wait_counted(&w));
	if (r < 0)
		return lua_wait_failed(L, p, r);
	lua_push_found(L, found, n);
	return n;
}

/* v:wait_value(p, opt) */
static int value_wait_value(lua_State *L)
{
	luaL_checkany(L, 2);
	return wait_for(L, &lua_wait_value, false);
}

/* v:wait_transition(p, opt) -> new, old */
static int value_wait_transition(lua_State *L)
{
	return wait_for(L, &lua_wait_transition, true);
}

/* v:close(): of the script's own values */
static int value_method_close(lua_State *L)
{
	struct lua_value *u = lua_check_value(L, 1);

	if (!u->writes)
		return luaL_error(L, "only a value of your own can be closed");
	value_close(u->v);
	return 0;
}

/* batch(fn): several sets, one transaction */
static int api_batch(lua_State *L)
{
	struct lua_task *t = lua_host_of(L)->running;
	const char *outer = t->no_wait;
	int r;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	if (!outer)
		t->budget.held = 0;
	t->no_wait = outer ? outer : "batch";
	value_batch_begin();
	r = lua_call_guarded(L, 0);
	value_batch_end();
	t->no_wait = outer;
	if (r < 0)
		return lua_error(L);
	return lua_gettop(L);
}

static void register_ops(lua_State *L)
{
	static const struct {
		const char *name;
		enum pred_op op;
		lua_CFunction fn;
	} ops[] = {
		{"eq", PRED_EQ, api_equal},
		{"ne", PRED_NE, api_equal},
		{"lt", PRED_LT, api_compare},
		{"le", PRED_LE, api_compare},
		{"gt", PRED_GT, api_compare},
		{"ge", PRED_GE, api_compare},
		{"between", PRED_BETWEEN, api_compare},
		{"outside", PRED_OUTSIDE, api_compare},
	};
	static const struct {
		const char *name;
		enum pred_op op;
	} consts[] = {
		{"is_true", PRED_TRUE},
		{"is_false", PRED_FALSE},
		{"changed", PRED_CHANGED},
	};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		lua_pushinteger(L, ops[i].op);
		lua_pushcclosure(L, ops[i].fn, 1);
		lua_setglobal(L, ops[i].name);
	}
	for (size_t i = 0; i < ARRAY_LEN(consts); i++) {
		new_pred(L, consts[i].op);
		lua_setglobal(L, consts[i].name);
	}
}

void lua_open_value(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"wait_value", value_wait_value},
		{"wait_transition", value_wait_transition},
		{"close", value_method_close},
		{"__gc", value_gc},
		{"__tostring", value_tostring},
		{"__newindex", value_newindex},
		{NULL, NULL},
	};
	static const luaL_Reg pred_methods[] = {{"__gc", pred_gc}, {NULL, NULL}};
	static const luaL_Reg no_methods[] = {{NULL, NULL}};

	lua_open_null(L);
	lua_make_type(L, &(struct lua_type){VALUE_TYPE, methods, value_index});
	lua_make_type(L, &(struct lua_type){PRED_TYPE, no_methods, NULL});
	lua_make_type(L, &(struct lua_type){HOLDING_PRED_TYPE, pred_methods, NULL});
	lua_know_type(L, VALUE_TYPE, LUA_KNOWN_VALUE);
	lua_know_type(L, PRED_TYPE, LUA_KNOWN_PRED);
	lua_know_type(L, HOLDING_PRED_TYPE, LUA_KNOWN_HOLDING_PRED);
	open_fields(L);
	lua_register(L, "value", api_value);
	lua_register(L, "AsyncValue", api_async_value);
	lua_register(L, "batch", api_batch);
	register_ops(L);
}
