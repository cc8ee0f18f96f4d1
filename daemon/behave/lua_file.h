/* Script files: reading and compiling them. */
#ifndef DAEMON_BEHAVE_LUA_FILE_H
#define DAEMON_BEHAVE_LUA_FILE_H
#include "daemon/base/macros.h"

#include <lua.h>

/*
 * Compile the file @path, text only, never bytecode, and push its chunk. Returns 0, or a negative errno
 * with the reason pushed instead. May raise for want of memory. Blocks on the disk.
 */
int lua_load_file(lua_State *L, const char *path) MUST_CHECK;

/* Push the path of the module @name and return it, or return NULL, if there is none or that is no name. */
const char *lua_find_module(lua_State *L, const char *name);

#endif
