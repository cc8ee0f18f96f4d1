/* A button: edges of a line, debounced or not, and a line that somebody else has. */
#include "tests/driver/sensor_rig.h"

/* A button on RIG_TOUCH that is pressed and let go at these milliseconds. */
static void drive(struct bench *b, const int *toggles_ms, size_t n)
{
	int64_t start_ns = rt_now();
	bool level = false;

	for (size_t i = 0; i < n; i++) {
		(void)!task_sleep_until(start_ns + toggles_ms[i] * NS_PER_MS);
		level = !level;
		cr_expect(eq(int,
			     gpio_board_drive(b->rig.board, RIG_TOUCH, level, rt_now()),
			     0));
	}
	nap(NS_PER_S);
}

static void bounce(struct bench *b)
{
	static const int toggles_ms[] = {100, 105, 110, 115, 120,
					 300, 305, 310, 500, 510};

	drive(b, toggles_ms, ARRAY_LEN(toggles_ms));
}

static struct bench *button_new(int64_t debounce_ns)
{
	struct bench *b = bench_new("gpio_button");

	b->role = "head";
	b->conf.debounce_ns = debounce_ns;
	(void)snprintf(b->conf.device.line, sizeof(b->conf.device.line), RIG_TOUCH);
	return b;
}

Test(button, debounces_a_button)
{
	struct bench *b = button_new(30 * NS_PER_MS);

	bench_run(b, bounce);
	/* The start, then pressed since 120 ms and let go since 310 ms; 500 to 510 ms was too short. */
	cr_assert(eq(sz, b->n, 3));
	cr_expect(eq(flt, b->sample[0].v[0], 0));
	cr_expect(eq(flt, b->sample[1].v[0], 1));
	cr_expect(eq(i64, b->sample[1].t_ns, 120 * NS_PER_MS));
	cr_expect(eq(i64, b->got_ns[1], 150 * NS_PER_MS));
	cr_expect(eq(flt, b->sample[2].v[0], 0));
	cr_expect(eq(i64, b->sample[2].t_ns, 310 * NS_PER_MS));
	cr_expect(eq(i64, b->got_ns[2], 340 * NS_PER_MS));
	cr_expect(eq(str, b->rig.log,
		     "head: starting -> running: gpio_button at GPIO22\n"));
	bench_free(b);
}

Test(button, without_debouncing_takes_each_edge)
{
	struct bench *b = button_new(0);

	bench_run(b, bounce);
	cr_assert(eq(sz, b->n, 11));
	for (size_t i = 0; i < b->n; i++)
		cr_expect(eq(flt, b->sample[i].v[0], i % 2));
	bench_free(b);
}

static void take_line(struct bench *b)
{
	struct gpio_request req = {.line = RIG_TOUCH, .consumer = "test"};
	struct gpio_line *line;

	cr_expect(eq(int, gpio_open(gpio_board_provider(b->rig.board), &req, &line), 0));
	nap(500 * NS_PER_MS);
	gpio_close(line);
	nap(500 * NS_PER_MS);
}

Test(button, waits_for_a_line_in_use)
{
	struct bench *b = button_new(0);

	bench_run(b, take_line);
	cr_expect(eq(sz, b->n, 1));
	cr_expect(strstr(b->rig.log,
			 "head: starting -> failing: line GPIO22 is used by test, "
			 "retry 1 in 100 ms") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}
