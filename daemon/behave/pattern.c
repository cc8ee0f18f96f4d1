/* The matcher of Lua's patterns, counting its steps. */
#include "daemon/behave/pattern.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/behave/lua_host.h"

#define ESCAPE '%'
#define SET_PER_STEP 8 /* characters of a set that are looked through in a step */

static const char *match(struct pattern *m, const char *s, const char *p);

void pattern_init(struct pattern *m, lua_State *L, const char *subject, size_t len,
		  const char *text, size_t text_len)
{
	m->L = L;
	m->subject = subject;
	m->subject_end = subject + len;
	m->text_end = text + text_len;
	m->steps = PATTERN_STEPS;
	m->depth = PATTERN_DEPTH;
	m->n_captures = 0;
}

const char *pattern_match(struct pattern *m, const char *s, const char *p)
{
	m->n_captures = 0;
	m->depth = PATTERN_DEPTH;
	return match(m, s, p);
}

/* The work was done all the same. */
static int fail(struct pattern *m, const char *fmt, ...)
{
	va_list ap;

	pattern_spend(m);
	luaL_where(m->L, 1);
	va_start(ap, fmt);
	lua_pushvfstring(m->L, fmt, ap);
	va_end(ap);
	lua_concat(m->L, 2);
	return lua_error(m->L);
}

void pattern_spend(const struct pattern *m)
{
	budget_spend(m->L, PATTERN_STEPS - m->steps);
}

static void step(struct pattern *m)
{
	if (--m->steps < 0)
		fail(m, "pattern too complex for this text");
}

/* The capture that %1 to %9 means. */
static int closed_capture(struct pattern *m, int c)
{
	int i = c - '1';

	if (i < 0 || i >= m->n_captures || m->captures[i].len == PATTERN_OPEN)
		return fail(m, "invalid capture index %%%d in pattern", i + 1);
	return i;
}

static int innermost_open(struct pattern *m)
{
	int i = m->n_captures;

	while (--i >= 0)
		if (m->captures[i].len == PATTERN_OPEN)
			return i;
	return fail(m, "invalid pattern capture");
}

/* Behind the single-character class at @p. */
static const char *class_end(struct pattern *m, const char *p)
{
	const char *set;

	if (*p++ == ESCAPE) {
		if (p == m->text_end)
			fail(m, "malformed pattern (ends with '%%')");
		return p + 1;
	}
	if (p[-1] != '[')
		return p;
	set = p;
	if (*p == '^')
		p++;
	do { /* the first ']' is a member */
		if (p == m->text_end)
			fail(m, "malformed pattern (missing ']')");
		if (*p++ == ESCAPE && p < m->text_end)
			p++;
	} while (*p != ']');
	m->steps -= (int)((p - set) / SET_PER_STEP);
	return p + 1;
}

static bool in_class(int c, int class)
{
	bool in;

	switch (tolower(class)) {
	case 'a':
		in = isalpha(c);
		break;
	case 'c':
		in = iscntrl(c);
		break;
	case 'd':
		in = isdigit(c);
		break;
	case 'g':
		in = isgraph(c);
		break;
	case 'l':
		in = islower(c);
		break;
	case 'p':
		in = ispunct(c);
		break;
	case 's':
		in = isspace(c);
		break;
	case 'u':
		in = isupper(c);
		break;
	case 'w':
		in = isalnum(c);
		break;
	case 'x':
		in = isxdigit(c);
		break;
	default:
		return class == c;
	}
	return isupper(class) ? !in : in;
}

static int byte_at(const char *p)
{
	return (unsigned char)*p;
}

/* Whether @c is in the set from @p, its '[', to @end, its ']'. */
static bool in_set(int c, const char *p, const char *end)
{
	bool found = true;

	if (p[1] == '^') {
		found = false;
		p++;
	}
	while (++p < end) {
		if (*p == ESCAPE) {
			p++;
			if (in_class(c, byte_at(p)))
				return found;
		} else if (p[1] == '-' && p + 2 < end) {
			p += 2;
			if (byte_at(p - 2) <= c && c <= byte_at(p))
				return found;
		} else if (byte_at(p) == c) {
			return found;
		}
	}
	return !found;
}

/* Whether the character at @s matches the class from @p to @end. */
static bool match_single(struct pattern *m, const char *s, const char *p, const char *end)
{
	int c;

	step(m);
	if (s >= m->subject_end)
		return false;
	c = byte_at(s);
	switch (*p) {
	case '.':
		return true;
	case ESCAPE:
		return in_class(c, byte_at(p + 1));
	case '[':
		m->steps -= (int)((end - p) / SET_PER_STEP);
		return in_set(c, p, end - 1);
	default:
		return byte_at(p) == c;
	}
}

/* %bxy, with @p at x. */
static const char *match_balance(struct pattern *m, const char *s, const char *p)
{
	int depth = 1;

	if (p >= m->text_end - 1)
		fail(m, "malformed pattern (missing arguments to '%%b')");
	if (s >= m->subject_end || *s != *p)
		return NULL;
	while (++s < m->subject_end) {
		step(m);
		if (*s == p[1]) {
			if (--depth == 0)
				return s + 1;
		} else if (*s == *p) {
			depth++;
		}
	}
	return NULL;
}

static const char *max_expand(struct pattern *m, const char *s, const char *p,
			      const char *end)
{
	ptrdiff_t n = 0;

	while (match_single(m, s + n, p, end))
		n++;
	for (; n >= 0; n--) {
		const char *r = match(m, s + n, end + 1);

		if (r)
			return r;
	}
	return NULL;
}

static const char *min_expand(struct pattern *m, const char *s, const char *p,
			      const char *end)
{
	for (;; s++) {
		const char *r = match(m, s, end + 1);

		if (r)
			return r;
		if (!match_single(m, s, p, end))
			return NULL;
	}
}

static const char *start_capture(struct pattern *m, const char *s, const char *p,
				 ptrdiff_t what)
{
	const char *r;

	if (m->n_captures >= PATTERN_CAPTURES)
		fail(m, "too many captures");
	m->captures[m->n_captures].at = s;
	m->captures[m->n_captures].len = what;
	m->n_captures++;
	r = match(m, s, p);
	if (!r)
		m->n_captures--;
	return r;
}

static const char *end_capture(struct pattern *m, const char *s, const char *p)
{
	int i = innermost_open(m);
	const char *r;

	m->captures[i].len = s - m->captures[i].at;
	r = match(m, s, p);
	if (!r)
		m->captures[i].len = PATTERN_OPEN;
	return r;
}

/* Behind what capture %@c holds, if it stands at @s again. */
static const char *match_capture(struct pattern *m, const char *s, int c)
{
	int i = closed_capture(m, c);
	size_t len = (size_t)m->captures[i].len;

	m->steps -= (int)(len / 64);
	if ((size_t)(m->subject_end - s) < len || memcmp(m->captures[i].at, s, len) != 0)
		return NULL;
	return s + len;
}

/* %f[set], with @p at the set. */
static bool at_frontier(struct pattern *m, const char *s, const char *p, const char *end)
{
	int before = s == m->subject ? '\0' : byte_at(s - 1);
	int now = s == m->subject_end ? '\0' : byte_at(s);

	return !in_set(before, p, end - 1) && in_set(now, p, end - 1);
}

/* An item that is no plain class: sets *@ret_s behind it and returns where the pattern goes on, or NULL. */
static const char *match_special(struct pattern *m, const char *s, const char *p,
				 const char **ret_s)
{
	const char *end;

	*ret_s = NULL;
	switch (p[1]) {
	case 'b':
		*ret_s = match_balance(m, s, p + 2);
		return p + 4;
	case 'f':
		p += 2;
		if (p >= m->text_end || *p != '[')
			fail(m, "missing '[' after '%%f' in pattern");
		end = class_end(m, p);
		if (at_frontier(m, s, p, end))
			*ret_s = s;
		return end;
	default:
		if (!isdigit(byte_at(p + 1)))
			return NULL;
		*ret_s = match_capture(m, s, byte_at(p + 1));
		return p + 2;
	}
}

static const char *match(struct pattern *m, const char *s, const char *p)
{
	const char *end, *next;

	if (m->depth-- == 0)
		fail(m, "pattern too complex");
	while (s && p < m->text_end) {
		step(m);
		if (*p == '(') {
			s = p + 1 < m->text_end && p[1] == ')'
				    ? start_capture(m, s, p + 2, PATTERN_POSITION)
				    : start_capture(m, s, p + 1, PATTERN_OPEN);
			break;
		}
		if (*p == ')') {
			s = end_capture(m, s, p + 1);
			break;
		}
		if (*p == '$' && p + 1 == m->text_end) {
			s = s == m->subject_end ? s : NULL;
			break;
		}
		if (*p == ESCAPE && p + 1 < m->text_end) {
			const char *after, *goes_on = match_special(m, s, p, &after);

			if (goes_on) {
				s = after;
				p = goes_on;
				continue;
			}
		}
		end = class_end(m, p);
		if (end < m->text_end && *end == '?') {
			next = match_single(m, s, p, end) ? match(m, s + 1, end + 1)
							  : NULL;
			if (next) {
				s = next;
				break;
			}
			p = end + 1;
		} else if (end < m->text_end && (*end == '*' || *end == '+')) {
			if (*end == '+' && !match_single(m, s, p, end))
				s = NULL;
			else
				s = max_expand(m, *end == '+' ? s + 1 : s, p, end);
			break;
		} else if (end < m->text_end && *end == '-') {
			s = min_expand(m, s, p, end);
			break;
		} else {
			s = match_single(m, s, p, end) ? s + 1 : NULL;
			p = end;
		}
	}
	m->depth++;
	return s;
}

void pattern_push_capture(struct pattern *m, int i, const char *s, const char *e)
{
	if (i >= m->n_captures) {
		if (i > 0)
			fail(m, "invalid capture index %%%d", i + 1);
		lua_pushlstring(m->L, s, (size_t)(e - s));
	} else if (m->captures[i].len == PATTERN_POSITION) {
		lua_pushinteger(m->L, m->captures[i].at - m->subject + 1);
	} else if (m->captures[i].len == PATTERN_OPEN) {
		fail(m, "unfinished capture");
	} else {
		lua_pushlstring(m->L, m->captures[i].at, (size_t)m->captures[i].len);
	}
}

int pattern_push_captures(struct pattern *m, const char *s, const char *e)
{
	int n = m->n_captures == 0 && s ? 1 : m->n_captures;

	luaL_checkstack(m->L, n, "too many captures");
	for (int i = 0; i < n; i++)
		pattern_push_capture(m, i, s, e);
	return n;
}
