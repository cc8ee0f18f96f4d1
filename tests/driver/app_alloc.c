/*
 * The sample path allocates nothing: from the bytes on the bus through sensor, filters, fusion and the
 * transaction on the world's values to tasks that wait for them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"
#include "tests/sanitized.h"

#define CONFIG INSTINCT_SOURCE "/tests/driver/app_alloc.jsonc"
#define WARM_UP_NS (2 * NS_PER_S)
#define SAMPLES 10000

#ifdef SANITIZED
#define COUNTS false /* the allocator is the sanitizer's */
#else
#define COUNTS true
#endif

static atomic_bool counting;
static atomic_ulong allocations;

#ifndef SANITIZED
/* glibc's own, behind ours, which take the place of all others in this program. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static void note(void)
{
	if (atomic_load_explicit(&counting, memory_order_relaxed))
		atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size)
{
	note();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	note();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	note();
	return __libc_realloc(p, size);
}
#endif

/* Somebody who waits for each change of a value. */
struct reader {
	struct value *value;
	unsigned long seen;
};

static int follow(void *arg)
{
	struct reader *reader = arg;
	const struct pred any = {.op = PRED_CHANGED};

	for (;;) {
		struct datum now;
		int r = value_await_transition(reader->value, &any, NULL, &now, NULL);

		if (r < 0)
			return r;
		datum_fini(&now);
		reader->seen++;
	}
}

static const char *const names[] = {"imu.accel",     "imu.gyro",       "fast.accel",
				    "third.accel",   "air.humidity",   "baro.pressure",
				    "attitude.roll", "altitude.height"};

struct robot {
	struct world *world;
	struct senses *senses;
	struct hardware *hardware;
	struct reader reader[ARRAY_LEN(names)];
};

static unsigned long seen(const struct robot *bot)
{
	return bot->reader[0].seen + bot->reader[2].seen;
}

static int live(struct robot *bot)
{
	unsigned long before;
	struct nursery n;
	int r;

	nursery_open(&n);
	senses_go(bot->senses, &n);
	hardware_start(bot->hardware);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bot->reader[i].value = world_find(bot->world, names[i]);
		cr_assert(bot->reader[i].value != NULL, "%s", names[i]);
		nursery_go(&n, names[i], follow, &bot->reader[i]);
	}
	r = task_sleep(WARM_UP_NS);
	before = seen(bot);
	atomic_store(&counting, true);
	while (r == 0 && seen(bot) - before < SAMPLES)
		r = task_sleep(NS_PER_S);
	atomic_store(&counting, false);
	nursery_cancel(&n, "that was enough");
	(void)!nursery_close(&n, 0);
	return r;
}

static int run(void *arg)
{
	const char *paths[] = {CONFIG};
	struct conf_errors errs = {0};
	struct robot *bot = arg;
	struct config *conf;
	int r;

	cr_assert(eq(int, config_read(paths, 1, &errs, &conf), 0));
	cr_assert(eq(int,
		     hardware_open(conf, HARDWARE_AS_CONFIGURED, NULL, &bot->hardware),
		     0));
	bot->world = world_new();
	cr_assert(eq(int,
		     senses_new(conf, bot->hardware, bot->world, &errs, &bot->senses),
		     0));
	r = live(bot);
	senses_free(bot->senses);
	world_free(bot->world);
	hardware_close(bot->hardware);
	config_free(conf);
	conf_errors_fini(&errs);
	return r;
}

Test(sample_path, allocates_nothing)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	struct robot bot = {0};

	if (!COUNTS)
		cr_skip_test("a sanitizer's allocator is not counted");
	/* The counter counts. */
	atomic_store(&counting, true);
	free(malloc(1));
	atomic_store(&counting, false);
	cr_assert(eq(ulong, atomic_exchange(&allocations, 0), 1));

	cr_assert(eq(int, rt_run(&conf, run, &bot), 0));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		cr_expect(bot.reader[i].seen > 100, "%s: %lu", names[i],
			  bot.reader[i].seen);
	cr_expect(seen(&bot) > SAMPLES);
	cr_expect(eq(ulong, atomic_load(&allocations), 0));
}
