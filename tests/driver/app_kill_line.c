/* The kill line is high only while all is well. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app/kill_line.h"
#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
#include "daemon/rt/watchdog.h"
#include "hal/gpio_sim.h"

struct rig {
	struct gpio_board *board;
	struct kill_line kill;
};

static int level(const struct rig *rig)
{
	return gpio_board_level(rig->board, "GPIO6");
}

static void rig_open(struct rig *rig)
{
	*rig = (struct rig){.board = gpio_board_new()};
	cr_assert(rig->board != NULL);
	/* As a pull-up would have it. */
	cr_assert(eq(int, gpio_board_drive(rig->board, "GPIO6", true, 0), 0));
}

static void rig_close(struct rig *rig)
{
	kill_line_close(&rig->kill);
	gpio_board_free(rig->board);
}

static int start_and_stop(void *arg)
{
	struct rig *rig = arg;

	cr_assert(eq(int,
		     kill_line_open(&rig->kill, gpio_board_provider(rig->board), "GPIO6"),
		     0));
	cr_expect(eq(int, level(rig), 0), "until everything runs");
	kill_line_arm(&rig->kill);
	cr_expect(eq(int, level(rig), 1));
	kill_line_close(&rig->kill);
	cr_expect(eq(int, level(rig), 0), "after the stop");
	return 0;
}

Test(kill_line, is_high_from_start_to_stop)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct rig rig;

	rig_open(&rig);
	cr_assert(eq(int, rt_run(&conf, start_and_stop, &rig), 0));
	rig_close(&rig);
}

static void on_stuck(void *arg, const char *task)
{
	(void)task;
	kill_line_trip(arg);
}

static void quiet(enum log_level l, const char *text, void *arg)
{
	(void)l;
	(void)text;
	(void)arg;
}

static int get_stuck(void *arg)
{
	struct rig *rig = arg;
	const struct watchdog_conf conf = {
		.limit_ns = 20 * NS_PER_MS, .on_stuck = on_stuck, .arg = &rig->kill};
	struct watchdog *w;

	cr_assert(eq(int,
		     kill_line_open(&rig->kill, gpio_board_provider(rig->board), "GPIO6"),
		     0));
	kill_line_arm(&rig->kill);
	cr_assert(eq(int, watchdog_open(&conf, &w), 0));
	while (!atomic_load(&rig->kill.tripped))
		; /* the loop cannot go on before the line is low */
	watchdog_close(w);
	cr_expect(eq(int, level(rig), 0));
	kill_line_arm(&rig->kill);
	cr_expect(eq(int, level(rig), 0), "until the daemon starts again");
	return 0;
}

Test(kill_line, S5_goes_low_when_the_loop_is_stuck)
{
	const struct rt_conf conf = {.slow_step_ns = -1};
	struct rig rig;

	rig_open(&rig);
	log_set_sink(quiet, NULL);
	cr_assert(eq(int, rt_run(&conf, get_stuck, &rig), 0));
	log_set_sink(NULL, NULL);
	rig_close(&rig);
}

static char told[256];

static void remember(enum log_level l, const char *text, void *arg)
{
	(void)l;
	(void)arg;
	(void)snprintf(told, sizeof(told), "%s", text);
}

static int lose_chip(void *arg)
{
	struct rig *rig = arg;
	struct nursery n;

	cr_assert(eq(int,
		     kill_line_open(&rig->kill, gpio_board_provider(rig->board), "GPIO6"),
		     0));
	kill_line_arm(&rig->kill);
	nursery_open(&n);
	nursery_go(&n, "kill line", kill_line_watch, &rig->kill);
	cr_expect(eq(int, task_sleep(5 * NS_PER_S), 0));
	cr_expect(eq(str, told, ""), "all is well");
	cr_expect(eq(
		int,
		gpio_board_fault(rig->board, "GPIO6", GPIO_FAULT_GONE, GPIO_FAULT_ALWAYS),
		0));
	cr_expect(eq(int, nursery_close(&n, 0), 0), "it looks no more");
	cr_expect(lt(long, (long)rt_now(), (long)(7 * NS_PER_S)));
	cr_expect(strstr(told, "safety.kill_line: line GPIO6: its chip has gone") != NULL,
		  "%s", told);
	return 0;
}

Test(kill_line, says_when_its_chip_has_gone)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct rig rig;

	rig_open(&rig);
	log_set_sink(remember, NULL);
	cr_assert(eq(int, rt_run(&conf, lose_chip, &rig), 0));
	log_set_sink(NULL, NULL);
	rig_close(&rig);
}

static int open_taken(void *arg)
{
	struct rig *rig = arg;
	const struct gpio_request req = {.line = "GPIO6", .consumer = "other"};
	struct gpio_line *other;

	cr_assert(eq(int, gpio_open(gpio_board_provider(rig->board), &req, &other), 0));
	cr_expect(eq(int,
		     kill_line_open(&rig->kill, gpio_board_provider(rig->board), "GPIO6"),
		     -EBUSY));
	gpio_close(other);
	cr_expect(eq(int, kill_line_open(&rig->kill, gpio_board_provider(rig->board), ""),
		     0));
	kill_line_arm(&rig->kill); /* none: nothing happens */
	kill_line_trip(&rig->kill);
	return 0;
}

Test(kill_line, that_is_taken_is_an_error_and_none_is_fine)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct rig rig;

	rig_open(&rig);
	log_set_sink(quiet, NULL);
	cr_assert(eq(int, rt_run(&conf, open_taken, &rig), 0));
	log_set_sink(NULL, NULL);
	rig_close(&rig);
}
