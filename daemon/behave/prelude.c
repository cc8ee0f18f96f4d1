/*
 * Script calls that are best written in Lua, out of the others. They are compiled when the first of them is
 * used: a waiting script that needs none is a fifth smaller.
 */
#include <string.h>

#include "daemon/behave/lua_host.h"

static const char prelude[] =
	"local function check_functions(name, fns)\n"
	"	for i = 1, fns.n do\n"
	"		if type(fns[i]) ~= 'function' then\n"
	"			local what = \"bad argument #%d to '%s' (function \"\n"
	"				.. 'expected, got %s)'\n"
	"			error(what:format(i, name, type(fns[i])), 3)\n"
	"		end\n"
	"	end\n"
	"	return fns\n"
	"end\n"
	"\n"
	"function wait_all(...)\n"
	"	local fns = check_functions('wait_all', table.pack(...))\n"
	"	local tasks, results = {}, {}\n"
	"	nursery(function(n)\n"
	"		for i = 1, fns.n do tasks[i] = n:start(fns[i]) end\n"
	"	end)\n"
	"	for i = 1, fns.n do results[i] = tasks[i]:join() end\n"
	"	return table.unpack(results, 1, fns.n)\n"
	"end\n"
	"\n"
	"function wait_any(...)\n"
	"	local fns = check_functions('wait_any', table.pack(...))\n"
	"	local winner, results = nil, {n = 0}\n"
	"	if fns.n == 0 then error('wait_any: nothing to wait for', 2) end\n"
	"	nursery(function(n)\n"
	"		for i = 1, fns.n do\n"
	"			n:start(function(fn)\n"
	"				local r = table.pack(fn())\n"
	"				if winner then return end\n"
	"				winner, results = i, r\n"
	"				n:cancel('another one was first')\n"
	"			end, fns[i])\n"
	"		end\n"
	"	end)\n"
	"	return winner, table.unpack(results, 1, results.n)\n"
	"end\n"
	"\n"
	"function move_on_when(wait, fn)\n"
	"	check_functions('move_on_when', {wait, fn, n = 2})\n"
	"	local done, results = false, {n = 0}\n"
	"	nursery(function(n)\n"
	"		n:service(function(fn)\n"
	"			fn()\n"
	"			n:cancel('what was waited for has come')\n"
	"		end, wait)\n"
	"		results = table.pack(fn())\n"
	"		done = true\n"
	"	end)\n"
	"	return done, table.unpack(results, 1, results.n)\n"
	"end\n";

const char *const lua_prelude_names[] = {"wait_all", "wait_any", "move_on_when", NULL};

bool lua_prelude_find(lua_State *L, const char *name)
{
	const char *const *known = lua_prelude_names;

	while (*known && strcmp(*known, name) != 0)
		known++;
	if (!*known)
		return false;
	if (luaL_loadbufferx(L, prelude, strlen(prelude), LUA_PRELUDE, "t") != LUA_OK)
		lua_error(L);
	lua_call(L, 0, 0);
	lua_pushglobaltable(L);
	lua_pushstring(L, name);
	lua_rawget(L, -2);
	return true;
}
