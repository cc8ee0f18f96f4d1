/* Script calls: loops over the changes of a value. */
#include <errno.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_value.h"

#define TRANSITIONS_TYPE "transitions"
#define EVENTUAL_TYPE "eventual_values"

static const struct lua_type transitions_type; /* below */
static const struct lua_type eventual_type;    /* below */

/*
 * The state of a loop: a userdata whose user value 1 is the table {value, predicate} that it borrows
 * from. It closes when the loop is left in whatever way, or with the garbage.
 */
struct lua_transitions {
	struct transitions t;
	struct lua_pred *pred;
	bool open, soft;
};

struct lua_eventual {
	struct eventual e;
	struct lua_pred *pred;
	bool open, soft;
};

/* Keep the value (argument 1) and the predicate (at the top, taken) alive with the userdata @idx. */
static void keep(lua_State *L, int idx)
{
	lua_createtable(L, 2, 0);
	lua_insert(L, -2);
	lua_rawseti(L, -2, 1);
	lua_pushvalue(L, 1);
	lua_rawseti(L, -2, 2);
	lua_setiuservalue(L, idx, 1);
}

/* What a generic for takes: the function, its state, no first value, what is closed at the end. */
static int push_loop(lua_State *L, int state, lua_CFunction next)
{
	lua_pushcfunction(L, next);
	lua_pushvalue(L, state);
	lua_pushnil(L);
	lua_pushvalue(L, state);
	return 4;
}

static int transitions_iterate(lua_State *L)
{
	struct lua_transitions *u = luaL_checkudata(L, 1, TRANSITIONS_TYPE);
	struct datum found[2];
	struct lua_task *t;
	struct scope gentle;
	int r;

	if (!u->open)
		return luaL_error(L, "the loop has ended");
	t = lua_wait_begin(L);
	lua_enter_soft(&gentle, u->soft);
	r = transitions_next(&u->t, &found[0], &found[1]);
	r = lua_wait_end(L, t, lua_leave_soft(&gentle, u->soft, r));
	if (r == -EPIPE || r == -EINTR)
		return 0;
	if (r < 0)
		return lua_wait_failed(L, u->pred, r);
	lua_push_found(L, found, 2);
	return 2;
}

static int transitions_end(lua_State *L)
{
	struct lua_transitions *u = luaL_checkudata(L, 1, TRANSITIONS_TYPE);

	if (!u->open)
		return 0;
	transitions_close(&u->t);
	lua_host_of(L)->caps.loops--;
	u->open = false;
	return 0;
}

/* for new, old in v:transitions(p, opt) do */
static int value_transitions(lua_State *L)
{
	struct lua_value *v = lua_check_value(L, 1);
	struct lua_wait_opt o = lua_check_wait_opt(L, 3, &lua_wait_transitions);
	struct lua_transitions *u;
	int r;

	lua_settop(L, 2);
	caps_check(L, &lua_host_of(L)->caps.loops, CAP_LOOPS, "loops");
	u = lua_newuserdatauv(L, sizeof(*u), 1);
	u->open = false;
	u->soft = o.soft;
	lua_set_type(L, &transitions_type);
	u->pred = lua_push_pred(L, 2);
	keep(L, 3);
	o.await.account = lua_host_of(L)->memory;
	r = transitions_open(&u->t, v->v, &u->pred->pred, &o.await, o.queue);
	if (r < 0)
		return lua_wait_failed(L, u->pred, r);
	u->open = true;
	lua_host_of(L)->caps.loops++;
	return push_loop(L, 3, transitions_iterate);
}

static int eventual_iterate(lua_State *L)
{
	struct lua_eventual *u = luaL_checkudata(L, 1, EVENTUAL_TYPE);
	struct datum found[2];
	struct lua_task *t;
	struct scope gentle;
	int r;

	if (!u->open)
		return luaL_error(L, "the loop has ended");
	t = lua_wait_begin(L);
	lua_enter_soft(&gentle, u->soft);
	r = eventual_next(&u->e, &found[0]);
	r = lua_wait_end(L, t, lua_leave_soft(&gentle, u->soft, r));
	if (r == -EPIPE || r == -EINTR)
		return 0;
	if (r < 0)
		return lua_wait_failed(L, u->pred, r);
	lua_push_found(L, found, 1);
	return 1;
}

static int eventual_end(lua_State *L)
{
	struct lua_eventual *u = luaL_checkudata(L, 1, EVENTUAL_TYPE);

	if (!u->open)
		return 0;
	eventual_close(&u->e);
	lua_host_of(L)->caps.loops--;
	u->open = false;
	return 0;
}

/* for x in v:eventual_values(p, opt) do */
static int value_eventual_values(lua_State *L)
{
	struct lua_value *v = lua_check_value(L, 1);
	struct lua_wait_opt o = lua_check_wait_opt(L, 3, &lua_wait_eventual);
	struct lua_eventual *u;

	lua_settop(L, 2);
	caps_check(L, &lua_host_of(L)->caps.loops, CAP_LOOPS, "loops");
	u = lua_newuserdatauv(L, sizeof(*u), 1);
	u->open = false;
	u->soft = o.soft;
	lua_set_type(L, &eventual_type);
	u->pred = lua_push_pred(L, 2);
	keep(L, 3);
	eventual_open(&u->e, v->v, &u->pred->pred, &o.await);
	u->open = true;
	lua_host_of(L)->caps.loops++;
	return push_loop(L, 3, eventual_iterate);
}

static const luaL_Reg transitions[] = {
	{"__gc", transitions_end}, {"__close", transitions_end}, {NULL, NULL}};
static const luaL_Reg eventual[] = {
	{"__gc", eventual_end}, {"__close", eventual_end}, {NULL, NULL}};
static const struct lua_type transitions_type = {.name = TRANSITIONS_TYPE,
						 .methods = transitions};
static const struct lua_type eventual_type = {.name = EVENTUAL_TYPE, .methods = eventual};

void lua_open_iterate(lua_State *L)
{
	lua_add_value_method(L, "transitions", value_transitions);
	lua_add_value_method(L, "eventual_values", value_eventual_values);
}
