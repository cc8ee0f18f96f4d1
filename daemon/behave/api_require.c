/* Script calls: require, which finds modules in the lib/ folders beside the behaviours. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_file.h"
#include "daemon/behave/lua_host.h"

#define NAME_MAX_LEN 64

/* Its address is the key, in the registry, of what was loaded, by name. */
static const char loaded_key;

/* No path: a name of letters, digits and _. */
static bool is_module_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return len > 0 && len <= NAME_MAX_LEN && name[len] == '\0';
}

const char *lua_find_module(lua_State *L, const char *name)
{
	const char *const *folders = lua_host_of(L)->conf.folders;

	for (size_t i = 0; folders && folders[i] && is_module_name(name); i++) {
		const char *path = lua_pushfstring(L, "%s/lib/%s.lua", folders[i], name);

		if (access(path, R_OK) == 0)
			return path;
		lua_pop(L, 1);
	}
	return NULL;
}

/* Push where the module @name is, or raise with the places in which it is not. */
static const char *find_module(lua_State *L, const char *name)
{
	const char *const *folders = lua_host_of(L)->conf.folders;
	const char *path = lua_find_module(L, name);
	luaL_Buffer places;

	if (path)
		return path;
	luaL_buffinit(L, &places);
	for (size_t i = 0; folders && folders[i]; i++) {
		luaL_addstring(&places, i > 0 ? ", " : "; looked in ");
		luaL_addstring(&places, folders[i]);
		luaL_addstring(&places, "/lib");
	}
	luaL_pushresult(&places);
	luaL_error(L, "no module \"%s\"%s", name, lua_tostring(L, -1));
	return NULL;
}

/* require "name" */
static int api_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	luaL_argcheck(L, is_module_name(name), 1,
		      "the name of a file in behaviours/lib expected, without .lua");
	lua_settop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
	lua_pushvalue(L, 1);
	if (lua_rawget(L, 2) == LUA_TBOOLEAN && !lua_toboolean(L, -1))
		return luaL_error(L, "the module \"%s\" requires itself", name);
	if (!lua_isnil(L, -1))
		return 1;
	if (lua_load_file(L, find_module(L, name)) < 0)
		return lua_error(L);
	lua_pushvalue(L, 1);
	lua_pushboolean(L, 0); /* being loaded */
	lua_rawset(L, 2);
	lua_pushvalue(L, 1);
	if (lua_call_guarded(L, 1) < 0) {
		lua_pushvalue(L, 1);
		lua_pushnil(L);
		lua_rawset(L, 2);
		return lua_error(L);
	}
	lua_settop(L, 5); /* its first result */
	if (lua_isnil(L, 5)) {
		lua_pushboolean(L, 1);
		lua_replace(L, 5);
	}
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 5);
	lua_rawset(L, 2);
	return 1;
}

void lua_open_require(lua_State *L)
{
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
	lua_register(L, "require", api_require);
}
