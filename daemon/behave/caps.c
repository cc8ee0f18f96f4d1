/* Caps on what one script may have. */
#include "daemon/behave/caps.h"

#include "daemon/behave/lua_host.h"
#include "daemon/rt/rt.h"

void caps_check_more(lua_State *L, const unsigned *n, unsigned more, unsigned max,
		     const char *what)
{
	const struct lua_task *t = lua_host_of(L)->running;

	/* Finalizers may free values, which a transaction could not bear. */
	if (*n + more > max && !(t && t->no_wait))
		lua_gc(L, LUA_GCCOLLECT, 0);
	if (*n + more > max)
		luaL_error(L, "more than %d %s", (int)max, what);
}

void caps_check(lua_State *L, const unsigned *n, unsigned max, const char *what)
{
	caps_check_more(L, n, 1, max, what);
}

void caps_take_line(lua_State *L)
{
	struct caps *c = &lua_host_of(L)->caps;
	int64_t now = rt_now();

	if (now - c->lines_ns >= NS_PER_S) {
		c->lines_ns = now;
		c->lines = 0;
	}
	if (c->lines >= CAP_LINES)
		luaL_error(L, "more than %d lines in the log within a second", CAP_LINES);
	c->lines++;
}
