/* The task dump of a script: who waits, where, on whose behalf and for how long. And who keeps the loop, where. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/behave/script.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

/* What the script prints comes to nothing. */
static void print(void *arg, const char *line, size_t len)
{
	(void)arg;
	(void)line;
	(void)len;
}

static int run_script(void *path)
{
	const struct script_conf conf = {.path = path, .print = print};
	char why[SCRIPT_WHY];

	return script_run(&conf, why);
}

static char diner_lua[] = INSTINCT_SOURCE "/tests/behave/c9_diner.lua";
static char racers_lua[] = INSTINCT_SOURCE "/tests/behave/lib/racers.lua";

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

#define CHAIN                                                                            \
	"cook at c9_diner.lua:4, called by chef at c9_diner.lua:9, called by waiter at " \
	"c9_diner.lua:14, called by c9_diner.lua:20\n"
#define ALONE "cook at c9_diner.lua:4, called by c9_diner.lua:25\n"

/* Nine customers; one waits for long, one cooks for himself. */
static int diner(void *arg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "diner", run_script, diner_lua);
	cr_assert(eq(int, task_sleep(12 * NS_PER_S), 0));
	task_dump(out);
	fclose(out);
	/* The quick ones have gone: left are the slow one, and the one who cooks for himself. */
	cr_expect(eq(uint, count(text, "waits for sleep"), 2), "%s", text);
	cr_expect(eq(uint, count(text, "    c9_diner.lua:18: waits for sleep"), 1), "%s",
		  text);
	cr_expect(eq(uint, count(text, ", 12.000 s; 1 steps\n          " CHAIN), 1), "%s",
		  text);
	cr_expect(eq(uint, count(text, ", 11.500 s; 1 steps\n          " ALONE), 1), "%s",
		  text);
	free(text);
	nursery_cancel(&n, "closing time");
	return nursery_close(&n, 0);
}

/* What is written in Lua shows the script's functions and lines, not its own. */
static int racers(void *arg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "racers", run_script, racers_lua);
	cr_assert(eq(int, task_sleep(NS_PER_S), 0));
	task_dump(out);
	fclose(out);
	cr_expect(
		eq(uint, count(text, "racers.lua:4: waits for value (== home), 1.0"), 1),
		"%s", text);
	cr_expect(eq(uint, count(text, "racers.lua:6: waits for value (>= 5), 1.0"), 1),
		  "%s", text);
	cr_expect(
		eq(uint, count(text, "racers.lua:7: waits for sleep (8.000 s left)"), 1),
		"%s", text);
	cr_expect(eq(uint, count(text, "\n          racers.lua:7\n"), 1), "%s", text);
	cr_expect(eq(uint, count(text, "instinct"), 0), "%s", text);
	free(text);
	nursery_cancel(&n, "enough");
	return nursery_close(&n, 0);
}

Test(dump, N8_of_calls_that_are_written_in_Lua)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_assert(eq(int, rt_run(&conf, racers, NULL), 0));
}

Test(dump, N8_C9_names_call_chain_and_waiting_time)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_assert(eq(int, rt_run(&conf, diner, NULL), 0));
}

/* A report that is awaited, and whether it came. */
static const char *report_start, *report_end;
static bool reported;

static void look_for_report(enum log_level level, const char *text, void *arg)
{
	size_t n = strlen(text), end = strlen(report_end);

	(void)level;
	(void)arg;
	if (strncmp(text, report_start, strlen(report_start)) == 0 && n > end &&
	    strcmp(text + n - end, report_end) == 0)
		reported = true;
}

/* However slow the machine is: until it was reported. */
static int until_reported(void *path)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "script", run_script, path);
	while (!reported)
		cr_assert(eq(int, task_sleep(NS_PER_MS), 0));
	nursery_cancel(&n, "enough");
	return nursery_close(&n, 0);
}

static void expect_report(int64_t slow_step_ns, char *path, const char *start,
			  const char *end)
{
	const struct rt_conf conf = {.slow_step_ns = slow_step_ns};

	report_start = start;
	report_end = end;
	log_set_sink(look_for_report, NULL);
	cr_assert(eq(int, rt_run(&conf, until_reported, path), 0));
}

Test(dump, N9_a_slow_step_is_reported_with_the_scripts_line)
{
	static char path[] = INSTINCT_SOURCE "/tests/behave/lib/slow.lua";

	expect_report(10 * NS_PER_US, path, "task slow.lua:7: kept the loop for ",
		      " ms without a checkpoint; now at compute at slow.lua:3, called by "
		      "slow.lua:9");
}

Test(dump, N9_a_busy_task_is_reported_with_the_scripts_line)
{
	static char path[] = INSTINCT_SOURCE "/tests/behave/lib/busy.lua";

	expect_report(-1, path, "task busy.lua:6: ran 3000 times in ",
		      " ms at wake at busy.lua:3, called by busy.lua:7");
}
