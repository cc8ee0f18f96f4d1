/*
 * The strict JSON scanner.
 *
 * Recursive descent, one function per production of RFC 8259, bounded by JSON_DEPTH_MAX. Errors inside
 * a token are reported and scanning goes on behind it; an error in structure is reported once and
 * ends it ("stop"), as everything after it would be guesswork.
 */
#include "daemon/base/jsonscan.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/jsontoken.h"

/* @list of items of @size bytes, or a bigger one in its place when it is full; NULL: out of memory. */
static void *grown(struct scanner *s, void *list, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 32;
	void *bigger;

	if (n < *cap)
		return list;
	bigger = reallocarray(list, more, size);
	if (bigger)
		*cap = more;
	else
		s->stop = -ENOMEM;
	return bigger;
}

static void mark(struct scanner *s, const char *key)
{
	struct json_marks *m = s->marks;
	struct json_mark *list;
	struct json_mark new = {0};
	struct conf_place at;

	if (!m)
		return;
	list = grown(s, m->list, m->n, &m->cap, sizeof(*m->list));
	if (!list)
		return;
	if (key) {
		at = scan_place(s, key);
		new.key_line = at.line;
		new.key_col = at.col;
	}
	at = scan_place(s, s->p);
	new.line = at.line;
	new.col = at.col;
	m->list = list;
	m->list[m->n++] = new;
}

/* Take the escapes out of @key, whose quotes end before s->p. */
static void unescape(struct scanner *s, struct scan_key *key)
{
	cJSON *text = cJSON_ParseWithLength(key->start, (size_t)(s->p - key->start));

	key->plain = text ? strdup(text->valuestring) : NULL;
	cJSON_Delete(text);
	if (key->plain) {
		key->s = key->plain;
		key->len = strlen(key->plain);
	} else {
		s->stop = -ENOMEM; /* its syntax has been checked */
	}
}

/* Remember @key as one of the innermost object. False: out of memory. */
static bool push_key(struct scanner *s, struct scan_key *key)
{
	struct scan_key *keys =
		grown(s, s->keys, s->n_keys, &s->cap_keys, sizeof(*s->keys));

	if (!keys)
		return false;
	s->keys = keys;
	if (!s->bad && memchr(key->s, '\\', key->len))
		unescape(s, key);
	s->keys[s->n_keys++] = *key;
	return !s->stop;
}

/* By length, bytes, place. */
static int compare_keys(const void *a, const void *b)
{
	const struct scan_key *x = a;
	const struct scan_key *y = b;
	int d;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	d = memcmp(x->s, y->s, x->len);
	return d ? d : (x->start > y->start) - (x->start < y->start);
}

/* Report the repeated ones of the keys from @first on, those of the object @at, and forget them all. */
static void close_keys(struct scanner *s, struct scan_level *at, size_t first)
{
	size_t n = s->n_keys - first;
	struct scan_key *keys;
	const struct scan_key *same;

	if (n == 0)
		return;
	keys = s->keys + first;
	same = keys;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++) {
		struct conf_place place;

		if (keys[i].len != same->len ||
		    memcmp(keys[i].s, same->s, same->len) != 0) {
			same = &keys[i];
			continue;
		}
		place = scan_list_full(s) ? (struct conf_place){0}
					  : scan_place(s, same->start);
		at->key = &keys[i];
		scan_complain(s, at, keys[i].start,
			      "duplicate key; the first is at line %u, column %u",
			      place.line, place.col);
	}
	for (size_t i = 0; i < n; i++)
		free(keys[i].plain);
	s->n_keys = first;
}

/*
 * Is there a first, or another, item in what was opened at @open? Takes the comma before it, or the
 * closing bracket if there is none. A missing comma is reported and imagined.
 */
static bool next_item(struct scanner *s, const struct scan_level *at, const char *open,
		      bool first)
{
	const char *behind = s->p;
	const char *comma = NULL;
	char closing = *open == '{' ? '}' : ']';
	int c = scan_peek(s, at);

	if (c == ',' && !first) {
		comma = s->p++;
		c = scan_peek(s, at);
	}
	if (c == closing) {
		s->p++;
		if (comma && s->blank)
			s->blank[comma - s->text] = ' ';
		else if (comma)
			scan_complain(s, at, comma, "comma before the closing bracket");
		return false;
	}
	if (c < 0 && !s->stop)
		scan_stop(s, at, open, "'%c' without its '%c'", *open, closing);
	else if (!first && !comma && (isalnum(c) || strchr("\"{[-", c)))
		scan_complain(s, at, behind, "missing comma");
	else if (!first && !comma)
		scan_stop_expected(s, at, *open == '{' ? "',' or '}'" : "',' or ']'");
	return !s->stop;
}

static void value(struct scanner *s, const struct scan_level *at, const char *key);

static void list(struct scanner *s, const struct scan_level *up)
{
	struct scan_level at = {.up = up, .depth = up ? up->depth + 1 : 1};
	const char *open = s->p++;

	while (next_item(s, &at, open, at.index == 0)) {
		at.index++;
		value(s, &at, NULL);
	}
}

static void object(struct scanner *s, const struct scan_level *up)
{
	struct scan_level at = {.up = up, .depth = up ? up->depth + 1 : 1};
	const char *open = s->p++;
	size_t first = s->n_keys;

	while (next_item(s, &at, open, s->n_keys == first)) {
		struct scan_key key = {0};

		at.key = NULL;
		if (scan_peek(s, &at) != '"') {
			scan_stop_expected(s, &at, "a key in double quotes");
			break;
		}
		if (!scan_text(s, &at, &key) || !push_key(s, &key))
			break;
		at.key = &key;
		if (scan_peek(s, &at) != ':') {
			scan_stop_expected(s, &at, "':'");
			break;
		}
		s->p++;
		value(s, &at, key.start);
		at.key = NULL;
	}
	close_keys(s, &at, first);
}

/* @key: where the key of the value begins, or NULL. */
static void value(struct scanner *s, const struct scan_level *at, const char *key)
{
	struct scan_key text;
	int c = scan_peek(s, at);

	if (s->stop)
		return;
	if (c >= 0)
		mark(s, key);
	if ((c == '{' || c == '[') && at && at->depth == JSON_DEPTH_MAX)
		scan_stop(s, at, s->p, "nested deeper than %d", JSON_DEPTH_MAX);
	else if (c == '{')
		object(s, at);
	else if (c == '[')
		list(s, at);
	else if (c == '"')
		(void)scan_text(s, at, &text);
	else
		scan_word(s, at);
}

int json_scan(const char *text, size_t len, char *blank, struct json_marks *marks,
	      const char *file, struct conf_errors *errs)
{
	struct scanner s = {
		.text = text,
		.end = text + len,
		.p = text,
		.blank = blank,
		.marks = marks,
		.file = file,
		.errs = errs,
		.spot = text,
		.spot_place = {file, 1, 1},
	};

	scan_encoding(&s);
	value(&s, NULL, NULL);
	if (scan_peek(&s, NULL) >= 0)
		scan_stop_expected(&s, NULL, "nothing more");
	free(s.keys);
	if (s.stop)
		return s.stop;
	return s.bad ? -EINVAL : 0;
}
