/* Errors of a configuration, collected. */
#include "daemon/base/conf_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"

enum { TEXT_MAX = 1024 };

void conf_errors_fini(struct conf_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		free(errs->list[i].text);
	free(errs->list);
	*errs = (struct conf_errors){0};
}

/* Texts quote what strangers wrote and end on terminals and in the journal. */
static void make_harmless(char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		size_t n = utf8_char(s, left);
		/* C0, DEL and, as two bytes from 0xc2 0x80, C1. */
		bool control = n == 1 ? (unsigned char)*s < 0x20 || *s == 0x7f
				      : n == 2 && (unsigned char)s[0] == 0xc2 &&
						(unsigned char)s[1] < 0xa0;

		if (n == 0 || control)
			memset(s, '?', n ? n : 1);
		n = n ? n : 1;
		s += n;
		left -= n;
	}
}

static size_t put_place(char *buf, struct conf_place at, const char *path, bool warning)
{
	const char *mark = warning ? "warning: " : "";
	int n = 0;

	if (at.file && at.line)
		n = snprintf(buf, TEXT_MAX, "%.300s:%u:%u: %s", at.file, at.line, at.col,
			     mark);
	else if (at.file)
		n = snprintf(buf, TEXT_MAX, "%.300s: %s", at.file, mark);
	else
		n = snprintf(buf, TEXT_MAX, "%s", mark);
	if (*path)
		n += snprintf(buf + n, (size_t)(TEXT_MAX - n), "%.300s: ", path);
	return (size_t)n;
}

static void add(struct conf_errors *errs, struct conf_place at, const char *path,
		bool warning, const char *fmt, va_list ap) PRINTF_LIKE(5, 0);

static void add(struct conf_errors *errs, struct conf_place at, const char *path,
		bool warning, const char *fmt, va_list ap)
{
	char buf[TEXT_MAX];
	size_t n = put_place(buf, at, path, warning);
	char *text;

	errs->n_errors += !warning;
	if (!errs->list)
		errs->list = calloc(CONF_ERRORS_MAX, sizeof(*errs->list));
	if (!errs->list || errs->n == CONF_ERRORS_MAX) {
		errs->n_dropped++;
		return;
	}
	vsnprintf(buf + n, sizeof(buf) - n, fmt, ap);
	make_harmless(buf);
	text = strdup(buf);
	if (!text) {
		errs->n_dropped++;
		return;
	}
	errs->list[errs->n++] = (struct conf_error){.warning = warning, .text = text};
}

void conf_error(struct conf_errors *errs, struct conf_place at, const char *path,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(errs, at, path, false, fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_errors *errs, struct conf_place at, const char *path,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(errs, at, path, true, fmt, ap);
	va_end(ap);
}

void conf_errors_move(struct conf_errors *to, struct conf_errors *from)
{
	if (!to->list)
		to->list = calloc(CONF_ERRORS_MAX, sizeof(*to->list));
	for (size_t i = 0; i < from->n; i++) {
		if (to->list && to->n < CONF_ERRORS_MAX) {
			to->list[to->n++] = from->list[i];
			from->list[i].text = NULL;
		} else {
			to->n_dropped++;
		}
	}
	to->n_errors += from->n_errors;
	to->n_dropped += from->n_dropped;
	conf_errors_fini(from);
}
