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
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"

enum {
	NUMBER_MAX = 63, /* cJSON copies numbers to a buffer of 64 and cuts longer ones */
	PATH_ROOM = 300,
	ENCODING_MAX = 8, /* reports about encoding; a binary file would have thousands */
};

/* A text, or a key: what it says. */
struct key {
	const char *s;
	size_t len;
	const char *start; /* its opening quote */
	char *plain; /* heap: what s points to where it had to be freed of escapes */
};

/* The objects and lists around the place being scanned, innermost first, for paths and depth. */
struct level {
	const struct level *up;
	const struct key *key; /* the member being scanned; NULL in a list */
	size_t index;
	int depth;
};

struct scan {
	const char *text;
	const char *end;
	const char *p;
	char *blank; /* or NULL: a message, where comments are errors */
	struct json_marks *marks;
	const char *file;
	struct conf_errors *errs;
	bool bad; /* something was reported */
	int stop; /* 0, or why there is no going on: -EINVAL, -ENOMEM */

	/* Lines and columns are counted on demand, from the last place asked for. */
	const char *spot;
	struct conf_place spot_place;

	/* The keys of all objects still open, innermost object last. */
	struct key *keys;
	size_t n_keys;
	size_t cap_keys;
};

static struct conf_place place_of(struct scan *s, const char *p)
{
	if (p < s->spot) {
		s->spot = s->text;
		s->spot_place = (struct conf_place){s->file, 1, 1};
	}
	for (; s->spot < p; s->spot++) {
		if (*s->spot == '\n') {
			s->spot_place.line++;
			s->spot_place.col = 1;
		} else if (((unsigned char)*s->spot & 0xc0) != 0x80) {
			s->spot_place.col++; /* not the inside of a UTF-8 character */
		}
	}
	return s->spot_place;
}

static size_t put_path(const struct level *at, char *buf)
{
	size_t n;
	size_t room;
	int m = 0;

	if (!at)
		return 0;
	n = put_path(at->up, buf);
	room = PATH_ROOM - n;
	if (at->key)
		m = snprintf(buf + n, room, "%s%.*s", n ? "." : "",
			     at->key->len < room ? (int)at->key->len : (int)room,
			     at->key->s);
	else if (at->index)
		m = snprintf(buf + n, room, "[%zu]", at->index - 1);
	return (size_t)m < room ? n + (size_t)m : PATH_ROOM - 1;
}

static bool list_full(const struct scan *s)
{
	return s->errs->n >= CONF_ERRORS_MAX;
}

static void report(struct scan *s, const struct level *at, const char *p, const char *fmt,
		   va_list ap) PRINTF_LIKE(4, 0);

static void report(struct scan *s, const struct level *at, const char *p, const char *fmt,
		   va_list ap)
{
	char path[PATH_ROOM] = "";
	char what[256] = "";
	struct conf_place place = {0};

	s->bad = true;
	/* Of a hostile text with a hundred thousand errors, the rest is only counted. */
	if (!list_full(s)) {
		place = place_of(s, p);
		put_path(at, path);
		vsnprintf(what, sizeof(what), fmt, ap);
	}
	conf_error(s->errs, place, path, "%s", what);
}

/* An error about @p inside @at, after which scanning goes on. */
static void complain(struct scan *s, const struct level *at, const char *p,
		     const char *fmt, ...) PRINTF_LIKE(4, 5);

static void complain(struct scan *s, const struct level *at, const char *p,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(s, at, p, fmt, ap);
	va_end(ap);
}

/* An error that ends the scan. */
static void stop(struct scan *s, const struct level *at, const char *p, const char *fmt,
		 ...) PRINTF_LIKE(4, 5);

static void stop(struct scan *s, const struct level *at, const char *p, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(s, at, p, fmt, ap);
	va_end(ap);
	s->stop = -EINVAL;
}

/* The whole text, comments too, is UTF-8; below here bytes are taken as they are. */
static void check_encoding(struct scan *s)
{
	int reports = 0;

	if (s->end - s->text >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0) {
		complain(s, NULL, s->text,
			 "byte order mark; save the file as plain UTF-8");
		s->p += 3;
	}
	for (const char *p = s->p; p < s->end && reports < ENCODING_MAX;) {
		size_t n = utf8_char(p, (size_t)(s->end - p));

		if (n == 0) {
			complain(s, NULL, p, "invalid UTF-8, byte 0x%02x",
				 (unsigned char)*p);
			reports++;
		}
		p += n ? n : 1;
	}
}

/* @p points to the '/' of a comment: skip and blank it. */
static void comment(struct scan *s, const struct level *at)
{
	const char *start = s->p;
	const char *p = start + 1;

	if (!s->blank) {
		stop(s, at, start, "no comments in a message");
		return;
	}
	if (p < s->end && *p == '/') {
		p = memchr(p, '\n', (size_t)(s->end - p));
		s->p = p ? p : s->end;
	} else if (p < s->end && *p == '*') {
		p = memmem(p + 1, (size_t)(s->end - p - 1), "*/", 2);
		if (!p) {
			stop(s, at, start, "comment without its end");
			return;
		}
		s->p = p + 2;
	} else {
		stop(s, at, start, "lone '/'; comments are // and /* */");
		return;
	}
	/* Line feeds stay, for error places of the parser behind us. */
	for (p = start; p < s->p; p++)
		if (*p != '\n')
			s->blank[p - s->text] = ' ';
}

/* The next byte that means something, or -1 at the end and when stopped. */
static int peek(struct scan *s, const struct level *at)
{
	while (!s->stop && s->p < s->end) {
		if (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r')
			s->p++;
		else if (*s->p == '/')
			comment(s, at);
		else
			return (unsigned char)*s->p;
	}
	return -1;
}

/* "expected X": with what was found instead. */
static void stop_expected(struct scan *s, const struct level *at, const char *what)
{
	int c = s->p < s->end ? (unsigned char)*s->p : -1;

	if (s->stop)
		return;
	if (c < 0)
		stop(s, at, s->end, "expected %s, found the end", what);
	else if (c == '\'')
		stop(s, at, s->p, "expected %s, found a single quote; text takes \"\"",
		     what);
	else if (isprint(c))
		stop(s, at, s->p, "expected %s, found '%c'", what, c);
	else
		stop(s, at, s->p, "expected %s, found byte 0x%02x", what, (unsigned)c);
}

/* The value of the 4 hexadecimal digits at @p, or -1. */
static int hex4(const struct scan *s, const char *p)
{
	int v = 0;

	if (s->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = tolower((unsigned char)p[i]);

		if (!isxdigit(c))
			return -1;
		v = v * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/* s->p points to a backslash; skip the escape. */
static void escape(struct scan *s, const struct level *at)
{
	const char *start = s->p;
	int c = start + 1 < s->end ? (unsigned char)start[1] : 0;
	int code;
	int low;

	s->p += c >= 0x20 && c < 0x7f ? 2 : 1;
	if (c && strchr("\"\\/bfnrt", c))
		return;
	code = c == 'u' ? hex4(s, s->p) : -1;
	if (code < 0) {
		complain(s, at, start,
			 c == 'u' ? "\\u takes four hexadecimal digits"
				  : "unknown escape; \\\" \\\\ \\/ \\b \\f \\n \\r \\t "
				    "\\uXXXX");
		return;
	}
	s->p += 4;
	if (code == 0)
		complain(s, at, start, "\\u0000 is not allowed in text");
	if (code < 0xd800 || code > 0xdfff)
		return;
	low = s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u' ? hex4(s, s->p + 2)
								      : -1;
	if (code > 0xdbff || low < 0xdc00 || low > 0xdfff)
		complain(s, at, start, "half of a surrogate pair");
	else
		s->p += 6;
}

/* s->p points to the opening quote. @ret: what is between the quotes, as written. False: stopped. */
static bool string(struct scan *s, const struct level *at, struct key *ret)
{
	const char *start = s->p++;

	while (s->p < s->end && *s->p != '"' && *s->p != '\n') {
		if (*s->p == '\\') {
			escape(s, at);
		} else {
			if ((unsigned char)*s->p < 0x20)
				complain(s, at, s->p,
					 "control character in text; write \\u%04x",
					 (unsigned)*s->p);
			s->p++;
		}
	}
	if (s->p == s->end || *s->p == '\n') {
		stop(s, at, start, "text without its closing quote");
		return false;
	}
	*ret = (struct key){start + 1, (size_t)(s->p - start - 1), start, NULL};
	s->p++;
	return true;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

/* The reason why [@p, @end) is not a number in JSON, or NULL. */
static const char *number_fault(const char *p, const char *end)
{
	char buf[NUMBER_MAX + 1];
	const char *start = p;
	const char *q;

	if (end - p > NUMBER_MAX)
		return "number of more than 63 characters";
	p += *p == '-';
	q = digits(p, end);
	if (q == p)
		return "neither number, true, false nor null; text takes \"\"";
	if (*p == '0' && q - p > 1)
		return "number with a leading zero";
	p = q;
	if (p < end && *p == '.') {
		q = digits(++p, end);
		if (q == p)
			return "number without digits behind its point";
		p = q;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '-' || *p == '+');
		q = digits(p, end);
		if (q == p)
			return "number without digits in its exponent";
		p = q;
	}
	if (p != end)
		return "not a number; text, units and hexadecimal take \"\"";
	memcpy(buf, start, (size_t)(end - start));
	buf[end - start] = '\0';
	return isfinite(strtod(buf, NULL)) ? NULL : "number too large";
}

/* true, false, null, a number, or a word that is none of them. */
static void word(struct scan *s, const struct level *at)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *start = s->p;
	const char *fault;
	size_t len;

	while (s->p < s->end && *s->p &&
	       (isalnum((unsigned char)*s->p) || strchr("+-._%", *s->p)))
		s->p++;
	len = (size_t)(s->p - start);
	if (len == 0) {
		stop_expected(s, at, "a value");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], start, len) == 0)
			return;
	fault = number_fault(start, s->p);
	if (fault)
		complain(s, at, start, "%.*s: %s", len < 40 ? (int)len : 40, start,
			 fault);
}

/* @list of items of @size bytes, or a bigger one in its place when it is full; NULL: out of memory. */
static void *grown(struct scan *s, void *list, size_t n, size_t *cap, size_t size)
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

static void mark(struct scan *s, const char *key)
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
		at = place_of(s, key);
		new.key_line = at.line;
		new.key_col = at.col;
	}
	at = place_of(s, s->p);
	new.line = at.line;
	new.col = at.col;
	m->list = list;
	m->list[m->n++] = new;
}

/* Take the escapes out of @key, whose quotes end before s->p. */
static void unescape(struct scan *s, struct key *key)
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
static bool push_key(struct scan *s, struct key *key)
{
	struct key *keys = grown(s, s->keys, s->n_keys, &s->cap_keys, sizeof(*s->keys));

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
	const struct key *x = a;
	const struct key *y = b;
	int d;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	d = memcmp(x->s, y->s, x->len);
	return d ? d : (x->start > y->start) - (x->start < y->start);
}

/* Report the repeated ones of the keys from @first on, those of the object @at, and forget them all. */
static void close_keys(struct scan *s, struct level *at, size_t first)
{
	size_t n = s->n_keys - first;
	struct key *keys;
	const struct key *same;

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
		place = list_full(s) ? (struct conf_place){0} : place_of(s, same->start);
		at->key = &keys[i];
		complain(s, at, keys[i].start,
			 "duplicate key; the first is at line %u, column %u", place.line,
			 place.col);
	}
	for (size_t i = 0; i < n; i++)
		free(keys[i].plain);
	s->n_keys = first;
}

/*
 * Is there a first, or another, item in what was opened at @open? Takes the comma before it, or the
 * closing bracket if there is none. A missing comma is reported and imagined.
 */
static bool next_item(struct scan *s, const struct level *at, const char *open,
		      bool first)
{
	const char *behind = s->p;
	const char *comma = NULL;
	char closing = *open == '{' ? '}' : ']';
	int c = peek(s, at);

	if (c == ',' && !first) {
		comma = s->p++;
		c = peek(s, at);
	}
	if (c == closing) {
		s->p++;
		if (comma && s->blank)
			s->blank[comma - s->text] = ' ';
		else if (comma)
			complain(s, at, comma, "comma before the closing bracket");
		return false;
	}
	if (c < 0 && !s->stop)
		stop(s, at, open, "'%c' without its '%c'", *open, closing);
	else if (!first && !comma && (isalnum(c) || strchr("\"{[-", c)))
		complain(s, at, behind, "missing comma");
	else if (!first && !comma)
		stop_expected(s, at, *open == '{' ? "',' or '}'" : "',' or ']'");
	return !s->stop;
}

static void value(struct scan *s, const struct level *at, const char *key);

static void list(struct scan *s, const struct level *up)
{
	struct level at = {.up = up, .depth = up ? up->depth + 1 : 1};
	const char *open = s->p++;

	while (next_item(s, &at, open, at.index == 0)) {
		at.index++;
		value(s, &at, NULL);
	}
}

static void object(struct scan *s, const struct level *up)
{
	struct level at = {.up = up, .depth = up ? up->depth + 1 : 1};
	const char *open = s->p++;
	size_t first = s->n_keys;

	while (next_item(s, &at, open, s->n_keys == first)) {
		struct key key = {0};

		at.key = NULL;
		if (peek(s, &at) != '"') {
			stop_expected(s, &at, "a key in double quotes");
			break;
		}
		if (!string(s, &at, &key) || !push_key(s, &key))
			break;
		at.key = &key;
		if (peek(s, &at) != ':') {
			stop_expected(s, &at, "':'");
			break;
		}
		s->p++;
		value(s, &at, key.start);
		at.key = NULL;
	}
	close_keys(s, &at, first);
}

/* @key: where the key of the value begins, or NULL. */
static void value(struct scan *s, const struct level *at, const char *key)
{
	struct key text;
	int c = peek(s, at);

	if (s->stop)
		return;
	if (c >= 0)
		mark(s, key);
	if ((c == '{' || c == '[') && at && at->depth == JSON_DEPTH_MAX)
		stop(s, at, s->p, "nested deeper than %d", JSON_DEPTH_MAX);
	else if (c == '{')
		object(s, at);
	else if (c == '[')
		list(s, at);
	else if (c == '"')
		(void)string(s, at, &text);
	else
		word(s, at);
}

int json_scan(const char *text, size_t len, char *blank, struct json_marks *marks,
	      const char *file, struct conf_errors *errs)
{
	struct scan s = {
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

	check_encoding(&s);
	value(&s, NULL, NULL);
	if (peek(&s, NULL) >= 0)
		stop_expected(&s, NULL, "nothing more");
	free(s.keys);
	if (s.stop)
		return s.stop;
	return s.bad ? -EINVAL : 0;
}
