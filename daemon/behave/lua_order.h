/*
 * The order of a table's keys. Lua's own follows a hash that is seeded anew in each run, which would make
 * the same script decide otherwise on the same input. Scripts and the API iterate in this order instead:
 * whole numbers from 1 up, then other numbers from the lowest to the highest, texts by their bytes, false
 * and true; and last, in no certain order, keys that have none: tables, functions, values, tasks.
 */
#ifndef DAEMON_BEHAVE_LUA_ORDER_H
#define DAEMON_BEHAVE_LUA_ORDER_H
#include <stdbool.h>

#include <lua.h>

/*
 * lua_next() in that order: pops a key (nil: none yet), pushes the next one and its value, or returns
 * false. Fields may be changed and cleared on the way. Going through what is no sequence costs the square
 * of its size.
 */
bool lua_next_ordered(lua_State *L, int idx);

/* The globals next and pairs. */
void lua_open_order(lua_State *L);

#endif
