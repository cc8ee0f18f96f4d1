/* Script calls: comparisons and other predicates. */
#include <math.h>
#include <string.h>

#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_value.h"

/*
 * Comparisons of numbers hold no memory and have no finalizer, which would make them costly garbage;
 * those of texts and tables, and functions, have one.
 */
#define PRED_TYPE "comparison"
#define HOLDING_PRED_TYPE "predicate"

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
	const char *why = lua_get_datum(L, idx, p->host->memory, &p->pred.datum);

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

void lua_open_compare(lua_State *L)
{
	static const luaL_Reg pred_methods[] = {{"__gc", pred_gc}, {NULL, NULL}};
	static const luaL_Reg no_methods[] = {{NULL, NULL}};

	lua_make_type(L, &(struct lua_type){PRED_TYPE, no_methods, NULL});
	lua_make_type(L, &(struct lua_type){HOLDING_PRED_TYPE, pred_methods, NULL});
	lua_know_type(L, PRED_TYPE, LUA_KNOWN_PRED);
	lua_know_type(L, HOLDING_PRED_TYPE, LUA_KNOWN_HOLDING_PRED);
	register_ops(L);
}
