/* The robot: start things in order, stop them in reverse. */
#include "daemon/app/robot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/resource.h"
#include "daemon/app/battery.h"
#include "daemon/app/body.h"
#include "daemon/app/calibrate.h"
#include "daemon/app/derived.h"
#include "daemon/app/drivers.h"
#include "daemon/app/faults.h"
#include "daemon/app/hardware.h"
#include "daemon/app/kill_line.h"
#include "daemon/app/notify.h"
#include "daemon/app/program.h"
#include "daemon/app/reload.h"
#include "daemon/app/scripts.h"
#include "daemon/app/senses.h"
#include "daemon/app/stop.h"
#include "daemon/app/view.h"
#include "daemon/app/wallclock.h"
#include "daemon/base/log.h"
#include "daemon/behave/supervisor.h"
#include "daemon/behave/trap.h"
#include "daemon/link/bus.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/watchdog.h"
#include "daemon/state/world.h"

/* Behaviours wind down within 1 s each, chips become safe within 0.2 s: this is for what hangs. */
#define STOP_NS (5 * NS_PER_S)
#define LEAVE_NS (4 * NS_PER_S) /* of it for behaviours */

struct robot {
	const struct config *conf;
	struct config *mine; /* the same; NULL when only checking */
	const struct options *options;
	struct conf_errors *errs; /* what shows only when things are put together */
	bool check;               /* only put together: no hardware, nothing runs */
	bool refused;             /* a socket of the configuration is not to be had */
	struct world *world;
	struct hardware *hardware;
	struct senses *senses;
	struct battery *battery; /* NULL: it has none */
	struct resources *resources;
	struct body *body;
	struct kill_line kill;
	struct view *view; /* NULL: nobody looks */
	struct wallclock clock;
	struct supervisor *supervisor; /* NULL: a program runs instead */
	struct program program;
	struct bus *bus; /* NULL: nobody can reach the daemon */
	struct drivers drivers;
	struct faults faults;
	struct calibrate calibrate;
	struct reload *reload; /* NULL: only checking */
	struct nursery *nursery;
	struct child behaviours;
	struct stop stop;
};

/*
 * Come to an end: the behaviours are asked to, and wind down, while sensors and actuators still serve
 * them; when they have ended, the nursery ends its services. What hangs is cancelled after STOP_NS.
 */
static void stop(void *arg, const char *reason)
{
	struct robot *bot = arg;

	LOG(INFO, "%s: stopping: %s", bot->conf->robot.name, reason);
	notify_send("STOPPING=1");
	child_cancel_soft(&bot->behaviours, CANCEL_SHUTDOWN,
			  bot->supervisor ? LEAVE_NS : PROGRAM_GRACE_NS, reason);
	scope_set_deadline(&bot->nursery->scope, time_add(rt_now(), STOP_NS));
}

/* Read the configuration again, when a signal asks for it. */
static void reload(void *arg)
{
	const struct robot *bot = arg;

	reload_request(bot->reload);
}

/* What "status" says beside the daemon's own counters. */
static void status_add(void *arg, cJSON *status)
{
	const struct robot *bot = arg;

	/* Without memory the field is missing. */
	(void)cJSON_AddStringToObject(status, "robot", bot->conf->robot.name);
	(void)cJSON_AddStringToObject(status, "id", bot->conf->robot.id);
	(void)cJSON_AddBoolToObject(status, "simulated", config_simulated(bot->conf));
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

	if (r < 0)
		return r;
	if (!bot->supervisor) /* a program is asked by signals only */
		child_cancel(&bot->behaviours, CANCEL_SHUTDOWN, "the duration is over");
	stop(bot, "the duration is over");
	return 0;
}

/*
 * Until it is asked to stop, or the program in their place ends: a robot without behaviours still senses
 * and answers.
 */
static int behave(void *arg)
{
	struct robot *bot = arg;
	struct scope gentle;
	int r;

	if (!bot->supervisor)
		return program_run(&bot->program);
	r = supervisor_run(bot->supervisor);
	if (r < 0)
		return r;
	scope_enter_soft(&gentle);
	return scope_leave(&gentle, task_sleep_forever());
}

static void serve(struct nursery *n, const char *name, int (*fn)(void *), void *arg)
{
	const struct task_opt opt = {.name = name, .service = true};

	/* A service that cannot start fails the nursery, which tells. */
	(void)nursery_start(n, NULL, &opt, fn, arg);
}

/* On the watchdog's thread: what the loop cannot do while it is stuck. */
static void make_safe(void *arg, const char *task)
{
	struct robot *bot = arg;

	(void)task; /* has been named */
	kill_line_trip(&bot->kill);
	body_safe_now(bot->body);
	LOG(CRIT, "%s: the outputs were made safe without the loop%s",
	    bot->conf->robot.name,
	    bot->kill.line ? "; the kill line stays low until the next start" : "");
}

/* NULL on the virtual clock, where a long step harms nobody, and when no thread is to be had. */
static struct watchdog *start_watchdog(struct robot *bot)
{
	const struct watchdog_conf conf = {
		.where = trap_where, .on_stuck = make_safe, .arg = bot};
	struct watchdog *w = NULL;
	int r = rt_is_virtual() ? 0 : watchdog_open(&conf, &w);

	if (r < 0)
		LOG(WARNING, "%s: no watchdog: %s", bot->conf->robot.name, strerror(-r));
	return w;
}

/* Everything runs until the behaviours end: by signal, duration, or the end of a recording. */
static int run_all(struct robot *bot)
{
	const struct task_opt behaviours = {.name = "behaviours"};
	struct watchdog *watchdog = start_watchdog(bot);
	struct nursery n;
	int r;

	nursery_open(&n);
	bot->nursery = &n;
	bot->stop.stop = stop;
	bot->stop.reload = reload;
	bot->stop.arg = bot;
	if (bot->view) /* first: it says what this is */
		serve(&n, "view", view_run, bot->view);
	body_go(bot->body, &n);
	senses_go(bot->senses, &n);
	serve(&n, "signals", stop_run, &bot->stop);
	serve(&n, "reload", reload_run, bot->reload);
	serve(&n, "heartbeat", notify_heartbeat, NULL);
	serve(&n, "clock", wallclock_run, &bot->clock);
	serve(&n, "kill line", kill_line_watch, &bot->kill);
	if (bot->bus)
		serve(&n, "bus", bus_run, bot->bus);
	if (hardware_trial(bot->hardware))
		serve(&n, "recording", play_to_end, bot);
	if (bot->options->duration_ns > 0)
		serve(&n, "duration", end_after, bot);
	(void)nursery_start(&n, &bot->behaviours, &behaviours, behave, bot);
	hardware_start(bot->hardware);
	kill_line_arm(&bot->kill);
	notify_send("READY=1");
	r = nursery_close(&n, 0);
	watchdog_close(watchdog);
	kill_line_close(&bot->kill);
	return r;
}

/* Without a view decisions go to the log, for whoever asks for it. */
static void log_decision(void *arg, const struct decision *d)
{
	(void)arg;
	LOG(INFO, "%s", d->text);
}

/*
 * Make the behaviours, or the program in their place. When only checking, what is wrong with a script is an
 * error like any other.
 */
static int make_behaviours(struct robot *bot)
{
	struct supervisor_conf conf = {
		.world = bot->world,
		.resources = bot->resources,
		.folders = scripts_folders(),
		.decided = bot->view ? view_decided : log_decision,
		.print = bot->view ? view_printed : NULL,
		.arg = bot->view,
	};

	if (bot->options->script) {
		bot->program.path = bot->options->script;
		bot->program.world = bot->world;
		return 0;
	}
	bot->supervisor = supervisor_new(&conf);
	if (!bot->supervisor)
		return -ENOMEM;
	return scripts_load(bot->supervisor, bot->conf, bot->check, bot->errs);
}

/* What the parts of the robot can be asked, each by a table of its own. */
static int add_methods(struct robot *bot)
{
	struct rpc *rpc = bus_control(bot->bus);
	int r;

	bot->drivers = (struct drivers){bot->conf, bot->hardware, bot->senses, bot->body};
	bot->calibrate.senses = bot->senses;
	bot->faults = (struct faults){bot->conf, bot->hardware, bot->senses, bot->body};
	r = drivers_register(&bot->drivers, rpc);
	if (r == 0)
		r = faults_register(&bot->faults, rpc);
	if (r == 0)
		r = calibrate_register(&bot->calibrate, rpc);
	return r < 0 ? r : reload_register(bot->reload, rpc);
}

static int make_bus(struct robot *bot)
{
	int r;

	/* A program may run beside the daemon, whose sockets these are. */
	if (bot->options->no_bus || bot->options->script)
		return 0;
	r = bus_new(&bot->conf->bus, bot->world, &bot->bus);
	if (r == -EADDRINUSE && bot->view) {
		LOG(WARNING, "going on without sockets: nobody can ask this one");
		return 0;
	}
	bot->refused = r < 0 && r != -ENOMEM;
	if (r < 0)
		return r;
	bus_on_status(bot->bus, status_add, bot);
	return add_methods(bot);
}

/* Everything, from the hardware to the behaviours; unmake() undoes what was made. */
static int make(struct robot *bot)
{
	const struct config *c = bot->conf;
	int r = hardware_open(c, bot->check ? HARDWARE_DRY : HARDWARE_AS_CONFIGURED,
			      bot->options->world, &bot->hardware);

	if (r < 0)
		return r;
	if (!bot->check) {
		r = kill_line_open(&bot->kill, hardware_gpio(bot->hardware),
				   c->safety.kill_line);
		bot->refused = r < 0;
		if (r < 0)
			return r;
	}
	bot->world = world_new();
	bot->resources = bot->world ? resources_new(bot->world) : NULL;
	if (!bot->resources)
		return -ENOMEM;
	r = wallclock_add(&bot->clock, bot->world);
	if (r == 0)
		r = senses_new(c, bot->hardware, bot->world, bot->errs, &bot->senses);
	if (r == 0)
		r = body_new(c, bot->hardware, bot->resources, bot->world, bot->errs,
			     &bot->body);
	if (r == 0 && bot->options->view && !bot->check) {
		bot->view = view_new(c, bot->world, bot->body, stdout);
		r = bot->view ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = battery_new(c, bot->world, bot->errs, &bot->battery);
	if (r == 0)
		r = derived_add(c, bot->world, bot->errs);
	if (r == 0)
		r = make_behaviours(bot);
	if (r == 0 && !bot->check) {
		bot->reload =
			reload_new(bot->mine, bot->options, bot->senses, bot->world);
		r = bot->reload ? make_bus(bot) : -ENOMEM;
	}
	return r;
}

static void unmake(struct robot *bot)
{
	kill_line_close(&bot->kill);
	bus_free(bot->bus);
	reload_free(bot->reload);
	supervisor_free(bot->supervisor);
	view_free(bot->view);
	senses_free(bot->senses);
	battery_free(bot->battery);
	resources_free(bot->resources);
	body_free(bot->body);
	world_free(bot->world);
	if (bot->hardware && hardware_trial(bot->hardware))
		trial_report(hardware_trial(bot->hardware), stdout);
	hardware_close(bot->hardware);
}

static int robot_main(void *arg)
{
	struct robot *bot = arg;
	/* Before anything starts a thread. */
	int r = stop_open(&bot->stop);

	if (r < 0)
		return r;
	r = make(bot);
	if (r == 0)
		r = run_all(bot);
	unmake(bot);
	stop_close(&bot->stop);
	return r;
}

/* Signals are another thread's, perhaps. */
static int check_main(void *arg)
{
	struct robot *bot = arg;
	int r = make(bot);

	unmake(bot);
	return r;
}

int robot_check(const struct config *c, struct conf_errors *errs)
{
	const struct options none = {0};
	struct robot bot = {.conf = c, .options = &none, .errs = errs, .check = true};
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	int r = rt_run(&conf, check_main, &bot);

	return r == 0 && errs->n_errors > 0 ? -EINVAL : r;
}

int robot_run(struct config *c, const struct options *o, struct conf_errors *errs)
{
	struct robot bot = {.conf = c, .mine = c, .options = o, .errs = errs};
	const struct rt_conf conf = {
		.clock = o->max_speed ? RT_CLOCK_VIRTUAL : RT_CLOCK_MONOTONIC,
		/* How fast this machine is says nothing about virtual time. */
		.slow_step_ns = o->max_speed ? -1 : 0,
	};
	int r = rt_run(&conf, robot_main, &bot);

	if (r == 0 || r == -ECANCELED)
		return bot.program.failed ? EXIT_FAILED : EXIT_OK;
	if (errs->n_errors > 0)
		return EXIT_CONFIG;
	if (bot.refused) {
		LOG(ERR,
		    "%s: what the configuration asks for is not to be had; nothing "
		    "was started",
		    c->robot.name);
		return EXIT_CONFIG;
	}
	LOG(ERR, "%s: stopped: %s", c->robot.name, strerror(-r));
	return EXIT_FAILED;
}
