/* Errors of tasks. */
#include "daemon/rt/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/internal.h"

struct error *error_new(int code, const char *task, const char *text)
{
	const struct cancel_cause *cause = task_self() ? scope_cause() : NULL;
	struct error *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	if (cause && task_check() < 0) {
		e->cancelled = true;
		e->cause = *cause;
	}
	e->code = code;
	e->t_ns = rt_now();
	snprintf(e->task, sizeof(e->task), "%s", task);
	snprintf(e->text, sizeof(e->text), "%s", text);
	return e;
}

void error_free(struct error *e)
{
	/* Breadth first: what is attached joins the queue, so that depth needs no stack. */
	struct error *last = e;

	while (last && last->next)
		last = last->next;
	while (e) {
		struct error *next;

		last->next = e->others;
		while (last->next)
			last = last->next;
		next = e->next;
		free(e);
		e = next;
	}
}

void error_attach(struct error *to, struct error *e)
{
	struct error **end = &to->others;

	while (*end)
		end = &(*end)->next;
	*end = e;
}

struct error *error_take(struct task *t, int code)
{
	struct error *e = t->error;

	if (!e || e->code != code)
		return NULL;
	t->error = NULL;
	return e;
}

int error_set(int code, const char *fmt, ...)
{
	struct task *t = task_self();
	char text[sizeof(t->error->text)];
	va_list ap;

	if (!t)
		return code;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_free(t->error);
	t->error = error_new(code, t->name, text);
	return code;
}

const struct error *error_last(int code)
{
	const struct task *t = task_self();

	return t && t->error && t->error->code == code ? t->error : NULL;
}

static size_t put_one(const struct error *e, char *buf, size_t size)
{
	const char *name = strerrorname_np(-e->code);
	char why[160] = "";
	int n;

	if (e->cancelled)
		cancel_cause_print(&e->cause, e->t_ns, why, sizeof(why));
	n = snprintf(buf, size, "%s: %s%s%s%s%s%s", e->task, e->text,
		     e->text[0] ? " (" : "", name ? name : "error", e->text[0] ? ")" : "",
		     e->cancelled ? ", cancelled " : "", why);

	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

char *error_format(const struct error *e, char *buf, size_t size)
{
	size_t n = put_one(e, buf, size);
	unsigned count = 0;

	for (const struct error *o = e->others; o; o = o->next)
		count++;
	if (count > 0 && n + 1 < size) {
		int m = snprintf(buf + n, size - n, "; and %u more: ", count);

		n = m < 0 || (size_t)m >= size - n ? size - 1 : n + (size_t)m;
	}
	for (const struct error *o = e->others; o && n + 1 < size; o = o->next) {
		n += put_one(o, buf + n, size - n);
		if (o->next && n + 3 < size) {
			memcpy(buf + n, "; ", 3);
			n += 2;
		}
	}
	return buf;
}
