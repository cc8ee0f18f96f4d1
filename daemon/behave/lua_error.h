/*
 * Errors in scripts: objects with .message .traceback .kind .task .errors, made from what `error` was
 * given as text; tables and other values that a script raises stay what they are until they leave
 * their task. Then they are the .value of an object, with the traceback of the place where they were raised.
 */
#ifndef DAEMON_BEHAVE_LUA_ERROR_H
#define DAEMON_BEHAVE_LUA_ERROR_H
#include <stdbool.h>

#include <lua.h>

struct lua_task;

/*
 * Make the string at the top the message of a new error object, whose traceback begins at the @level of
 * luaL_traceback(). May raise.
 */
void lua_error_wrap(lua_State *L, const char *kind, int level);

/* Push where the script is, not a function of ours that it calls: "nod.lua:12". */
void lua_push_place(lua_State *L);

/* Push what a script is told that overran its budget. */
void lua_push_kill(lua_State *L);

/* Make the value at the top an error object, if it is none. May raise. */
void lua_error_settle(lua_State *L);

/* Raise an error object of the kind: "timeout", "closed". The position is put before the text. */
int lua_raise(lua_State *L, const char *kind, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* The text of the error at @idx, of an object its message; NULL for what else may be raised. Calls nothing. */
const char *lua_error_message(lua_State *L, int idx);

/*
 * Whether the error at the top must not be caught by a call that began when the task's `unwinding`
 * was @was_unwinding.
 */
bool lua_is_final(lua_State *L, bool was_unwinding);

/* Is a pcall or xpcall of the script around the place that has called? */
bool lua_is_guarded(lua_State *L);

/*
 * lua_pcall() of the function with its @nargs arguments at the top, whatever it raises; texts become
 * error objects. Its results, or the error, take their place. Returns 0, -ECANCELED for the
 * cancellation, or -EIO.
 */
int lua_call_guarded(lua_State *L, int nargs);

/* Write message and traceback of the error at @idx. May raise. */
const char *lua_error_text(lua_State *L, int idx);

#endif
