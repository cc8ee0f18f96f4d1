/* The task dump: who is there, what each waits for and for how long. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/rt/internal.h"

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static void put_wait(FILE *out, const struct wait *w, int64_t now)
{
	char more[64];

	fprintf(out, "waits for %s", w->kind);
	if (w->what)
		fprintf(out, " %s", w->what);
	if (w->describe) {
		w->describe(w, more, sizeof(more));
		fprintf(out, " (%s)", more);
	}
	fprintf(out, ", %.3f s", seconds(now - w->since_ns));
}

static void put_state(FILE *out, const struct task *t)
{
	const struct wait *w = t->wait;

	if (t == t->rt->current)
		fputs("running", out);
	else if (!w)
		fputs("ready", out);
	else
		put_wait(out, w, t->rt->now_ns);
}

static void put_scope(FILE *out, const struct task *t)
{
	int64_t deadline = TIME_NEVER;

	for (const struct scope *s = t->scope; s; s = s->shield ? NULL : s->parent) {
		if (s->requested || s->soft)
			fprintf(out, "; cancelled by %s: %s (%s)",
				s->cause.task[0] ? s->cause.task : "the loop",
				s->cause.reason, cancel_source_name(s->cause.source));
		if (s->deadline_ns < deadline)
			deadline = s->deadline_ns;
		if (s->requested)
			return;
	}
	if (deadline != TIME_NEVER)
		fprintf(out, "; deadline in %.3f s", seconds(deadline - t->rt->now_ns));
}

/* The depth of a task below the root: nurseries nest through their openers. */
static int depth(const struct task *t)
{
	int d = 0;

	while (t->nursery) {
		t = t->nursery->opener;
		d++;
	}
	return d;
}

static void put_task(FILE *out, const struct task *t)
{
	int indent = depth(t) * 2;

	fprintf(out, "%*s%s: ", indent, "", t->name);
	put_state(out, t);
	put_scope(out, t);
	fprintf(out, "; %" PRIu64 " steps\n", t->steps);
	if (t->trace && t != t->rt->current) {
		fprintf(out, "%*s", indent + 4, "");
		t->trace(t->trace_arg, out);
		fputc('\n', out);
	}
}

/*
 * Walk the scope tree, which reaches every task through its own scope: parents come before children.
 */
void task_dump(FILE *out)
{
	const struct rt *rt = rt_this();
	const struct scope *top = rt->root ? &rt->root->own : NULL;
	const struct scope *s = top;

	while (s) {
		if (s == &s->task->own)
			put_task(out, s->task);
		if (!list_empty(&s->kids)) {
			s = list_first(&s->kids, struct scope, sibling);
			continue;
		}
		while (s != top && s->sibling.next == &s->parent->kids.head)
			s = s->parent;
		s = s == top ? NULL
			     : container_of(s->sibling.next, struct scope, sibling);
	}
}
