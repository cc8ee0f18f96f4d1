/* Simulated GPIO: levels from both sides, edges with their times, the queue, exclusive lines. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/gpio.h"
#include "hal/gpio_sim.h"

static struct gpio_board *board;

static void run(int (*body)(void *))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	board = gpio_board_new();
	cr_assert(ne(ptr, board, NULL));
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	gpio_board_free(board);
}

static struct gpio_line *opened(struct gpio_request req)
{
	struct gpio_line *l = NULL;

	cr_assert(eq(int, gpio_open(gpio_board_provider(board), &req, &l), 0));
	return l;
}

static void drive(const char *line, bool level, int64_t t_ns)
{
	cr_assert(eq(int, gpio_board_drive(board, line, level, t_ns), 0));
}

static int levels(void *arg)
{
	struct gpio_line *in = opened((struct gpio_request){.line = "in"});
	struct gpio_line *low =
		opened((struct gpio_request){.line = "low", .active_low = true});

	(void)arg;
	cr_expect(eq(int, gpio_get(in), 0));
	drive("in", true, 0);
	cr_expect(eq(int, gpio_get(in), 1));
	cr_expect(eq(int, gpio_get(low), 1), "low and active low");
	drive("low", true, 0);
	cr_expect(eq(int, gpio_get(low), 0));
	cr_expect(eq(int, gpio_set(in, true), -EPERM));
	gpio_close(in);
	gpio_close(low);
	return 0;
}

Test(gpio_sim, inputs_show_their_logical_level)
{
	run(levels);
}

static int outputs(void *arg)
{
	struct gpio_line *l = opened((struct gpio_request){
		.line = "led", .output = true, .active_low = true, .level = true});

	(void)arg;
	cr_expect(not(gpio_board_level(board, "led")));
	cr_expect(eq(int, gpio_set(l, false), 0));
	cr_expect(gpio_board_level(board, "led"));
	drive("led", false, 0);
	cr_expect(gpio_board_level(board, "led"), "the driver wins");
	gpio_close(l);
	cr_expect(gpio_board_level(board, "led"), "outputs keep their level");
	return 0;
}

Test(gpio_sim, outputs_reach_the_board)
{
	run(outputs);
}

static int pulled(void *arg)
{
	struct gpio_line *l =
		opened((struct gpio_request){.line = "key", .bias = GPIO_BIAS_PULL_UP});

	(void)arg;
	cr_expect(eq(int, gpio_get(l), 1));
	drive("key", false, 0);
	gpio_close(l);
	l = opened((struct gpio_request){.line = "key", .bias = GPIO_BIAS_PULL_UP});
	cr_expect(eq(int, gpio_get(l), 0), "somebody drives it");
	gpio_close(l);
	return 0;
}

Test(gpio_sim, pull_up_holds_what_nobody_drives)
{
	run(pulled);
}

static int exclusive(void *arg)
{
	struct gpio_request req = {.line = "in"};
	struct gpio_line *l = opened(req);
	struct gpio_line *again = NULL;

	(void)arg;
	cr_expect(gpio_board_used(board, "in"));
	cr_expect(eq(int, gpio_open(gpio_board_provider(board), &req, &again), -EBUSY));
	cr_expect(eq(ptr, again, NULL));
	gpio_close(l);
	cr_expect(not(gpio_board_used(board, "in")));
	gpio_close(opened(req));
	return 0;
}

Test(gpio_sim, line_has_one_user)
{
	run(exclusive);
}

static int refused(void *arg)
{
	struct gpio_request req = {.line = "a name that is far too long for a line"};
	struct gpio_provider *p = gpio_board_provider(board);
	struct gpio_line *l;

	(void)arg;
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	cr_expect(eq(int, gpio_board_drive(board, req.line, true, 0), -EINVAL));
	req.line = "";
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	req = (struct gpio_request){
		.line = "out", .output = true, .edge = GPIO_EDGE_BOTH};
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	cr_expect(not(gpio_board_used(board, "out")));
	return 0;
}

Test(gpio_sim, bad_requests_are_refused)
{
	run(refused);
}

static int queued(void *arg)
{
	struct gpio_line *l =
		opened((struct gpio_request){.line = "in", .edge = GPIO_EDGE_BOTH});
	struct gpio_event e = {0};

	(void)arg;
	drive("in", true, 5);
	drive("in", true, 6);
	drive("in", false, 7);
	cr_expect(eq(int, gpio_wait(l, &e), 0));
	cr_expect(eq(i64, e.t_ns, 5));
	cr_expect(e.level);
	cr_expect(eq(int, gpio_wait(l, &e), 0));
	cr_expect(eq(i64, e.t_ns, 7), "equal levels make no edge");
	cr_expect(not(e.level));
	gpio_close(l);
	return 0;
}

Test(gpio_sim, edges_queue_with_their_times)
{
	run(queued);
}

static int filtered(void *arg)
{
	struct gpio_line *rising = opened((struct gpio_request){
		.line = "a", .edge = GPIO_EDGE_RISING, .active_low = true});
	struct gpio_line *falling =
		opened((struct gpio_request){.line = "b", .edge = GPIO_EDGE_FALLING});
	struct gpio_event e = {0};

	(void)arg;
	drive("a", true, 1);
	drive("a", false, 2);
	cr_expect(eq(int, gpio_wait(rising, &e), 0));
	cr_expect(eq(i64, e.t_ns, 2), "the logical edge counts");
	cr_expect(e.level);
	drive("b", true, 3);
	drive("b", false, 4);
	cr_expect(eq(int, gpio_wait(falling, &e), 0));
	cr_expect(eq(i64, e.t_ns, 4));
	gpio_close(rising);
	gpio_close(falling);
	return 0;
}

Test(gpio_sim, only_edges_asked_for_are_queued)
{
	run(filtered);
}

static int overflow(void *arg)
{
	struct gpio_line *l =
		opened((struct gpio_request){.line = "in", .edge = GPIO_EDGE_BOTH});
	struct gpio_event e = {0};

	(void)arg;
	for (int i = 0; i < 20; i++)
		drive("in", i % 2 == 0, i);
	for (int i = 4; i < 20; i++) {
		cr_assert(eq(int, gpio_wait(l, &e), 0));
		cr_expect(eq(i64, e.t_ns, i));
		cr_expect(eq(u32, e.lost, i == 4 ? 4 : 0));
	}
	gpio_close(l);
	return 0;
}

Test(gpio_sim, full_queue_drops_the_oldest_and_counts)
{
	run(overflow);
}

static int no_edges(void *arg)
{
	struct gpio_line *l = opened((struct gpio_request){.line = "in"});
	struct gpio_event e;

	(void)arg;
	cr_expect(eq(int, gpio_wait(l, &e), -EPERM));
	gpio_close(l);
	return 0;
}

Test(gpio_sim, waiting_needs_edges)
{
	run(no_edges);
}

/* A task that waits for one edge. */
struct waiter {
	struct gpio_line *line;
	struct gpio_event event;
	int result;
};

static int wait_once(void *arg)
{
	struct waiter *w = arg;

	w->result = gpio_wait(w->line, &w->event);
	return w->result == -ECANCELED ? w->result : 0;
}

static int parked(void *arg)
{
	struct waiter w = {.line = opened((struct gpio_request){.line = "in",
								.edge = GPIO_EDGE_BOTH})};
	struct waiter second = w;
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "first", wait_once, &w);
	nursery_go(&n, "second", wait_once, &second);
	r = task_wait_all_blocked();
	cr_expect(eq(int, second.result, -EBUSY));
	drive("in", true, 42);
	r = nursery_close(&n, r);
	cr_expect(eq(int, w.result, 0));
	cr_expect(eq(i64, w.event.t_ns, 42));
	gpio_close(w.line);
	return r;
}

Test(gpio_sim, one_task_waits_a_second_is_refused)
{
	run(parked);
}

static int cancelled(void *arg)
{
	struct gpio_line *l =
		opened((struct gpio_request){.line = "in", .edge = GPIO_EDGE_BOTH});
	struct gpio_event e = {0};
	struct scope s;
	int r;

	(void)arg;
	scope_enter_after(&s, NS_PER_S);
	r = scope_leave_timeout(&s, gpio_wait(l, &e));
	cr_expect(eq(int, r, -ETIMEDOUT));
	drive("in", true, 42);
	cr_expect(eq(int, gpio_wait(l, &e), 0), "the line is free, the edge queued");
	cr_expect(eq(i64, e.t_ns, 42));
	gpio_close(l);
	return 0;
}

Test(gpio_sim, cancelled_wait_leaves_the_line)
{
	run(cancelled);
}

static int completed_first(void *arg)
{
	struct waiter w = {.line = opened((struct gpio_request){.line = "in",
								.edge = GPIO_EDGE_BOTH})};
	struct child c;
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_start(&n, &c, &(struct task_opt){.name = "waiter"}, wait_once, &w);
	r = task_wait_all_blocked();
	drive("in", true, 42);
	child_cancel(&c, CANCEL_EXPLICIT, "test");
	r = nursery_close(&n, r);
	cr_expect(eq(int, w.result, 0));
	cr_expect(eq(i64, w.event.t_ns, 42));
	gpio_close(w.line);
	return r;
}

Test(gpio_sim, C6_edge_wins_over_a_later_cancel)
{
	run(completed_first);
}

static int closed(void *arg)
{
	struct waiter w = {.line = opened((struct gpio_request){.line = "in",
								.edge = GPIO_EDGE_BOTH})};
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "waiter", wait_once, &w);
	r = task_wait_all_blocked();
	gpio_close(w.line);
	r = nursery_close(&n, r);
	cr_expect(eq(int, w.result, -EBADF));
	return r;
}

Test(gpio_sim, R7_closing_ends_the_wait)
{
	run(closed);
}

struct lamp {
	struct gpio_watch watch;
	int changes;
	bool on;
};

static void lamp_changed(struct gpio_watch *w, bool level)
{
	struct lamp *lamp = container_of(w, struct lamp, watch);

	lamp->changes++;
	lamp->on = level;
}

Test(gpio_sim, outputs_are_watched)
{
	struct gpio_board *b = gpio_board_new();
	struct gpio_request req = {.line = "lamp", .output = true, .active_low = true};
	struct lamp lamp = {.watch = {lamp_changed}};
	struct gpio_line *l;

	cr_assert(eq(int, gpio_board_watch(b, "lamp", &lamp.watch), 0));
	cr_assert(eq(int, gpio_open(gpio_board_provider(b), &req, &l), 0));
	cr_expect(lamp.on && lamp.changes == 1, "off is high");
	cr_expect(eq(int, gpio_set(l, true), 0));
	cr_expect(eq(int, gpio_set(l, true), 0));
	cr_expect(lamp.changes == 2 && lamp.on == false);
	cr_assert(eq(int, gpio_board_watch(b, "lamp", NULL), 0));
	cr_expect(eq(int, gpio_set(l, false), 0));
	cr_expect(eq(int, lamp.changes, 2));
	gpio_close(l);
	gpio_board_free(b);
}

static void fault(const char *line, enum gpio_fault f, uint32_t count)
{
	cr_assert(eq(int, gpio_board_fault(board, line, f, count), 0));
}

static int misbehaves(void *arg)
{
	struct gpio_line *l =
		opened((struct gpio_request){.line = "in", .edge = GPIO_EDGE_BOTH});
	struct gpio_event e;

	(void)arg;
	cr_expect(eq(int, gpio_board_fault(board, "no", GPIO_FAULT_LOSE, 1), -ENOENT));
	fault("in", GPIO_FAULT_LOSE, 1);
	drive("in", true, 1);
	drive("in", false, 2);
	cr_assert(eq(int, gpio_wait(l, &e), 0));
	cr_expect(eq(i64, e.t_ns, 2), "the first edge is lost");
	fault("in", GPIO_FAULT_STUCK, 1);
	drive("in", true, 3);
	cr_expect(eq(int, gpio_get(l), 0));
	fault("in", GPIO_FAULT_STUCK, 0);
	drive("in", true, 4);
	cr_expect(eq(int, gpio_get(l), 1));
	gpio_close(l);
	return 0;
}

Test(gpio_sim, loses_edges_and_sticks_on_demand)
{
	run(misbehaves);
}

static int remove_it(void *arg)
{
	(void)arg;
	fault("in", GPIO_FAULT_GONE, 1);
	return 0;
}

static int removed(void *arg)
{
	const struct gpio_request req = {.line = "in", .edge = GPIO_EDGE_BOTH};
	struct gpio_line *l = opened(req);
	struct gpio_line *again = NULL;
	struct nursery n;
	struct gpio_event e;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "remove", remove_it, NULL);
	cr_expect(eq(int, gpio_wait(l, &e), -ENODEV), "who waits is told");
	cr_expect(eq(int, gpio_get(l), -ENODEV));
	gpio_close(l);
	cr_expect(eq(int, gpio_open(gpio_board_provider(board), &req, &again), -ENOENT));
	fault("in", GPIO_FAULT_GONE, 0);
	cr_expect(eq(int, gpio_open(gpio_board_provider(board), &req, &again), 0));
	gpio_close(again);
	return nursery_close(&n, 0);
}

Test(gpio_sim, removed_chip)
{
	run(removed);
}
