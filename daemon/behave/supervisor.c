/* The supervisor: loading behaviours, and the life of each between its runs. */
#include "daemon/behave/supervisor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/behave/script_file.h"
#include "daemon/behave/supervised.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"

#define BACKOFF_NS (NS_PER_S / 2) /* after the first failure; doubles each time */
#define BACKOFF_MAX_NS (30 * NS_PER_S)

struct supervisor *supervisor_new(const struct supervisor_conf *conf)
{
	struct supervisor *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->conf = *conf;
	list_init(&s->all);
	return s;
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	/* Scripts may read each other's parameters: first all that reads, then what is read. */
	list_each(sb, &s->all, struct supervised, link) behaviour_stop(&sb->b);
	list_each_safe(sb, &s->all, struct supervised, link)
	{
		link_remove(&sb->link);
		behaviour_fini(&sb->b);
		free(sb->why);
		free(sb);
	}
	free(s);
}

static void print_line(void *arg, const char *line, size_t len)
{
	struct supervised *sb = arg;

	(void)len;
	if (sb->s->conf.print)
		sb->s->conf.print(sb->s->conf.arg, sb->b.name, line);
	else
		LOG(INFO, "%s: %s", sb->b.name, line);
}

/* The first resource that both need. */
static const char *shared_resource(const struct lease *a, const struct lease *b)
{
	for (size_t i = 0; i < a->n_needs; i++)
		for (size_t k = 0; k < b->n_needs; k++)
			if (a->needs[i] == b->needs[k])
				return resource_name(a->needs[i]);
	return "";
}

/* Somebody more important takes a resource of this one. */
static void leave(struct lease *l, const struct lease *winner)
{
	struct behaviour *b = container_of(l, struct behaviour, lease);
	struct supervised *sb = container_of(b, struct supervised, b);
	struct supervised *other;
	const char *resource = shared_resource(l, winner);
	char why[128];

	other = container_of(container_of(winner, struct behaviour, lease),
			     struct supervised, b);
	supervised_decide(other, DECISION_TAKES, sb->b.name, resource, "");
	snprintf(why, sizeof(why), "%s took %s", winner->name, resource);
	supervised_leave(sb, CANCEL_PREEMPTION, why);
}

struct loading {
	struct supervised *sb;
	const struct conf_at *at;
	struct conf_errors *errs;
};

/* On a Lua stack. Its error is kept apart from the caller's nursery. */
static int load_main(void *arg)
{
	struct loading *l = arg;
	struct supervised *sb = l->sb;
	const struct lua_host_conf conf = {
		.name = sb->b.name,
		.heap_max = sb->s->conf.heap_max,
		.world = sb->s->conf.world,
		.folders = sb->s->conf.folders,
		.print = print_line,
		.arg = sb,
	};

	sb->result = behaviour_load(&sb->b, sb->script, l->at, &conf, l->errs);
	return sb->result == -ECANCELED ? -ECANCELED : 0;
}

static int load(struct supervised *sb, const struct conf_at *at, struct conf_errors *errs)
{
	const struct task_opt opt = {.name = sb->b.name, .stack_size = STACK_LUA};
	struct loading l = {.sb = sb, .at = at, .errs = errs};
	struct nursery n;
	int r;

	nursery_open(&n);
	(void)nursery_start(&n, NULL, &opt, load_main, &l); /* counts as failed */
	r = nursery_close(&n, 0);
	return r < 0 ? r : sb->result;
}

/* The priority in the configuration goes before the script's. */
static void configure(struct supervised *sb, const struct conf_at *at)
{
	struct conf_at priority;

	if (!at)
		return;
	priority = conf_child(at, "priority");
	if (!priority.node)
		return;
	if (cJSON_IsNumber(priority.node))
		sb->b.priority = priority.node->valuedouble;
	else
		conf_complain(&priority, "number expected");
}

int supervisor_load(struct supervisor *s, const char *name, const char *script,
		    const struct conf_at *at, struct conf_errors *errs)
{
	struct supervised *sb = calloc(1, sizeof(*sb));
	size_t complaints = errs->n_errors;
	int r;

	if (!sb)
		return -ENOMEM;
	sb->s = s;
	sb->b.world = s->conf.world;
	sb->b.resources = s->conf.resources;
	snprintf(sb->b.name, sizeof(sb->b.name), "%s", name);
	r = script_file(s->conf.folders, name, script, at, errs, sb->script,
			sizeof(sb->script));
	if (r < 0)
		goto free_it;
	r = load(sb, at, errs);
	if (r < 0 && r != -ENOMEM)
		r = -ENOEXEC;
	if (r == 0)
		configure(sb, at);
	if (r == 0 && errs->n_errors > complaints)
		r = -EINVAL;
	if (r < 0)
		goto stop_it;
	sb->b.lease.name = sb->b.name;
	sb->b.lease.band = sb->b.band;
	sb->b.lease.priority = sb->b.priority;
	sb->b.lease.leave = leave;
	list_push(&s->all, &sb->link);
	return 0;

stop_it:
	behaviour_stop(&sb->b);
	behaviour_fini(&sb->b);
free_it:
	free(sb);
	return r;
}

/* "head.touched turned true": the input that changed last. */
static void describe_trigger(const struct behaviour *b, char *buf, size_t size)
{
	const struct value *last = NULL;
	struct value *const *inputs;
	unsigned n = 0;

	if (!b->when) {
		snprintf(buf, size, "it always runs");
		return;
	}
	inputs = b->when_expr ? expr_deps(b->when_expr, &n) : NULL;
	for (unsigned i = 0; i < n; i++)
		if (!last || value_change_ns(inputs[i]) > value_change_ns(last))
			last = inputs[i];
	if (!last)
		snprintf(buf, size, "its condition turned true");
	else if (value_get(last)->type == DATUM_BOOL)
		snprintf(buf, size, "%s turned %s", value_info(last)->name,
			 value_get(last)->b ? "true" : "false");
	else
		snprintf(buf, size, "%s changed", value_info(last)->name);
}

/*
 * What is left of `hold`: it counts from when `when` turned true, also in a run or a cool-down. Of a value
 * that may have been stale since then, from now on.
 */
static int64_t hold_left(const struct supervised *sb)
{
	const struct value *when = sb->b.when;
	const struct pred is_true = {.op = PRED_TRUE};
	int64_t left;

	if (!when || value_info(when)->stale_after_ns > 0 ||
	    value_state(when) != VALUE_OK ||
	    pred_test(&is_true, value_get(when), NULL) <= 0)
		return sb->b.hold_ns;
	left = sb->b.hold_ns - (rt_now() - value_change_ns(when));
	return left > 0 ? left : 0;
}

/* Wait until `when` is @truth. 0, -ECANCELED, or -EPIPE when it is gone for good. */
static int await_when(struct supervised *sb, bool truth)
{
	const struct pred pred = {.op = truth ? PRED_TRUE : PRED_FALSE};
	const struct await_opt opt = {.held_for_ns = truth ? hold_left(sb) : 0,
				      .stale_use = !truth};

	if (!sb->b.when)
		return truth ? task_checkpoint() : task_sleep_forever();
	return value_await(sb->b.when, &pred, &opt, NULL);
}

/* While it waits for its resources. */
struct taking {
	struct waiter waiter;
	struct scope scope;
};

static void when_changed(struct waiter *w, int r, const struct datum *now,
			 const struct datum *old)
{
	struct taking *t = container_of(w, struct taking, waiter);

	(void)r;
	(void)now;
	(void)old;
	waiter_remove(w);
	scope_cancel(&t->scope, CANCEL_EXPLICIT, "its condition turned false");
}

/* Take the lease as long as `when` holds. 0; 1 when it no longer does; -ECANCELED. */
static int take(struct supervised *sb)
{
	struct taking t = {.waiter = {.pred = {.op = PRED_FALSE},
				      .stale_use = true,
				      .tell = when_changed}};
	const struct lease *blocker = NULL;
	int r;

	if (sb->b.lease.n_needs > 0) {
		blocker = lease_blocker(sb->s->conf.resources, &sb->b.lease);
		supervised_enter(sb, ACTIVITY_WAITING);
	}
	if (blocker)
		supervised_decide(sb, DECISION_WAITS, blocker->name,
				  shared_resource(&sb->b.lease, blocker), "");
	scope_init(&t.scope);
	scope_enter(&t.scope);
	if (sb->b.when && value_state(sb->b.when) != VALUE_CLOSED)
		waiter_add(&t.waiter, sb->b.when);
	r = lease_take(sb->s->conf.resources, &sb->b.lease);
	waiter_remove(&t.waiter);
	r = scope_leave(&t.scope, r);
	return t.scope.absorbed ? 1 : r;
}

/* After a failure: how long to wait; or negative when it is to be parked. */
static int64_t back_off(struct supervised *sb)
{
	int64_t oldest, ns = BACKOFF_NS;

	memmove(sb->failed_ns, sb->failed_ns + 1,
		sizeof(sb->failed_ns) - sizeof(*sb->failed_ns));
	sb->failed_ns[PARK_FAILURES - 1] = rt_now();
	oldest = sb->failed_ns[0];
	sb->n_failures++;
	if (sb->n_failures >= PARK_FAILURES && rt_now() - oldest <= PARK_WITHIN_NS)
		return -1;
	for (unsigned i = 1; i < sb->n_failures && ns < BACKOFF_MAX_NS; i++)
		ns *= 2;
	return ns < BACKOFF_MAX_NS ? ns : BACKOFF_MAX_NS;
}

static int park(struct supervised *sb)
{
	supervised_enter(sb, ACTIVITY_PARKED);
	LOG(ERR, "%s: failed %d times within a minute; parked until it is loaded again",
	    sb->b.name, PARK_FAILURES);
	supervised_decide(sb, DECISION_PARKED, "", "",
			  "it failed 5 times within a minute");
	return task_sleep_forever();
}

/* Between the end of a run and the readiness for the next one. */
static int recover(struct supervised *sb, enum outcome outcome)
{
	int64_t until = time_add(rt_now(), sb->b.cooldown_ns), wait;
	int r = 0;

	if (outcome == OUTCOME_FAILED) {
		wait = back_off(sb);
		if (wait < 0)
			return park(sb);
		supervised_enter(sb, ACTIVITY_COOLING);
		LOG(NOTICE, "%s: may start again in %.1f s", sb->b.name,
		    (double)wait / 1e9);
		return task_sleep(wait);
	}
	sb->n_failures = 0;
	if (sb->b.cooldown_ns > 0)
		supervised_enter(sb, ACTIVITY_COOLING);
	else
		supervised_enter(sb, ACTIVITY_IDLE);
	if (!sb->b.again)
		r = await_when(sb, false);
	return r < 0 ? r : task_sleep_until(until);
}

/* Until it is to run and has what it needs; *@why (@size) becomes the reason. 0 or a negative errno. */
static int become_ready(struct supervised *sb, char *why, size_t size)
{
	struct scope gentle;
	int r;

	scope_enter_soft(&gentle); /* a robot that stops starts nothing */
	do {
		supervised_enter(sb, ACTIVITY_IDLE);
		r = await_when(sb, true);
		if (r < 0)
			break;
		describe_trigger(&sb->b, why, size);
		r = take(sb);
	} while (r > 0);
	return scope_leave(&gentle, r);
}

static int recover_gently(struct supervised *sb, enum outcome outcome)
{
	struct scope gentle;

	scope_enter_soft(&gentle);
	return scope_leave(&gentle, recover(sb, outcome));
}

/* The life of one behaviour. */
static int supervise(void *arg)
{
	struct supervised *sb = arg;
	enum outcome outcome;
	char why[160];
	int r;

	do {
		r = become_ready(sb, why, sizeof(why));
		if (r < 0)
			break;
		supervised_decide(sb, DECISION_STARTS, "", "", why);
		r = supervised_run(sb, &outcome);
		if (r == 0)
			r = recover_gently(sb, outcome);
	} while (r == 0);
	lease_release(&sb->b.lease, true);
	if (r == -EPIPE)
		LOG(WARNING, "%s: a value of its condition has gone; it rests",
		    sb->b.name);
	return r == -EPIPE ? 0 : r;
}

int supervisor_run(void *arg)
{
	struct supervisor *s = arg;
	struct nursery n;

	nursery_open(&n);
	list_each(sb, &s->all, struct supervised, link)
		nursery_go(&n, sb->b.name, supervise, sb);
	return nursery_close(&n, 0);
}
