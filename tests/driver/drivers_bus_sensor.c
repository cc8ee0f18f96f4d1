/* Another service as a sensor: one that comes, goes and talks rubbish. */
#include "tests/driver/conf_rig.h"

/* A service, and the sensor that hears it. */
struct life {
	struct peer_port port;
	struct peer_topic *topic; /* NULL: nobody has subscribed */
	unsigned subscribed;
	bool unknown; /* the configuration has no such service */
	bool alone;   /* nobody has connections to services */
	struct calibration calibration;
	struct rig rig;
	struct sensor_conf conf;
	struct sensor *sensor;
	void (*script)(struct life *l);
	unsigned count;
	struct sample last;
};

static int subscribe(struct peer_port *p, struct peer_topic *t)
{
	struct life *l = container_of(p, struct life, port);

	if (l->unknown)
		return error_set(-ENOENT, "no service is called \"%s\"", t->peer);
	cr_assert(l->topic == NULL);
	cr_expect(eq(str, (char *)t->peer, "lidar"));
	cr_expect(eq(str, (char *)t->name, "range.front"));
	l->topic = t;
	l->subscribed++;
	return 0;
}

static void unsubscribe(struct peer_port *p, struct peer_topic *t)
{
	struct life *l = container_of(p, struct life, port);

	cr_assert(l->topic == t);
	l->topic = NULL;
}

static void publish(struct life *l, const char *message)
{
	if (l->topic)
		peer_topic_deliver(l->topic, message, strlen(message), rt_now());
}

static void keep(void *arg, const struct sample *s, unsigned n)
{
	struct life *l = arg;

	l->count += n;
	l->last = s[n - 1];
}

static void play(void *arg)
{
	struct life *l = arg;

	nap(NS_PER_MS);
	l->script(l);
}

static int live(void *arg)
{
	struct life *l = arg;

	rig_live(&l->rig, l->sensor, NULL, play, l);
	return 0;
}

/* A configuration of the driver with @more keys. */
#define CONF(more)                                                                       \
	"{\"driver\": \"bus\", \"peer\": \"lidar\", \"topic\": \"range.front\", " more "}"
#define AT_20_HZ "\"message\": {\"channels\": [\"distance\"], \"rate\": \"20Hz\"}"

/* Live while @script runs, as @l is prepared. The caller buries it. */
static void live_as(struct life *l, const char *conf, void (*script)(struct life *l))
{
	const struct sensor_sink sink = {.samples = keep, .arg = l};
	struct reading r = read_conf(SENSOR, conf);
	struct device_ports ports;

	cr_assert(eq(str, r.error, ""));
	l->conf = r.sensor;
	l->port = (struct peer_port){.subscribe = subscribe, .unsubscribe = unsubscribe};
	l->script = script;
	rig_open(&l->rig, 0);
	ports = rig_ports(&l->rig);
	ports.peers = l->alone ? NULL : &l->port;
	l->sensor = sensor_new("far", &l->conf, &ports, &sink);
	cr_assert(l->sensor != NULL);
	sensor_set_calibration(l->sensor, &l->calibration);
	rig_run_logged(&l->rig, &rig_virtual, live, l);
	cr_expect(l->topic == NULL, "it is heard for ever");
}

static void bury(struct life *l)
{
	sensor_free(l->sensor);
	rig_close(&l->rig);
}

static enum device_state state(const struct life *l)
{
	return sensor_health(l->sensor).state;
}

static void speak(struct life *l)
{
	cr_expect(eq(int, (int)state(l), DEVICE_STARTING), "nothing has come yet");
	for (int i = 1; i <= 20; i++) {
		publish(l, "{\"distance\": 1.5}");
		nap(50 * NS_PER_MS);
		cr_expect(eq(uint, l->count, (unsigned)i));
		cr_expect(l->last.t_ns == rt_now() - 50 * NS_PER_MS);
	}
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
	cr_expect(eq(flt, l->last.v[0], 1.5f));
}

Test(bus_sensor, measures_what_a_service_publishes)
{
	static struct life l;

	live_as(&l, CONF(AT_20_HZ), speak);
	cr_expect(strstr(l.rig.log,
			 "far: starting -> running: bus at range.front of service "
			 "lidar") != NULL,
		  "%s", l.rig.log);
	cr_expect(eq(u64, sensor_health(l.sensor).good, 20));
	cr_expect(eq(uint, l.subscribed, 1));
	bury(&l);
}

static void say_late(struct life *l)
{
	nap(NS_PER_S);
	publish(l, "{\"accel\": [1, 2, 3]}");
	nap(NS_PER_MS);
	cr_expect(l->last.t_ns == NS_PER_S - 4 * NS_PER_MS);
	publish(l, "{\"accel\": [100, 2, 3]}");
	publish(l, "{\"accel\": [1, 2, 3]}");
	nap(NS_PER_MS);
}

/* Latency, calibration, mounting and filters, as for every sensor. */
Test(bus_sensor, goes_the_way_of_all_samples)
{
	static struct life l;
	const float offset[3] = {1, 0, 0};

	calibration_set_offset(&l.calibration, CHAN_ACCEL, offset);
	live_as(&l,
		CONF("\"mount\": \"x=left y=up z=front\", \"filters\": [{\"median\": "
		     "3}], "
		     "\"message\": {\"channels\": [\"accel\"], \"latency\": \"5ms\", "
		     "\"rate\": \"1Hz\"}"),
		say_late);
	cr_expect(eq(uint, l.count, 3));
	cr_expect(eq(flt, l.last.v[0], 3));
	cr_expect(eq(flt, l.last.v[1], 0));
	cr_expect(eq(flt, l.last.v[2], 2));
	bury(&l);
}

static void talk_rubbish(struct life *l)
{
	publish(l, "{\"distance\": 1}");
	nap(NS_PER_MS);
	for (int i = 0; i < 5; i++) {
		publish(l, "{\"distance\": \"far\"}");
		publish(l, "{\"distance\": 1}");
		nap(NS_PER_MS);
	}
	cr_expect(eq(u64, sensor_health(l->sensor).faults[FAULT_DECODE], 5));
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
	cr_expect(eq(uint, l->count, 6));
	for (int i = 0; i < 10; i++) {
		publish(l, "{}");
		nap(NS_PER_MS);
	}
	cr_expect(eq(int, (int)state(l), DEVICE_FAILING));
	nap(200 * NS_PER_MS);
	publish(l, "{\"distance\": 2}");
	nap(NS_PER_MS);
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
	cr_expect(eq(flt, l->last.v[0], 2));
}

static unsigned times(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* Each that does not fit is counted, and named once. */
Test(bus_sensor, drops_what_makes_no_sense)
{
	static struct life l;

	live_as(&l, CONF(AT_20_HZ), talk_rubbish);
	cr_expect(
		eq(uint, times(l.rig.log, "for distance, is not a number; left out"), 1),
		"%s", l.rig.log);
	cr_expect(strstr(l.rig.log,
			 "far: running -> failing: 10 readings in a row make no "
			 "sense: a message whose \"distance\", for distance, is "
			 "missing, retry 1") != NULL,
		  "%s", l.rig.log);
	cr_expect(eq(uint, l.subscribed, 2));
	bury(&l);
}

/* After a fault it hears again, for a while, every few seconds. */
static void await_subscription(const struct life *l)
{
	while (!l->topic)
		nap(10 * NS_PER_MS);
}

static void fall_silent(struct life *l)
{
	publish(l, "{\"distance\": 1}");
	nap(499 * NS_PER_MS);
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
	nap(2 * NS_PER_MS);
	cr_expect(eq(int, (int)state(l), DEVICE_FAILING));
	nap(60 * NS_PER_S);
	cr_expect(eq(int, (int)state(l), DEVICE_LOST));
	await_subscription(l);
	publish(l, "{\"distance\": 3}");
	nap(NS_PER_MS);
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
}

Test(bus_sensor, notices_that_a_service_is_silent)
{
	static struct life l;

	live_as(&l, CONF(AT_20_HZ), fall_silent);
	cr_expect(strstr(l.rig.log,
			 "far: running -> failing: no new data for 500 ms, retry 1 "
			 "in 100 ms") != NULL,
		  "%s", l.rig.log);
	bury(&l);
}

static void be_quiet(struct life *l)
{
	publish(l, "{\"distance\": 1}");
	nap(3600 * NS_PER_S);
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
	publish(l, "{\"distance\": 2}");
	nap(NS_PER_MS);
	cr_expect(eq(flt, l->last.v[0], 2));
}

/* At rate 0 the service speaks when something changes. */
Test(bus_sensor, may_be_silent_if_it_says_so)
{
	static struct life l;

	live_as(&l, CONF("\"message\": {\"channels\": [\"distance\"], \"rate\": 0}"),
		be_quiet);
	cr_expect(eq(i64, l.conf.stale_after_ns, 0));
	cr_expect(eq(uint, l.subscribed, 1));
	bury(&l);
}

static void flood(struct life *l)
{
	char message[32];

	for (int i = 0; i < 20; i++) {
		(void)snprintf(message, sizeof(message), "{\"distance\": %d}", i);
		publish(l, message);
	}
	nap(NS_PER_MS);
}

/* The oldest go, and are counted. */
Test(bus_sensor, keeps_the_newest_of_a_flood)
{
	static struct life l;

	live_as(&l, CONF(AT_20_HZ), flood);
	cr_expect(eq(uint, l.count, PEER_QUEUE_MAX));
	cr_expect(eq(flt, l.last.v[0], 19));
	cr_expect(eq(u64, sensor_health(l.sensor).faults[FAULT_OVERRUN],
		     20 - PEER_QUEUE_MAX));
	bury(&l);
}

static void ask_in_vain(struct life *l)
{
	nap(NS_PER_S);
	cr_expect(eq(int, (int)state(l), DEVICE_FAILING));
	l->unknown = false;
	await_subscription(l);
	publish(l, "{\"distance\": 1}");
	nap(NS_PER_MS);
	cr_expect(eq(int, (int)state(l), DEVICE_RUNNING));
}

Test(bus_sensor, says_that_nobody_knows_the_service)
{
	static struct life l = {.unknown = true};

	live_as(&l, CONF(AT_20_HZ), ask_in_vain);
	cr_expect(strstr(l.rig.log,
			 "far: starting -> failing: no service is called \"lidar\"") !=
			  NULL,
		  "%s", l.rig.log);
	bury(&l);
}

static void wait_for_nobody(struct life *l)
{
	nap(30 * NS_PER_S);
	cr_expect(eq(int, (int)state(l), DEVICE_LOST));
}

/* As the actuator of the same name does (drivers_bus.c). */
Test(bus_sensor, says_that_there_is_no_connection)
{
	static struct life l = {.alone = true};

	live_as(&l, CONF(AT_20_HZ), wait_for_nobody);
	cr_expect(strstr(l.rig.log,
			 "far: starting -> failing: no connection to the service "
			 "lidar: this daemon makes none yet") != NULL,
		  "%s", l.rig.log);
	bury(&l);
}
