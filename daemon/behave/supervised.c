/* One run of a behaviour: start, wait for its end or for the reason to leave, wind down, release. */
#include "daemon/behave/supervised.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"

#define WIND_DOWN_NS NS_PER_S

static const char *const activity_name[] = {
	[ACTIVITY_IDLE] = "idle",       [ACTIVITY_WAITING] = "waiting",
	[ACTIVITY_RUNNING] = "running", [ACTIVITY_LEAVING] = "leaving",
	[ACTIVITY_COOLING] = "cooling", [ACTIVITY_PARKED] = "parked",
};

void supervised_enter(struct supervised *sb, enum activity activity)
{
	const char *name = activity_name[activity];
	struct datum d;

	if (datum_string(name, strlen(name), &d) < 0)
		return; /* the value lags behind until the next change */
	(void)value_set(sb->b.state, &d);
	datum_fini(&d);
}

static void format(struct decision *d, char *buf, size_t size)
{
	double run_s = (double)d->run_ns / 1e9;

	switch (d->kind) {
	case DECISION_STARTS:
		snprintf(buf, size, "%s starts: %s", d->behaviour, d->why);
		return;
	case DECISION_WAITS:
		snprintf(buf, size, "%s waits: %s has %s", d->behaviour, d->other,
			 d->resource);
		return;
	case DECISION_TAKES:
		snprintf(buf, size, "%s takes %s from %s", d->behaviour, d->resource,
			 d->other);
		return;
	case DECISION_ENDED:
		snprintf(buf, size, "%s ended: done, %.1f s", d->behaviour, run_s);
		return;
	case DECISION_LEFT:
		snprintf(buf, size, "%s left: %s, %.1f s", d->behaviour, d->why, run_s);
		return;
	case DECISION_FAILED:
		snprintf(buf, size, "%s failed: %s", d->behaviour, d->why);
		return;
	case DECISION_PARKED:
		snprintf(buf, size, "%s is parked: %s", d->behaviour, d->why);
		return;
	}
}

void supervised_decide(struct supervised *sb, enum decision_kind kind, const char *other,
		       const char *resource, const char *why)
{
	const struct supervisor_conf *conf = &sb->s->conf;
	char text[512];
	struct decision d = {
		.kind = kind,
		.t_ns = rt_now(),
		.behaviour = sb->b.name,
		.other = other,
		.resource = resource,
		.why = why,
		.run_ns = rt_now() - sb->began_ns,
		.text = text,
	};

	format(&d, text, sizeof(text));
	if (conf->decided)
		conf->decided(conf->arg, &d);
}

void supervised_leave(struct supervised *sb, enum cancel_source source, const char *why)
{
	int64_t grace_ns = sb->b.grace_ns;

	if (!sb->running || sb->leaving)
		return;
	sb->leaving = true;
	snprintf(sb->leave_why, sizeof(sb->leave_why), "%s", why);
	if (grace_ns > 0)
		child_cancel_soft(&sb->run, source, grace_ns, why);
	else
		child_cancel(&sb->run, source, why);
	scope_set_deadline(
		&sb->joining,
		time_add(rt_now(), time_add(grace_ns, sb->b.preempt_within_ns)));
}

static const char *why_text(const char *why)
{
	return why ? why : "not enough memory";
}

/* A task on a Lua stack. What it fails of is kept apart: it must not cancel the supervision. */
static int run_main(void *arg)
{
	struct supervised *sb = arg;

	free(sb->why);
	sb->result = lua_host_call(sb->b.host, sb->b.run, NULL, &sb->why);
	return sb->result == -ECANCELED ? -ECANCELED : 0;
}

static int wind_down_main(void *arg)
{
	struct supervised *sb = arg;
	char *why;
	int r = lua_host_call(sb->b.host, sb->b.wind_down, sb->leave_why, &why);

	if (r < 0 && r != -ECANCELED)
		LOG(ERR, "%s: wind_down: %s", sb->b.name, why_text(why));
	free(why);
	return r == -ECANCELED ? -ECANCELED : 0;
}

/* A service of the run: cancels it when `keep` has been false for as long as it may. */
static int keep_main(void *arg)
{
	struct supervised *sb = arg;
	const struct pred gone = {.op = PRED_FALSE};
	const struct await_opt opt = {.held_for_ns = sb->b.lost_ns, .stale_use = true};
	int r = value_await(sb->b.keep, &gone, &opt, NULL);

	if (r == 0)
		supervised_leave(sb, CANCEL_EXPLICIT, "keep turned false");
	return r == -EPIPE ? 0 : r;
}

/* Leave gracefully, within the bound. */
static int wind_down(struct supervised *sb, struct nursery *n)
{
	const struct task_opt opt = {.name = "wind_down", .stack_size = STACK_LUA};
	struct child c;
	struct scope s;
	int r;

	if (sb->b.wind_down == LUA_NOREF)
		return 0;
	r = nursery_start(n, &c, &opt, wind_down_main, sb);
	if (r < 0)
		return 0; /* counted in the nursery */
	scope_enter_after(&s, WIND_DOWN_NS);
	r = scope_leave(&s, child_join(&c));
	child_cancel(&c, CANCEL_DEADLINE, "the time to wind down was up");
	return r;
}

static enum outcome judge(const struct supervised *sb)
{
	if (sb->run.state == CHILD_DONE && sb->result < 0)
		return OUTCOME_FAILED;
	/* One that was asked to come to an end may have done so. */
	return sb->leaving && (sb->run.state != CHILD_DONE || sb->b.grace_ns > 0)
		       ? OUTCOME_LEFT
		       : OUTCOME_DONE;
}

static void report(struct supervised *sb, enum outcome outcome)
{
	char line[256];

	switch (outcome) {
	case OUTCOME_DONE:
		supervised_decide(sb, DECISION_ENDED, "", "", "");
		return;
	case OUTCOME_LEFT:
		supervised_decide(sb, DECISION_LEFT, "", "", sb->leave_why);
		return;
	case OUTCOME_FAILED:
		LOG(ERR, "%s: %s", sb->b.name, why_text(sb->why));
		snprintf(line, sizeof(line), "%.*s",
			 (int)strcspn(why_text(sb->why), "\n"), why_text(sb->why));
		supervised_decide(sb, DECISION_FAILED, "", "", line);
		return;
	}
}

/* Until the run has ended; when the robot stops meanwhile, the run leaves. */
static int join(struct supervised *sb)
{
	char why[sizeof(sb->leave_why)];
	struct scope gentle;
	int r;

	scope_enter_soft(&gentle);
	r = scope_leave(&gentle, child_join(&sb->run));
	if (r != -ECANCELED || task_check() < 0)
		return r;
	snprintf(why, sizeof(why), "stopping: %s", scope_cause()->reason);
	supervised_leave(sb, CANCEL_SHUTDOWN, why);
	return child_join(&sb->run);
}

int supervised_run(struct supervised *sb, enum outcome *ret)
{
	const struct task_opt opt = {.name = sb->b.name, .stack_size = STACK_LUA};
	const struct task_opt keep = {.name = "keep", .service = true};
	enum outcome outcome;
	struct nursery n;
	int r;

	sb->leaving = false;
	sb->result = 0;
	sb->began_ns = rt_now();
	supervised_enter(sb, ACTIVITY_RUNNING);
	nursery_open(&n);
	r = nursery_start(&n, &sb->run, &opt, run_main, sb);
	if (r == 0 && sb->b.keep)
		(void)nursery_start(&n, NULL, &keep, keep_main,
				    sb); /* counts as failed */
	scope_init(&sb->joining);
	scope_enter(&sb->joining);
	sb->running = true;
	if (sb->b.lease.asked) /* between the grant and now */
		supervised_leave(sb, CANCEL_PREEMPTION, "somebody more important came");
	if (r == 0)
		r = join(sb);
	sb->running = false;
	r = scope_leave(&sb->joining, r);
	outcome = judge(sb);
	if (r == 0 && outcome == OUTCOME_LEFT) {
		supervised_enter(sb, ACTIVITY_LEAVING);
		r = wind_down(sb, &n);
	}
	if (r == 0)
		report(sb, outcome);
	/* When the robot stops, what was held becomes safe. */
	lease_release(&sb->b.lease,
		      r < 0 || outcome == OUTCOME_FAILED || task_cancelling());
	*ret = outcome;
	return nursery_close(&n, r);
}
