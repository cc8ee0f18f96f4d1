/* What scripts that wait keep in memory. It does not depend on what else the machine does. */
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
#include "tests/sanitized.h"

/* Where pages are larger each stack has more than the 4 KiB that the limits count on. */
#define LARGER_PAGES ((double)sysconf(_SC_PAGESIZE) - 4096)
#define BEHAVIOURS 60
#define TASKS 200 /* in crowd.lua */

/* Resident bytes of this process. */
static double resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages;

	cr_assert(f != NULL);
	cr_assert(eq(int, fscanf(f, "%*u %lu", &pages), 1));
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static struct world *make_world(void)
{
	const struct value_info touched = {.name = "head.touched",
					   .typed = true,
					   .type = DATUM_BOOL,
					   .source = "test"};
	const struct datum no = datum_bool(false);
	struct world *world = world_new();
	struct value *v;

	cr_assert(eq(int, world_add(world, &touched, &v), 0));
	cr_assert(eq(int, value_set(v, &no), 0));
	return world;
}

static void load(struct supervisor *s, const char *script, unsigned i)
{
	struct conf_errors errs = {0};
	char name[16];

	snprintf(name, sizeof(name), "b%u", i);
	cr_assert(eq(int, supervisor_load(s, name, script, NULL, &errs), 0), "%s",
		  errs.n ? errs.list[0].text : "");
}

/* What @n behaviours of @script keep when all of them have waited for a while. */
static double kept(const char *script, unsigned n)
{
	static const char *const folders[] = {INSTINCT_SOURCE "/tests/behave/lib", NULL};
	struct supervisor_conf conf = {.folders = folders, .world = make_world()};
	struct supervisor *s;
	struct nursery running;
	double bytes;

	conf.resources = resources_new(conf.world);
	s = supervisor_new(&conf);
	bytes = resident();
	for (unsigned i = 0; i < n; i++)
		load(s, script, i);
	nursery_open(&running);
	nursery_go(&running, "behaviours", supervisor_run, s);
	for (int i = 0; i < 10; i++) /* stacks are looked at in turn, once a second */
		cr_assert(eq(int, task_sleep(NS_PER_S), 0));
	bytes = resident() - bytes;
	nursery_cancel(&running, "measured");
	cr_assert(eq(int, nursery_close(&running, 0), 0));
	supervisor_free(s);
	resources_free(conf.resources);
	world_free(conf.world);
	return bytes;
}

static int behaviours(void *arg)
{
	(void)arg;
	(void)kept("patient.lua",
		   1); /* code that is read for the first time is not its own */
	cr_expect(le(dbl, kept("patient.lua", BEHAVIOURS) / BEHAVIOURS,
		     36 * 1024.0 + LARGER_PAGES));
	return 0;
}

static int tasks(void *arg)
{
	(void)arg;
	(void)kept("patient.lua", 1);
	cr_expect(le(dbl, kept("crowd.lua", 1) / TASKS, 10 * 1024.0 + LARGER_PAGES));
	return 0;
}

static void measure(int (*fn)(void *))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};

#ifdef SANITIZED
	cr_skip_test("the sanitizer's own memory would be counted");
#endif
	cr_assert(eq(int, rt_run(&conf, fn, NULL), 0));
}

Test(memory, a_behaviour_that_waits_keeps_36_KiB_at_most)
{
	measure(behaviours);
}

Test(memory, a_further_task_of_it_keeps_10_KiB_at_most)
{
	measure(tasks);
}
