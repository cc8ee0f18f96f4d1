/*
 * Data: what a value holds. A datum is null, a boolean, a number, a string, a vector (3), a quaternion
 * (w x y z) or a table of named data (what JSON objects and composed values become).
 *
 * A struct datum is copied by assignment only when the copy does not outlive the original; strings and
 * tables are immutable and shared by reference count: datum_copy() takes a reference, datum_fini()
 * drops it.
 */
#ifndef DAEMON_STATE_DATUM_H
#define DAEMON_STATE_DATUM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

enum datum_type {
	DATUM_NULL,
	DATUM_BOOL,
	DATUM_NUMBER,
	DATUM_STRING,
	DATUM_VEC3,
	DATUM_QUAT,
	DATUM_TABLE,
};

struct account;
struct str;   /* bytes with a length and a reference count */
struct table; /* keys in order, each with a datum; arrays have keys "1", "2", ... */

struct datum {
	enum datum_type type;
	union {
		bool b;
		double n;
		double v[4]; /* VEC3: x y z; QUAT: w x y z */
		struct str *s;
		struct table *t;
	};
};

const char *datum_type_name(enum datum_type type);

/* Makers of what needs no memory. */
static inline struct datum datum_null(void)
{
	return (struct datum){.type = DATUM_NULL};
}

static inline struct datum datum_bool(bool b)
{
	return (struct datum){.type = DATUM_BOOL, .b = b};
}

static inline struct datum datum_number(double n)
{
	return (struct datum){.type = DATUM_NUMBER, .n = n};
}

static inline struct datum datum_vec3(double x, double y, double z)
{
	return (struct datum){.type = DATUM_VEC3, .v = {x, y, z}};
}

static inline struct datum datum_quat(double w, double x, double y, double z)
{
	return (struct datum){.type = DATUM_QUAT, .v = {w, x, y, z}};
}

/* A string of @len bytes (copied). 0 or -ENOMEM. */
int datum_string(const char *text, size_t len, struct datum *ret) MUST_CHECK;
const char *datum_text(const struct datum *d); /* of a string: NUL-terminated */
size_t datum_text_len(const struct datum *d);

/*
 * A table of @n entries; takes over the data in @values (also when it fails), copies the keys, which
 * must differ. 0 or -ENOMEM.
 */
int datum_table(const char *const *keys, struct datum *values, size_t n,
		struct datum *ret) MUST_CHECK;
size_t datum_size(const struct datum *d);               /* entries of a table */
const char *datum_key(const struct datum *d, size_t i); /* lives as long as the table */
const struct datum *datum_entry(const struct datum *d, size_t i);
const struct datum *datum_get(const struct datum *d,
			      const char *key); /* NULL if there is none */

/*
 * Charge @a (NULL: nobody) with the memory of a string or table that was just made, without that of its entries,
 * until the last reference to it has gone. 0, or -ENOMEM when there is not so much left; then *@d is given back.
 */
int datum_charge(struct datum *d, struct account *a) MUST_CHECK;

/* The bytes of all that *@d refers to, less what @a is charged with already. */
size_t datum_bytes(const struct datum *d, const struct account *a);

/* Whether it refers to memory. */
static inline bool datum_shared(const struct datum *d)
{
	return d->type == DATUM_STRING || d->type == DATUM_TABLE;
}

/* Of data that refer to memory; private: the functions below look whether they do. */
void datum_take_ref(const struct datum *d);
void datum_drop_ref(const struct datum *d);
bool datum_equal_content(const struct datum *a, const struct datum *b);

/* Another reference to what *@d holds. */
static inline struct datum datum_copy(const struct datum *d)
{
	if (datum_shared(d))
		datum_take_ref(d);
	return *d;
}

/* Drop the reference; *@d becomes null. */
static inline void datum_fini(struct datum *d)
{
	if (datum_shared(d))
		datum_drop_ref(d);
	*d = datum_null();
}

/* By type and content; true is not 1; NaN equals NaN; tables key by key, in any order. */
static inline bool datum_equal(const struct datum *a, const struct datum *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == DATUM_NUMBER && a->n == b->n)
		return true;
	return datum_equal_content(a, b);
}

/*
 * Write it as JSON: vectors and quaternions are arrays, NaN and infinities null, numbers with as many
 * digits as bring them back (at most 17). Returns the length it would have, like snprintf.
 */
size_t datum_json(const struct datum *d, char *buf, size_t size);

/* The same for people: at most @digits decimals. */
size_t datum_print(const struct datum *d, int digits, char *buf, size_t size);

#endif
