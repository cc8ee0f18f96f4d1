/* Channels, events and tasks as userdata of scripts: what choose needs of the files that make them. */
#ifndef DAEMON_BEHAVE_LUA_HANDLE_H
#define DAEMON_BEHAVE_LUA_HANDLE_H
#include "daemon/rt/chan.h"
#include "daemon/rt/event.h"
#include "daemon/rt/nursery.h"

#include <lua.h>

/* The channel at @idx, whose elements are ints; NULL for anything else. */
struct chan *lua_test_channel(lua_State *L, int idx);

/*
 * What is on its way through the channel at @idx is kept under a reference: keep what is at the top (taken);
 * forget it; push it and forget it.
 */
int lua_keep_sent(lua_State *L, int idx);
void lua_forget_sent(lua_State *L, int idx, int ref);
void lua_push_received(lua_State *L, int idx, int ref);

/* The child whose handle is at @idx; NULL for anything else. */
struct child *lua_test_child(lua_State *L, int idx);

/* Push the results of the child at @idx, which has ended, or raise its error. Returns how many. */
int lua_push_outcome(lua_State *L, int idx);

/* The event at @idx; NULL for anything else. */
struct event *lua_test_event(lua_State *L, int idx);

#endif
