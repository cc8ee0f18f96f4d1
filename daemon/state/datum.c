/* Data: shared strings and tables, equality. Counts are plain: data stay on the loop's thread. */
#include "daemon/state/datum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/account.h"
#include "daemon/state/table.h"

struct str {
	unsigned refs;
	struct account *account; /* of which it has a reference, or NULL */
	size_t len;
	char text[];
};

static const char *const type_names[] = {
	[DATUM_NULL] = "null",     [DATUM_BOOL] = "boolean", [DATUM_NUMBER] = "number",
	[DATUM_STRING] = "string", [DATUM_VEC3] = "vector",  [DATUM_QUAT] = "quaternion",
	[DATUM_TABLE] = "table",
};

const char *datum_type_name(enum datum_type type)
{
	return type_names[type];
}

int datum_string(const char *text, size_t len, struct datum *ret)
{
	struct str *s = malloc(sizeof(*s) + len + 1);

	if (!s)
		return -ENOMEM;
	s->refs = 1;
	s->account = NULL;
	s->len = len;
	memcpy(s->text, text, len);
	s->text[len] = '\0';
	*ret = (struct datum){.type = DATUM_STRING, .s = s};
	return 0;
}

const char *datum_text(const struct datum *d)
{
	return d->s->text;
}

size_t datum_text_len(const struct datum *d)
{
	return d->s->len;
}

static size_t str_bytes(const struct str *s)
{
	return sizeof(*s) + s->len + 1;
}

static void free_str(struct str *s)
{
	account_release(s->account, str_bytes(s));
	account_unref(s->account);
	free(s);
}

void datum_take_ref(const struct datum *d)
{
	if (d->type == DATUM_STRING)
		d->s->refs++;
	else
		d->t->refs++;
}

void datum_drop_ref(const struct datum *d)
{
	if (d->type == DATUM_TABLE)
		table_unref(d->t);
	else if (--d->s->refs == 0)
		free_str(d->s);
}

/* Who is charged with the string or table. */
static struct account **account_of(const struct datum *d)
{
	return d->type == DATUM_STRING ? &d->s->account : &d->t->account;
}

static size_t own_bytes(const struct datum *d)
{
	return d->type == DATUM_STRING ? str_bytes(d->s) : table_bytes(d->t);
}

int datum_charge(struct datum *d, struct account *a)
{
	if (!a || !datum_shared(d))
		return 0;
	if (!account_charge(a, own_bytes(d))) {
		datum_fini(d);
		return -ENOMEM;
	}
	a->refs++;
	*account_of(d) = a;
	return 0;
}

size_t datum_bytes(const struct datum *d, const struct account *a)
{
	size_t bytes = 0;

	if (!datum_shared(d))
		return 0;
	if (!a || *account_of(d) != a)
		bytes = own_bytes(d);
	for (size_t i = 0; d->type == DATUM_TABLE && i < datum_size(d); i++)
		bytes += datum_bytes(datum_entry(d, i), a);
	return bytes;
}

/* NaN equals NaN: a sensor that still knows nothing is no news. */
static bool numbers_equal(const double *a, const double *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool nan = a[i] != a[i] && b[i] != b[i];

		if (a[i] != b[i] && !nan)
			return false;
	}
	return true;
}

/* Of two data of the same type. */
bool datum_equal_content(const struct datum *a, const struct datum *b)
{
	switch (a->type) {
	case DATUM_NULL:
		return true;
	case DATUM_BOOL:
		return a->b == b->b;
	case DATUM_NUMBER:
		return numbers_equal(&a->n, &b->n, 1);
	case DATUM_STRING:
		return a->s == b->s || (a->s->len == b->s->len &&
					memcmp(a->s->text, b->s->text, a->s->len) == 0);
	case DATUM_VEC3:
		return numbers_equal(a->v, b->v, 3);
	case DATUM_QUAT:
		return numbers_equal(a->v, b->v, 4);
	case DATUM_TABLE:
		return table_equal(a->t, b->t);
	}
	return false;
}
