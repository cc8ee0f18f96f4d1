/* The watchdog names a task that does not let the loop go on. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdatomic.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/watchdog.h"

struct seen {
	atomic_uint times, others;
	char task[32];
	char line[200];
};

/*
 * On a starved machine the root task may seem stuck as well, and a thread that is not run does not answer who it
 * is: none of this counts.
 */
static void on_stuck(void *arg, const char *task)
{
	struct seen *s = arg;

	if (strncmp(task, "greed", 5) != 0) {
		atomic_fetch_add(&s->others, 1);
		return;
	}
	strncpy(s->task, task, sizeof(s->task) - 1);
	atomic_fetch_add(&s->times, 1);
}

static void keep_line(enum log_level level, const char *text, void *arg)
{
	struct seen *s = arg;

	if (level == LOG_LEVEL_CRIT && strncmp(text, "task greed", 10) == 0)
		strncpy(s->line, text, sizeof(s->line) - 1);
}

static bool in_a_file(char *file, size_t size, int *ret_line)
{
	strncpy(file, "nod.lua", size);
	*ret_line = 12;
	return true;
}

/* Does not suspend before it was seen; so the test ends as soon as it may. Each step is told of once. */
static int get_stuck(void *arg)
{
	struct seen *s = arg;
	unsigned before = atomic_load(&s->times);

	while (atomic_load(&s->times) == before) {
		unsigned others = atomic_load(&s->others);

		while (atomic_load(&s->times) == before &&
		       atomic_load(&s->others) == others)
			;
		task_yield();
	}
	return 0;
}

static int watched(void *arg)
{
	const struct watchdog_conf conf = {.limit_ns = 20 * NS_PER_MS,
					   .where = in_a_file,
					   .on_stuck = on_stuck,
					   .arg = arg};
	struct watchdog *w;
	struct nursery n;
	int r;

	cr_assert(eq(int, watchdog_open(&conf, &w), 0));
	nursery_open(&n);
	nursery_go(&n, "greedy", get_stuck, arg);
	r = nursery_close(&n, 0);
	nursery_open(&n);
	nursery_go(&n, "greedier", get_stuck, arg);
	r = nursery_close(&n, r);
	watchdog_close(w);
	return r;
}

/* S5: each time once, by name and place. */
Test(watchdog, S5_names_the_culprit)
{
	const struct rt_conf conf = {.slow_step_ns = -1};
	struct seen seen = {0};

	log_set_sink(keep_line, &seen);
	cr_assert(eq(int, rt_run(&conf, watched, &seen), 0));
	cr_expect(eq(u32, seen.times, 2));
	cr_expect(eq(str, seen.task, "greedier"));
	cr_expect(eq(
		str, seen.line,
		"task greedier: has kept the loop for more than 20 ms, at nod.lua:12"));
}

static int open_and_close(void *unused)
{
	struct watchdog *w;

	(void)unused;
	cr_assert(eq(int, watchdog_open(&(struct watchdog_conf){0}, &w), 0));
	watchdog_close(w);
	watchdog_close(NULL);
	return 0;
}

/* It ends with its thread joined, also before its first look. */
Test(watchdog, ends_at_once)
{
	cr_assert(eq(int, rt_run(NULL, open_and_close, NULL), 0));
}
