/* The world: an array of values, sorted by name. */
#include "daemon/state/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/state/internal.h"

struct world {
	struct value **values; /* sorted by name */
	size_t count, cap;
};

struct world *world_new(void)
{
	return calloc(1, sizeof(struct world));
}

void world_free(struct world *w)
{
	if (!w)
		return;
	while (w->count > 0)
		value_free(w->values[--w->count]);
	free(w->values);
	free(w);
}

/* Words of a-z, 0-9 and _ with points between; the first begins with a letter. */
static bool name_is_good(const char *name)
{
	bool word = false;

	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	for (const char *c = name; *c; c++) {
		bool letter =
			(*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';

		if (!letter && (*c != '.' || !word))
			return false;
		word = letter;
	}
	return word;
}

/* Where @name is or would be; *@ret_found tells which. */
static size_t place(const struct world *w, const char *name, bool *ret_found)
{
	size_t low = 0;
	size_t high = w->count;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(w->values[mid]->info.name, name);

		if (order == 0) {
			*ret_found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int make_room(struct world *w)
{
	size_t cap = w->cap ? 2 * w->cap : 64;
	struct value **grown;

	if (w->count < w->cap)
		return 0;
	grown = reallocarray(w->values, cap, sizeof(struct value *));
	if (!grown)
		return -ENOMEM;
	w->values = grown;
	w->cap = cap;
	return 0;
}

/* All that can fail about a new name. */
static int prepare(struct world *w, const char *name, size_t *ret_at)
{
	bool found;

	if (!name_is_good(name))
		return -EINVAL;
	*ret_at = place(w, name, &found);
	return found ? -EEXIST : make_room(w);
}

static void insert(struct world *w, size_t at, struct value *v)
{
	memmove(&w->values[at + 1], &w->values[at],
		(w->count - at) * sizeof(struct value *));
	w->values[at] = v;
	w->count++;
}

int world_add(struct world *w, const struct value_info *info, struct value **ret)
{
	struct value *v;
	size_t at;
	int r = prepare(w, info->name, &at);

	if (r < 0)
		return r;
	r = value_new(info, &v);
	if (r < 0)
		return r;
	r = value_own_texts(v);
	if (r < 0) {
		value_free(v);
		return r;
	}
	insert(w, at, v);
	*ret = v;
	return 0;
}

int world_adopt_take(struct world *w, struct value *v)
{
	size_t at;
	int r = prepare(w, v->info.name, &at);

	if (r == 0)
		r = value_own_texts(v);
	if (r < 0)
		return r;
	insert(w, at, v);
	return 0;
}

void world_remove(struct world *w, struct value *v)
{
	bool found;
	size_t at = place(w, v->info.name, &found);

	if (!found || w->values[at] != v)
		return;
	w->count--;
	memmove(&w->values[at], &w->values[at + 1],
		(w->count - at) * sizeof(struct value *));
	value_free(v);
}

struct value *world_find(const struct world *w, const char *name)
{
	bool found;
	size_t at = place(w, name, &found);

	return found ? w->values[at] : NULL;
}

const char *world_nearest(const struct world *w, const char *name)
{
	const char **names = malloc((w->count + 1) * sizeof(names[0]));
	const char *nearest;

	if (!names)
		return NULL; /* a guess the less */
	for (size_t i = 0; i < w->count; i++)
		names[i] = w->values[i]->info.name;
	nearest = nearest_name(name, names, w->count);
	free(names);
	return nearest;
}

size_t world_size(const struct world *w)
{
	return w->count;
}

struct value *world_at(const struct world *w, size_t i)
{
	return w->values[i];
}
