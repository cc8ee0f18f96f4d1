/* A robot with a neck, a light and three senses under a supervisor, whose story a test tells: decisions
 * and commands as they come, on the virtual clock, against golden text. */
#ifndef TESTS_BEHAVE_SUPERVISOR_RIG_H
#define TESTS_BEHAVE_SUPERVISOR_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

/* A robot with a neck, a light and three senses, whose story a test tells. */
struct robot {
	struct world *world;
	struct resources *resources;
	struct supervisor *supervisor;
	struct value *touched, *shaken, *picked_up;
	FILE *out;
	double commands[3]; /* the last: pan, tilt, led */
	unsigned n_commands, n_safe;
	int (*story)(struct robot *bot);
	struct conf_errors errs;
};

static inline void tell(struct robot *bot, const char *text)
{
	fprintf(bot->out, "%6.2f %s\n", (double)rt_now() / 1e9, text);
}

static inline void decided(void *arg, const struct decision *d)
{
	tell(arg, d->text);
}

static inline void printed(void *arg, const char *behaviour, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "%s says %s", behaviour, line);
	tell(arg, text);
}

static struct robot *the_robot; /* of this test's process */

static inline int command(void *arg, double value)
{
	*(double *)arg = value;
	the_robot->n_commands++;
	return 0;
}

static inline void make_safe(void *arg)
{
	(void)arg;
	the_robot->n_safe++;
}

static inline struct value *add_bool(struct robot *bot, const char *name)
{
	const struct value_info info = {
		.name = name, .typed = true, .type = DATUM_BOOL, .source = "test"};
	struct datum no = datum_bool(false);
	struct value *v;

	cr_assert(eq(int, world_add(bot->world, &info, &v), 0));
	cr_assert(eq(int, value_set(v, &no), 0));
	return v;
}

static inline void sense(struct value *v, bool b)
{
	struct datum d = datum_bool(b);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static inline void build(struct robot *bot)
{
	const struct channel_spec neck[] = {
		{.name = "pan",
		 .unit = "rad",
		 .min = -1,
		 .max = 1,
		 .rate_per_s = 4,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[0]},
		{.name = "tilt",
		 .unit = "rad",
		 .min = -0.7,
		 .max = 0.7,
		 .rate_per_s = 4,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[1]},
	};
	const struct channel_spec light[] = {
		{.name = "led",
		 .unit = "",
		 .min = 0,
		 .max = 1,
		 .set = command,
		 .safe = make_safe,
		 .arg = &bot->commands[2]},
	};
	static const char *const folders[] = {INSTINCT_SOURCE "/behaviours", NULL};
	struct supervisor_conf conf = {
		.folders = folders, .decided = decided, .print = printed, .arg = bot};

	bot->world = world_new();
	bot->touched = add_bool(bot, "head.touched");
	bot->shaken = add_bool(bot, "motion.shaken");
	bot->picked_up = add_bool(bot, "motion.picked_up");
	bot->resources = resources_new(bot->world);
	cr_assert(eq(int, resource_add(bot->resources, "neck", neck, 2), 0));
	cr_assert(eq(int, resource_add(bot->resources, "light", light, 1), 0));
	conf.world = bot->world;
	conf.resources = bot->resources;
	bot->supervisor = supervisor_new(&conf);
}

static inline int bot_main(void *arg)
{
	struct robot *bot = arg;
	int r;

	build(bot);
	r = bot->story(bot);
	supervisor_free(bot->supervisor);
	resources_free(bot->resources);
	world_free(bot->world);
	return r;
}

/* Scripts of a test have names that differ from run to run. */
static inline char *without_file_name(char *text)
{
	char *at;

	while ((at = strstr(text, "instinct-test-")) != NULL)
		memmove(at, at + strlen("instinct-test-XXXXXX"),
			strlen(at) - strlen("instinct-test-XXXXXX") + 1);
	return text;
}

/* Run the story; what was told must be @want. */
static inline void play(int (*story)(struct robot *bot), const char *want)
{
	const struct rt_conf rt = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	struct robot bot = {.story = story};
	char *text = NULL;
	size_t size = 0;

	the_robot = &bot;
	bot.out = open_memstream(&text, &size);
	cr_assert(eq(int, rt_run(&rt, bot_main, &bot), 0));
	fclose(bot.out);
	cr_assert(eq(str, without_file_name(text), (char *)want));
	free(text);
	conf_errors_fini(&bot.errs);
}

/* A script of this test, in a file of its own. */
static inline int load_text(struct robot *bot, const char *name, const char *text)
{
	char path[] = "/tmp/instinct-test-XXXXXX.lua";
	int fd = mkstemps(path, 4), r;

	cr_assert(ne(int, fd, -1));
	cr_assert(eq(int, dprintf(fd, "%s", text), (int)strlen(text)));
	close(fd);
	r = supervisor_load(bot->supervisor, name, path, NULL, &bot->errs);
	unlink(path);
	return r;
}

/* Tell @steps while the supervisor runs, then end it. */
static inline int supervise(struct robot *bot, int (*steps)(struct robot *bot))
{
	struct nursery n;
	int r;

	nursery_open(&n);
	nursery_go(&n, "behaviours", supervisor_run, bot->supervisor);
	r = steps(bot);
	nursery_cancel(&n, "the story has ended");
	return nursery_close(&n, r);
}

static inline int sleep_s(double s)
{
	return task_sleep((int64_t)(s * 1e9));
}

static inline void load_or_fail(struct robot *bot, const char *name, const char *text)
{
	cr_assert(eq(int, load_text(bot, name, text), 0), "%s",
		  bot->errs.n ? bot->errs.list[0].text : "");
}

#endif
