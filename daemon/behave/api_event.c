/* Script calls: events. */
#include <errno.h>

#include "daemon/behave/lua_handle.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_option.h"
#include "daemon/rt/event.h"

#define EVENT_TYPE "event"

static const struct lua_type event_type; /* below */

static struct event *check_event(lua_State *L)
{
	struct event *e = lua_test_event(L, 1);

	if (!e)
		luaL_error(L, "an event expected; e:wait(), not e.wait()");
	return e;
}

struct event *lua_test_event(lua_State *L, int idx)
{
	return luaL_testudata(L, idx, EVENT_TYPE);
}

/* Event() */
static int api_event(lua_State *L)
{
	event_init(lua_newuserdatauv(L, sizeof(struct event), 0), NULL);
	lua_set_type(L, &event_type);
	return 1;
}

/* e:set() */
static int event_method_set(lua_State *L)
{
	event_set(check_event(L));
	return 0;
}

/* e:wait() */
static int event_method_wait(lua_State *L)
{
	struct event *e = check_event(L);
	struct lua_task *t = lua_wait_begin(L);

	lua_wait_end(L, t, event_wait(e));
	return 0;
}

/* Upvalues: the listener, the event, which it needs. */
static int events_next(lua_State *L)
{
	struct event_listener *l = lua_touserdata(L, lua_upvalueindex(1));
	struct lua_task *t = lua_wait_begin(L);

	lua_wait_end(L, t, event_next(l));
	lua_pushinteger(L, (lua_Integer)l->seen);
	return 1;
}

/* for n in e:events{ repeat_last = false } do */
static int event_method_events(lua_State *L)
{
	static const char *const known[] = {"repeat_last", NULL};
	struct event *e = check_event(L);
	bool repeat = lua_check_options(L, 2, "events", known) &&
		      lua_option_flag(L, 2, "events", "repeat_last", false);

	event_listen(lua_newuserdatauv(L, sizeof(struct event_listener), 0), e, repeat);
	lua_pushvalue(L, 1);
	lua_pushcclosure(L, events_next, 2);
	return 1;
}

static const luaL_Reg methods[] = {
	{"set", event_method_set},
	{"wait", event_method_wait},
	{"events", event_method_events},
	{NULL, NULL},
};
static const struct lua_type event_type = {.name = EVENT_TYPE, .methods = methods};

void lua_open_event(lua_State *L)
{
	lua_register(L, "Event", api_event);
}
