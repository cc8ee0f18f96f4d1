/* Mistakes of a script, gathered while it is loaded. */
#include "daemon/behave/load_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/chunk.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_file.h"
#include "daemon/behave/lua_host.h"

#define TEXT_MAX 512

/* A file that was run: the script, a module. */
struct ran {
	struct ran *next;
	struct mentions names;
	bool module; /* found by load_check_program() */
	char file[64];
};

struct load_check {
	struct conf_errors *errs;
	size_t before; /* what was wrong already */
	size_t noted;
	struct ran *ran, **end;
};

int load_check_open(struct lua_host *h, struct conf_errors *errs)
{
	struct load_check *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->errs = errs;
	c->before = errs->n;
	c->end = &c->ran;
	h->check = c;
	return 0;
}

void load_check_close(struct lua_host *h)
{
	struct load_check *c = h->check;

	if (!c)
		return;
	h->check = NULL;
	while (c->ran) {
		struct ran *one = c->ran;

		c->ran = one->next;
		mentions_fini(&one->names);
		free(one);
	}
	free(c);
}

size_t load_check_count(const struct lua_host *h)
{
	return h->check ? h->check->noted : 0;
}

void load_check_chunk(lua_State *L, const char *file)
{
	struct load_check *c = lua_host_of(L)->check;
	struct ran *one = c ? calloc(1, sizeof(*one)) : NULL;

	if (!one)
		return;
	snprintf(one->file, sizeof(one->file), "%s", file);
	/* Without its names it is a script that is checked less. */
	(void)!chunk_mentions(L, &one->names);
	*c->end = one;
	c->end = &one->next;
}

void load_check_note(struct lua_host *h, const char *text)
{
	struct load_check *c = h->check;
	char line[TEXT_MAX];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	for (size_t i = c->before; i < c->errs->n; i++)
		if (strcmp(c->errs->list[i].text, line) == 0)
			return;
	c->noted++;
	conf_error(c->errs, (struct conf_place){0}, "", "%s", line);
}

/* The innermost place in a script, in @ar. */
static bool find_place(lua_State *L, lua_Debug *ar)
{
	for (int level = 0; lua_getstack(L, level, ar); level++) {
		lua_getinfo(L, "Sl", ar);
		if (ar->currentline > 0)
			return true;
	}
	return false;
}

void load_check_complain(lua_State *L, const char *fmt, ...)
{
	struct lua_host *h = lua_host_of(L);
	va_list ap;

	luaL_where(L, 1);
	va_start(ap, fmt);
	lua_pushvfstring(L, fmt, ap);
	va_end(ap);
	lua_concat(L, 2);
	if (!h->check || lua_is_guarded(L))
		lua_error(L);
	load_check_note(h, lua_tostring(L, -1));
	lua_pop(L, 1);
}

/* The line on which the file @file sets the field @key, if it does so once; else 0. */
static int line_of_field(const struct load_check *c, const char *file, const char *key)
{
	int line = 0;

	for (const struct ran *one = c->ran; one; one = one->next)
		for (size_t i = 0; i < one->names.n; i++) {
			const struct mention *m = &one->names.list[i];

			if (m->kind != MENTION_FIELD || strcmp(m->name, key) != 0 ||
			    strcmp(one->file, file) != 0)
				continue;
			if (line > 0 && m->line != line)
				return 0;
			line = m->line;
		}
	return line;
}

void load_check_field(lua_State *L, const char *key, const char *text)
{
	struct lua_host *h = lua_host_of(L);
	char at[TEXT_MAX];
	lua_Debug ar;
	int line;

	if (!find_place(L, &ar)) {
		load_check_note(h, text);
		return;
	}
	line = line_of_field(h->check, ar.short_src, key);
	snprintf(at, sizeof(at), "%s:%d: %s", ar.short_src,
		 line > 0 ? line : ar.currentline, text);
	load_check_note(h, at);
}

/* Does a file set the global @name, at its top level or inside a function? */
static bool is_set(const struct load_check *c, const char *name, bool top)
{
	for (const struct ran *one = c->ran; one; one = one->next)
		for (size_t i = 0; i < one->names.n; i++) {
			const struct mention *m = &one->names.list[i];

			if (m->kind == MENTION_SET && m->top == top &&
			    strcmp(m->name, name) == 0)
				return true;
		}
	return false;
}

void load_check_globals(lua_State *L)
{
	struct load_check *c = lua_host_of(L)->check;

	for (const struct ran *one = c->ran; one; one = one->next)
		for (size_t i = 0; i < one->names.n; i++) {
			const struct mention *m = &one->names.list[i];

			if ((m->kind != MENTION_READ && m->kind != MENTION_SET) ||
			    lua_knows_global(L, m->name) || is_set(c, m->name, true))
				continue;
			lua_push_undeclared(L, m->name, is_set(c, m->name, false));
			lua_pushfstring(L, "%s:%d: %s", one->file, m->line,
					lua_tostring(L, -1));
			load_check_note(lua_host_of(L), lua_tostring(L, -1));
			lua_pop(L, 2);
		}
}

/* Compile the module @name, unless it was; then it is the last that "was run". */
static void add_module(lua_State *L, struct load_check *c, const char *name)
{
	struct ran **end = c->end;
	char file[sizeof((*end)->file)];
	const char *path;

	snprintf(file, sizeof(file), "%s.lua", name);
	for (const struct ran *one = c->ran; one; one = one->next)
		if (one->module && strcmp(one->file, file) == 0)
			return;
	path = lua_find_module(L, name);
	/* One that cannot be loaded declares nothing, and fails the script that requires it. */
	if (path)
		(void)!lua_load_file(L, path);
	if (*end)
		(*end)->module = true;
	lua_pop(L, path ? 2 : 0);
}

/*
 * May there be globals that the code does not name? A behaviour, which is no program and says so when it
 * runs, has resources.
 */
static bool declares_out_of_sight(const struct mention *m)
{
	static const char *const how[] = {"_G", "load", "behaviour"};

	for (size_t i = 0; i < ARRAY_LEN(how) && m->kind == MENTION_READ; i++)
		if (strcmp(m->name, how[i]) == 0)
			return true;
	return m->kind == MENTION_ALL;
}

void load_check_program(lua_State *L)
{
	struct load_check *c = lua_host_of(L)->check;

	for (const struct ran *one = c->ran; one; one = one->next)
		for (size_t i = 0; i < one->names.n; i++) {
			const struct mention *m = &one->names.list[i];

			if (declares_out_of_sight(m))
				return;
			if (m->kind == MENTION_REQUIRED)
				add_module(L, c, m->name);
		}
	load_check_globals(L);
}
