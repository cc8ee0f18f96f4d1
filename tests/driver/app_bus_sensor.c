/*
 * A role is swapped between a chip and another service while behaviours wait for its values: the values stay, what the
 * role must measure is checked first, and a service that is not reached is refused before anything is stopped.
 */
#include <errno.h>
#include <string.h>

#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"
#include "tests/driver/swap_rig.h"

static const char robot[] =
	"{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim',"
	"  'sensors': { 'room': { 'driver': 'sht31', 'bus': 'body', 'stale_after': '2s',"
	"                         'sht31': { 'rate': '10Hz' }, 'peer': 'house', 'topic': "
	"'climate.room',"
	"                         'message': { 'channels': [ 'temperature', 'humidity' ],"
	"                                      'rate': '10Hz' } } } }";
static const char to_service[] = "{ 'sensors': { 'room': { 'driver': 'bus' } } }";
static const char to_chip[] = "{ 'sensors': { 'room': { 'driver': 'sht31' } } }";
static const char without_humidity[] =
	"{ 'sensors': { 'room': { 'driver': 'bus', 'message': { 'channels': [ "
	"'temperature' ] } } } }";

/* The house publishes its climate ten times a second, or nothing. */
struct house {
	struct peer_port port;
	struct peer_topic *topic;
	bool silent;
};

static int subscribe(struct peer_port *p, struct peer_topic *t)
{
	container_of(p, struct house, port)->topic = t;
	return 0;
}

static void unsubscribe(struct peer_port *p, struct peer_topic *t)
{
	(void)t;
	container_of(p, struct house, port)->topic = NULL;
}

static int publish(void *arg)
{
	static const char message[] = "{\"temperature\": -3.5, \"humidity\": 0.125}";
	struct house *h = arg;
	int r = 0;

	while (r == 0) {
		if (h->topic && !h->silent)
			peer_topic_deliver(h->topic, message, strlen(message), rt_now());
		r = task_sleep(100 * NS_PER_MS);
	}
	return r;
}

struct bench {
	struct house house;
	struct config *conf;
	struct world *world;
	struct hardware *hardware;
	struct senses *senses;
	unsigned seen; /* samples that a behaviour waited for */
};

static int change(struct bench *b, const char *overlay, char why[SWAP_WHY_MAX])
{
	return swap_to(b->conf, b->senses, overlay, why);
}

/* A behaviour that goes from sample to sample of one value. */
static int wait_on_and_on(void *arg)
{
	struct bench *b = arg;
	struct value *v = world_find(b->world, "room.humidity");
	const struct pred any = {.op = PRED_ANY};
	const struct await_opt opt = {.fresh_ns = 1};
	int r = 0;

	while (r == 0) {
		r = value_await(v, &any, &opt, NULL);
		b->seen += r == 0;
		if (r == 0)
			r = task_sleep(NS_PER_MS);
	}
	return r;
}

static double temperature(const struct bench *b)
{
	const struct value *v = world_find(b->world, "room.temperature");

	cr_assert(value_state(v) == VALUE_OK, "%s", value_state_name(value_state(v)));
	return value_get(v)->n;
}

static bool runs(const struct bench *b)
{
	const struct datum *d = value_get(world_find(b->world, "health.room"));

	return strcmp(datum_text(d), "running") == 0;
}

static void to_and_fro(struct bench *b)
{
	struct value *const before = world_find(b->world, "room.temperature");
	struct value *const health = world_find(b->world, "health.room");
	char why[SWAP_WHY_MAX];
	unsigned seen;

	(void)!task_sleep(NS_PER_S);
	cr_expect(temperature(b) > 10);
	for (int turn = 0; turn < 3; turn++) {
		cr_assert(eq(int, change(b, to_service, why), 0), "%s", why);
		cr_expect(eq(dbl, temperature(b), -3.5));
		seen = b->seen;
		(void)!task_sleep(NS_PER_S);
		cr_expect(b->seen >= seen + 9, "the waiter goes on");
		cr_expect(runs(b));
		cr_assert(eq(int, change(b, to_chip, why), 0), "%s", why);
		cr_expect(temperature(b) > 10);
		cr_expect(b->house.topic == NULL);
		cr_expect(world_find(b->world, "room.temperature") == before);
		cr_expect(world_find(b->world, "health.room") == health);
	}
}

static void refusals(struct bench *b)
{
	char why[SWAP_WHY_MAX];

	(void)!task_sleep(NS_PER_S);
	/* Somebody waits for humidity. */
	cr_expect(eq(int, change(b, without_humidity, why), -EBUSY));
	cr_expect(strstr(why, "room: bus does not measure room.humidity, which 1 use") !=
			  NULL,
		  "%s", why);
	cr_expect(runs(b));
	/* It is reached, but says nothing. */
	b->house.silent = true;
	cr_expect(eq(int, change(b, to_service, why), -ETIMEDOUT));
	cr_expect(strstr(why, "room: bus does not measure: ") != NULL, "%s", why);
	cr_expect(strstr(why, "; back to what it was") != NULL, "%s", why);
	(void)!task_sleep(NS_PER_S);
	cr_expect(runs(b));
	cr_expect(temperature(b) > 10);
	/* Nobody has connections to services: that is seen before the chip is stopped. */
	hardware_set_peers(b->hardware, NULL);
	cr_expect(eq(int, change(b, to_service, why), -ENOTCONN));
	cr_expect(strstr(why,
			 "no connection to the service house: this daemon makes none "
			 "yet; nothing was changed") != NULL,
		  "%s", why);
	cr_expect(runs(b));
}

static void falls_stale(struct bench *b)
{
	char why[SWAP_WHY_MAX];

	(void)!task_sleep(NS_PER_S);
	cr_assert(eq(int, change(b, to_service, why), 0), "%s", why);
	b->house.silent = true;
	(void)!task_sleep(3 * NS_PER_S);
	cr_expect(value_state(world_find(b->world, "room.temperature")) == VALUE_STALE);
	cr_expect(not(runs(b)));
	b->house.silent = false;
	(void)!task_sleep(10 * NS_PER_S);
	cr_expect(eq(dbl, temperature(b), -3.5));
	cr_expect(runs(b));
}

static void (*script)(struct bench *b);

static int live(void *arg)
{
	struct bench b = {
		.house.port = {.subscribe = subscribe, .unsubscribe = unsubscribe}};
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct nursery n;

	(void)arg;
	log_set_level(LOG_LEVEL_ERR);
	read_json(robot, &doc);
	b.conf = parse(&doc);
	cr_assert(eq(int,
		     hardware_open(b.conf, HARDWARE_AS_CONFIGURED, NULL, &b.hardware),
		     0));
	hardware_set_peers(b.hardware, &b.house.port);
	b.world = world_new();
	cr_assert(eq(int, senses_new(b.conf, b.hardware, b.world, &errs, &b.senses), 0));
	nursery_open(&n);
	senses_go(b.senses, &n);
	nursery_go(&n, "house", publish, &b.house);
	nursery_go(&n, "behaviour", wait_on_and_on, &b);
	hardware_start(b.hardware);
	script(&b);
	nursery_cancel(&n, "that was enough");
	(void)!nursery_close(&n, 0);
	senses_free(b.senses);
	world_free(b.world);
	hardware_close(b.hardware);
	config_free(b.conf);
	return 0;
}

static void run(void (*fn)(struct bench *b))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};

	script = fn;
	cr_assert(eq(int, rt_run(&conf, live, NULL), 0));
}

Test(app_bus_sensor, takes_over_and_hands_back)
{
	run(to_and_fro);
}

Test(app_bus_sensor, is_refused_where_it_will_not_do)
{
	run(refusals);
}

Test(app_bus_sensor, grows_stale_when_the_service_is_silent)
{
	run(falls_stale);
}
