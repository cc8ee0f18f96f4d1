/* Tasks: turns, bands, checkpoints, quiet, dumps and reports. */
#include <criterion/redirect.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/base/log.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/task.h"
#include "tests/unit/rt_run.h"

static int answer(void *arg)
{
	(void)arg;
	return 42;
}

static int fail_io(void *arg)
{
	(void)arg;
	return -EIO;
}

Test(task, B1_run_returns_what_main_returns)
{
	expect(rt_run(NULL, answer, NULL), 42);
	expect(rt_run(NULL, fail_io, NULL), -EIO);
}

RT_TEST(task, B1_nested_run_is_refused)
{
	expect(rt_run(NULL, answer, NULL), -EBUSY);
	return 0;
}

/* Say the name and a number at each turn. */
static int three_turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		say("%s%d", task_name(task_self()), i);
		expect(task_checkpoint(), 0);
	}
	return 0;
}

RT_TEST(task, R3_B8_turns_are_first_in_first_out)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "a", three_turns, NULL);
	nursery_go(&n, "b", three_turns, NULL);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "a0 b0 a1 b1 a2 b2"));
	return 0;
}

static int go_banded(struct nursery *n, const char *name, enum task_band band)
{
	const struct task_opt opt = {.name = name, .banded = true, .band = band};

	return nursery_start(n, NULL, &opt, three_turns, NULL);
}

RT_TEST(task, R4_safety_first_and_one_background_step_a_pass)
{
	struct nursery n;

	nursery_open(&n);
	go_banded(&n, "x", BAND_BACKGROUND);
	go_banded(&n, "y", BAND_BACKGROUND);
	go_banded(&n, "n", BAND_NORMAL);
	go_banded(&n, "s", BAND_SAFETY);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "s0 n0 x0 s1 n1 y0 s2 n2 x1 y1 x2 y2"));
	return 0;
}

static int shuffled(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	for (int i = 0; i < 8; i++) {
		char name[2] = {(char)('a' + i)};

		nursery_go(&n, name, three_turns, NULL);
	}
	go_banded(&n, "S", BAND_SAFETY);
	return nursery_close(&n, 0);
}

Test(task, R3_shuffle_is_another_order_the_same_for_the_same_seed)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .shuffle_seed = 7};
	char first[sizeof(said)];

	expect(rt_run(&conf, shuffled, NULL), 0);
	strcpy(first, heard());
	expect(rt_run(&conf, shuffled, NULL), 0);
	cr_assert(eq(str, (char *)heard(), first), "seed 7");
	cr_assert(first[0] == 'S', "the safety band stays first: %s", first);
	conf.shuffle_seed = 8;
	expect(rt_run(&conf, shuffled, NULL), 0);
	cr_assert(ne(str, (char *)heard(), first));
}

static int nap(void *arg)
{
	expect(task_sleep(*(int64_t *)arg), 0);
	say("%s", task_name(task_self()));
	return 0;
}

RT_TEST(task, R5_sleepers_wake_by_deadline_then_by_order)
{
	int64_t late = 2 * NS_PER_S, soon = NS_PER_S;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "late", nap, &late);
	nursery_go(&n, "b", nap, &soon);
	nursery_go(&n, "c", nap, &soon);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "b c late"));
	cr_assert(eq(i64, rt_now(), late));
	return 0;
}

RT_TEST(task, R5_now_stands_still_within_a_step_and_past_moments_are_checkpoints)
{
	int64_t t = rt_now();

	expect(task_sleep_until(t - 1), 0);
	expect(task_sleep(0), 0);
	cr_assert(eq(i64, rt_now(), t));
	return 0;
}

static int other(void *arg)
{
	(void)arg;
	expect(task_sleep(NS_PER_S), 0);
	return say("other");
}

RT_TEST(task, T2_wait_all_blocked_comes_before_the_jump)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "other", other, NULL);
	expect(task_wait_all_blocked(), 0);
	say("blocked");
	cr_assert(eq(i64, rt_now(), 0));
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "blocked other"));
	return 0;
}

static int quiet_real(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "a", three_turns, NULL);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "a0 a1 a2"));
	return nursery_close(&n, 0);
}

Test(task, T2_wait_all_blocked_on_the_monotonic_clock)
{
	run_on(RT_CLOCK_MONOTONIC, quiet_real);
}

static int forever(void *arg)
{
	(void)arg;
	return task_sleep_forever();
}

static char logged[8192];

static void keep_log(enum log_level level, const char *text, void *arg)
{
	size_t n = strlen(logged);

	(void)level;
	(void)arg;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", text);
}

static int deadlocked(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "stuck", forever, NULL);
	return nursery_close(&n, 0);
}

Test(task, N8_a_deadlock_is_reported_and_ends)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	log_set_sink(keep_log, NULL);
	cr_redirect_stderr();
	expect(rt_run(&conf, deadlocked, NULL), -ECANCELED);
	cr_assert(strstr(logged, "blocked for ever") != NULL, "%s", logged);
}

static int burn(void *arg)
{
	int64_t *ns = arg;
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * NS_PER_S + b.tv_nsec - a.tv_nsec < *ns);
	return 0;
}

static int burn_child(void *arg)
{
	struct rt_stats stats;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "hog", burn, arg);
	expect(nursery_close(&n, 0), 0);
	rt_stats(&stats);
	cr_assert(stats.slow_steps >= 1);
	return 0;
}

Test(task, N9_a_slow_step_is_reported_with_its_task)
{
	struct rt_conf conf = {.slow_step_ns = NS_PER_MS};
	int64_t ns = 5 * NS_PER_MS;

	log_set_sink(keep_log, NULL);
	expect(rt_run(&conf, burn_child, &ns), 0);
	cr_assert(strstr(logged, "task hog: kept the loop for ") != NULL, "%s", logged);
}

static int spin(void *arg)
{
	(void)arg;
	for (int i = 0; i < 7000; i++)
		expect(task_checkpoint(), 0);
	return 0;
}

static int spin_child(void *arg)
{
	struct rt_stats stats;
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "spinner", spin, NULL);
	expect(nursery_close(&n, 0), 0);
	rt_stats(&stats);
	cr_assert(eq(u32, stats.busy_tasks, 1)); /* once for each task */
	return 0;
}

Test(task, N9_a_task_that_runs_too_often_is_reported_once)
{
	log_set_sink(keep_log, NULL);
	expect(rt_run(NULL, spin_child, NULL), 0);
	cr_assert(strstr(logged, "task spinner: ran 3000 times in ") != NULL, "%s",
		  logged);
}

/* What the dump says now; to be freed. */
static char *dumped(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	task_dump(out);
	fclose(out);
	return text;
}

static void contains(const char *text, const char *part)
{
	cr_assert(strstr(text, part) != NULL, "%s", text);
}

static bool no_abort(struct wait *w)
{
	(void)w;
	return false;
}

/* Waits for what a cancellation does not end. */
static int clings(void *arg)
{
	struct wait *w = arg;

	*w = (struct wait){.kind = "transfer", .what = "0x68", .abort = no_abort};
	return task_park(w);
}

RT_TEST(task, C8_N8_dump_shows_who_cancelled_why_and_when)
{
	struct wait w;
	struct nursery n;
	char *text;

	nursery_open(&n);
	nursery_go(&n, "clinging", clings, &w);
	expect(task_wait_all_blocked(), 0);
	scope_cancel_soft(&n.scope, CANCEL_PREEMPTION, 3 * NS_PER_S, "the nod wants it");
	expect(task_sleep(NS_PER_S), 0);
	text = dumped();
	contains(text, "  clinging: waits for transfer 0x68, 1.000 s; "
		       "asked to end by "
		       "main 1.000 s earlier: the nod wants it "
		       "(pre-emption); deadline "
		       "in 2.000 s; 1 steps\n");
	free(text);
	nursery_cancel(&n, "test");
	text = dumped();
	contains(text, "; cancelled by main 1.000 s earlier: the nod wants it "
		       "(pre-emption); 1 steps\n");
	free(text);
	task_wake(&w, 0);
	return nursery_close(&n, 0);
}

static int opens_another(void *arg)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "inner", nap, arg);
	return nursery_close(&n, 0);
}

static void put_link(void *arg, const struct task_info *info)
{
	(void)arg;
	say("%u%s:%s", info->depth, info->name, task_state_name(info->state));
}

RT_TEST(task, B37_N8_the_tree_links_parents_to_children)
{
	int64_t ns = NS_PER_S;
	struct nursery n;
	char *text;

	nursery_open(&n);
	nursery_go(&n, "outer", opens_another, &ns);
	nursery_go(&n, "beside", nap, &ns);
	expect(task_wait_all_blocked(), 0);
	nursery_go(&n, "new", nap, &ns);
	task_each(put_link, NULL);
	cr_assert(eq(str, (char *)heard(),
		     "0main:running 1outer:waits 2inner:waits 1beside:waits 1new:ready"));
	text = dumped();
	contains(text, "outer: waits for nursery to close (1 child left), ");
	free(text);
	expect(nursery_close(&n, 0), 0);
	(void)heard();
	task_yield();
	task_each(put_link, NULL); /* nothing of them is left */
	cr_assert(eq(str, (char *)heard(), "0main:running"));
	return 0;
}

RT_TEST(task, N8_B37_dump_shows_the_tree)
{
	int64_t ns = NS_PER_S;
	struct nursery n;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	nursery_open(&n);
	nursery_go(&n, "napper", nap, &ns);
	scope_set_deadline(&n.scope, 3 * NS_PER_S);
	expect(task_wait_all_blocked(), 0);
	out = open_memstream(&text, &size);
	task_dump(out);
	fclose(out);
	cr_assert(eq(str, text,
		     "main: running; deadline in 3.000 s; 2 steps\n"
		     "  napper: waits for sleep (1.000 s left), 0.000 s; "
		     "deadline in 3.000 s; 1 steps\n"));
	free(text);
	return nursery_close(&n, 0);
}

RT_TEST(task, B36_statistics)
{
	int64_t ns = NS_PER_S;
	struct rt_stats s;
	struct nursery n;

	rt_stats(&s);
	cr_assert(eq(u32, s.tasks_living, 1));
	cr_assert(eq(u32, s.tasks_ready, 0));
	cr_assert(eq(i64, s.next_deadline_ns, TIME_NEVER));
	nursery_open(&n);
	nursery_go(&n, "napper", nap, &ns);
	rt_stats(&s);
	cr_assert(eq(u32, s.tasks_living, 2));
	cr_assert(eq(u32, s.tasks_ready, 1));
	expect(task_wait_all_blocked(), 0);
	rt_stats(&s);
	cr_assert(eq(u32, s.tasks_ready, 0));
	cr_assert(eq(i64, s.next_deadline_ns, ns));
	expect(nursery_close(&n, 0), 0);
	rt_stats(&s);
	cr_assert(eq(u32, s.tasks_living, 1));
	return 0;
}
