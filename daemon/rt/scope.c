/* Cancel scopes: the tree, who sees a cancellation, deadlines, absorption. */
#include "daemon/rt/scope.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

static const char *const source_names[] = {
	[CANCEL_EXPLICIT] = "cancelled", [CANCEL_DEADLINE] = "deadline",
	[CANCEL_NURSERY] = "nursery",    [CANCEL_PREEMPTION] = "pre-emption",
	[CANCEL_SHUTDOWN] = "shutdown",
};

const char *cancel_source_name(enum cancel_source source)
{
	return source_names[source];
}

/* A programmer's error: say what and stop; going on would corrupt the tree. */
__attribute__((noreturn)) static void misuse(const char *what, const struct scope *s)
{
	const struct task *t = task_self();

	LOG(CRIT, "scope misuse: task %s %s: it was entered by task %s in %s()",
	    t ? t->name : "(loop)", what, s->task ? s->task->name : "(none)",
	    s->function ? s->function : "(none)");
	abort();
}

__attribute__((noreturn)) static void misordered(const struct scope *s,
						 const struct scope *inner)
{
	const char *task = s->task->name;

	if (s == &s->task->own) /* its frames are gone, the inner scope with them */
		LOG(CRIT,
		    "scope misuse: task %s ended inside a scope that it had entered",
		    task);
	else
		LOG(CRIT,
		    "scope misuse: task %s left the scope entered in %s() while the one "
		    "entered "
		    "in %s() is still entered",
		    task, s->function, inner->function);
	abort();
}

/* What a scope sees, from itself and its parent. */
static bool see(struct scope *s)
{
	const struct scope *p = s->shield ? NULL : s->parent;
	bool soft = s->soft || (p && p->soft_effective);
	bool effective = s->requested || (p && p->effective) || (s->yields && soft);
	bool changed = effective != s->effective || soft != s->soft_effective;

	s->effective = effective;
	s->soft_effective = soft;
	return changed;
}

/* The scope after @s in a walk of the tree below @top; not into @s when @into is false. */
static struct scope *walk(struct scope *top, struct scope *s, bool into)
{
	if (into && !list_empty(&s->kids))
		return list_first(&s->kids, struct scope, sibling);
	while (s != top) {
		if (s->sibling.next != &s->parent->kids.head)
			return container_of(s->sibling.next, struct scope, sibling);
		s = s->parent;
	}
	return NULL;
}

/*
 * Bring @top and what is below it up to date. A task is told when its nearest scope changed: scopes of
 * a task form a chain, so each has one owner to ask. Iterative, since the tree may be deeper than a
 * stack.
 */
static void update(struct scope *top)
{
	struct scope *s = top;

	while (s) {
		bool changed = see(s);

		if (changed && s->task && s->task->scope == s)
			task_deliver(s->task);
		s = walk(top, s, changed || s == top);
	}
}

static void request(struct scope *s, enum cancel_source source, const char *reason)
{
	const struct task *t = task_self();

	s->cause.source = source;
	s->cause.t_ns = rt_now();
	snprintf(s->cause.task, sizeof(s->cause.task), "%s", t ? t->name : "");
	snprintf(s->cause.reason, sizeof(s->cause.reason), "%s", reason);
}

static void cancel_now(struct scope *s)
{
	s->requested = true;
	if (s->timer.armed)
		timer_disarm(&s->timer);
	if (s->entered && !s->left)
		update(s);
}

void scope_cancel(struct scope *s, enum cancel_source source, const char *reason)
{
	if (s->requested || s->left)
		return;
	/* Who asked softly stays on record when the grace is over. */
	if (!s->soft)
		request(s, source, reason);
	cancel_now(s);
}

/* One timer serves the deadline and the end of a soft cancellation's grace. */
static void rearm(struct scope *s)
{
	int64_t t = s->deadline_ns < s->grace_end_ns ? s->deadline_ns : s->grace_end_ns;

	if (s->requested || !s->entered || s->left)
		return;
	if (t <= rt_now())
		s->timer.fn(&s->timer);
	else if (t == TIME_NEVER)
		timer_disarm(&s->timer);
	else
		timer_arm(&s->timer, t);
}

static void expire(struct timer *timer)
{
	struct scope *s = container_of(timer, struct scope, timer);

	scope_cancel(s, CANCEL_DEADLINE, "the time was up");
}

void scope_cancel_soft(struct scope *s, enum cancel_source source, int64_t grace_ns,
		       const char *reason)
{
	if (s->requested || s->soft || s->left)
		return;
	request(s, source, reason);
	s->soft = true;
	s->grace_end_ns = time_add(rt_now(), grace_ns);
	if (s->entered)
		update(s);
	rearm(s);
}

void scope_set_deadline(struct scope *s, int64_t t_ns)
{
	bool passed = s->deadline_ns <= rt_now(); /* before the scope was entered */

	s->deadline_ns = t_ns;
	if (passed || t_ns <= rt_now())
		scope_cancel(s, CANCEL_DEADLINE, "the time was up");
	else
		rearm(s);
}

void scope_init(struct scope *s)
{
	memset(s, 0, sizeof(*s));
	list_init(&s->kids);
	s->timer.fn = expire;
	s->deadline_ns = s->grace_end_ns = TIME_NEVER;
}

/* Make @s a child of @parent and the outermost scope of @t. */
void scope_adopt(struct scope *s, struct scope *parent, struct task *t)
{
	scope_init(s);
	s->parent = parent;
	s->task = t;
	s->entered = true;
	t->scope = s;
	if (parent)
		list_push(&parent->kids, &s->sibling);
	(void)see(s);
}

void scope_reparent(struct scope *s, struct scope *parent)
{
	link_remove(&s->sibling);
	s->parent = parent;
	list_push(&parent->kids, &s->sibling);
	update(s);
}

/* The bound that shields and graces around @s put on clean-up. */
static int64_t outer_bound(const struct scope *s)
{
	int64_t bound = TIME_NEVER;

	for (; s; s = s->parent) {
		if (s->grace_end_ns < bound && !s->requested)
			bound = s->grace_end_ns;
		if (s->shield)
			return s->deadline_ns < bound ? s->deadline_ns : bound;
	}
	return bound;
}

/* A shield that is entered now, or an entered scope that becomes one. */
static void bound_shield(struct scope *s)
{
	int64_t end = time_add(rt_now(), s->shield_ns);
	int64_t outer = outer_bound(s->parent);

	if (outer < end)
		end = outer;
	if (end < s->deadline_ns)
		s->deadline_ns = end;
}

void scope_set_shield(struct scope *s, int64_t bound_ns)
{
	assert(bound_ns >= 0);
	s->shield = true;
	s->shield_ns = bound_ns;
	if (!s->entered || s->left)
		return;
	bound_shield(s);
	update(s);
	rearm(s);
}

void scope_enter_in(struct scope *s, const char *function)
{
	struct task *t = task_self();

	if (!t)
		misuse("entered a scope outside of any task", s);
	if (s->entered)
		misuse("entered a scope for the second time", s);
	s->entered = true;
	s->function = function;
	s->task = t;
	s->parent = t->scope;
	list_push(&s->parent->kids, &s->sibling);
	t->scope = s;
	if (s->shield)
		bound_shield(s);
	(void)see(s);
	rearm(s);
}

void scope_enter_until_in(struct scope *s, int64_t t_ns, const char *function)
{
	scope_init(s);
	s->deadline_ns = t_ns;
	scope_enter_in(s, function);
}

void scope_enter_after_in(struct scope *s, int64_t ns, const char *function)
{
	assert(ns >= 0);
	scope_enter_until_in(s, time_add(rt_now(), ns), function);
}

void scope_enter_shield_in(struct scope *s, int64_t bound_ns, const char *function)
{
	scope_init(s);
	scope_set_shield(s, bound_ns);
	scope_enter_in(s, function);
}

void scope_enter_soft_in(struct scope *s, const char *function)
{
	scope_init(s);
	s->yields = true;
	scope_enter_in(s, function);
}

/* Tasks below a scope that is left out of order must not run on in it. */
int scope_leave(struct scope *s, int r)
{
	struct task *t = task_self();
	const struct scope *p = s->shield ? NULL : s->parent;
	bool outer = p && (p->effective || (p->soft_effective && !s->requested));

	if (!t || s->task != t)
		misuse("left a scope that it did not enter", s);
	if (t->scope != s)
		misordered(s, t->scope);
	if (!list_empty(&s->kids))
		misuse("left a scope in which other tasks still live", s);
	if (r == -ECANCELED && (s->effective || s->soft_effective) && !outer) {
		s->absorbed = true;
		r = 0;
	}
	timer_disarm(&s->timer);
	link_remove(&s->sibling);
	s->left = true;
	t->scope = s->parent;
	return r;
}

int scope_leave_timeout(struct scope *s, int r)
{
	r = scope_leave(s, r);
	return s->absorbed && s->cause.source == CANCEL_DEADLINE ? -ETIMEDOUT : r;
}

bool scope_cancelled(const struct scope *s)
{
	if (!s->entered)
		return s->requested || s->deadline_ns <= rt_now();
	return s->requested || (!s->left && s->effective);
}

int64_t scope_deadline_of(const struct scope *s)
{
	int64_t min = TIME_NEVER;

	for (; s; s = s->shield ? NULL : s->parent) {
		if (s->deadline_ns < min)
			min = s->deadline_ns;
		if (s->grace_end_ns < min)
			min = s->grace_end_ns;
	}
	return min;
}

int64_t scope_effective_deadline(void)
{
	const struct task *t = task_self();

	assert(t);
	return t->scope->effective ? INT64_MIN : scope_deadline_of(t->scope);
}

const struct cancel_cause *scope_cause_of(const struct scope *s)
{
	const struct cancel_cause *hard = NULL, *soft = NULL;

	for (; s; s = s->shield ? NULL : s->parent) {
		if (s->requested)
			hard = &s->cause;
		if (s->soft)
			soft = &s->cause;
	}
	return hard ? hard : soft;
}

const struct cancel_cause *scope_cause(void)
{
	const struct task *t = task_self();

	assert(t);
	return scope_cause_of(t->scope);
}

char *cancel_cause_print(const struct cancel_cause *cause, int64_t t_ns, char *buf,
			 size_t size)
{
	snprintf(buf, size, "%s%s%s%.3f s earlier: %s (%s)", cause->task[0] ? "by " : "",
		 cause->task, cause->task[0] ? " " : "",
		 (double)(t_ns - cause->t_ns) / 1e9, cause->reason,
		 cancel_source_name(cause->source));
	return buf;
}
