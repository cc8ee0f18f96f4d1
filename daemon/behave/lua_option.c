/* Options and fields that scripts name. */
#include "daemon/behave/lua_option.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/macros.h"
#include "daemon/base/nearest.h"
#include "daemon/behave/lua_order.h"

#include <lauxlib.h>

enum { NAMES_MAX = 48 };

/* The text at @idx, "?" if it is none. */
static const char *key_text(lua_State *L, int idx)
{
	return lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) : "?";
}

static bool is_among(const char *word, const char *const *known)
{
	while (*known && strcmp(*known, word) != 0)
		known++;
	return *known;
}

/* Push "held_for, timeout, still". */
static const char *push_words(lua_State *L, const char *const *words)
{
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0; words[i]; i++) {
		luaL_addstring(&b, i > 0 ? ", " : "");
		luaL_addstring(&b, words[i]);
	}
	luaL_pushresult(&b);
	return lua_tostring(L, -1);
}

static int unknown_option(lua_State *L, const char *call, const char *key,
			  const char *const *known)
{
	const char *near;
	size_t n = 0;

	while (known[n])
		n++;
	near = nearest_name(key, known, n);
	return luaL_error(L, "%s: unknown option \"%s\"; known: %s%s%s%s", call, key,
			  push_words(L, known), near ? "; did you mean \"" : "",
			  near ? near : "", near ? "\"?" : "");
}

bool lua_check_options(lua_State *L, int idx, const char *call, const char *const *known)
{
	if (lua_isnoneornil(L, idx))
		return false;
	if (!lua_istable(L, idx))
		luaL_error(L, "%s: options are a table, { %s = ... }; got %s", call,
			   known[0], luaL_typename(L, idx));
	for (lua_pushnil(L); lua_next_ordered(L, idx); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2)) {
			char place[24];

			snprintf(place, sizeof(place), LUA_INTEGER_FMT,
				 lua_tointeger(L, -2));
			if (is_among(place, known))
				continue;
		} else if (is_among(key_text(L, -2), known)) {
			continue;
		}
		unknown_option(L, call, luaL_tolstring(L, -2, NULL), known);
	}
	return true;
}

int lua_check_word(lua_State *L, int idx, const char *call, const char *def,
		   const char *const *known)
{
	const char *word = lua_isnoneornil(L, idx) ? def : key_text(L, idx), *near;
	int n = 0;

	for (; known[n]; n++)
		if (word && strcmp(known[n], word) == 0)
			return n;
	idx = lua_absindex(L, idx); /* the arguments below push */
	near = word ? nearest_name(word, known, (size_t)n) : NULL;
	return luaL_error(L, "%s: %s expected, got %s%s%s%s", call, push_words(L, known),
			  luaL_tolstring(L, idx, NULL), near ? "; did you mean \"" : "",
			  near ? near : "", near ? "\"?" : "");
}

/* Push the field; false: it is nil, nothing is pushed. */
static bool get(lua_State *L, int idx, const char *key)
{
	if (lua_getfield(L, idx, key) != LUA_TNIL)
		return true;
	lua_pop(L, 1);
	return false;
}

bool lua_option_flag(lua_State *L, int idx, const char *call, const char *key, bool def)
{
	bool flag;

	if (!get(L, idx, key))
		return def;
	if (!lua_isboolean(L, -1))
		luaL_error(L, "%s: %s: true or false expected, got %s", call, key,
			   luaL_typename(L, -1));
	flag = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return flag;
}

unsigned lua_option_count(lua_State *L, int idx, const char *call, const char *key,
			  unsigned max)
{
	lua_Integer n;
	int whole;

	if (!get(L, idx, key))
		return 0;
	n = lua_tointegerx(L, -1, &whole);
	if (!whole || lua_type(L, -1) != LUA_TNUMBER || n < 0 || n > max)
		luaL_error(L, "%s: %s: 0 to %d expected, got %s", call, key, (int)max,
			   luaL_tolstring(L, -1, NULL));
	lua_pop(L, 1);
	return (unsigned)n;
}

bool lua_option_word(lua_State *L, int idx, const char *call, const char *key,
		     const char *word)
{
	if (!get(L, idx, key))
		return false;
	if (strcmp(key_text(L, -1), word) != 0)
		luaL_error(L, "%s: %s: \"%s\" expected, or nothing; got %s", call, key,
			   word, luaL_tolstring(L, -1, NULL));
	lua_pop(L, 1);
	return true;
}

int lua_no_field(lua_State *L, const char *what, const char *key,
		 const char *const *fields, int methods)
{
	const char *names[NAMES_MAX], *near, *article;
	size_t n = 0;

	for (; fields && fields[n] && n < NAMES_MAX; n++)
		names[n] = fields[n];
	if (methods) {
		methods = lua_absindex(L, methods);
		for (lua_pushnil(L); lua_next_ordered(L, methods); lua_pop(L, 1))
			if (n < NAMES_MAX && strncmp(key_text(L, -2), "__", 2) != 0)
				names[n++] = key_text(L, -2); /* lives in the table */
	}
	near = nearest_name(key, names, n);
	article = strchr("aeiou", what[0]) ? "an" : "a";
	luaL_error(L, "%s %s has no \"%s\"%s%s%s", article, what, key,
		   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	__builtin_unreachable();
}

/* __index of what is sealed: arguments table, key. */
static int missing(lua_State *L)
{
	const char *key = luaL_tolstring(L, 2, NULL);

	lua_pushliteral(L, "__name");
	lua_rawget(L, 1);
	lua_no_field(L, lua_tostring(L, -1), key, NULL, 1);
}

/* All have one metatable, which is in the registry, and say themselves what they are: it is small. */
void lua_seal_table(lua_State *L, const char *what)
{
	lua_pushstring(L, what);
	lua_setfield(L, -2, "__name");
	if (luaL_newmetatable(L, "sealed")) {
		lua_pushcfunction(L, missing);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
	}
	lua_setmetatable(L, -2);
}
