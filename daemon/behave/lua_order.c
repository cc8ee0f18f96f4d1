/* Tables in an order that depends on their keys alone: next and pairs. */
#include "daemon/behave/lua_order.h"

#include <stdint.h>
#include <string.h>

#include "daemon/behave/lua_host.h"

#define STEPS_PER_KEY 5 /* what looking at one is worth, see budget_spend() */

/* Where keys of a kind stand; those of CLASS_OBJECT have no order among themselves. */
enum class { CLASS_INDEX, CLASS_NUMBER, CLASS_TEXT, CLASS_BOOL, CLASS_OBJECT };

/* A key as it is compared. Its text lives as long as the key on the stack or in a table. */
struct key {
	union {
		lua_Integer i; /* of whole numbers and booleans */
		lua_Number n;
		const char *text;
	};
	uint32_t len; /* heaps are smaller */
	uint8_t class;
	bool whole; /* of CLASS_NUMBER */
};

static struct key key_at(lua_State *L, int idx)
{
	struct key k = {.class = CLASS_OBJECT};
	size_t len;

	switch (lua_type(L, idx)) {
	case LUA_TNUMBER:
		k.whole = lua_isinteger(L, idx);
		if (k.whole)
			k.i = lua_tointeger(L, idx);
		else
			k.n = lua_tonumber(L, idx);
		k.class = k.whole && k.i > 0 ? CLASS_INDEX : CLASS_NUMBER;
		break;
	case LUA_TSTRING:
		k.class = CLASS_TEXT;
		k.text = lua_tolstring(L, idx, &len);
		k.len = (uint32_t)len;
		break;
	case LUA_TBOOLEAN:
		k.class = CLASS_BOOL;
		k.i = lua_toboolean(L, idx);
		break;
	default:
		break;
	}
	return k;
}

static int compare_texts(const struct key *a, const struct key *b)
{
	int c = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

/* A float that rounds to the same as an integer differs from it, and stands before it. */
static int compare_numbers(const struct key *a, const struct key *b)
{
	lua_Number x = a->whole ? (lua_Number)a->i : a->n;
	lua_Number y = b->whole ? (lua_Number)b->i : b->n;

	if (a->whole && b->whole)
		return (a->i > b->i) - (a->i < b->i);
	if (x != y)
		return x > y ? 1 : -1;
	return (int)a->whole - (int)b->whole;
}

/* Negative, 0 or positive, as @a stands before, at or behind @b. */
static int compare(const struct key *a, const struct key *b)
{
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	switch ((enum class)a->class) {
	case CLASS_INDEX:
	case CLASS_BOOL:
		return (a->i > b->i) - (a->i < b->i);
	case CLASS_NUMBER:
		return compare_numbers(a, b);
	case CLASS_TEXT:
		return compare_texts(a, b);
	case CLASS_OBJECT:
		return 0;
	}
	return 0;
}

/* If index @i is in use: replace the key at the top by it, and push its value. */
static bool take_index(lua_State *L, int idx, lua_Integer i)
{
	if (lua_rawgeti(L, idx, i) == LUA_TNIL) {
		lua_pop(L, 1);
		return false;
	}
	lua_pushinteger(L, i);
	lua_replace(L, -3);
	return true;
}

/* The same as lua_next(), from the key at the top on, but only keys of CLASS_OBJECT. */
static bool next_object(lua_State *L, int idx)
{
	while (lua_next(L, idx)) {
		if (key_at(L, -2).class == CLASS_OBJECT)
			return true;
		lua_pop(L, 1);
	}
	return false;
}

/* The same as lua_next() with the least key behind the one at the top. */
static bool next_least(lua_State *L, int idx)
{
	const struct key from = key_at(L, -1);
	bool first = lua_isnil(L, -1), found = false;
	int from_at = lua_gettop(L), steps = 0;
	struct key best = {.class = CLASS_OBJECT};

	lua_pushnil(L); /* from, best, the key that is looked at */
	lua_pushnil(L);
	for (; lua_next(L, idx); lua_pop(L, 1)) {
		struct key k = key_at(L, -2);

		steps += STEPS_PER_KEY;
		if (k.class == CLASS_OBJECT || (!first && compare(&k, &from) <= 0) ||
		    (found && compare(&k, &best) >= 0))
			continue;
		best = k;
		found = true;
		lua_pushvalue(L, -2);
		lua_replace(L, from_at + 1);
	}
	budget_spend(L, steps);
	if (!found) {
		lua_settop(L, from_at - 1);
		lua_pushnil(L);
		return next_object(L, idx);
	}
	lua_replace(L, from_at);
	lua_settop(L, from_at);
	lua_pushvalue(L, -1);
	lua_rawget(L, idx);
	return true;
}

bool lua_next_ordered(lua_State *L, int idx)
{
	const struct key k = key_at(L, -1);

	idx = lua_absindex(L, idx);
	luaL_checkstack(L, 6, NULL);
	if (lua_isnil(L, -1) && take_index(L, idx, 1))
		return true;
	if (k.class == CLASS_INDEX && k.i < LUA_MAXINTEGER && take_index(L, idx, k.i + 1))
		return true;
	if (k.class == CLASS_OBJECT && !lua_isnil(L, -1))
		return next_object(L, idx);
	return next_least(L, idx);
}

/* next(t, key) */
static int order_next(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (lua_next_ordered(L, 1))
		return 2;
	lua_pushnil(L);
	return 1;
}

/*
 * Where a loop over pairs() is. The keys behind the sequence at the beginning are a heap, the least first,
 * built when the loop comes to them: no loop spends long before its first turn. Keys are compared through
 * this array and kept alive by the table that is upvalue 3, where at[].slot is their place.
 */
struct pairs {
	size_t n;
	struct entry {
		struct key key;
		uint32_t slot;
	} at[];
};

static void sift_down(struct pairs *p, size_t i)
{
	struct entry moved = p->at[i];

	for (;;) {
		size_t kid = 2 * i + 1;

		if (kid >= p->n)
			break;
		if (kid + 1 < p->n && compare(&p->at[kid + 1].key, &p->at[kid].key) < 0)
			kid++;
		if (compare(&moved.key, &p->at[kid].key) <= 0)
			break;
		p->at[i] = p->at[kid];
		i = kid;
	}
	p->at[i] = moved;
}

/* Whether the key at @idx comes in a loop behind the index @last. */
static bool comes_later(lua_State *L, int idx, lua_Integer last)
{
	return !lua_isinteger(L, idx) || lua_tointeger(L, idx) <= 0 ||
	       lua_tointeger(L, idx) > last;
}

enum { UP_TABLE = 1, UP_INDEX, UP_KEYS, UP_HEAP, UP_COUNT = UP_HEAP };

/* The sequence of the table at 1 has ended at @last: gather what else there is. */
static struct pairs *gather(lua_State *L, lua_Integer last)
{
	lua_Integer n = 0, slot = 0;
	struct pairs *p;
	int steps = 0;

	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1), steps += STEPS_PER_KEY)
		n += comes_later(L, -2, last);
	lua_createtable(L, (int)n, 0);
	p = lua_newuserdatauv(L, sizeof(*p) + (size_t)n * sizeof(p->at[0]), 0);
	p->n = 0;
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		if (!comes_later(L, -2, last) || slot == n)
			continue;
		lua_pushvalue(L, -2);
		lua_rawseti(L, -5, ++slot);
		p->at[p->n++] =
			(struct entry){.key = key_at(L, -2), .slot = (uint32_t)slot};
	}
	for (size_t i = p->n / 2; i-- > 0;)
		sift_down(p, i);
	budget_spend(L, steps + 2 * STEPS_PER_KEY * (int)p->n);
	lua_replace(L, lua_upvalueindex(UP_HEAP));
	lua_replace(L, lua_upvalueindex(UP_KEYS));
	return p;
}

/* What pairs() returned. The table is its upvalue: the loop's own variables are not needed. */
static int pairs_next(lua_State *L)
{
	struct pairs *p = lua_touserdata(L, lua_upvalueindex(UP_HEAP));
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(UP_INDEX));

	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(UP_TABLE));
	if (!p) {
		lua_pushinteger(L, i + 1);
		if (lua_rawgeti(L, 1, i + 1) != LUA_TNIL) {
			lua_pushvalue(L, 2);
			lua_replace(L, lua_upvalueindex(UP_INDEX));
			return 2;
		}
		p = gather(L, i);
	}
	while (p->n > 0) {
		struct entry e = p->at[0];

		p->at[0] = p->at[--p->n];
		if (p->n > 0)
			sift_down(p, 0);
		lua_settop(L, 1);
		lua_rawgeti(L, lua_upvalueindex(UP_KEYS), e.slot);
		lua_pushvalue(L, 2);
		if (lua_rawget(L, 1) != LUA_TNIL) /* else it was cleared on the way */
			return 2;
	}
	lua_pushnil(L);
	return 1;
}

/* pairs(t) */
static int order_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_insert(L, 1);
		lua_call(L, 1, 3);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushinteger(L, 0);
	lua_pushnil(L);
	lua_pushnil(L);
	lua_pushcclosure(L, pairs_next, UP_COUNT);
	return 1;
}

void lua_open_order(lua_State *L)
{
	lua_register(L, "next", order_next);
	lua_register(L, "pairs", order_pairs);
}
