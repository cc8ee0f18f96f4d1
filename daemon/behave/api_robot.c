/* Script calls: actuators of the resources that a behaviour needs, and the log. */
#include <errno.h>
#include <string.h>

#include "daemon/act/move.h"
#include "daemon/base/log.h"
#include "daemon/base/nearest.h"
#include "daemon/behave/behaviour.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/behave/lua_order.h"
#include "daemon/behave/lua_value.h"

#define RESOURCE_TYPE "resource"
#define CHANNELS_MAX 16
#define OTHERS_MAX 4

static const struct lua_type resource_type; /* below */

/* A resource's handle. */
struct lua_resource {
	struct resource *r;
};

void lua_push_resource(lua_State *L, struct resource *r)
{
	struct lua_resource *u = lua_newuserdatauv(L, sizeof(*u), 0);

	u->r = r;
	lua_set_type(L, &resource_type);
}

static struct resource *check_resource(lua_State *L)
{
	const struct lua_resource *u = luaL_checkudata(L, 1, RESOURCE_TYPE);

	return u->r;
}

static struct lease *check_lease(lua_State *L, struct resource *r)
{
	struct behaviour *b = lua_host_of(L)->behaviour;

	if (!b || !b->lease.held)
		luaL_error(L, "%s: the lease is gone", resource_name(r));
	return &b->lease;
}

/* @others: what else may stand there; NULL ends. */
static int no_channel(lua_State *L, struct resource *r, const char *key,
		      const char *const *others)
{
	const char *names[CHANNELS_MAX + OTHERS_MAX], *near;
	size_t n = 0;

	for (; n < resource_size(r) && n < CHANNELS_MAX; n++)
		names[n] = channel_info(resource_channel(r, n))->name;
	while (*others)
		names[n++] = *others++;
	near = nearest_name(key, names, n);
	if (near)
		return luaL_error(L, "%s has no \"%s\"; did you mean \"%s\"?",
				  resource_name(r), key, near);
	return luaL_error(L, "%s has no \"%s\"", resource_name(r), key);
}

/* Every key of the table at 2 is a channel of @r, or among @others. */
static void check_keys(lua_State *L, struct resource *r, const char *const *others)
{
	luaL_checktype(L, 2, LUA_TTABLE);
	for (lua_pushnil(L); lua_next_ordered(L, 2); lua_pop(L, 1)) {
		const char *key =
			lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		const char *const *other = others;

		while (*other && strcmp(*other, key) != 0)
			other++;
		if (!*other && !resource_find_channel(r, key))
			no_channel(L, r, key, others);
	}
}

/* The targets in the table at 2, in the order of the resource's channels. */
static size_t check_targets(lua_State *L, struct resource *r, const char *const *others,
			    struct move_target *ret)
{
	size_t n = 0;

	check_keys(L, r, others);
	for (size_t i = 0; i < resource_size(r) && n < CHANNELS_MAX; i++) {
		struct channel *c = resource_channel(r, i);
		const struct channel_spec *spec = channel_info(c);
		double x;

		if (lua_getfield(L, 2, spec->name) == LUA_TNIL) {
			lua_pop(L, 1);
			continue;
		}
		if (lua_type(L, -1) != LUA_TNUMBER)
			luaL_error(L, "%s: number expected, got %s", spec->name,
				   luaL_typename(L, -1));
		x = lua_tonumber(L, -1);
		if (!(x >= spec->min && x <= spec->max))
			luaL_error(L, "%s = %f is out of range; %f to %f %s", spec->name,
				   x, spec->min, spec->max, spec->unit);
		ret[n++] = (struct move_target){c, x};
		lua_pop(L, 1);
	}
	return n;
}

static int command_failed(lua_State *L, struct resource *r, int e)
{
	if (e == -EPERM)
		return luaL_error(L, "%s: the lease is gone", resource_name(r));
	if (e == -ERANGE)
		return luaL_error(L, "%s: a command is out of its range",
				  resource_name(r));
	return luaL_error(L, "%s: %s", resource_name(r), strerror(-e));
}

/* neck:set{ pan = 0.3 } */
static int resource_set(lua_State *L)
{
	static const char *const others[] = {NULL};
	struct resource *r = check_resource(L);
	struct move_target targets[CHANNELS_MAX];
	size_t n = check_targets(L, r, others, targets);
	struct lease *l = check_lease(L, r);

	for (size_t i = 0; i < n; i++) {
		int e = lease_set(l, targets[i].channel, targets[i].value);

		if (e < 0)
			return command_failed(L, r, e);
	}
	return 0;
}

/* neck:move{ pan = 0.3, seconds = 0.5, ease = "inout" } */
static int resource_move(lua_State *L)
{
	static const char *const others[] = {"seconds", "ease", NULL};
	struct resource *r = check_resource(L);
	struct move_target targets[CHANNELS_MAX];
	size_t n = check_targets(L, r, others, targets);
	struct lease *l = check_lease(L, r);
	int64_t ns = lua_opt_seconds(L, 2, "seconds", 0);
	struct lua_task *t;
	int ease, e;

	lua_getfield(L, 2, "ease");
	ease = lua_check_word(L, -1, "ease", "inout", ease_name);
	t = lua_wait_begin(L);
	e = lua_wait_end(L, t, move_run(l, targets, n, ns, (enum ease)ease));
	return e < 0 ? command_failed(L, r, e) : 0;
}

/* neck.pan: its last command, a value; and the methods */
static int resource_index(lua_State *L)
{
	struct resource *r = check_resource(L);
	const char *key = luaL_checkstring(L, 2);
	static const char *const methods[] = {"set", "move", NULL};
	struct channel *c = resource_find_channel(r, key);

	if (c) {
		lua_push_value(L, channel_value(c), false, false);
		return 1;
	}
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
		return no_channel(L, r, key, methods);
	return 1;
}

/* neck.pan = 0.3 */
static int resource_newindex(lua_State *L)
{
	const char *name = resource_name(check_resource(L));
	const char *key = luaL_tolstring(L, 2, NULL);

	return luaL_error(L, "%s.%s cannot be assigned; write %s:set { %s = ... }", name,
			  key, name, key);
}

/* log.info(text) and its like: upvalue 1 is the level */
static int api_log(lua_State *L)
{
	enum log_level level = (enum log_level)lua_tointeger(L, lua_upvalueindex(1));

	caps_take_line(L);
	log_line(level, "%s: %s", lua_host_of(L)->conf.name, luaL_tolstring(L, 1, NULL));
	return 0;
}

static void open_log(lua_State *L)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"debug", LOG_LEVEL_DEBUG},
		{"info", LOG_LEVEL_INFO},
		{"warn", LOG_LEVEL_WARNING},
		{"error", LOG_LEVEL_ERR},
	};

	lua_createtable(L, 0, (int)ARRAY_LEN(levels));
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		lua_pushinteger(L, levels[i].level);
		lua_pushcclosure(L, api_log, 1);
		lua_setfield(L, -2, levels[i].name);
	}
	lua_seal_table(L, "log");
	lua_setglobal(L, "log");
}

static const luaL_Reg methods[] = {{"set", resource_set},
				   {"move", resource_move},
				   {"__newindex", resource_newindex},
				   {NULL, NULL}};
static const struct lua_type resource_type = {
	.name = RESOURCE_TYPE, .methods = methods, .index = resource_index};

void lua_open_robot(lua_State *L)
{
	open_log(L);
	lua_open_behaviour(L);
}
