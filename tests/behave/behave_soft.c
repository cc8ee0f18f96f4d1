/* C7 in scripts: waits with the option `soft` end when their script is asked to come to an end. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "daemon/behave/script.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

static char printed[1024];

static void print(void *arg, const char *line, size_t len)
{
	(void)arg;
	strncat(printed, line, len);
	strcat(printed, "\n");
}

static int run_polite(void *arg)
{
	const struct script_conf conf = {
		.path = INSTINCT_SOURCE "/tests/behave/lib/polite.lua", .print = print};
	char why[SCRIPT_WHY];

	(void)arg;
	return script_run(&conf, why);
}

static int ask(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "polite", run_polite, NULL);
	cr_assert(eq(int, task_sleep(NS_PER_S), 0));
	scope_cancel_soft(&n.scope, CANCEL_EXPLICIT, 2 * NS_PER_S, "closing time");
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(i64, rt_now(), 3 * NS_PER_S)); /* one waited hard */
	return 0;
}

Test(soft, C7_soft_waits_and_loops_of_a_script_end)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_assert(eq(int, rt_run(&conf, ask, NULL), 0));
	cr_assert(eq(str, printed,
		     "eventual\t0\n"
		     "wait\tnil\tcancelling\n"
		     "edge\tnil\tcancelling\n"
		     "no more changes\n"
		     "no more values\n"
		     "farewell\ttrue\t1.5\n"));
}
