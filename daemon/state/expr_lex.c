/* Expressions, first step: the text into words, and errors with their places. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"
#include "daemon/state/expr_internal.h"

/* Not those of ctype.h, which a locale could change. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c);
}

/* Fill in the place of byte @at. */
static void place(struct expr_error *err, const char *text, size_t at)
{
	err->line = 1;
	err->col = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			err->line++;
			err->col = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			err->col++;
		}
	}
}

int expr_fail(struct expr_lexer *lex, size_t at, const char *fmt, ...)
{
	va_list ap;

	place(lex->err, lex->text, at);
	va_start(ap, fmt);
	vsnprintf(lex->err->text, sizeof(lex->err->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *expr_quote(const struct expr_lexer *lex, size_t at, size_t len, char *buf)
{
	static const char more[] = "...";
	size_t room = QUOTE_MAX - sizeof(more);
	size_t n = len;

	if (n > room)
		for (n = room; ((unsigned char)lex->text[at + n] & 0xc0) == 0x80; n--)
			;
	memcpy(buf, lex->text + at, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)buf[i] < ' ')
			buf[i] = ' ';
	snprintf(buf + n, sizeof(more), "%s", n < len ? more : "");
	return buf;
}

int expr_lex_check(const char *text, size_t len, struct expr_error *err)
{
	struct expr_lexer lex = {.text = text, .err = err};

	if (len > EXPR_TEXT_MAX)
		return expr_fail(&lex, 0, "longer than %d bytes", EXPR_TEXT_MAX);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_char(text + i, len - i);
		unsigned char c = (unsigned char)text[i];
		/* C0 but white space, DEL and, as two bytes from 0xc2 0x80, C1. */
		bool control =
			n == 1 ? (c < ' ' && !strchr("\t\n\r", c)) || c == 0x7f || c == 0
			       : n == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0;

		if (n == 0 || control)
			return expr_fail(&lex, i, "byte 0x%02x is %s", c,
					 n ? "a control character" : "not UTF-8");
		i += n;
	}
	return 0;
}

/* The end of the digits, point and exponent at @s; as far as they are well-formed. */
static const char *number_end(const char *s)
{
	const char *p = s;

	while (is_digit(*p))
		p++;
	if (p[0] == '.' && is_digit(p[1]))
		for (p++; is_digit(*p); p++)
			;
	if (*p == 'e' || *p == 'E') {
		const char *e = p + 1 + (p[1] == '-' || p[1] == '+');

		if (is_digit(*e))
			for (p = e; is_digit(*p); p++)
				;
	}
	return p;
}

/*
 * The unit at @s, as long as it can be: "m/s^2" before "m", but "m" where "/speed" follows. Returns
 * its length, 0 if there is none.
 */
static size_t lex_unit(const char *s, const struct unit **ret)
{
	size_t n = 0;

	while (is_word(s[n]) || s[n] == '/' || s[n] == '^' || s[n] == '%')
		n++;
	for (; n > 0; n--) {
		const struct unit *u = unit_find(s, n, NULL);

		if (u && (s[n - 1] == '%' || !is_word(s[n]))) {
			*ret = u;
			return n;
		}
	}
	return 0;
}

static int lex_number(struct expr_lexer *lex, struct token *t)
{
	const char *s = lex->text + t->at;
	const char *end = number_end(s);
	char *parsed;
	char quote[QUOTE_MAX];

	t->kind = TOKEN_NUMBER;
	t->number = strtod(s, &parsed);
	t->len = (size_t)(end - s);
	if (parsed != end || *end == '.') /* "0x10", "1.", "1.2.3" */
		return expr_fail(lex, t->at, "`%s` is not how a number is written",
				 expr_quote(lex, t->at, strcspn(s, " \t\r\n)"), quote));
	if (!isfinite(t->number))
		return expr_fail(lex, t->at, "the number is too large");
	t->unit = NULL;
	t->len += lex_unit(end, &t->unit);
	if (!t->unit && is_word(*end)) {
		size_t n = 1;

		while (is_word(end[n]))
			n++;
		return expr_fail(lex, t->at + t->len, "unknown unit `%s`",
				 expr_quote(lex, t->at + t->len, n, quote));
	}
	return 0;
}

static int lex_string(struct expr_lexer *lex, struct token *t)
{
	const char *s = lex->text + t->at;
	const char *p = s + 1;

	while (*p && *p != *s)
		p += *p == '\\' && p[1] ? 2 : 1;
	if (!*p)
		return expr_fail(lex, t->at, "the string has no end; missing %c", *s);
	t->kind = TOKEN_STRING;
	t->len = (size_t)(p + 1 - s);
	return 0;
}

static void lex_name(struct expr_lexer *lex, struct token *t)
{
	static const struct {
		const char *word;
		enum token_kind kind;
	} words[] = {
		{"true", TOKEN_TRUE}, {"false", TOKEN_FALSE}, {"null", TOKEN_NULL},
		{"not", TOKEN_NOT},   {"and", TOKEN_AND},     {"or", TOKEN_OR},
	};
	const char *s = lex->text + t->at;
	size_t n = 1;

	while (is_word(s[n]) || (s[n] == '.' && is_word(s[n + 1])))
		n++;
	t->kind = TOKEN_NAME;
	t->len = n;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == n && memcmp(words[i].word, s, n) == 0)
			t->kind = words[i].kind;
}

static int lex_sign(struct expr_lexer *lex, struct token *t)
{
	/* Longer ones first. Those without a kind are other languages'. */
	static const struct {
		const char *sign;
		enum token_kind kind;
		const char *instead;
	} signs[] = {
		{"==", TOKEN_EQ, NULL},   {"!=", TOKEN_NE, NULL},
		{"~=", TOKEN_END, "!="},  {"<=", TOKEN_LE, NULL},
		{">=", TOKEN_GE, NULL},   {"&&", TOKEN_END, "and"},
		{"||", TOKEN_END, "or"},  {"<", TOKEN_LT, NULL},
		{">", TOKEN_GT, NULL},    {"+", TOKEN_PLUS, NULL},
		{"-", TOKEN_MINUS, NULL}, {"*", TOKEN_STAR, NULL},
		{"/", TOKEN_SLASH, NULL}, {"(", TOKEN_OPEN, NULL},
		{")", TOKEN_CLOSE, NULL}, {",", TOKEN_COMMA, NULL},
		{"=", TOKEN_END, "=="},   {"!", TOKEN_END, "not"},
	};
	const char *s = lex->text + t->at;
	char quote[QUOTE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		t->len = strlen(signs[i].sign);
		if (strncmp(s, signs[i].sign, t->len) != 0)
			continue;
		if (signs[i].instead)
			return expr_fail(lex, t->at, "`%s` is not used here; write `%s`",
					 signs[i].sign, signs[i].instead);
		t->kind = signs[i].kind;
		return 0;
	}
	return expr_fail(lex, t->at, "unexpected character `%s`",
			 expr_quote(lex, t->at, utf8_char(s, strlen(s)), quote));
}

int expr_lex(struct expr_lexer *lex)
{
	struct token *t = &lex->token;
	const char *s;

	t->at += t->len;
	t->at += strspn(lex->text + t->at, " \t\r\n");
	t->len = 0;
	s = lex->text + t->at;
	if (*s == '\0') {
		t->kind = TOKEN_END;
		return 0;
	}
	if (is_digit(*s))
		return lex_number(lex, t);
	if (*s == '\'' || *s == '"')
		return lex_string(lex, t);
	if (!is_letter(*s))
		return lex_sign(lex, t);
	lex_name(lex, t);
	return 0;
}
