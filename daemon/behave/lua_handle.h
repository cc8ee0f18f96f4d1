/* Channels and tasks as userdata of scripts: what choose needs of the files that make them. */
#ifndef DAEMON_BEHAVE_LUA_HANDLE_H
#define DAEMON_BEHAVE_LUA_HANDLE_H
#include "daemon/rt/chan.h"
#include "daemon/rt/nursery.h"

#include <lua.h>

/* The channel at @idx, whose elements are ints; NULL for anything else. */
struct chan *lua_test_channel(lua_State *L, int idx);

/* Push what came through the channel at @idx as @ref. */
void lua_push_received(lua_State *L, int idx, int ref);

/* The child whose handle is at @idx; NULL for anything else. */
struct child *lua_test_child(lua_State *L, int idx);

/* Push the results of the child at @idx, which has ended, or raise its error. Returns how many. */
int lua_push_outcome(lua_State *L, int idx);

#endif
