/* The robot: start things in order, stop them in reverse. */
#include "daemon/app/robot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/resource.h"
#include "daemon/app/body.h"
#include "daemon/app/hardware.h"
#include "daemon/app/notify.h"
#include "daemon/app/scripts.h"
#include "daemon/app/senses.h"
#include "daemon/app/signals.h"
#include "daemon/app/view.h"
#include "daemon/base/log.h"
#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

/* Behaviours wind down within 1 s each, chips become safe within 0.2 s: this is for what hangs. */
#define STOP_NS (5 * NS_PER_S)

struct robot {
	const struct config *conf;
	const struct options *options;
	struct world *world;
	struct hardware *hardware;
	struct senses *senses;
	struct resources *resources;
	struct body *body;
	struct view *view; /* NULL: nobody looks */
	struct supervisor *supervisor;
	struct nursery *nursery;
	struct child behaviours;
};

/*
 * Come to an end: the behaviours wind down first, while sensors and actuators still serve them; when they
 * have ended, the nursery ends its services. What hangs is cancelled after STOP_NS.
 */
static void stop(void *arg, const char *reason)
{
	struct robot *bot = arg;

	LOG(INFO, "%s: stopping: %s", bot->conf->robot.name, reason);
	notify_send("STOPPING=1");
	child_cancel(&bot->behaviours, CANCEL_SHUTDOWN, reason);
	scope_set_deadline(&bot->nursery->scope, time_add(rt_now(), STOP_NS));
}

static int play_to_end(void *arg)
{
	struct robot *bot = arg;
	int r = trial_wait_end(hardware_trial(bot->hardware));

	if (r == 0)
		stop(bot, "the recording has ended");
	return r;
}

static int end_after(void *arg)
{
	struct robot *bot = arg;
	int r = task_sleep(bot->options->duration_ns);

	if (r == 0)
		stop(bot, "the duration is over");
	return r;
}

static void serve(struct nursery *n, const char *name, int (*fn)(void *), void *arg)
{
	const struct task_opt opt = {.name = name, .service = true};

	/* A service that cannot start fails the nursery, which tells. */
	(void)nursery_start(n, NULL, &opt, fn, arg);
}

/* Everything runs until the behaviours end: by signal, duration, or the end of a recording. */
static int run_all(struct robot *bot)
{
	const struct task_opt behaviours = {.name = "behaviours"};
	struct signals signals = {.stop = stop, .arg = bot};
	struct nursery n;

	nursery_open(&n);
	bot->nursery = &n;
	body_go(bot->body, &n);
	senses_go(bot->senses, &n);
	serve(&n, "signals", signals_run, &signals);
	serve(&n, "heartbeat", notify_heartbeat, NULL);
	if (bot->view)
		serve(&n, "view", view_run, bot->view);
	if (hardware_trial(bot->hardware))
		serve(&n, "recording", play_to_end, bot);
	if (bot->options->duration_ns > 0)
		serve(&n, "duration", end_after, bot);
	(void)nursery_start(&n, &bot->behaviours, &behaviours, supervisor_run,
			    bot->supervisor);
	hardware_start(bot->hardware);
	notify_send("READY=1");
	return nursery_close(&n, 0);
}

/* Scripts may fail to load; each is said, and the others run. */
static int start_behaviours(struct robot *bot)
{
	struct supervisor_conf conf = {
		.world = bot->world,
		.resources = bot->resources,
		.folders = scripts_folders(),
		.decided = bot->view ? view_decided : NULL,
		.print = bot->view ? view_printed : NULL,
		.arg = bot->view,
	};

	bot->supervisor = supervisor_new(&conf);
	if (!bot->supervisor)
		return -ENOMEM;
	scripts_load(bot->supervisor, bot->conf);
	return run_all(bot);
}

static int start_body(struct robot *bot)
{
	int r = body_new(bot->conf, bot->hardware, bot->resources, bot->world,
			 &bot->body);

	if (r < 0)
		return r;
	if (bot->options->view) {
		bot->view = view_new(bot->conf, bot->world, bot->body, stdout);
		r = bot->view ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = start_behaviours(bot);
	supervisor_free(bot->supervisor);
	view_free(bot->view);
	return r;
}

static int start_world(struct robot *bot)
{
	int r = -ENOMEM;

	bot->world = world_new();
	if (bot->world)
		bot->resources = resources_new(bot->world);
	if (bot->resources)
		r = senses_new(bot->conf, bot->hardware, bot->world, &bot->senses);
	if (r == 0)
		r = start_body(bot);
	senses_free(bot->senses);
	resources_free(bot->resources);
	body_free(bot->body);
	world_free(bot->world);
	return r;
}

static int robot_main(void *arg)
{
	struct robot *bot = arg;
	int r = hardware_open(bot->conf, bot->options->world, &bot->hardware);

	if (r < 0)
		return r;
	r = start_world(bot);
	if (hardware_trial(bot->hardware))
		trial_report(hardware_trial(bot->hardware), stdout);
	hardware_close(bot->hardware);
	return r;
}

int robot_run(const struct config *c, const struct options *o)
{
	struct robot bot = {.conf = c, .options = o};
	struct rt_conf conf = {.clock = o->max_speed ? RT_CLOCK_VIRTUAL
						     : RT_CLOCK_MONOTONIC};
	int r = rt_run(&conf, robot_main, &bot);

	if (r == 0 || r == -ECANCELED)
		return EXIT_OK;
	LOG(ERR, "%s: stopped: %s", c->robot.name, strerror(-r));
	return EXIT_FAILED;
}
