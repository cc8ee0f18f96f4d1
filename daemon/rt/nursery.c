/* Nurseries: starting children, collecting how they end, closing. */
#include "daemon/rt/nursery.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

/*
 * A child under nursery_start_ready(): lives in the caller's frame. The child counts in the target
 * nursery from the beginning, so that it cannot close meanwhile, but its scope hangs below the
 * caller's until it is ready.
 */
struct starting {
	struct nursery *target;
	struct scope scope; /* the caller waits in it */
	struct wait wait;
	void *value;
	int result; /* of a child that ended before it was ready */
	bool ready, ended;
};

static const char *const child_state_names[] = {
	[CHILD_RUNNING] = "running",
	[CHILD_DONE] = "done",
	[CHILD_FAILED] = "failed",
	[CHILD_CANCELLED] = "cancelled",
};

const char *child_state_name(enum child_state state)
{
	return child_state_names[state];
}

void nursery_open_in(struct nursery *n, const char *function)
{
	memset(n, 0, sizeof(*n));
	list_init(&n->children);
	n->opener = task_self();
	scope_init(&n->scope);
	scope_enter_in(&n->scope, function);
}

void nursery_cancel(struct nursery *n, const char *reason)
{
	scope_cancel(&n->scope, CANCEL_EXPLICIT, reason);
}

unsigned nursery_size(const struct nursery *n)
{
	return n->ordinary + n->services;
}

/*
 * A failure of @who, the body or a child: the first is the primary and cancels the rest. Takes @e,
 * which is NULL when there was no memory for it.
 */
static void fail(struct nursery *n, const char *who, int code, struct error *e)
{
	char reason[72];

	if (!n->failed) {
		n->failed = code;
		n->errors = e;
	} else if (n->errors && e) {
		error_attach(n->errors, e);
	} else {
		error_free(e); /* its primary was lost */
	}
	snprintf(reason, sizeof(reason), "%s failed", who);
	scope_cancel(&n->scope, CANCEL_NURSERY, reason);
}

/* The error that a task ends with, as its text was set, or made from the code. */
static struct error *outcome_error(struct task *t, int code)
{
	struct error *e = error_take(t, code);

	return e ? e : error_new(code, t->name, "");
}

/* The body of the nursery has ended and only services are left: they go too. */
static void end_services(struct nursery *n)
{
	if (!n->closing || n->ordinary > 0)
		return;
	list_each(t, &n->children, struct task, sibling)
		scope_cancel(&t->own, CANCEL_NURSERY, "the nursery it served has ended");
}

static void settle_child(struct task *t, int r, struct child *c)
{
	const struct cancel_cause *cause = scope_cause_of(&t->own);

	c->result = r;
	c->value = t->value;
	c->task = NULL;
	c->state = r == -ECANCELED ? CHILD_CANCELLED : r < 0 ? CHILD_FAILED : CHILD_DONE;
	if (r == -ECANCELED && cause)
		c->cause = *cause;
	for (struct link *k; (k = list_pop(&c->joiners)) != NULL;)
		task_wake(&container_of(k, struct child_joiner, link)->wait, 0);
}

/* A child has ended before it was ready: what it failed of, @e, is its starter's. */
static void end_start(struct task *t, int r, struct error *e)
{
	struct starting *st = t->starting;
	struct task *starter = st->wait.task;

	st->result = r < 0 ? r : -ECHILD;
	st->ended = true;
	if (r < 0 && r != -ECANCELED) {
		error_free(starter->error);
		starter->error = e;
	}
	if (st->wait.parked)
		task_wake(&st->wait, 0);
}

void nursery_child_ended(struct task *t, int r)
{
	struct nursery *n = t->nursery;
	bool failed = r < 0 && r != -ECANCELED;
	struct error *e = failed ? outcome_error(t, r) : NULL;
	int left;

	if (t->child)
		settle_child(t, r, t->child);
	left = scope_leave(&t->own, r);
	link_remove(&t->sibling);
	if (t->service)
		n->services--;
	else
		n->ordinary--;
	if (t->starting)
		end_start(t, left, e);
	else if (failed)
		fail(n, t->name, r, e);
	else if (left == -ECANCELED && !t->service)
		n->child_cancelled = true; /* work is missing: it passes through */
	end_services(n);
	if (nursery_size(n) == 0 && n->close_wait.parked)
		task_wake(&n->close_wait, 0);
}

/* Common to both ways of starting. @parent is the scope that the child hangs below. */
static int spawn(struct nursery *n, struct scope *parent, struct child *c,
		 const struct task_opt *opt, int (*fn)(void *), void *arg,
		 struct task **ret)
{
	struct task *t;
	int r;

	if (n->scope.left)
		return -EINVAL;
	r = task_new(n->opener->rt, opt, fn, arg, &t);
	if (r < 0)
		return r;
	t->nursery = n;
	t->child = c;
	if (c)
		c->task = t;
	list_push(&n->children, &t->sibling);
	if (opt->service)
		n->services++;
	else
		n->ordinary++;
	scope_adopt(&t->own, parent, t);
	task_ready_now(t);
	end_services(n); /* one that comes too late goes at once */
	*ret = t;
	return 0;
}

static const char *why_not(int r)
{
	return r == -EAGAIN ? "could not be started: too many tasks for the kernel "
			      "(vm.max_map_count)"
			    : "could not be started: no memory for its stack";
}

static void child_init(struct child *c)
{
	if (!c)
		return;
	memset(c, 0, sizeof(*c));
	list_init(&c->joiners);
}

int nursery_start(struct nursery *n, struct child *c, const struct task_opt *opt,
		  int (*fn)(void *arg), void *arg)
{
	struct task *t;
	int r;

	child_init(c);
	r = spawn(n, &n->scope, c, opt, fn, arg, &t);
	if (r < 0 && c) {
		c->state = CHILD_FAILED;
		c->result = r;
	}
	if (r < 0 && r != -EINVAL)
		fail(n, opt->name, r, error_new(r, opt->name, why_not(r)));
	return r;
}

int nursery_go(struct nursery *n, const char *name, int (*fn)(void *arg), void *arg)
{
	const struct task_opt opt = {.name = name};

	return nursery_start(n, NULL, &opt, fn, arg);
}

int nursery_start_ready(struct nursery *n, const struct task_opt *opt,
			int (*fn)(void *arg), void *arg, void **ret_value)
{
	struct starting st = {.target = n, .wait = {.kind = "child to be ready"}};
	struct task *t;
	int r;

	st.wait.what = opt->name;
	st.wait.task = task_self();
	scope_init(&st.scope);
	scope_enter(&st.scope);
	r = spawn(n, &st.scope, NULL, opt, fn, arg, &t);
	if (r == 0) {
		t->starting = &st;
		/* Not a cancel point: the caller's cancellation reaches the child through the
		 * scope, and the child's end wakes the caller. */
		if (!st.ready && !st.ended)
			(void)task_park(&st.wait);
		r = st.ready ? 0 : st.result;
	}
	r = scope_leave(&st.scope, r);
	if (r == 0 && ret_value)
		*ret_value = st.value;
	return r;
}

int task_ready(void *value)
{
	struct task *t = task_self();
	struct starting *st = t->starting;

	if (t->said_ready)
		return -EALREADY;
	t->said_ready = true;
	if (!st)
		return 0;
	t->starting = NULL;
	st->ready = true;
	st->value = value;
	scope_reparent(&t->own, &st->target->scope);
	if (st->wait.parked)
		task_wake(&st->wait, 0);
	return 0;
}

void task_set_value(void *value)
{
	task_self()->value = value;
}

void child_cancel(struct child *c, enum cancel_source source, const char *reason)
{
	if (c->task)
		scope_cancel(&c->task->own, source, reason);
}

void child_cancel_soft(struct child *c, enum cancel_source source, int64_t grace_ns,
		       const char *reason)
{
	if (c->task)
		scope_cancel_soft(&c->task->own, source, grace_ns, reason);
}

static bool join_abort(struct wait *w)
{
	link_remove(&container_of(w, struct child_joiner, wait)->link);
	return true;
}

void child_arm_join(struct child *c, struct child_joiner *j)
{
	j->wait = (struct wait){
		.kind = "end of child", .what = c->task->name, .abort = join_abort};
	list_push(&c->joiners, &j->link);
}

int child_join(struct child *c)
{
	struct child_joiner j;

	if (task_check() < 0)
		return -ECANCELED;
	if (c->state != CHILD_RUNNING) {
		task_yield();
		return 0;
	}
	child_arm_join(c, &j);
	return task_park(&j.wait);
}

static void close_describe(const struct wait *w, char *buf, size_t size)
{
	const struct nursery *n = container_of(w, struct nursery, close_wait);
	unsigned left = nursery_size(n);

	snprintf(buf, size, "%u child%s left", left, left == 1 ? "" : "ren");
}

int nursery_close(struct nursery *n, int r)
{
	struct task *t = task_self();

	if (t != n->opener) {
		LOG(CRIT, "task %s closes the nursery of task %s", t ? t->name : "(loop)",
		    n->opener->name);
		abort();
	}
	if (r < 0 && r != -ECANCELED)
		fail(n, t->name, r, outcome_error(t, r));
	n->closing = true;
	end_services(n);
	n->close_wait =
		(struct wait){.kind = "nursery to close", .describe = close_describe};
	if (nursery_size(n) == 0)
		task_yield();
	while (nursery_size(n) > 0)
		(void)task_park(&n->close_wait);
	if (n->failed) {
		error_free(t->error);
		t->error = n->errors;
		n->errors = NULL;
		return scope_leave(&n->scope, n->failed);
	}
	if (r >= 0 && n->child_cancelled)
		return scope_leave(&n->scope, -ECANCELED) < 0 ? -ECANCELED : r;
	return scope_leave(&n->scope, r);
}
