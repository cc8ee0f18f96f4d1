/* The task dump: a walk of the scope tree, and its text. */
#include "daemon/rt/dump.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/rt/internal.h"

static const char *const state_names[] = {
	[TASK_RUNNING] = "running",
	[TASK_READY] = "ready",
	[TASK_WAITING] = "waits",
};

const char *task_state_name(enum task_state state)
{
	return state_names[state];
}

void wait_print(const struct wait *w, char *buf, size_t size)
{
	char more[160] = "";

	if (w->describe)
		w->describe(w, more, sizeof(more));
	snprintf(buf, size, "%s%s%s%s%s%s", w->kind, w->what ? " " : "",
		 w->what ? w->what : "", more[0] ? " (" : "", more, more[0] ? ")" : "");
}

/* The depth of a task below the root: nurseries nest through their openers. */
static unsigned depth(const struct task *t)
{
	unsigned d = 0;

	while (t->nursery) {
		t = t->nursery->opener;
		d++;
	}
	return d;
}

void task_where(const struct task *t, char *buf, size_t size)
{
	FILE *out;

	buf[0] = '\0';
	if (!t->trace || t == t->rt->current)
		return;
	out = fmemopen(buf, size, "w");
	if (!out)
		return;
	t->trace(t->trace_arg, out);
	fclose(out);
}

static void fill(struct task_info *info, const struct task *t)
{
	const struct wait *w = t->wait;

	*info = (struct task_info){
		.name = t->name,
		.depth = depth(t),
		.state = t == t->rt->current ? TASK_RUNNING
			 : w                 ? TASK_WAITING
					     : TASK_READY,
		.band = t->band,
		.waits_ns = w ? t->rt->now_ns - w->since_ns : 0,
		.deadline_ns = scope_deadline_of(t->scope),
		.cancelled = t->scope->effective,
		.cause = scope_cause_of(t->scope),
		.steps = t->steps,
	};
	if (w)
		wait_print(w, info->waits_for, sizeof(info->waits_for));
	task_where(t, info->where, sizeof(info->where));
}

/* Every task is reached through its own scope, parents before children. */
void task_each(void (*fn)(void *arg, const struct task_info *info), void *arg)
{
	const struct rt *rt = rt_this();
	const struct scope *top = rt->root ? &rt->root->own : NULL;
	const struct scope *s = top;

	while (s) {
		if (s == &s->task->own) {
			struct task_info info;

			fill(&info, s->task);
			fn(arg, &info);
		}
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

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

void task_info_print(FILE *out, const struct task_info *info)
{
	int indent = (int)info->depth * 2;
	char cause[160];

	fprintf(out, "%*s%s: ", indent, "", info->name);
	if (info->state == TASK_WAITING)
		fprintf(out, "waits for %s, %.3f s", info->waits_for,
			seconds(info->waits_ns));
	else
		fputs(task_state_name(info->state), out);
	if (info->cause)
		fprintf(out, "; %s %s", info->cancelled ? "cancelled" : "asked to end",
			cancel_cause_print(info->cause, rt_now(), cause, sizeof(cause)));
	if (!info->cancelled && info->deadline_ns != TIME_NEVER)
		fprintf(out, "; deadline in %.3f s",
			seconds(info->deadline_ns - rt_now()));
	fprintf(out, "; %" PRIu64 " steps\n", info->steps);
	if (info->where[0])
		fprintf(out, "%*s%s\n", indent + 4, "", info->where);
}

static void put_task(void *arg, const struct task_info *info)
{
	task_info_print(arg, info);
}

void task_dump(FILE *out)
{
	task_each(put_task, out);
}
