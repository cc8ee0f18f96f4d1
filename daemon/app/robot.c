/* The robot: start things in order, stop them in reverse. */
#include "daemon/app/robot.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/resource.h"
#include "daemon/app/body.h"
#include "daemon/app/hardware.h"
#include "daemon/app/scripts.h"
#include "daemon/app/senses.h"
#include "daemon/app/stop.h"
#include "daemon/app/view.h"
#include "daemon/base/log.h"
#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

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
};

/* Ends the robot when the recording has been played. */
static int play_to_end(void *arg)
{
	struct robot *bot = arg;
	int r = trial_wait_end(hardware_trial(bot->hardware));

	if (r < 0)
		return r;
	rt_cancel("the recording has ended");
	return 0;
}

static int end_after(void *arg)
{
	const struct robot *bot = arg;
	int r = task_sleep(bot->options->duration_ns);

	if (r < 0)
		return r;
	rt_cancel("the duration is over");
	return 0;
}

/* Everything runs until the root is cancelled: signal, duration, or the end of a recording. */
static int run_all(struct robot *bot)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "signals", stop_on_signals, NULL);
	body_go(bot->body, &n);
	senses_go(bot->senses, &n);
	nursery_go(&n, "behaviours", supervisor_run, bot->supervisor);
	if (bot->view)
		nursery_go(&n, "view", view_run, bot->view);
	if (hardware_trial(bot->hardware))
		nursery_go(&n, "recording", play_to_end, bot);
	if (bot->options->duration_ns > 0)
		nursery_go(&n, "duration", end_after, bot);
	hardware_start(bot->hardware);
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
