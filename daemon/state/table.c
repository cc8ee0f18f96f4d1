/* Tables: keys in order, each with a datum. */
#include "daemon/state/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/account.h"

struct keys *keys_new(const char *const *names, size_t n)
{
	size_t size = sizeof(struct keys) + n * sizeof(char *);
	struct keys *k;
	char *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(names[i]) + 1;
	k = malloc(size);
	if (!k)
		return NULL;
	k->refs = 1;
	k->n = n;
	k->bytes = size;
	text = (char *)&k->at[n];
	for (size_t i = 0; i < n; i++) {
		size = strlen(names[i]) + 1;
		memcpy(text, names[i], size);
		k->at[i] = text;
		text += size;
	}
	return k;
}

void keys_unref(struct keys *k)
{
	if (k && --k->refs == 0)
		free(k);
}

struct table *table_new(struct keys *k)
{
	struct table *t = malloc(sizeof(*t) + k->n * sizeof(t->values[0]));

	if (!t)
		return NULL;
	t->refs = 1;
	t->account = NULL;
	t->keys = k;
	k->refs++;
	for (size_t i = 0; i < k->n; i++)
		t->values[i] = datum_null();
	return t;
}

size_t table_bytes(const struct table *t)
{
	return sizeof(*t) + t->keys->n * sizeof(t->values[0]) + t->keys->bytes;
}

void table_unref(struct table *t)
{
	if (!t || --t->refs > 0)
		return;
	for (size_t i = 0; i < t->keys->n; i++)
		datum_fini(&t->values[i]);
	account_release(t->account, table_bytes(t));
	account_unref(t->account);
	keys_unref(t->keys);
	free(t);
}

static const struct datum *entry(const struct table *t, const char *key)
{
	for (size_t i = 0; i < t->keys->n; i++)
		if (strcmp(t->keys->at[i], key) == 0)
			return &t->values[i];
	return NULL;
}

bool table_equal(const struct table *a, const struct table *b)
{
	bool in_step = a->keys == b->keys;

	if (a == b)
		return true;
	if (a->keys->n != b->keys->n)
		return false;
	for (size_t i = 0; i < a->keys->n; i++) {
		const char *key = a->keys->at[i];
		const struct datum *other = &b->values[i];

		if (!in_step && strcmp(key, b->keys->at[i]) != 0)
			other = entry(b, key);
		if (!other || !datum_equal(&a->values[i], other))
			return false;
	}
	return true;
}

bool table_is_array(const struct table *t)
{
	char number[24];

	for (size_t i = 0; i < t->keys->n; i++) {
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		if (strcmp(t->keys->at[i], number) != 0)
			return false;
	}
	return t->keys->n > 0;
}

int datum_table(const char *const *keys, struct datum *values, size_t n,
		struct datum *ret)
{
	struct keys *k = keys_new(keys, n);
	struct table *t = k ? table_new(k) : NULL;

	keys_unref(k);
	if (!t) {
		for (size_t i = 0; i < n; i++)
			datum_fini(&values[i]);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		t->values[i] = values[i];
	*ret = (struct datum){.type = DATUM_TABLE, .t = t};
	return 0;
}

size_t datum_size(const struct datum *d)
{
	return d->t->keys->n;
}

const char *datum_key(const struct datum *d, size_t i)
{
	return d->t->keys->at[i];
}

const struct datum *datum_entry(const struct datum *d, size_t i)
{
	return &d->t->values[i];
}

const struct datum *datum_get(const struct datum *d, const char *key)
{
	return entry(d->t, key);
}
