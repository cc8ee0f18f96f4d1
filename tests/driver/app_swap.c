/*
 * Sensors that are swapped under load, at any instant: 1 kHz into the world, many waiters, and swaps that succeed,
 * that are refused and that go back. No waiter is lost, no window broken, no value another one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"
#include "daemon/state/derive.h"
#include "tests/driver/swap_rig.h"
#include "tests/seed.h"

#define WAITERS 50 /* of each kind */
#define SWAPS 60   /* of each seed */
#define WINDOW_NS (700 * NS_PER_MS)
/* No longer is nothing measured: a second for a chip that does not come up, and two set-ups. */
#define GAP_NS (1300 * NS_PER_MS)

static const char robot[] =
	"{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim',"
	"  'sensors': { 'imu': { 'driver': 'mpu6050', 'bus': 'body', 'stale_after': '2s',"
	"                        'mpu6050': { 'rate': '1kHz' } },"
	"               'room': { 'driver': 'tmp102', 'bus': 'body', 'stale_after': '2s' "
	"} },"
	"  'spares': { 'other': { 'driver': 'icm20948', 'bus': 'body', 'address': '0x69' "
	"},"
	"              'warm': { 'driver': 'sht31', 'bus': 'body' } },"
	"  'fusion': { 'attitude': { 'imu': 'imu' } } }";

/* What is tried, and what comes of it. */
static const struct trial {
	const char *overlay;
	int result;
} trials[] = {
	{"{ 'sensors': { 'imu': { 'driver': 'icm20948', 'address': '0x69' } } }", 0},
	{"{ 'sensors': { 'imu': { 'driver': 'mpu6050', 'address': '0x68' } } }", 0},
	{"{ 'sensors': { 'imu': { 'driver': 'mpu6050', 'address': '0x68',"
	 " 'mount': 'x=left y=back z=up', 'filters': [ { 'median': 3 } ],"
	 " 'mpu6050': { 'rate': '500Hz' } } } }",
	 0},
	{"{ 'sensors': { 'room': { 'driver': 'sht31', 'address': '0x44' },"
	 " 'imu': { 'driver': 'icm20948', 'address': '0x69' } } }",
	 0},
	{"{ 'sensors': { 'room': { 'driver': 'tmp102', 'address': '0x48' },"
	 " 'imu': { 'mpu6050': { 'rate': '1kHz' } } } }",
	 0},
	/* Another chip answers; none does. */
	{"{ 'sensors': { 'imu': { 'driver': 'mpu6050', 'address': '0x69' } } }", -ENODEV},
	{"{ 'sensors': { 'imu': { 'driver': 'mpu9250', 'address': '0x68' } } }", -ENODEV},
	{"{ 'sensors': { 'room': { 'driver': 'lm75', 'address': '0x4b' },"
	 " 'imu': { 'driver': 'mpu6050', 'address': '0x68' } } }",
	 -ENXIO},
	/* It answers, but on this line no data ever get ready: back to what it was. */
	{"{ 'sensors': { 'imu': { 'driver': 'icm20948', 'address': '0x69',"
	 " 'irq': 'GPIO3' } } }",
	 -ETIMEDOUT},
};

struct bench {
	struct config *conf;
	struct world *world;
	struct hardware *hardware;
	struct senses *senses;
	uint64_t random;
	unsigned long windows, fresh, changes;
	int64_t longest_ns; /* without a sample */
};

static int change(struct bench *b, const char *overlay, char why[SWAP_WHY_MAX])
{
	return swap_to(b->conf, b->senses, overlay, why);
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
static uint64_t next_random(struct bench *b)
{
	b->random ^= b->random >> 12;
	b->random ^= b->random << 25;
	b->random ^= b->random >> 27;
	return b->random * UINT64_C(0x2545f4914f6cdd1d);
}

/* Holds all the time: whatever is swapped, the window is full on time. V10 */
static int wait_window(void *arg)
{
	struct bench *b = arg;
	struct value *v = world_find(b->world, "imu.temperature");
	const struct pred warm = {.op = PRED_GT, .a = -50};
	const struct await_opt opt = {.held_for_ns = WINDOW_NS};

	for (;;) {
		int64_t from_ns = rt_now();
		int r = value_await(v, &warm, &opt, NULL);

		if (r < 0)
			return r;
		cr_assert(eq(i64, rt_now() - from_ns, WINDOW_NS));
		b->windows++;
	}
}

/* One that is as long as all of the swaps. */
static int wait_all_along(void *arg)
{
	struct bench *b = arg;
	struct value *v = world_find(b->world, "room.temperature");
	const struct pred warm = {.op = PRED_GT, .a = -50};
	const struct await_opt opt = {.held_for_ns = 5 * NS_PER_S};
	int64_t from_ns = rt_now();
	int r = value_await(v, &warm, &opt, NULL);

	cr_assert(eq(int, r, 0));
	cr_assert(eq(i64, rt_now() - from_ns, 5 * NS_PER_S));
	return 0;
}

/* A sample that is newer than now: comes in the time that a swap takes at most. */
static int wait_fresh(void *arg)
{
	struct bench *b = arg;
	struct value *v = world_find(b->world, "imu.accel");
	const struct pred any = {.op = PRED_ANY};

	for (;;) {
		const struct await_opt opt = {.fresh_ns = 1};
		int64_t from_ns = rt_now();
		int r = value_await(v, &any, &opt, NULL);

		if (r < 0)
			return r;
		if (rt_now() - from_ns > b->longest_ns)
			b->longest_ns = rt_now() - from_ns;
		b->fresh++;
		r = task_sleep((int64_t)(next_random(b) % (20 * NS_PER_MS)));
		if (r < 0)
			return r;
	}
}

static int follow_changes(void *arg)
{
	struct bench *b = arg;
	const struct pred any = {.op = PRED_CHANGED};

	for (;;) {
		int r = value_await_transition(world_find(b->world, "imu.gyro"), &any,
					       NULL, NULL, NULL);

		if (r < 0)
			return r;
		b->changes++;
	}
}

/* The values that are there in any case, and must stay. */
static const char *const names[] = {
	"imu.accel",     "imu.gyro",     "imu.temperature", "room.temperature",
	"attitude.roll", "motion.still", "health.imu",      "health.room"};

static void swap_often(struct bench *b)
{
	struct value *before[ARRAY_LEN(names)];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		before[i] = world_find(b->world, names[i]);
	for (unsigned n = 0; n < SWAPS; n++) {
		const struct trial *t = &trials[next_random(b) % ARRAY_LEN(trials)];
		char why[SWAP_WHY_MAX];
		int r;

		(void)!task_sleep((int64_t)(next_random(b) % (400 * NS_PER_MS)));
		r = change(b, t->overlay, why);
		cr_assert(eq(int, r, t->result), "%s: %s", t->overlay, why);
		cr_assert(eq(int, r < 0, why[0] != '\0'));
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			struct value *v = world_find(b->world, names[i]);

			cr_assert(v == before[i], "%s is another value", names[i]);
			cr_assert(value_state(v) == VALUE_OK, "%s is %s after %s",
				  names[i], value_state_name(value_state(v)), t->overlay);
		}
	}
}

static void load(struct bench *b)
{
	struct nursery n;

	nursery_open(&n);
	senses_go(b->senses, &n);
	hardware_start(b->hardware);
	(void)!task_sleep(NS_PER_S);
	for (int i = 0; i < WAITERS; i++) {
		nursery_go(&n, "window", wait_window, b);
		nursery_go(&n, "all along", wait_all_along, b);
		nursery_go(&n, "fresh", wait_fresh, b);
		nursery_go(&n, "changes", follow_changes, b);
	}
	swap_often(b);
	(void)!task_sleep(5 * NS_PER_S);
	nursery_cancel(&n, "that was enough");
	(void)!nursery_close(&n, 0);
}

static void bench_open_as(struct bench *b, const char *text)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};

	log_set_level(LOG_LEVEL_ERR);
	read_json(text, &doc);
	b->conf = parse(&doc);
	cr_assert(eq(int,
		     hardware_open(b->conf, HARDWARE_AS_CONFIGURED, NULL, &b->hardware),
		     0));
	b->world = world_new();
	cr_assert(eq(int, senses_new(b->conf, b->hardware, b->world, &errs, &b->senses),
		     0));
}

static void bench_open(struct bench *b)
{
	bench_open_as(b, robot);
}

static void bench_close(struct bench *b)
{
	senses_free(b->senses);
	world_free(b->world);
	hardware_close(b->hardware);
	config_free(b->conf);
}

static int swap_under_load(void *arg)
{
	struct bench b = {.random = *(const uint64_t *)arg};
	const char *derived;

	bench_open(&b);
	load(&b);
	cr_assert(b.windows > WAITERS * 10UL, "%lu windows", b.windows);
	cr_assert(b.changes > WAITERS * 1000UL, "%lu changes", b.changes);
	cr_assert(b.fresh > WAITERS * 100UL, "%lu fresh samples", b.fresh);
	cr_assert(b.longest_ns < GAP_NS, "nothing was measured for %lld ms",
		  (long long)(b.longest_ns / NS_PER_MS));
	for (size_t i = 0; i < world_size(b.world); i++) {
		const struct value *v = world_at(b.world, i);

		cr_assert(eq(uint, value_uses(v, &derived), 0), "%s has waiters left",
			  value_info(v)->name);
	}
	bench_close(&b);
	return 0;
}

static void run(int (*fn)(void *), void *arg)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};

	cr_assert(eq(int, rt_run(&conf, fn, arg), 0));
}

Test(app_swap, loses_no_waiter_and_breaks_no_window)
{
	uint64_t first = test_seed(1);

	for (uint64_t seed = first; seed < first + 3; seed++) {
		uint64_t random = seed | (seed == 0);

		run(swap_under_load, &random);
	}
}

static int refuse_what_is_used(void *arg)
{
	struct bench b = {0};
	struct value *humid;
	struct value *mag;
	const struct pred any = {.op = PRED_GT, .a = -1};
	char why[SWAP_WHY_MAX];
	struct nursery n;

	(void)arg;
	bench_open(&b);
	nursery_open(&n);
	senses_go(b.senses, &n);
	hardware_start(b.hardware);
	(void)!task_sleep(NS_PER_S);
	cr_assert(eq(int, change(&b, trials[3].overlay, why), 0), "%s", why);
	(void)!task_sleep(NS_PER_S);
	/* The new chips measure more than the old ones. */
	mag = world_find(b.world, "imu.mag");
	humid = world_find(b.world, "room.humidity");
	cr_assert(mag && humid);
	cr_assert(value_state(humid) == VALUE_OK);

	cr_assert(eq(int,
		     value_held_for(&(struct value_info){.name = "dry"}, humid, &any,
				    NS_PER_S, &humid),
		     0));
	cr_assert(eq(int, change(&b, trials[4].overlay, why), -EBUSY));
	cr_assert(strstr(why, "room.humidity") && strstr(why, "dry") &&
			  strstr(why, "tmp102"),
		  "%s", why);
	value_free(humid);
	/* Nobody needs it now: it stays, and is old at once. */
	humid = world_find(b.world, "room.humidity");
	cr_assert(value_state(humid) == VALUE_OK);
	cr_assert(eq(int, change(&b, trials[4].overlay, why), 0), "%s", why);
	cr_assert(value_state(humid) == VALUE_STALE);
	cr_assert(value_state(mag) == VALUE_OK);
	/* And is the same one when it is measured again. */
	cr_assert(eq(int, change(&b, trials[3].overlay, why), 0), "%s", why);
	(void)!task_sleep(2 * NS_PER_S);
	cr_assert(world_find(b.world, "room.humidity") == humid);
	cr_assert(value_state(humid) == VALUE_OK);
	nursery_cancel(&n, "done");
	(void)!nursery_close(&n, 0);
	bench_close(&b);
	return 0;
}

Test(app_swap, refuses_to_take_away_what_is_used)
{
	run(refuse_what_is_used, NULL);
}

struct change_later {
	struct bench *b;
	const char *overlay;
	bool ended;
};

static int change_task(void *arg)
{
	struct change_later *c = arg;
	char why[SWAP_WHY_MAX];
	int r = change(c->b, c->overlay, why);

	c->ended = true;
	return r == -ECANCELED ? r : 0;
}

/* @arg: when, in 10 ms. */
static int stop_in_the_middle(void *arg)
{
	struct bench b = {0};
	/* One that succeeds, and one that would go back. */
	struct change_later good = {&b, trials[3].overlay, false};
	struct change_later bad = {&b, trials[ARRAY_LEN(trials) - 1].overlay, false};
	int64_t after_ns = *(const int *)arg * 10 * NS_PER_MS;
	struct nursery n;

	bench_open(&b);
	nursery_open(&n);
	senses_go(b.senses, &n);
	hardware_start(b.hardware);
	(void)!task_sleep(NS_PER_S);
	nursery_go(&n, "change", change_task, *(const int *)arg % 2 ? &good : &bad);
	(void)!task_sleep(after_ns);
	nursery_cancel(&n, "the robot stops");
	(void)!nursery_close(&n, 0);
	cr_assert(good.ended || bad.ended);
	bench_close(&b);
	return 0;
}

/* Whatever it is doing: nothing leaks (with a sanitizer), and nothing is freed twice. */
Test(app_swap, the_robot_may_stop_in_the_middle)
{
	for (int when = 0; when < 140; when++)
		run(stop_in_the_middle, &when);
}

/* One that does not run, as its bus is not there. */
static const char absent[] =
	"{ 'buses': { 'away': { 'path': '/dev/i2c-77' } }, 'gpio': 'sim',"
	"  'sensors': { 'left': { 'driver': 'vl53l0x', 'bus': 'away', 'address': '0x30',"
	"                         'xshut': 'GPIO5' } } }";

static int change_the_line(void *arg)
{
	struct bench b = {0};
	char why[SWAP_WHY_MAX];
	struct nursery n;

	(void)arg;
	bench_open_as(&b, absent);
	nursery_open(&n);
	senses_go(b.senses, &n);
	hardware_start(b.hardware);
	(void)!task_sleep(NS_PER_S);
	/* Where it is stays the same: it may be what is being repaired. */
	cr_assert(
		eq(int,
		   change(&b, "{ 'sensors': { 'left': { 'stale_after': '3s' } } }", why),
		   0),
		"%s", why);
	cr_assert(eq(int,
		     change(&b, "{ 'sensors': { 'left': { 'xshut': 'GPIO6' } } }", why),
		     -ETIMEDOUT),
		  "another line is another place, which has to be right");
	cr_assert(strstr(why, "back to what it was") != NULL, "%s", why);
	cr_assert(strcmp(b.conf->sensors[0].sensor.device.xshut, "GPIO5") == 0);
	nursery_cancel(&n, "done");
	(void)!nursery_close(&n, 0);
	bench_close(&b);
	return 0;
}

Test(app_swap, another_reset_line_is_another_place)
{
	run(change_the_line, NULL);
}

static const char two_barometers[] =
	"{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim',"
	"  'sensors': { 'fast': { 'driver': 'bmp280', 'bus': 'body', 'stale_after': "
	"'700ms' },"
	"               'slow': { 'driver': 'bmp280', 'bus': 'body', 'address': '0x77',"
	"                         'stale_after': '5s' } },"
	"  'fusion': { 'altitude': { 'pressure': [ 'fast', 'slow' ] } } }";

static void expect_stale_after(struct bench *b, int64_t ns)
{
	cr_assert(eq(i64,
		     value_info(world_find(b->world, "altitude.height"))->stale_after_ns,
		     ns));
}

/* What two make lives as long as what the slower shows: it may be the only one that is left. */
static int change_how_old(void *arg)
{
	struct bench b = {0};
	char why[SWAP_WHY_MAX];
	struct nursery n;

	(void)arg;
	bench_open_as(&b, two_barometers);
	nursery_open(&n);
	senses_go(b.senses, &n);
	hardware_start(b.hardware);
	(void)!task_sleep(NS_PER_S);
	expect_stale_after(&b, 5 * NS_PER_S);
	cr_assert(eq(int,
		     change(&b, "{ 'sensors': { 'fast': { 'stale_after': '800ms' } } }",
			    why),
		     0),
		  "%s", why);
	expect_stale_after(&b, 5 * NS_PER_S);
	cr_assert(eq(int,
		     change(&b, "{ 'sensors': { 'slow': { 'stale_after': '600ms' } } }",
			    why),
		     0),
		  "%s", why);
	expect_stale_after(&b, 800 * NS_PER_MS);
	nursery_cancel(&n, "done");
	(void)!nursery_close(&n, 0);
	bench_close(&b);
	return 0;
}

Test(app_swap, what_two_make_lives_as_long_as_what_the_slower_shows)
{
	run(change_how_old, NULL);
}
