/* Data as text: JSON for programs, and a shorter form for people. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/macros.h"
#include "daemon/state/datum.h"
#include "daemon/state/table.h"

/* Text that is counted beyond the end of its buffer, but not written. */
struct text {
	char *buf;
	size_t size, len;
	int digits; /* decimals for people; negative: JSON */
};

static void put(struct text *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++, t->len++)
		if (t->len + 1 < t->size)
			t->buf[t->len] = bytes[i];
}

static void puts_to(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void put_number_json(struct text *t, double n)
{
	char buf[32];

	if (!isfinite(n)) {
		puts_to(t, "null");
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(buf, sizeof(buf), "%.*g", precision, n);
		if (strtod(buf, NULL) == n)
			break;
	}
	puts_to(t, buf);
}

/* At most so many decimals, none that say nothing; no -0. Large and tiny numbers by exponent. */
static void put_number(struct text *t, double n)
{
	char buf[64];
	size_t len;

	if (!isfinite(n) || fabs(n) >= 1e15) {
		(void)snprintf(buf, sizeof(buf), "%g", n);
		puts_to(t, isnan(n) ? "nan" : buf);
		return;
	}
	(void)snprintf(buf, sizeof(buf), "%.*f", t->digits, n);
	len = strlen(buf);
	if (strchr(buf, '.')) {
		while (buf[len - 1] == '0')
			len--;
		if (buf[len - 1] == '.')
			len--;
	}
	buf[len] = '\0';
	puts_to(t, strcmp(buf, "-0") == 0 ? "0" : buf);
}

static void put_numbers(struct text *t, const double *v, size_t n)
{
	puts_to(t, "[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			puts_to(t, t->digits < 0 ? "," : ", ");
		if (t->digits < 0)
			put_number_json(t, v[i]);
		else
			put_number(t, v[i]);
	}
	puts_to(t, "]");
}

static void put_quoted(struct text *t, const char *s, size_t n)
{
	puts_to(t, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char buf[8];

		if (c == '"' || c == '\\') {
			put(t, "\\", 1);
			put(t, &s[i], 1);
		} else if (c < 0x20) {
			(void)snprintf(buf, sizeof(buf), "\\u%04x", c);
			puts_to(t, buf);
		} else {
			put(t, &s[i], 1);
		}
	}
	puts_to(t, "\"");
}

static void put_datum(struct text *t, const struct datum *d, bool inside);

static void put_table(struct text *t, const struct table *table)
{
	bool array = table_is_array(table);
	bool json = t->digits < 0;

	puts_to(t, array ? "[" : "{");
	for (size_t i = 0; i < table->keys->n; i++) {
		const char *key = table->keys->at[i];

		if (i > 0)
			puts_to(t, json ? "," : ", ");
		if (!array && json)
			put_quoted(t, key, strlen(key));
		else if (!array)
			puts_to(t, key);
		if (!array)
			puts_to(t, json ? ":" : ": ");
		put_datum(t, &table->values[i], true);
	}
	puts_to(t, array ? "]" : "}");
}

static void put_datum(struct text *t, const struct datum *d, bool inside)
{
	switch (d->type) {
	case DATUM_NULL:
		puts_to(t, "null");
		break;
	case DATUM_BOOL:
		puts_to(t, d->b ? "true" : "false");
		break;
	case DATUM_NUMBER:
		if (t->digits < 0)
			put_number_json(t, d->n);
		else
			put_number(t, d->n);
		break;
	case DATUM_STRING:
		if (t->digits < 0 || inside)
			put_quoted(t, datum_text(d), datum_text_len(d));
		else
			put(t, datum_text(d), datum_text_len(d));
		break;
	case DATUM_VEC3:
		put_numbers(t, d->v, 3);
		break;
	case DATUM_QUAT:
		put_numbers(t, d->v, 4);
		break;
	case DATUM_TABLE:
		put_table(t, d->t);
		break;
	}
}

static size_t write_datum(const struct datum *d, int digits, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size, .digits = digits};

	put_datum(&t, d, false);
	if (size > 0)
		buf[t.len < size ? t.len : size - 1] = '\0';
	return t.len;
}

size_t datum_json(const struct datum *d, char *buf, size_t size)
{
	return write_datum(d, -1, buf, size);
}

size_t datum_print(const struct datum *d, int digits, char *buf, size_t size)
{
	return write_datum(d, digits < 0 ? 0 : digits > 17 ? 17 : digits, buf, size);
}
