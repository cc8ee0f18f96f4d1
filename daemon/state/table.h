/* Tables: keys in order, each with a datum. The keys are an object of their own, so that the tables of
 * one composed value share them. */
#ifndef DAEMON_STATE_TABLE_H
#define DAEMON_STATE_TABLE_H
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/macros.h"
#include "daemon/state/datum.h"

struct account;

struct keys {
	unsigned refs;
	size_t n, bytes;
	const char *at[]; /* the texts lie behind */
};

struct table {
	unsigned refs;
	struct keys *keys;
	struct account *account; /* of which it has a reference, or NULL */
	struct datum values[];   /* keys->n of them */
};

/* Copies of @n texts. NULL without memory. */
struct keys *keys_new(const char *const *names, size_t n) MUST_CHECK;
void keys_unref(struct keys *k);

/* A table of null under @k, of which it takes a reference. NULL without memory. */
struct table *table_new(struct keys *k) MUST_CHECK;
void table_unref(struct table *t);
size_t
table_bytes(const struct table *t); /* with its keys, without what its entries refer to */
bool table_equal(const struct table *a, const struct table *b);

/* Whether its keys are "1", "2", ...: an array. An empty table is not. */
bool table_is_array(const struct table *t);

#endif
