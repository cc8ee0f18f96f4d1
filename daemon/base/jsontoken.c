/* The tokens of JSON. An error inside a token is reported, and scanning goes on behind it. */
#include "daemon/base/jsontoken.h"

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

struct conf_place scan_place(struct scanner *s, const char *p)
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

static size_t put_path(const struct scan_level *at, char *buf)
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

bool scan_list_full(const struct scanner *s)
{
	return s->errs->n >= CONF_ERRORS_MAX;
}

static void report(struct scanner *s, const struct scan_level *at, const char *p,
		   const char *fmt, va_list ap) PRINTF_LIKE(4, 0);

static void report(struct scanner *s, const struct scan_level *at, const char *p,
		   const char *fmt, va_list ap)
{
	char path[PATH_ROOM] = "";
	char what[256] = "";
	struct conf_place place = {0};

	s->bad = true;
	/* Of a hostile text with a hundred thousand errors, the rest is only counted. */
	if (!scan_list_full(s)) {
		place = scan_place(s, p);
		put_path(at, path);
		vsnprintf(what, sizeof(what), fmt, ap);
	}
	conf_error(s->errs, place, path, "%s", what);
}

void scan_complain(struct scanner *s, const struct scan_level *at, const char *p,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(s, at, p, fmt, ap);
	va_end(ap);
}

void scan_stop(struct scanner *s, const struct scan_level *at, const char *p,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(s, at, p, fmt, ap);
	va_end(ap);
	s->stop = -EINVAL;
}

void scan_encoding(struct scanner *s)
{
	int reports = 0;

	if (s->end - s->text >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0) {
		scan_complain(s, NULL, s->text,
			      "byte order mark; save the file as plain UTF-8");
		s->p += 3;
	}
	for (const char *p = s->p; p < s->end && reports < ENCODING_MAX;) {
		size_t n = utf8_char(p, (size_t)(s->end - p));

		if (n == 0) {
			scan_complain(s, NULL, p, "invalid UTF-8, byte 0x%02x",
				      (unsigned char)*p);
			reports++;
		}
		p += n ? n : 1;
	}
}

/* @p points to the '/' of a comment: skip and blank it. */
static void comment(struct scanner *s, const struct scan_level *at)
{
	const char *start = s->p;
	const char *p = start + 1;

	if (!s->blank) {
		scan_stop(s, at, start, "no comments in a message");
		return;
	}
	if (p < s->end && *p == '/') {
		p = memchr(p, '\n', (size_t)(s->end - p));
		s->p = p ? p : s->end;
	} else if (p < s->end && *p == '*') {
		p = memmem(p + 1, (size_t)(s->end - p - 1), "*/", 2);
		if (!p) {
			scan_stop(s, at, start, "comment without its end");
			return;
		}
		s->p = p + 2;
	} else {
		scan_stop(s, at, start, "lone '/'; comments are // and /* */");
		return;
	}
	/* Line feeds stay, for error places of the parser behind us. */
	for (p = start; p < s->p; p++)
		if (*p != '\n')
			s->blank[p - s->text] = ' ';
}

int scan_peek(struct scanner *s, const struct scan_level *at)
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

void scan_stop_expected(struct scanner *s, const struct scan_level *at, const char *what)
{
	int c = s->p < s->end ? (unsigned char)*s->p : -1;

	if (s->stop)
		return;
	if (c < 0)
		scan_stop(s, at, s->end, "expected %s, found the end", what);
	else if (c == '\'')
		scan_stop(s, at, s->p,
			  "expected %s, found a single quote; text takes \"\"", what);
	else if (isprint(c))
		scan_stop(s, at, s->p, "expected %s, found '%c'", what, c);
	else
		scan_stop(s, at, s->p, "expected %s, found byte 0x%02x", what,
			  (unsigned)c);
}

/* The value of the 4 hexadecimal digits at @p, or -1. */
static int hex4(const struct scanner *s, const char *p)
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
static void escape(struct scanner *s, const struct scan_level *at)
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
		scan_complain(
			s, at, start,
			c == 'u' ? "\\u takes four hexadecimal digits"
				 : "unknown escape; \\\" \\\\ \\/ \\b \\f \\n \\r \\t "
				   "\\uXXXX");
		return;
	}
	s->p += 4;
	if (code == 0)
		scan_complain(s, at, start, "\\u0000 is not allowed in text");
	if (code < 0xd800 || code > 0xdfff)
		return;
	low = s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u' ? hex4(s, s->p + 2)
								      : -1;
	if (code > 0xdbff || low < 0xdc00 || low > 0xdfff)
		scan_complain(s, at, start, "half of a surrogate pair");
	else
		s->p += 6;
}

bool scan_text(struct scanner *s, const struct scan_level *at, struct scan_key *ret)
{
	const char *start = s->p++;

	while (s->p < s->end && *s->p != '"' && *s->p != '\n') {
		if (*s->p == '\\') {
			escape(s, at);
		} else {
			if ((unsigned char)*s->p < 0x20)
				scan_complain(s, at, s->p,
					      "control character in text; write \\u%04x",
					      (unsigned)*s->p);
			s->p++;
		}
	}
	if (s->p == s->end || *s->p == '\n') {
		scan_stop(s, at, start, "text without its closing quote");
		return false;
	}
	*ret = (struct scan_key){start + 1, (size_t)(s->p - start - 1), start, NULL};
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

void scan_word(struct scanner *s, const struct scan_level *at)
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
		scan_stop_expected(s, at, "a value");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], start, len) == 0)
			return;
	fault = number_fault(start, s->p);
	if (fault)
		scan_complain(s, at, start, "%.*s: %s", len < 40 ? (int)len : 40, start,
			      fault);
}
