/* Script calls: channels between tasks of one script, and the periodic loop. */
#include <errno.h>
#include <string.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_handle.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/rt/chan.h"
#include "daemon/rt/rt.h"

#define CHANNEL_TYPE "channel"
#define CHANNEL_CAPACITY 4096

static const struct lua_type channel_type; /* below */

/* What is on its way lies in the user value, a table; the channel carries references into it. */
struct lua_channel {
	struct chan chan;
	unsigned capacity;
	bool made;
};

/* channel(n) */
static int api_channel(lua_State *L)
{
	lua_Integer cap = luaL_optinteger(L, 1, 0);
	struct lua_channel *c;

	luaL_argcheck(L, cap >= 0 && cap <= CHANNEL_CAPACITY, 1,
		      "a capacity of 0 to 4096 expected");
	caps_check_more(L, &lua_host_of(L)->caps.slots, (unsigned)cap, CAP_SLOTS,
			"places in channels");
	c = lua_newuserdatauv(L, sizeof(*c), 1);
	memset(c, 0, sizeof(*c));
	lua_set_type(L, &channel_type);
	lua_newtable(L);
	lua_setiuservalue(L, -2, 1);
	if (chan_init(&c->chan, "channel of a script", sizeof(int), (size_t)cap) < 0)
		return luaL_error(L, "not enough memory");
	c->made = true;
	c->capacity = (unsigned)cap;
	lua_host_of(L)->caps.slots += c->capacity;
	return 1;
}

int lua_keep_sent(lua_State *L, int idx)
{
	int ref;

	lua_getiuservalue(L, idx, 1);
	lua_insert(L, -2);
	ref = luaL_ref(L, -2);
	lua_pop(L, 1);
	return ref;
}

void lua_forget_sent(lua_State *L, int idx, int ref)
{
	lua_getiuservalue(L, idx, 1);
	luaL_unref(L, -1, ref);
	lua_pop(L, 1);
}

/* ch:send(x): true, or nil, "closed" */
static int channel_send(lua_State *L)
{
	struct lua_channel *c = luaL_checkudata(L, 1, CHANNEL_TYPE);
	struct lua_task *t;
	int ref, r;

	luaL_checkany(L, 2);
	luaL_argcheck(L, !lua_isnil(L, 2), 2, "nil cannot be sent; use null");
	t = lua_wait_begin(L);
	lua_settop(L, 2);
	ref = lua_keep_sent(L, 1);
	r = chan_send(&c->chan, &ref);
	if (r < 0)
		lua_forget_sent(L, 1, ref);
	lua_wait_end(L, t, r);
	if (r < 0) {
		lua_pushnil(L);
		lua_pushliteral(L, "closed");
		return 2;
	}
	lua_pushboolean(L, 1);
	return 1;
}

struct chan *lua_test_channel(lua_State *L, int idx)
{
	struct lua_channel *c = luaL_testudata(L, idx, CHANNEL_TYPE);

	return c ? &c->chan : NULL;
}

void lua_push_received(lua_State *L, int idx, int ref)
{
	lua_getiuservalue(L, idx, 1);
	lua_rawgeti(L, -1, ref);
	luaL_unref(L, -2, ref);
	lua_remove(L, -2);
}

static int receive(lua_State *L)
{
	struct lua_channel *c = luaL_checkudata(L, 1, CHANNEL_TYPE);
	struct lua_task *t = lua_wait_begin(L);
	int ref = LUA_NOREF;

	if (lua_wait_end(L, t, chan_recv(&c->chan, &ref)) < 0)
		return 0;
	lua_push_received(L, 1, ref);
	return 1;
}

/* ch:receive(): x, or nil, "closed" */
static int channel_receive(lua_State *L)
{
	if (receive(L) == 1)
		return 1;
	lua_pushnil(L);
	lua_pushliteral(L, "closed");
	return 2;
}

/* for x in ch do */
static int channel_call(lua_State *L)
{
	lua_settop(L, 1);
	return receive(L);
}

static int channel_close(lua_State *L)
{
	struct lua_channel *c = luaL_checkudata(L, 1, CHANNEL_TYPE);

	chan_close(&c->chan);
	return 0;
}

static int channel_gc(lua_State *L)
{
	struct lua_channel *c = luaL_checkudata(L, 1, CHANNEL_TYPE);

	if (c->made) {
		lua_host_of(L)->caps.slots -= c->capacity;
		chan_fini(&c->chan);
	}
	c->made = false;
	return 0;
}

enum overrun { OVERRUN_SKIP, OVERRUN_BURST, OVERRUN_RESET };

/* One loop over ticks, a userdata that is the upvalue of its iterator. */
struct ticks {
	int64_t period_ns, began_ns, due_ns, last_ns;
	enum overrun overrun;
	bool started;
};

/* The tick after the present one; how many were missed. */
static int64_t advance(struct ticks *k, int64_t now)
{
	int64_t missed = 0;

	k->due_ns = time_add(k->due_ns, k->period_ns);
	if (now <= k->due_ns || k->overrun == OVERRUN_BURST)
		return 0;
	if (k->overrun == OVERRUN_RESET) {
		k->due_ns = now;
		return 0;
	}
	missed = (now - k->due_ns + k->period_ns - 1) / k->period_ns;
	k->due_ns += missed * k->period_ns;
	return missed;
}

static int periodic_next(lua_State *L)
{
	struct ticks *k = lua_touserdata(L, lua_upvalueindex(1));
	struct lua_task *t = lua_wait_begin(L);
	int64_t missed = 0, now;

	if (k->started)
		missed = advance(k, rt_now());
	else
		k->began_ns = k->due_ns = rt_now();
	lua_wait_end(L, t, task_sleep_until(k->due_ns));
	now = k->overrun == OVERRUN_BURST ? k->due_ns : rt_now();
	lua_pushnumber(L, (double)(now - k->began_ns) / 1e9);
	if (k->started)
		lua_pushnumber(L, (double)(now - k->last_ns) / 1e9);
	else
		lua_pushnil(L);
	lua_pushinteger(L, missed);
	k->started = true;
	k->last_ns = now;
	return 3;
}

/* for elapsed, delta, missed in periodic(s, overrun) do */
static int api_periodic(lua_State *L)
{
	static const char *const names[] = {"skip", "burst", "reset", NULL};
	int64_t period = lua_check_seconds(L, 1);
	int overrun = lua_check_word(L, 2, "periodic", "skip", names);
	struct ticks *k;

	luaL_argcheck(L, period > 0, 1, "a period above 0 expected");
	k = lua_newuserdatauv(L, sizeof(*k), 0);
	*k = (struct ticks){.period_ns = period, .overrun = (enum overrun)overrun};
	lua_pushcclosure(L, periodic_next, 1);
	return 1;
}

static const luaL_Reg methods[] = {
	{"send", channel_send},   {"receive", channel_receive}, {"close", channel_close},
	{"__call", channel_call}, {"__gc", channel_gc},         {NULL, NULL},
};
static const struct lua_type channel_type = {.name = CHANNEL_TYPE, .methods = methods};

void lua_open_channel(lua_State *L)
{
	lua_register(L, "channel", api_channel);
	lua_register(L, "periodic", api_periodic);
}
