/* Data to Lua values and back. */
#include "daemon/behave/lua_datum.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/budget.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/state/account.h"
#include "daemon/state/table.h"

#include <lauxlib.h>

/* What one table, and what one datum with all its tables and texts may hold. */
enum {
	TABLE_ENTRIES = 1024,
	TABLE_DEPTH = 16,
	ALL_ENTRIES = 4096,
	ALL_BYTES = 262144,
	KEY_MAX = 24,
	ENTRY_STEPS = 50, /* what an entry is worth, see budget_spend() */
	COLLECT_BYTES = 1024,
};

/* A datum while it is read: shared tables and texts are copied, and count, each time they are met. */
struct reading {
	lua_State *L;
	struct account *account;
	size_t entries, bytes;
};

static const char no_memory[] = "not enough memory";
static const char too_long[] = "the texts of a value have at most 262144 bytes together";

static const double integer_limit = 2147483648.0;

/* Its address is null, as a light userdata. */
static const char null_mark;

static void push_number(lua_State *L, double n)
{
	if (n == floor(n) && fabs(n) < integer_limit)
		lua_pushinteger(L, (lua_Integer)n);
	else
		lua_pushnumber(L, n);
}

static void push_named(lua_State *L, const char *names, const double *v)
{
	int n = (int)strlen(names);

	lua_createtable(L, 0, n);
	for (int i = 0; i < n; i++) {
		lua_pushlstring(L, names + i, 1);
		push_number(L, v[i]);
		lua_rawset(L, -3);
	}
}

static void push_table(lua_State *L, const struct datum *d)
{
	bool array = d->t && table_is_array(d->t);
	size_t n = datum_size(d);

	luaL_checkstack(L, 4, "table too deep");
	lua_createtable(L, array ? (int)n : 0, array ? 0 : (int)n);
	for (size_t i = 0; i < n; i++) {
		lua_push_datum(L, datum_entry(d, i));
		if (array)
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		else
			lua_setfield(L, -2, datum_key(d, i));
	}
}

void lua_push_datum(lua_State *L, const struct datum *d)
{
	switch (d->type) {
	case DATUM_NULL:
		lua_pushlightuserdata(L, (void *)(uintptr_t)&null_mark);
		return;
	case DATUM_BOOL:
		lua_pushboolean(L, d->b);
		return;
	case DATUM_NUMBER:
		push_number(L, d->n);
		return;
	case DATUM_STRING:
		lua_pushlstring(L, datum_text(d), datum_text_len(d));
		return;
	case DATUM_VEC3:
		push_named(L, "xyz", d->v);
		return;
	case DATUM_QUAT:
		push_named(L, "wxyz", d->v);
		return;
	case DATUM_TABLE:
		push_table(L, d);
		return;
	}
}

/* Whether the table at @idx has exactly the numbers called @names. */
static bool get_named(lua_State *L, int idx, const char *names, double *v)
{
	int n = (int)strlen(names), found = 0;

	lua_pushnil(L);
	while (lua_next(L, idx)) {
		const char *key =
			lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
		const char *at = *key && !key[1] ? strchr(names, *key) : NULL;

		if (!at || lua_type(L, -1) != LUA_TNUMBER) {
			lua_pop(L, 2);
			return false;
		}
		v[at - names] = lua_tonumber(L, -1);
		found++;
		lua_pop(L, 1);
	}
	return found == n;
}

/* An entry of a table while it is gathered. */
struct entry {
	char number[KEY_MAX]; /* the text of a numeric key */
	const char *key;
	struct datum value;
};

static const char *get(struct reading *r, int idx, int depth, struct datum *ret);

/* The key and value at the top. */
static const char *gather_entry(struct reading *r, struct entry *e, int depth)
{
	lua_State *L = r->L;

	if (lua_type(L, -2) == LUA_TSTRING) {
		size_t len;

		e->key = lua_tolstring(L, -2, &len);
		r->bytes += len;
		if (r->bytes > ALL_BYTES)
			return too_long;
	} else if (lua_isinteger(L, -2)) {
		snprintf(e->number, KEY_MAX, "%lld", (long long)lua_tointeger(L, -2));
		e->key = e->number;
	} else {
		return "keys of a table of a value are texts or whole numbers";
	}
	return get(r, lua_gettop(L), depth + 1, &e->value);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/*
 * The array part first, so that it keeps its order; then the others by their names, as the order of Lua's
 * tables differs from run to run. *@n counts those that hold a value.
 */
static const char *gather_all(struct reading *r, int idx, struct entry *e, size_t *n,
			      int depth)
{
	lua_State *L = r->L;
	lua_Integer count = (lua_Integer)lua_rawlen(L, idx);
	const char *why = NULL;
	size_t first;

	for (lua_Integer i = 1; i <= count && !why; i++) {
		lua_pushinteger(L, i);
		lua_rawgeti(L, idx, i);
		why = gather_entry(r, &e[*n], depth);
		*n += !why;
		lua_pop(L, 2);
	}
	if (why)
		return why;
	first = *n;
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1 ||
		    lua_tointeger(L, -2) > count) {
			why = gather_entry(r, &e[*n], depth);
			*n += !why;
		}
		if (why) {
			lua_pop(L, 2);
			return why;
		}
		lua_pop(L, 1);
	}
	qsort(e + first, *n - first, sizeof(*e), compare_entries);
	return NULL;
}

/* How many entries a table has, at most one too many. */
static size_t count_entries(lua_State *L, int idx)
{
	size_t n = 0;

	lua_pushnil(L);
	while (lua_next(L, idx)) {
		lua_pop(L, 1);
		if (++n > TABLE_ENTRIES) {
			lua_pop(L, 1);
			break;
		}
	}
	return n;
}

/* The data of the @n entries become a table. */
static int make_table(struct entry *e, size_t n, struct datum *ret)
{
	const char **keys = calloc(n ? n : 1, sizeof(*keys));
	struct datum *values = calloc(n ? n : 1, sizeof(*values));
	int r = -1;

	if (keys && values) {
		for (size_t i = 0; i < n; i++) {
			keys[i] = e[i].key;
			values[i] = e[i].value;
			e[i].value = datum_null();
		}
		r = datum_table(keys, values, n, ret);
	}
	free(keys);
	free(values);
	return r;
}

static const char *get_table(struct reading *r, int idx, int depth, struct datum *ret)
{
	lua_State *L = r->L;
	const char *why = no_memory;
	size_t room, n = 0;
	struct entry *e;

	if (depth > TABLE_DEPTH)
		return "a table of a value is at most 16 deep";
	if (!lua_checkstack(L, 6))
		return why;
	room = count_entries(L, idx);
	if (room > TABLE_ENTRIES)
		return "a table of a value has at most 1024 entries";
	r->entries += room;
	if (r->entries > ALL_ENTRIES)
		return "the tables of a value have at most 4096 entries together";
	e = calloc(room + 1, sizeof(*e)); /* one that is refused is looked at, too */
	if (!e)
		return why;
	why = gather_all(r, idx, e, &n, depth);
	if (!why && (make_table(e, n, ret) < 0 || datum_charge(ret, r->account) < 0))
		why = no_memory;
	for (size_t i = 0; i < n; i++)
		datum_fini(&e[i].value);
	free(e);
	return why;
}

static const char *get_keyed(struct reading *r, int idx, int depth, struct datum *ret)
{
	lua_State *L = r->L;
	double v[4] = {0};

	if (!lua_checkstack(L, 4))
		return no_memory;
	if (get_named(L, idx, "xyz", v))
		*ret = datum_vec3(v[0], v[1], v[2]);
	else if (get_named(L, idx, "wxyz", v))
		*ret = datum_quat(v[0], v[1], v[2], v[3]);
	else
		return get_table(r, idx, depth, ret);
	return NULL;
}

static const char *get(struct reading *r, int idx, int depth, struct datum *ret)
{
	lua_State *L = r->L;

	switch (lua_type(L, idx)) {
	case LUA_TBOOLEAN:
		*ret = datum_bool(lua_toboolean(L, idx));
		return NULL;
	case LUA_TNUMBER:
		*ret = datum_number(lua_tonumber(L, idx));
		return NULL;
	case LUA_TSTRING: {
		size_t len;
		const char *text = lua_tolstring(L, idx, &len);

		r->bytes += len;
		if (r->bytes > ALL_BYTES)
			return too_long;
		if (datum_string(text, len, ret) < 0 || datum_charge(ret, r->account) < 0)
			return no_memory;
		return NULL;
	}
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, idx) != &null_mark)
			break;
		*ret = datum_null();
		return NULL;
	case LUA_TTABLE:
		return get_keyed(r, idx, depth, ret);
	case LUA_TNIL:
		return "nil cannot be in a value; use null";
	default:
		break;
	}
	return "a value holds null, booleans, numbers, texts and tables of them";
}

static const char *read_datum(lua_State *L, int idx, struct account *a, struct datum *ret)
{
	struct reading r = {.L = L, .account = a};
	const char *why = get(&r, lua_absindex(L, idx), 0, ret);

	budget_spend(L, (int)r.entries * ENTRY_STEPS);
	budget_spend_bytes(L, r.bytes);
	return why;
}

/* Lua's collector does not see data: of much it is told, so that it keeps up. */
static void collect(lua_State *L, size_t bytes)
{
	if (bytes >= COLLECT_BYTES)
		lua_gc(L, LUA_GCSTEP, (int)(bytes / 1024));
}

const char *lua_get_datum(lua_State *L, int idx, struct account *a, struct datum *ret)
{
	struct lua_host *h = lua_host_of(L);
	bool may_collect = a && a == h->memory && !(h->running && h->running->no_wait);
	size_t before = a ? a->used : 0;
	const char *why = read_datum(L, idx, a, ret);

	if (!may_collect)
		return why;
	if (!why) {
		collect(L, a->used - before);
	} else if (why == no_memory) {
		lua_host_collect(h, L);
		why = read_datum(L, idx, a, ret);
	}
	return why;
}

void lua_check_datum(lua_State *L, int idx, struct account *a, struct datum *ret)
{
	const char *why = lua_get_datum(L, idx, a, ret);

	if (why == no_memory)
		lua_raise(L, "memory", "%s", why);
	if (why)
		luaL_error(L, "%s", why);
}

static int null_tostring(lua_State *L)
{
	/* The only other light userdata that a script sees is given to its __close functions. */
	lua_pushstring(L, lua_touserdata(L, 1) == &null_mark ? "null" : "cancelled");
	return 1;
}

void lua_open_null(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&null_mark);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, null_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2); /* of all light userdata */
	lua_setglobal(L, "null");
}
