/* The wall clock as values: looked at once a minute, so that it may be set at any time. */
#include "daemon/app/wallclock.h"

#include <time.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

enum { DAYS_PER_WEEK = 7 };

#define NS_PER_MINUTE (60 * NS_PER_S)

struct reading {
	struct tm tm;
	int64_t to_minute_ns; /* until the next minute begins */
	bool synced;
};

static struct reading read_clock(void)
{
	struct rt_wall wall = rt_wall();
	struct reading now = {.synced = wall.synced || rt_is_virtual()};
	int64_t t_ns = rt_now() + wall.offset_ns;
	time_t t_s = t_ns / NS_PER_S;

	if (rt_is_virtual())
		gmtime_r(&t_s, &now.tm);
	else
		localtime_r(&t_s, &now.tm);
	now.to_minute_ns = NS_PER_MINUTE - t_ns % NS_PER_MINUTE;
	return now;
}

static void show(const struct wallclock *k, const struct reading *now)
{
	int sunday_last = (now->tm.tm_wday + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK + 1;
	struct datum hour = datum_number(now->tm.tm_hour);
	struct datum weekday = datum_number(sunday_last);
	struct datum synced = datum_bool(now->synced);

	/* Values of the right types take them. */
	value_batch_begin();
	(void)value_set(k->hour, &hour);
	(void)value_set(k->weekday, &weekday);
	(void)value_set(k->synced, &synced);
	value_batch_end();
}

int wallclock_add(struct wallclock *k, struct world *world)
{
	static const struct value_info hour = {
		.name = "clock.hour",
		.unit = "h",
		.help = "The hour of the day, 0 to 23, in local time.",
		.source = "clock",
		.typed = true,
		.type = DATUM_NUMBER,
	};
	static const struct value_info weekday = {
		.name = "clock.weekday",
		.help = "The day of the week, 1 for Monday to 7 for Sunday.",
		.source = "clock",
		.typed = true,
		.type = DATUM_NUMBER,
	};
	static const struct value_info synced = {
		.name = "clock.synced",
		.help = "Whether the wall clock follows a time server.",
		.source = "clock",
		.typed = true,
		.type = DATUM_BOOL,
	};
	struct reading now = read_clock();
	int r = world_add(world, &hour, &k->hour);

	if (r == 0)
		r = world_add(world, &weekday, &k->weekday);
	if (r == 0)
		r = world_add(world, &synced, &k->synced);
	if (r == 0)
		show(k, &now);
	return r;
}

bool wallclock_is_awaited(const struct wallclock *k)
{
	return value_is_awaited(k->hour) || value_is_awaited(k->weekday) ||
	       value_is_awaited(k->synced);
}

static int wait_for_need(const struct wallclock *k)
{
	struct rt_stats stats;
	int r = task_wait_all_blocked();

	if (r < 0)
		return r;
	rt_stats(&stats);
	if (stats.next_deadline_ns == TIME_NEVER && !wallclock_is_awaited(k))
		return task_sleep_forever();
	return 0;
}

int wallclock_run(void *wallclock)
{
	const struct wallclock *k = wallclock;

	for (;;) {
		struct reading now = read_clock();
		int r;

		show(k, &now);
		r = k->rests && rt_is_virtual() ? wait_for_need(k) : 0;
		if (r == 0)
			r = task_sleep(now.to_minute_ns);
		if (r < 0)
			return r;
	}
}
