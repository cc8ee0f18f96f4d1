/* S5: the watchdog names the script, with file and line, in which the loop is stuck. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdatomic.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/behave/script.h"
#include "daemon/behave/trap.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/watchdog.h"

static atomic_bool seen, named;
static char task_seen[32], line_seen[200];

#define WANT "task script: has kept the loop for more than 20 ms, at stuck.lua:3"

/*
 * On a busy machine the loop's thread may not be there to be asked, or another step takes long: then the next
 * one is looked at.
 */
static void on_stuck(void *arg, const char *task)
{
	(void)arg;
	strncpy(task_seen, task, sizeof(task_seen) - 1);
	atomic_store(&named, strcmp(line_seen, WANT) == 0);
	atomic_store(&seen, true);
}

static void keep_line(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	if (level == LOG_LEVEL_CRIT)
		strncpy(line_seen, text, sizeof(line_seen) - 1);
}

/* A C function that a script calls and nothing interrupts; until it was seen, so the test ends soon. */
static void listen_long(void *arg, const char *line, size_t len)
{
	(void)arg;
	(void)line;
	(void)len;
	if (atomic_load(&named))
		return;
	atomic_store(&seen, false);
	while (!atomic_load(&seen))
		;
}

static int run_watched(void *arg)
{
	const struct watchdog_conf conf = {
		.limit_ns = 20 * NS_PER_MS, .where = trap_where, .on_stuck = on_stuck};
	const struct script_conf script = {.path = INSTINCT_SOURCE
					   "/tests/behave/lib/stuck.lua",
					   .print = listen_long};
	char why[SCRIPT_WHY];
	struct watchdog *w;
	int r;

	(void)arg;
	cr_assert(eq(int, watchdog_open(&conf, &w), 0));
	r = script_run(&script, why);
	watchdog_close(w);
	return r;
}

Test(watchdog, S5_names_the_script_and_its_line)
{
	const struct rt_conf conf = {.slow_step_ns = -1};

	log_set_sink(keep_line, NULL);
	cr_assert(eq(int, rt_run(&conf, run_watched, NULL), 0));
	cr_expect(eq(str, task_seen, "script"));
	cr_expect(eq(str, line_seen, WANT));
}
