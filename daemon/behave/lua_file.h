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

#endif
