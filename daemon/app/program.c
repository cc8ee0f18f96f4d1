/* Scripts as programs. */
#include "daemon/app/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app/scripts.h"
#include "daemon/app/stop.h"
#include "daemon/app/wallclock.h"
#include "daemon/behave/script.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

int program_run(struct program *p)
{
	const struct script_conf conf = {
		.path = p->path,
		.world = p->world,
		.folders = scripts_folders(),
	};
	char why[SCRIPT_WHY];
	int r = script_run(&conf, why);

	if (r == 0 || r == -ECANCELED)
		return r;
	p->failed = true;
	fprintf(stderr, "instinctd: %s\n", why[0] ? why : strerror(-r));
	return 0;
}

/* What a program alone consists of. */
struct alone {
	const struct options *options;
	struct program program;
	struct wallclock clock;
	struct child child;
	struct stop stop;
};

static void stop(void *arg, const char *reason)
{
	struct alone *a = arg;

	child_cancel_soft(&a->child, CANCEL_SHUTDOWN, PROGRAM_GRACE_NS, reason);
}

static int run_child(void *arg)
{
	struct alone *a = arg;

	return program_run(&a->program);
}

static int end_after(void *arg)
{
	struct alone *a = arg;
	int r = task_sleep(a->options->duration_ns);

	if (r == 0)
		child_cancel(&a->child, CANCEL_SHUTDOWN, "the duration is over");
	return r;
}

#define PROGRAM_TASK "program"

/* The walk over all tasks, of which the program's are to be told. */
struct telling {
	FILE *out;
	unsigned
		above; /* the depth of what runs the program; 0: not there yet, or past it */
};

/* A task's own ones come right behind it. */
static void tell_own(void *arg, const struct task_info *info)
{
	struct telling *t = arg;
	struct task_info own = *info;

	if (t->above > 0 && info->depth > t->above) {
		own.depth -= t->above;
		task_info_print(t->out, &own);
		return;
	}
	t->above = strcmp(info->name, PROGRAM_TASK) == 0 ? info->depth : 0;
}

/*
 * A service on the virtual clock, where a script that waits for what cannot come would wait for ever in no
 * time: says so and ends it.
 */
static int end_when_stuck(void *arg)
{
	struct alone *a = arg;
	struct rt_stats stats;
	int r;

	for (;;) {
		r = task_wait_all_blocked();
		if (r < 0)
			return r;
		rt_stats(&stats);
		if (stats.next_deadline_ns == TIME_NEVER &&
		    !wallclock_is_awaited(&a->clock))
			break;
		r = task_sleep_until(stats.next_deadline_ns);
		if (r < 0)
			return r;
	}
	fprintf(stderr,
		"instinctd: %s: nothing can happen any more; its tasks wait for:\n",
		a->program.path);
	task_each(tell_own, &(struct telling){.out = stderr});
	a->program.failed = true;
	child_cancel(&a->child, CANCEL_SHUTDOWN, "nothing can happen any more");
	return 0;
}

static int run_all(struct alone *a)
{
	const struct task_opt script = {.name = PROGRAM_TASK};
	const struct task_opt signals = {.name = "signals", .service = true};
	const struct task_opt time = {.name = "clock", .service = true};
	const struct task_opt duration = {.name = "duration", .service = true};
	const struct task_opt stuck = {.name = "stuck", .service = true};
	struct nursery n;

	/* What cannot be started fails the nursery. */
	nursery_open(&n);
	(void)nursery_start(&n, &a->child, &script, run_child, a);
	(void)nursery_start(&n, NULL, &signals, stop_run, &a->stop);
	(void)nursery_start(&n, NULL, &time, wallclock_run, &a->clock);
	if (a->options->duration_ns > 0)
		(void)nursery_start(&n, NULL, &duration, end_after, a);
	if (rt_is_virtual())
		(void)nursery_start(&n, NULL, &stuck, end_when_stuck, a);
	return nursery_close(&n, 0);
}

static int alone_main(void *arg)
{
	struct alone *a = arg;
	int r;

	a->clock.rests = true;
	a->stop = (struct stop){.stop = stop, .arg = a};
	r = stop_open(&a->stop); /* before anything starts a thread */
	if (r < 0)
		return r;
	a->program.world = world_new();
	r = a->program.world ? wallclock_add(&a->clock, a->program.world) : -ENOMEM;
	if (r == 0)
		r = run_all(a);
	world_free(a->program.world);
	stop_close(&a->stop);
	return r;
}

int program_alone(const struct options *o)
{
	struct alone a = {.options = o, .program = {.path = o->script}};
	const struct rt_conf conf = {
		.clock = o->max_speed ? RT_CLOCK_VIRTUAL : RT_CLOCK_MONOTONIC,
		/* How fast this machine is says nothing about virtual time. */
		.slow_step_ns = o->max_speed ? -1 : 0};
	int r = rt_run(&conf, alone_main, &a);

	if (r == 0 || r == -ECANCELED)
		return a.program.failed ? EXIT_FAILED : EXIT_OK;
	fprintf(stderr, "instinctd: %s: %s\n", o->script, strerror(-r));
	return EXIT_FAILED;
}
