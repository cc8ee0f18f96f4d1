/* string.find, match, gmatch and gsub over the bounded matcher. */
#include <string.h>

#include "daemon/behave/lua_host.h"
#include "daemon/behave/pattern.h"

#define SPECIALS "^$*+?.([%-"

/* A start as in Lua: negative counts from the end; clipped to 1 .. len + 1 or beyond. */
static size_t start_of(lua_Integer pos, size_t len)
{
	if (pos > 0)
		return (size_t)pos;
	if (pos == 0 || pos < -(lua_Integer)len)
		return 1;
	return len - (size_t)-pos + 1;
}

static bool is_plain(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] && strchr(SPECIALS, p[i]))
			return false;
	return true;
}

/* find(s, p, init, plain) and match(s, p, init) */
static int find_or_match(lua_State *L, bool find)
{
	size_t len, text_len;
	const char *subject = luaL_checklstring(L, 1, &len);
	const char *text = luaL_checklstring(L, 2, &text_len);
	size_t init = start_of(luaL_optinteger(L, 3, 1), len) - 1;
	bool anchored = text_len > 0 && *text == '^';
	const char *s, *e = NULL;
	struct pattern m;

	if (init > len) {
		lua_pushnil(L);
		return 1;
	}
	if (find && (lua_toboolean(L, 4) || is_plain(text, text_len))) {
		const char *at = memmem(subject + init, len - init, text, text_len);

		budget_spend_bytes(
			L, 4 * ((at ? (size_t)(at - subject) - init : len - init) +
				text_len));
		if (!at) {
			lua_pushnil(L);
			return 1;
		}
		lua_pushinteger(L, at - subject + 1);
		lua_pushinteger(L, at - subject + (lua_Integer)text_len);
		return 2;
	}
	pattern_init(&m, L, subject, len, text, text_len);
	for (s = subject + init; !e && s <= m.subject_end; s++) {
		e = pattern_match(&m, s, text + anchored);
		if (anchored)
			break;
	}
	pattern_spend(&m);
	if (!e) {
		lua_pushnil(L);
		return 1;
	}
	s -= !anchored; /* the loop went on by one */
	if (!find)
		return pattern_push_captures(&m, s, e);
	lua_pushinteger(L, s - subject + 1);
	lua_pushinteger(L, e - subject);
	return pattern_push_captures(&m, NULL, NULL) + 2;
}

static int string_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* Where a gmatch is: a userdata, upvalue 3 beside the subject and the pattern. */
struct progress {
	size_t at;   /* where the next match may begin */
	size_t last; /* where the last one ended, + 1; 0: none */
};

static int gmatch_next(lua_State *L)
{
	size_t len, text_len;
	const char *subject = lua_tolstring(L, lua_upvalueindex(1), &len);
	const char *text = lua_tolstring(L, lua_upvalueindex(2), &text_len);
	struct progress *g = lua_touserdata(L, lua_upvalueindex(3));
	struct pattern m;

	pattern_init(&m, L, subject, len, text, text_len);
	for (; g->at <= len; g->at++) {
		const char *s = subject + g->at;
		const char *e = pattern_match(&m, s, text);

		if (e && (size_t)(e - subject) + 1 != g->last) {
			g->at = (size_t)(e - subject);
			g->last = g->at + 1;
			pattern_spend(&m);
			return pattern_push_captures(&m, s, e);
		}
	}
	pattern_spend(&m);
	return 0;
}

/* gmatch(s, p, init) */
static int string_gmatch(lua_State *L)
{
	size_t len, init;
	struct progress *g;

	luaL_checklstring(L, 1, &len);
	luaL_checkstring(L, 2);
	init = start_of(luaL_optinteger(L, 3, 1), len) - 1;
	lua_settop(L, 2);
	g = lua_newuserdatauv(L, sizeof(*g), 0);
	*g = (struct progress){.at = init};
	lua_pushcclosure(L, gmatch_next, 3);
	return 1;
}

/* Append the replacement text at 3, with %0 to %9 filled in. */
static void add_text(struct pattern *m, luaL_Buffer *b, const char *s, const char *e)
{
	lua_State *L = m->L;
	size_t len;
	const char *text = lua_tolstring(L, 3, &len);

	for (size_t i = 0; i < len; i++) {
		char c = '\0';

		if (text[i] != '%') {
			luaL_addchar(b, text[i]);
			continue;
		}
		if (++i < len)
			c = text[i];
		if (c == '%') {
			luaL_addchar(b, '%');
		} else if (c == '0') {
			luaL_addlstring(b, s, (size_t)(e - s));
		} else if (c >= '1' && c <= '9') {
			pattern_push_capture(m, c - '1', s, e);
			luaL_tolstring(L, -1, NULL);
			lua_remove(L, -2);
			luaL_addvalue(b);
		} else {
			luaL_error(L, "invalid use of '%%' in replacement string");
		}
	}
}

/* Append what the match from @s to @e is replaced by. */
static void add_replacement(struct pattern *m, luaL_Buffer *b, const char *s,
			    const char *e)
{
	lua_State *L = m->L;

	switch (lua_type(L, 3)) {
	case LUA_TFUNCTION:
		lua_pushvalue(L, 3);
		lua_call(L, pattern_push_captures(m, s, e), 1);
		break;
	case LUA_TTABLE:
		pattern_push_capture(m, 0, s, e);
		lua_gettable(L, 3);
		break;
	default:
		add_text(m, b, s, e);
		return;
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(b, s, (size_t)(e - s));
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	} else {
		luaL_addvalue(b);
	}
}

/* gsub(s, p, replacement, n) */
static int string_gsub(lua_State *L)
{
	size_t len, text_len;
	const char *subject = luaL_checklstring(L, 1, &len);
	const char *text = luaL_checklstring(L, 2, &text_len);
	const char *s = subject, *last = NULL;
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1), n = 0;
	int type = lua_type(L, 3);
	bool anchored = text_len > 0 && *text == '^';
	struct pattern m;
	luaL_Buffer b;

	luaL_argexpected(L,
			 type == LUA_TNUMBER || type == LUA_TSTRING ||
				 type == LUA_TFUNCTION || type == LUA_TTABLE,
			 3, "string/function/table");
	lua_check_headroom(L);
	pattern_init(&m, L, subject, len, text, text_len);
	luaL_buffinit(L, &b);
	while (n < most) {
		const char *e = pattern_match(&m, s, text + anchored);

		if (e && e != last) {
			n++;
			add_replacement(&m, &b, s, e);
			s = last = e;
		} else if (s < m.subject_end) {
			luaL_addchar(&b, *s++);
		} else {
			break;
		}
		if (anchored)
			break;
	}
	pattern_spend(&m);
	luaL_addlstring(&b, s, (size_t)(m.subject_end - s));
	luaL_pushresult(&b);
	lua_pushinteger(L, n);
	return 2;
}

void lua_open_pattern(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"find", string_find},
		{"match", string_match},
		{"gmatch", string_gmatch},
		{"gsub", string_gsub},
		{NULL, NULL},
	};

	luaL_setfuncs(L, functions, 0);
}
