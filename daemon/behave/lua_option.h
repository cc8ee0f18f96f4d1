/*
 * What scripts may write in options tables and behind the dot of our objects. What is not known is an
 * error that says what there is, and the nearest name.
 */
#ifndef DAEMON_BEHAVE_LUA_OPTION_H
#define DAEMON_BEHAVE_LUA_OPTION_H
#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

/*
 * Is there a table of options at @idx? Raises for what is neither that nor nil, and for a key that is
 * not among @known (NULL ends). @call is what the script called: "wait_value".
 */
bool lua_check_options(lua_State *L, int idx, const char *call, const char *const *known);

/* The field @key of the options at @idx, @def when it is nil; raises for the wrong type. */
bool lua_option_flag(lua_State *L, int idx, const char *call, const char *key, bool def);
/* A whole number from 0 to @max. */
unsigned lua_option_count(lua_State *L, int idx, const char *call, const char *key,
			  unsigned max);
/* Whether it is the text @word, which is the only one that means something. */
bool lua_option_word(lua_State *L, int idx, const char *call, const char *key,
		     const char *word);

/* The place among @known (NULL ends) of the text at @idx; nil is @def. Raises for others. */
int lua_check_word(lua_State *L, int idx, const char *call, const char *def,
		   const char *const *known);

/*
 * Raise `a value has no "valeu"; did you mean "value"?`. Known are the texts in @fields (NULL ends; NULL
 * is fine) and the methods in the table at @methods (0: none).
 */
int lua_no_field(lua_State *L, const char *what, const char *key,
		 const char *const *fields, int methods) __attribute__((noreturn));

/* Reading what the table at the top does not have is such an error from now on. @what is borrowed. */
void lua_seal_table(lua_State *L, const char *what);

#endif
