/* Periodic work and events. */
#include <errno.h>

#include "daemon/rt/event.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "tests/unit/rt_run.h"

#define MS NS_PER_MS

/* Four turns of work that takes @work_ns; says elapsed, delta and missed in milliseconds. */
static void turns(enum periodic_policy policy, int64_t work_ns)
{
	struct periodic p;
	struct tick t;

	periodic_init(&p, 1500 * MS, policy);
	for (int i = 0; i < 4; i++) {
		expect(periodic_next(&p, &t), 0);
		say("%d,%d,%d", (int)(t.elapsed_ns / MS),
		    (int)(t.delta_ns < 0 ? -1 : t.delta_ns / MS), (int)t.missed);
		expect(task_sleep(work_ns), 0);
	}
}

RT_TEST(periodic, P1_PE1_short_work_stays_on_the_grid)
{
	turns(PERIODIC_SKIP, 123 * MS);
	cr_assert(eq(str, (char *)heard(), "0,-1,0 1500,1500,0 3000,1500,0 4500,1500,0"));
	turns(PERIODIC_SKIP, 1500 * MS); /* just in time */
	cr_assert(eq(str, (char *)heard(), "0,-1,0 1500,1500,0 3000,1500,0 4500,1500,0"));
	return 0;
}

RT_TEST(periodic, P1_PE2_overruns)
{
	turns(PERIODIC_SKIP, 5000 * MS);
	cr_assert(
		eq(str, (char *)heard(), "0,-1,0 6000,6000,3 12000,6000,3 18000,6000,3"));
	turns(PERIODIC_RESET, 5000 * MS);
	cr_assert(
		eq(str, (char *)heard(), "0,-1,0 5000,5000,2 10000,5000,2 15000,5000,2"));
	turns(PERIODIC_BURST, 2000 * MS);
	cr_assert(eq(str, (char *)heard(), "0,-1,0 2000,2000,0 4000,2000,0 6000,2000,0"));
	return 0;
}

RT_TEST(periodic, P1_burst_makes_up_for_each_tick)
{
	struct periodic p;
	struct tick t;
	int ticks = 0;

	periodic_init(&p, 10, PERIODIC_BURST);
	expect(periodic_next(&p, &t), 0);
	expect(task_sleep(95), 0);
	for (; rt_now() == 95 || ticks == 0; ticks++)
		expect(periodic_next(&p, &t), 0);
	cr_assert(eq(int, ticks, 10)); /* 10, 20 ... 90 at once, then the one at 100 */
	cr_assert(eq(i64, rt_now(), 100));
	return 0;
}

RT_TEST(periodic, P1_no_drift_after_1000_ticks)
{
	struct periodic p;
	struct tick t;

	periodic_init(&p, 333, PERIODIC_SKIP);
	for (int i = 0; i < 1001; i++) {
		expect(periodic_next(&p, &t), 0);
		expect(task_sleep(i % 300), 0);
	}
	cr_assert(eq(i64, t.elapsed_ns, 333000));
	return 0;
}

static int waits(void *arg)
{
	expect(event_wait(arg), 0);
	return say("%s", task_name(task_self()));
}

RT_TEST(event, P2_RE1_only_sets_after_the_call_count)
{
	struct nursery n;
	struct event e;
	struct scope s;

	event_init(&e, "test");
	event_set(&e);
	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave_timeout(&s, event_wait(&e)), -ETIMEDOUT);
	nursery_open(&n);
	nursery_go(&n, "a", waits, &e);
	nursery_go(&n, "b", waits, &e);
	expect(task_wait_all_blocked(), 0);
	event_set(&e);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "a b"));
	cr_assert(eq(u64, e.count, 2));
	return 0;
}

static int turns_seen;

static int listens(void *arg)
{
	struct event_listener l;

	event_listen(&l, arg, false);
	for (;; turns_seen++) {
		int r = event_next(&l);

		if (r < 0)
			return r;
		if (task_sleep(2 * NS_PER_S) < 0)
			return -ECANCELED;
	}
}

RT_TEST(event, P2_RE3_sets_during_the_body_give_one_more_turn)
{
	struct nursery n;
	struct event e;

	turns_seen = 0;
	event_init(&e, "test");
	event_set(&e); /* before: lost */
	nursery_open(&n);
	nursery_go(&n, "listener", listens, &e);
	expect(task_wait_all_blocked(), 0);
	event_set(&e);
	expect(task_sleep(NS_PER_S), 0);
	event_set(&e);
	event_set(&e);
	event_set(&e);
	expect(task_sleep(10 * NS_PER_S), 0);
	cr_assert(eq(int, turns_seen, 2));
	nursery_cancel(&n, "test");
	return nursery_close(&n, 0);
}

RT_TEST(event, P2_RE4_repeat_last)
{
	struct event_listener l;
	struct event e;
	struct scope s;

	event_init(&e, "test");
	event_listen(&l, &e, true);
	expect(event_next(&l), 0); /* at once, although never set */
	event_listen(&l, &e, false);
	scope_enter_after(&s, NS_PER_S);
	expect(scope_leave_timeout(&s, event_next(&l)), -ETIMEDOUT);
	event_set(&e);
	return event_next(&l);
}
