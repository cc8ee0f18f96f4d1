/*
 * What is wrong with a script, all that can be found while it is loaded: a mistake is noted and
 * loading goes on, so that one run shows them all, each with its file and line.
 */
#ifndef DAEMON_BEHAVE_LOAD_CHECK_H
#define DAEMON_BEHAVE_LOAD_CHECK_H
#include <stddef.h>

#include "daemon/base/conf.h"

#include <lua.h>

struct lua_host;
struct load_check;

/* From here on mistakes of @h's script go to @errs. 0 or -ENOMEM. */
int load_check_open(struct lua_host *h, struct conf_errors *errs) MUST_CHECK;
void load_check_close(struct lua_host *h);

/* How many there are. */
size_t load_check_count(const struct lua_host *h);

/* The function at the top of @L is the chunk of @file, about to be run. Nothing happens if none is loaded. */
void load_check_chunk(lua_State *L, const char *file);

/*
 * A mistake at the place in the script that has called: raised as an error; but noted, and the function
 * returns, while a script is loaded and no pcall of its own is around the place.
 */
void load_check_complain(lua_State *L, const char *fmt, ...);

/* Note a mistake in the field @key of the table that `behaviour` was given, at the line of the field. */
void load_check_field(lua_State *L, const char *key, const char *text);

/* Note the mistake @text, which says where it is, unless it is the same as one before. */
void load_check_note(struct lua_host *h, const char *text);

/*
 * A program's chunk has been compiled and not run: compile the modules that it requires by a constant name, and
 * theirs, and note the undeclared names of all. In a program that reaches for `_G`, `_ENV` or `load`, names may be
 * declared out of sight, and are left to be found when they are read. May raise for want of memory. Blocks on
 * the disk.
 */
void load_check_program(lua_State *L);

/* The script has run: note all names that it uses and nobody declares. May raise for want of memory. */
void load_check_globals(lua_State *L);

#endif
