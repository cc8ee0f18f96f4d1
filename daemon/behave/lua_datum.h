/*
 * Data in Lua: null is `null`, a vector a table {x, y, z}, a quaternion {w, x, y, z} by name, arrays
 * and objects are tables. Whole numbers below 2^31 become Lua integers, so that they print as such.
 */
#ifndef DAEMON_BEHAVE_LUA_DATUM_H
#define DAEMON_BEHAVE_LUA_DATUM_H
#include "daemon/base/macros.h"
#include "daemon/state/datum.h"

#include <lua.h>

/* Push what @d holds. May raise for want of memory. */
void lua_push_datum(lua_State *L, const struct datum *d);

/*
 * The datum of the Lua value at @idx, whose memory is charged to @a (NULL: to nobody). Never raises; returns NULL with
 * *@ret owned by the caller, or what is wrong with it. May collect garbage.
 */
const char *lua_get_datum(lua_State *L, int idx, struct account *a,
			  struct datum *ret) MUST_CHECK;

/* The same, but raises what is wrong. */
void lua_check_datum(lua_State *L, int idx, struct account *a, struct datum *ret);

/* Define the global `null`. */
void lua_open_null(lua_State *L);

#endif
