/* Error objects, the cancellation sentinel, and the calls that catch errors. */
#include "daemon/behave/lua_error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/behave/lua_host.h"

#define ERROR_TYPE "error"
/*
 * A traceback shows so many functions at most. What one is worth, see budget_spend(): its name is looked for in
 * all libraries.
 */
enum { TRACEBACK_LEVELS = 22, TRACEBACK_STEPS = 5000 };

/* Its address is the cancellation, as a light userdata. */
static const char cancel_sentinel;

/*
 * Is the value at @idx the cancellation that is on its way? Functions of __close are given it, and may keep it, but
 * raising it again cancels nothing.
 */
static bool is_cancel(lua_State *L, int idx)
{
	return lua_touserdata(L, idx) == &cancel_sentinel &&
	       lua_host_of(L)->running->unwinding;
}

static void push_cancel(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&cancel_sentinel);
}

static bool is_error_object(lua_State *L, int idx)
{
	bool is;

	if (!lua_istable(L, idx) || !lua_getmetatable(L, idx))
		return false;
	luaL_getmetatable(L, ERROR_TYPE);
	is = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return is;
}

const char *lua_error_message(lua_State *L, int idx)
{
	const char *text = NULL;

	idx = lua_absindex(L, idx);
	if (lua_type(L, idx) == LUA_TSTRING)
		return lua_tostring(L, idx);
	if (!is_error_object(L, idx))
		return NULL;
	lua_pushliteral(L, "message");
	if (lua_rawget(L, idx) == LUA_TSTRING)
		text = lua_tostring(L, -1); /* lives in the error */
	lua_pop(L, 1);
	return text;
}

/*
 * Push the traceback from @level on: the lines that have a place in a script. Those of C functions and of
 * the prelude say nothing to its author; a traceback of nothing else is empty.
 */
static void push_traceback(lua_State *L, int level)
{
	const char *line, *end;
	luaL_Buffer b;
	bool any = false;

	luaL_traceback(L, L, NULL, level);
	line = lua_tostring(L, -1);
	luaL_buffinit(L, &b);
	for (; line; line = end ? end + 1 : NULL) {
		bool ours = strncmp(line, "\t[C]:", 5) == 0 ||
			    strncmp(line, "\tinstinct:", 10) == 0;

		end = strchr(line, '\n');
		if (ours)
			continue;
		if (line[0] == '\t') {
			any = true;
			luaL_addchar(&b, '\n');
		}
		luaL_addlstring(&b, line, end ? (size_t)(end - line) : strlen(line));
	}
	luaL_pushresult(&b);
	lua_remove(L, -2);
	if (!any) {
		lua_pop(L, 1);
		lua_pushliteral(L, "");
	}
}

/* How many functions the traceback from @level on will show. */
static int count_levels(lua_State *L, int level)
{
	lua_Debug ar;
	int n = 0;

	while (n < TRACEBACK_LEVELS && lua_getstack(L, level + n, &ar))
		n++;
	return n;
}

void lua_error_wrap(lua_State *L, const char *kind, int level)
{
	const struct task *self = task_self();

	luaL_checkstack(L, 8, NULL);
	budget_spend(L, count_levels(L, level) * TRACEBACK_STEPS);
	lua_createtable(L, 0, 5);
	lua_insert(L, -2);
	lua_setfield(L, -2, "message");
	lua_pushstring(L, kind);
	lua_setfield(L, -2, "kind");
	lua_pushstring(L, self ? task_name(self) : "");
	lua_setfield(L, -2, "task");
	push_traceback(L, level);
	lua_setfield(L, -2, "traceback");
	lua_newtable(L);
	lua_setfield(L, -2, "errors");
	luaL_setmetatable(L, ERROR_TYPE);
}

/*
 * Where tables and the like were raised that are on their way out of their task: they stay what they are, so their
 * tracebacks are in the registry, in a table with weak keys under the address of this.
 */
static const char traces_key;

static bool has_trace(lua_State *L, int idx)
{
	switch (lua_type(L, idx)) {
	case LUA_TTABLE:
		return !is_error_object(L, idx);
	case LUA_TUSERDATA:
	case LUA_TFUNCTION:
	case LUA_TTHREAD:
		return true;
	default:
		return false;
	}
}

/* Push the table of traces; false, nothing is pushed: there is none, as nothing was raised yet. */
static bool push_traces(lua_State *L)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &traces_key) == LUA_TTABLE)
		return true;
	lua_pop(L, 1);
	return false;
}

static void make_traces(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 1);
	lua_pushliteral(L, "k");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &traces_key);
}

/* Keep the traceback from @level on of what is raised at @idx, unless there is one from further in. */
static void keep_trace(lua_State *L, int idx, int level)
{
	if (!has_trace(L, idx))
		return;
	if (!push_traces(L))
		make_traces(L);
	lua_pushvalue(L, idx);
	if (lua_rawget(L, -2) == LUA_TNIL) {
		budget_spend(L, count_levels(L, level) * TRACEBACK_STEPS);
		lua_pushvalue(L, idx);
		push_traceback(L, level);
		lua_rawset(L, -4);
	}
	lua_pop(L, 2);
}

/* Push the traceback of what was raised at @idx, nil if there is none, and forget it: it was caught, or is told. */
static void take_trace(lua_State *L, int idx)
{
	idx = lua_absindex(L, idx);
	if (!has_trace(L, idx) || !push_traces(L)) {
		lua_pushnil(L);
		return;
	}
	lua_pushvalue(L, idx);
	if (lua_rawget(L, -2) != LUA_TNIL) {
		lua_pushvalue(L, idx);
		lua_pushnil(L);
		lua_rawset(L, -4);
	}
	lua_remove(L, -2);
}

void lua_push_place(lua_State *L)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] != '@' || ar.currentline < 0)
			continue;
		lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
		return;
	}
	lua_pushstring(L, lua_host_of(L)->conf.name);
}

void lua_push_kill(lua_State *L)
{
	lua_pushfstring(L, "%s: computed for too long without waiting; stopped",
			lua_host_of(L)->killed_at);
}

void lua_error_settle(lua_State *L)
{
	if (is_error_object(L, -1))
		return;
	luaL_checkstack(L, 8, NULL);
	/* Deep down Lua had no room for the error, and raised a text of its own. */
	if (lua_host_of(L)->killed && lua_type(L, -1) == LUA_TSTRING) {
		lua_pop(L, 1);
		lua_push_kill(L);
		lua_error_wrap(L, "budget", 1);
		return;
	}
	if (lua_type(L, -1) == LUA_TSTRING &&
	    strcmp(lua_tostring(L, -1), "not enough memory") == 0) {
		lua_pop(L, 1);
		lua_pushfstring(L, "%s: not enough memory", lua_host_of(L)->full_at);
		lua_error_wrap(L, "memory", 1);
		return;
	}
	luaL_tolstring(L, -1, NULL);
	lua_error_wrap(L, "error", 1);
	take_trace(L, -2);
	if (lua_isnil(L, -1))
		lua_pop(L, 1);
	else
		lua_setfield(L, -2, "traceback");
	lua_insert(L, -2);
	if (lua_type(L, -1) == LUA_TSTRING)
		lua_pop(L, 1);
	else
		lua_setfield(L, -2, "value");
}

/* Whether the text at @idx is Lua's own about its C stack, behind a place or alone. */
static bool is_overflow(lua_State *L, int idx)
{
	static const char overflow[] = "C stack overflow";
	size_t len, tail = strlen(overflow);
	const char *text = lua_tolstring(L, idx, &len);

	return len >= tail && strcmp(text + len - tail, overflow) == 0;
}

/* A message handler: texts become error objects, with the traceback; the rest is left alone. */
static int error_handler(lua_State *L)
{
	bool killed = lua_host_of(L)->killed;

	if (lua_type(L, 1) != LUA_TSTRING && lua_type(L, 1) != LUA_TNUMBER)
		return 1;
	lua_settop(L, 1);
	/* At the depth where the C stack is full a kill becomes an overflow, too. */
	if (is_overflow(L, 1) && killed) {
		lua_push_kill(L);
	} else if (is_overflow(L, 1) && lua_rawlen(L, 1) == strlen("C stack overflow")) {
		lua_push_place(L); /* raised by a C function, which has none */
		lua_pushliteral(L, ": C stack overflow");
		lua_concat(L, 2);
	}
	lua_tostring(L, -1);
	lua_error_wrap(L, "error", 1);
	return 1;
}

/* The same where errors pass that may leave the task: of the rest, too, it is kept where it was raised. */
static int passing_handler(lua_State *L)
{
	keep_trace(L, 1, 1);
	return error_handler(L);
}

int lua_raise(lua_State *L, const char *kind, const char *fmt, ...)
{
	va_list ap;

	luaL_where(L, 1);
	va_start(ap, fmt);
	lua_pushvfstring(L, fmt, ap);
	va_end(ap);
	lua_concat(L, 2);
	lua_error_wrap(L, kind, 1);
	lua_error(L);
	__builtin_unreachable();
}

int lua_raise_cancel(lua_State *L)
{
	lua_host_of(L)->running->unwinding = true;
	push_cancel(L);
	lua_error(L);
	__builtin_unreachable();
}

bool lua_is_final(lua_State *L, bool was_unwinding)
{
	return is_cancel(L, -1) || (!was_unwinding && lua_host_of(L)->running->unwinding);
}

const char *lua_error_text(lua_State *L, int idx)
{
	idx = lua_absindex(L, idx);
	luaL_checkstack(L, 8, NULL);
	luaL_tolstring(L, idx, NULL);
	if (!is_error_object(L, idx))
		return lua_tostring(L, -1);
	lua_getfield(L, idx, "errors");
	if (lua_istable(L, -1))
		for (lua_Integer i = 1; lua_geti(L, -1, i) != LUA_TNIL; i++) {
			luaL_tolstring(L, -1, NULL);
			lua_pushfstring(L, "%s; and %s", lua_tostring(L, -4),
					lua_tostring(L, -1));
			lua_replace(L, -5);
			lua_pop(L, 2);
		}
	lua_settop(L, idx + 1);
	if (lua_getfield(L, idx, "traceback") != LUA_TSTRING || lua_rawlen(L, -1) == 0)
		return lua_tostring(L, idx + 1);
	lua_pushliteral(L, "\n");
	lua_insert(L, -2);
	lua_concat(L, 3);
	return lua_tostring(L, -1);
}

int lua_call_guarded(lua_State *L, int nargs)
{
	int base = lua_gettop(L) - nargs, status;

	lua_pushcfunction(L, passing_handler);
	lua_insert(L, base);
	status = lua_pcall(L, nargs, LUA_MULTRET, base);
	lua_remove(L, base);
	if (status == LUA_OK)
		return 0;
	if (status == LUA_ERRMEM)
		lua_host_collect(lua_host_of(L), L);
	return is_cancel(L, -1) ? -ECANCELED : -EIO;
}

static int error_tostring(lua_State *L)
{
	lua_getfield(L, 1, "message");
	luaL_tolstring(L, -1, NULL);
	return 1;
}

static int error_concat(lua_State *L)
{
	luaL_tolstring(L, 1, NULL);
	luaL_tolstring(L, 2, NULL);
	lua_concat(L, 2);
	return 1;
}

/* The end of a protected call; above the handler lie true and the results, or the error. */
static int finish(lua_State *L, int status, lua_KContext was_unwinding)
{
	if (status == LUA_OK || status == LUA_YIELD)
		return lua_gettop(L) - 1;
	if (lua_is_final(L, was_unwinding != 0))
		return lua_error(L);
	if (status == LUA_ERRMEM) /* what was being made is garbage now */
		lua_host_collect(lua_host_of(L), L);
	if (lua_type(L, -1) == LUA_TSTRING) /* out of memory: no handler was called */
		lua_error_settle(L);
	take_trace(L, -1);
	lua_pop(L, 1);
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

static int call_protected(lua_State *L, int nargs)
{
	bool was_unwinding = lua_host_of(L)->running->unwinding;
	int status;

	lua_check_headroom(L);
	status = lua_pcallk(L, nargs, LUA_MULTRET, 1, was_unwinding, finish);
	return finish(L, status, was_unwinding);
}

/* pcall(f, ...) */
static int base_pcall(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushcfunction(L, error_handler);
	lua_insert(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 2);
	return call_protected(L, lua_gettop(L) - 3);
}

/* Calls the script's own handler, but not with a cancellation. */
static int user_handler(lua_State *L)
{
	if (is_cancel(L, 1) || lua_host_of(L)->killed)
		return 1;
	error_handler(L);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, -2);
	lua_call(L, 1, 1);
	return 1;
}

/* xpcall(f, handler, ...) */
static int base_xpcall(lua_State *L)
{
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, user_handler, 1);
	lua_replace(L, 2);
	lua_pushvalue(L, 1);
	lua_remove(L, 1); /* handler, arguments, function */
	lua_insert(L, 2);
	lua_pushboolean(L, 1);
	lua_insert(L, 2);
	return call_protected(L, lua_gettop(L) - 3);
}

bool lua_is_guarded(lua_State *L)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_CFunction fn;

		lua_getinfo(L, "f", &ar);
		fn = lua_tocfunction(L, -1);
		lua_pop(L, 1);
		if (fn == base_pcall || fn == base_xpcall)
			return true;
	}
	return false;
}

void lua_open_error(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"__tostring", error_tostring},
		{"__concat", error_concat},
		{NULL, NULL},
	};

	luaL_newmetatable(L, ERROR_TYPE);
	luaL_setfuncs(L, methods, 0);
	lua_pop(L, 1);
	lua_register(L, "pcall", base_pcall);
	lua_register(L, "xpcall", base_xpcall);
}
