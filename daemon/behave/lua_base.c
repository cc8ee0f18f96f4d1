/* The sandbox: which of Lua's own functions a script finds, and what the others are replaced by. */
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/nearest.h"
#include "daemon/behave/behaviour.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/lua_order.h"
#include "daemon/behave/pattern.h"

#include <lualib.h>

/* Nothing interrupts the parser. */
#define LOAD_MAX 262144
#define PARSE_STEPS 10 /* what a byte is worth, see budget_spend() */

static const char *const base_names[] = {
	"assert", "error",  "getmetatable", "ipairs",   "rawequal", "rawget",   "rawlen",
	"rawset", "select", "tonumber",     "tostring", "type",     "_VERSION",
};

/* print(...): one line to the sink. */
static int base_print(lua_State *L)
{
	struct lua_host *h = lua_host_of(L);
	int n = lua_gettop(L);
	luaL_Buffer b;
	size_t len;
	const char *line;

	if (!h->conf.program)
		caps_take_line(L);
	luaL_buffinit(L, &b);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	line = lua_tolstring(L, -1, &len);
	if (h->conf.print)
		h->conf.print(h->conf.arg, line, len);
	else
		LOG(INFO, "%s: %s", h->conf.name, line);
	return 0;
}

/* Finalizers run where no budget reaches, so scripts have none. */
static int base_setmetatable(lua_State *L)
{
	int type = lua_type(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	if (type == LUA_TTABLE) {
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "__gc is not available; use a to-be-closed "
					     "variable (local x <close>)");
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

/* Pull all pieces out of a reader first: it may wait, which the parser could not bear. */
static void read_pieces(lua_State *L)
{
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (;;) {
		size_t len;

		lua_pushvalue(L, 1);
		lua_call(L, 0, 1);
		if (!lua_tolstring(L, -1, &len) || len == 0) {
			if (!lua_isnoneornil(L, -1) && !lua_isstring(L, -1))
				luaL_error(L, "reader function must return a string");
			lua_pop(L, 1);
			break;
		}
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	lua_replace(L, 1);
}

/* load(chunk, name, mode, env): text only. */
static int base_load(lua_State *L)
{
	const char *name, *text;
	size_t len;

	lua_settop(L, lua_gettop(L) < 4 ? 3 : 4);
	if (lua_type(L, 1) != LUA_TSTRING) {
		luaL_checktype(L, 1, LUA_TFUNCTION);
		read_pieces(L);
	}
	text = lua_tolstring(L, 1, &len);
	name = luaL_optstring(L, 2, "=(load)");
	if (len > LOAD_MAX)
		return luaL_error(L, "load: more than %d bytes", LOAD_MAX);
	budget_spend(L, (int)len * PARSE_STEPS);
	if (luaL_loadbufferx(L, text, len, name, "t") != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	if (lua_gettop(L) > 4) {
		lua_pushvalue(L, 4);
		if (!lua_setupvalue(L, -2, 1))
			lua_pop(L, 1);
	}
	return 1;
}

static int base_collectgarbage(lua_State *L)
{
	static const char *const what[] = {"collect", "count", NULL};
	struct lua_host *h = lua_host_of(L);

	if (luaL_checkoption(L, 1, "collect", what) == 0) {
		if (h->running->no_wait) /* it is not done, but costs */
			budget_spend_bytes(L, COLLECT_COST * h->memory->used);
		lua_host_collect(h, L);
		lua_pushinteger(L, 0);
		return 1;
	}
	lua_pushnumber(L, (double)h->memory->used / 1024);
	return 1;
}

static int string_rep(lua_State *L)
{
	struct lua_host *h = lua_host_of(L);
	size_t len, sep;
	lua_Integer n = luaL_checkinteger(L, 2);

	luaL_checklstring(L, 1, &len);
	luaL_optlstring(L, 3, "", &sep);
	if (n > 0 && len + sep > 0 && (size_t)n > h->memory->max / (len + sep))
		return luaL_error(L, "resulting string too large");
	/* It is made in a buffer, then copied. */
	if (n > 0 && 2 * (size_t)n * (len + sep) > h->memory->max - h->memory->used)
		lua_host_collect(h, L);
	lua_settop(L, 3);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 3, 1);
	return 1;
}

static void drop(lua_State *L, const char *name)
{
	lua_pushnil(L);
	lua_setfield(L, -2, name);
}

/* Make the value at the top the global @name, unless the script has one of its own. Pops it. */
static void declare(lua_State *L, const char *name)
{
	lua_pushglobaltable(L);
	lua_pushstring(L, name);
	if (lua_rawget(L, -2) == LUA_TNIL) {
		lua_pushstring(L, name);
		lua_pushvalue(L, -4);
		lua_rawset(L, -4);
	}
	lua_pop(L, 3);
}

/* Push a new library. Memory may run out before it is declared: then it is not open yet. */
static void new_library(lua_State *L, lua_CFunction open)
{
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
}

/* Tracebacks find the names of functions in the table of loaded libraries. Pops the library. */
static void declare_library(lua_State *L, const char *name)
{
	lua_pushvalue(L, -1);
	declare(L, name);
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_insert(L, -2);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

static void open_string(lua_State *L)
{
	new_library(L, luaopen_string);
	drop(L, "dump");
	lua_wrap_function(L, "rep", string_rep);
	lua_charge_string(L);
	lua_open_pattern(L);
	declare_library(L, "string");
}

static void open_table(lua_State *L)
{
	new_library(L, luaopen_table);
	lua_bound_table(L);
	declare_library(L, "table");
}

/* Random numbers are the same in every run. */
static void open_math(lua_State *L)
{
	new_library(L, luaopen_math);
	lua_getfield(L, -1, "randomseed");
	lua_pushinteger(L, 1);
	lua_call(L, 1, 0);
	drop(L, "randomseed");
	lua_getfield(L, -1, "random");
	declare(L, "random");
	declare_library(L, "math");
}

static void open_utf8(lua_State *L)
{
	new_library(L, luaopen_utf8);
	lua_charge_utf8(L);
	declare_library(L, "utf8");
}

static void open_coroutine(lua_State *L)
{
	lua_new_coroutine(L);
	declare_library(L, "coroutine");
}

static void open_globals(lua_State *L);

/*
 * What most scripts never name is opened when it is first read: a waiting script that needs none
 * of it is a fifth smaller. Who asks for the table of all globals finds all there.
 */
static const struct late {
	const char *name;
	const char *library; /* that the name comes with, or NULL */
	void (*open)(lua_State *L);
} late[] = {
	{"_G", NULL, open_globals},     {"coroutine", "coroutine", open_coroutine},
	{"math", "math", open_math},    {"random", "math", open_math},
	{"table", "table", open_table}, {"utf8", "utf8", open_utf8},
};

static bool is_open(lua_State *L, const struct late *l)
{
	bool open;

	if (!l->library)
		return false;
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	open = lua_getfield(L, -1, l->library) != LUA_TNIL;
	lua_pop(L, 2);
	return open;
}

/* What is still to be opened when @name is read, or NULL. */
static const struct late *find_late(lua_State *L, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(late); i++)
		if (strcmp(late[i].name, name) == 0)
			return is_open(L, &late[i]) ? NULL : &late[i];
	return NULL;
}

static void open_globals(lua_State *L)
{
	for (size_t i = 0; i < ARRAY_LEN(late); i++)
		if (late[i].library && !is_open(L, &late[i]))
			late[i].open(L);
	lua_pushglobaltable(L);
	declare(L, "_G");
}

#define NAMES_MAX 256

bool lua_knows_global(lua_State *L, const char *name)
{
	const char *const *p = lua_prelude_names;
	bool known;

	while (*p && strcmp(*p, name) != 0)
		p++;
	if (*p || find_late(L, name))
		return true;
	lua_pushglobaltable(L);
	lua_pushstring(L, name);
	known = lua_rawget(L, -2) != LUA_TNIL;
	lua_pop(L, 2);
	return known;
}

/* The global name that is nearest to @name, or NULL. */
static const char *nearest_global(lua_State *L, const char *name)
{
	const char *names[NAMES_MAX], *near;
	size_t n = 0;
	int globals;

	for (size_t i = 0; i < ARRAY_LEN(late); i++)
		if (!is_open(L, &late[i]))
			names[n++] = late[i].name;
	for (const char *const *p = lua_prelude_names; *p; p++)
		names[n++] = *p;
	lua_pushglobaltable(L);
	globals = lua_gettop(L);
	for (lua_pushnil(L); n < NAMES_MAX && lua_next_ordered(L, globals);) {
		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TSTRING)
			names[n++] = lua_tostring(L, -1);
	}
	near = nearest_name(name, names, n);
	lua_settop(L, globals - 1);
	return near;
}

void lua_push_undeclared(lua_State *L, const char *name, bool set)
{
	const char *near = set ? NULL : nearest_global(L, name);

	if (set)
		lua_pushfstring(L, "undeclared name \"%s\"; write \"local %s = ...\"",
				name, name);
	else if (behaviour_has_resource(lua_host_of(L)->behaviour, name))
		lua_pushfstring(L,
				"undeclared name \"%s\"; it is a resource: the behaviour "
				"wants needs = { \"%s\" }",
				name, name);
	else if (near)
		lua_pushfstring(L, "undeclared name \"%s\"; did you mean \"%s\"?", name,
				near);
	else
		lua_pushfstring(L, "undeclared name \"%s\"", name);
}

static int raise_undeclared(lua_State *L, const char *name, bool set)
{
	luaL_where(L, 1);
	lua_push_undeclared(L, name, set);
	lua_concat(L, 2);
	return lua_error(L);
}

/* Reading a global that does not exist yet: one that is opened late, or an error. */
static int unknown_global(lua_State *L)
{
	const char *word = luaL_tolstring(L, 2, NULL);
	const struct late *known = find_late(L, word);

	if (known) {
		known->open(L);
		lua_pushstring(L, known->name);
		lua_rawget(L, 1);
		return 1;
	}
	if (lua_prelude_find(L, word))
		return 1;
	return raise_undeclared(L, word, false);
}

/* Functions of the file may be global; a variable that a function forgets to declare may not. */
static int new_global(lua_State *L)
{
	const char *name;
	lua_Debug ar;

	if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "S", &ar) &&
	    strcmp(ar.what, "main") != 0) {
		name = luaL_tolstring(L, 2, NULL);
		if (!find_late(L, name))
			return raise_undeclared(L, name, true);
	}
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 0;
}

void lua_open_base(lua_State *L)
{
	static const luaL_Reg own[] = {
		{"print", base_print}, {"setmetatable", base_setmetatable},
		{"load", base_load},   {"collectgarbage", base_collectgarbage},
		{NULL, NULL},
	};

	/* The base library fills the table of globals: take what is wanted, drop the rest. */
	luaL_requiref(L, "_G", luaopen_base, 0);
	lua_newtable(L);
	for (size_t i = 0; i < ARRAY_LEN(base_names); i++) {
		lua_getfield(L, -2, base_names[i]);
		lua_setfield(L, -2, base_names[i]);
	}
	luaL_setfuncs(L, own, 0);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pop(L, 1);

	lua_open_order(L);
	open_string(L);
	/* Tracebacks find the names of functions there. */
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushglobaltable(L);
	lua_setfield(L, -2, "_G");
	lua_pop(L, 1);
}

void lua_seal_globals(lua_State *L)
{
	lua_pushglobaltable(L);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, unknown_global);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, new_global);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}
