/* Timers and clocks. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/rt/internal.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/timer.h"
#include "tests/seed.h"
#include "tests/unit/rt_run.h"

#define MANY 500

struct numbered {
	struct timer timer;
	int number;
	int64_t t_ns;
};

static struct numbered timers[MANY];
static int fired;

static void fire(struct timer *t)
{
	struct numbered *n = container_of(t, struct numbered, timer);

	cr_assert(eq(i64, rt_now(), n->t_ns));
	cr_assert(not(timer_armed(t)));
	fired++;
	say("%d", n->number);
}

static void arm(int i, int64_t t_ns)
{
	timers[i].timer.fn = fire;
	timers[i].number = i;
	timers[i].t_ns = t_ns;
	timer_arm(&timers[i].timer, t_ns);
}

RT_TEST(timer, R5_equal_deadlines_fire_in_the_order_of_arming)
{
	for (int i = 0; i < 9; i++)
		arm(i, i < 4 ? 10 : 5);
	arm(2, 10); /* again: now it is the last of its deadline */
	arm(5, 20);
	timer_disarm(&timers[5].timer);
	timer_disarm(&timers[5].timer);
	expect(task_sleep_until(100), 0);
	cr_assert(eq(str, (char *)heard(), "4 6 7 8 0 1 3 2"));
	return 0;
}

RT_TEST(timer, R5_random_armings_and_disarmings)
{
	unsigned seed = (unsigned)test_seed(1);
	int64_t last = 0;
	int left = 0;

	fired = 0;
	for (int step = 0; step < 4000; step++) {
		int i = (int)(rand_r(&seed) % MANY);

		if (rand_r(&seed) % 3 == 0)
			timer_disarm(&timers[i].timer);
		else
			arm(i, 1 + rand_r(&seed) % 1000);
	}
	for (int i = 0; i < MANY; i++) {
		left += timer_armed(&timers[i].timer);
		if (timer_armed(&timers[i].timer) && timers[i].t_ns > last)
			last = timers[i].t_ns;
	}
	expect(task_sleep_until(last + 1), 0);
	cr_assert(eq(int, fired, left));
	return 0;
}

static void rearm(struct timer *t)
{
	if (++fired < 5)
		timer_arm(t, rt_now() - 1);
}

static int looks_on(void *arg)
{
	(void)arg;
	while (fired < 5) {
		say("%d", fired);
		expect(task_checkpoint(), 0);
	}
	return 0;
}

RT_TEST(timer, R4_one_that_rearms_itself_does_not_hold_the_pass)
{
	struct timer t = {.fn = rearm};
	struct nursery n;

	fired = 0;
	timer_arm(&t, rt_now());
	nursery_open(&n);
	nursery_go(&n, "watcher", looks_on, NULL);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "1 2 3 4"));
	return 0;
}

RT_TEST(timer, T1_ten_sleeps_of_an_hour_take_no_time)
{
	for (int i = 0; i < 10; i++)
		expect(task_sleep(3600 * NS_PER_S), 0);
	cr_assert(eq(i64, rt_now(), 36000 * NS_PER_S));
	cr_assert(rt_is_virtual());
	return 0;
}

static int waits_in_vain(void *arg)
{
	(void)arg;
	expect(task_sleep(NS_PER_S), 0);
	return say("jumped");
}

RT_TEST(timer, T1_time_stands_still_while_work_is_in_flight)
{
	struct nursery n;
	struct rt_stats s;

	nursery_open(&n);
	nursery_go(&n, "sleeper", waits_in_vain, NULL);
	rt_hold();
	rt_stats(&s);
	cr_assert(eq(u32, s.in_flight, 1));
	for (int i = 0; i < 100; i++)
		expect(task_checkpoint(), 0);
	cr_assert(eq(i64, rt_now(), 0));
	rt_release();
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "jumped"));
	return 0;
}

RT_TEST_REAL(timer, R5_never_early_on_the_monotonic_clock)
{
	for (int i = 1; i < 10; i++) {
		int64_t t = rt_now() + i * 100 * NS_PER_US;

		expect(task_sleep_until(t), 0);
		cr_assert(rt_now() >= t);
	}
	cr_assert(not(rt_is_virtual()));
	return 0;
}

static struct timer early;
static struct wait until_fired;

static void fire_early(struct timer *t)
{
	(void)t;
	fired++;
	task_wake(&until_fired, 0);
}

static void arm_in_idle(struct rt_idle *idle)
{
	(void)idle;
	if (!fired && !timer_armed(&early))
		timer_arm(&early, rt_now() + NS_PER_MS);
}

/* Nothing else ends the sleep. */
RT_TEST_REAL(timer, R5_a_timer_armed_just_before_sleeping_fires)
{
	struct rt_idle idle = {.fn = arm_in_idle};

	fired = 0;
	early.fn = fire_early;
	until_fired = (struct wait){.kind = "test"};
	rt_idle_add(&idle);
	expect(task_park(&until_fired), 0);
	rt_idle_remove(&idle);
	cr_assert(eq(int, fired, 1));
	return 0;
}

#define SPAN_NS (200 * NS_PER_US)

Test(timer, R5_time_counted_from_a_reading_is_not_ahead_and_little_behind)
{
	struct counted_clock c;
	int64_t ns;

	counted_clock_init(&c, SPAN_NS);
	if (c.span_most == 0)
		cr_skip_test("this machine's counter is coarse or promises nothing");
	do /* until the thread is not interrupted in it */
		ns = counted_clock_at(&c, cheap_ticks());
	while (c.span == 0);
	cr_assert(eq(i64, counted_clock_at(&c, c.ticks), ns));
	ns = counted_clock_at(&c, c.ticks + (int64_t)c.span - 1) - c.ns;
	cr_assert(le(i64, ns, SPAN_NS));
	cr_assert(gt(i64, ns, SPAN_NS - SPAN_NS / 400));
	/* Beyond that, and back: the clock is read. */
	ns = clock_read();
	cr_assert(ge(i64, counted_clock_at(&c, c.ticks + (int64_t)c.span), ns));
	ns = clock_read();
	cr_assert(ge(i64, counted_clock_at(&c, c.ticks - 1), ns));
}

static int counts_on(void *arg)
{
	int64_t began = clock_read();
	int64_t last = 0;

	(void)arg;
	while (last < began + 5 * NS_PER_MS) {
		cr_assert(ge(i64, rt_now(), last));
		last = rt_now();
		cr_assert(le(i64, last, clock_read()));
		task_yield();
	}
	return 0;
}

/* As on a processor whose counter is not alike: ahead of the others, then behind. */
static int counts_ahead(void *arg)
{
	struct counted_clock *c = &rt_this()->clock;
	int64_t ahead;

	(void)arg;
	do { /* until the last reading was a good one */
		c->span = 0;
		task_yield();
	} while (c->span_most > 0 && c->span == 0);
	c->ticks -= (int64_t)(c->span / 2);
	task_yield();
	ahead = rt_now();
	for (int i = 0; i < 10; i++) {
		counted_clock_forget(c);
		task_yield();
		cr_assert(ge(i64, rt_now(), ahead));
	}
	cr_assert(le(i64, ahead, clock_read() + SPAN_NS));
	return 0;
}

Test(timer, R5_a_counter_that_jumps_does_not_turn_time_back)
{
	cr_assert(eq(int, rt_run(NULL, counts_ahead, NULL), 0));
}

Test(timer, R5_the_time_of_a_pass_is_never_ahead_and_never_back)
{
	cr_assert(eq(int, rt_run(NULL, counts_on, NULL), 0));
}
