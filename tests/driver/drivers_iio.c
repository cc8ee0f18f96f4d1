/* What the kernel drives, as a sensor: configuration, attributes and scans, and a device that comes and goes. */
#include <math.h>
#include <stdio.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "drivers/core/sensor.h"
#include "tests/driver/rig.h"

struct life {
	struct rig rig;
	struct sensor_conf conf;
	struct sensor *sensor;
	unsigned count[CHAN_COUNT];
	float last[3]; /* numbers of a sample */
	int64_t first_ns;
	int64_t last_ns;
	int64_t late_ns; /* how long after it was measured a sample came, at most */
	void (*script)(struct life *l);
	char log[2048];
};

static void keep(void *arg, const struct sample *s, unsigned n)
{
	struct life *l = arg;

	for (unsigned i = 0; i < n; i++) {
		int64_t age_ns = rt_now() - s[i].t_ns;

		l->count[s[i].chan]++;
		if (l->first_ns == 0)
			l->first_ns = s[i].t_ns;
		l->last_ns = s[i].t_ns;
		memcpy(l->last, s[i].v, sizeof(l->last));
		l->late_ns = age_ns > l->late_ns ? age_ns : l->late_ns;
	}
}

static void keep_log(enum log_level level, const char *text, void *arg)
{
	struct life *l = arg;
	size_t len = strlen(l->log);

	(void)level;
	(void)snprintf(l->log + len, sizeof(l->log) - len, "%s\n", text);
}

static int live(void *arg)
{
	struct life *l = arg;
	struct nursery n;

	scene_start(l->rig.scene);
	nursery_open(&n);
	nursery_go(&n, "imu", sensor_run, l->sensor);
	l->script(l);
	nursery_cancel(&n, "the life is over");
	(void)!nursery_close(&n, 0);
	scene_stop(l->rig.scene);
	return 0;
}

/* Live as @settings say, while @script runs. The caller buries it. */
static void live_with(struct life *l, const char *settings,
		      void (*script)(struct life *l))
{
	const struct sensor_sink sink = {.samples = keep, .arg = l};
	const struct driver *d = driver_find("iio");
	struct device_ports ports;

	*l = (struct life){.conf = {.mount = mount_identity}, .script = script};
	rig_open(&l->rig, 0);
	rig_conf(d, &l->conf.device);
	rig_set(d, &l->conf.device, settings);
	ports = rig_ports(&l->rig);
	l->sensor = sensor_new("imu", &l->conf, &ports, &sink);
	cr_assert(l->sensor != NULL);
	log_set_sink(keep_log, l);
	cr_assert(eq(int, rig_run(live, l), 0));
	log_set_sink(NULL, NULL);
}

static void bury(struct life *l)
{
	sensor_free(l->sensor);
	rig_close(&l->rig);
}

static void nap(int64_t ns)
{
	(void)!task_sleep(ns);
}

static void misbehave(struct life *l, enum iio_fault fault, uint32_t count)
{
	cr_assert(eq(int, iio_sim_fault(&l->rig.iio, "lsm6dso", fault, count), 0));
}

static void for_a_second(struct life *l)
{
	(void)l;
	nap(NS_PER_S + NS_PER_MS / 2);
}

/* Every scan comes, once, with the time at which it was made. */
Test(iio_driver, reads_every_scan)
{
	struct life l;

	live_with(&l,
		  "{\"channels\": [\"accel\", \"gyro\"], \"rate\": \"200Hz\", "
		  "\"buffer\": true, \"trigger\": \"clock\"}",
		  for_a_second);
	cr_expect(eq(uint, l.count[CHAN_ACCEL], 200));
	cr_expect(eq(uint, l.count[CHAN_GYRO], 200));
	cr_expect(eq(uint, l.count[CHAN_TEMP], 0));
	cr_expect(l.first_ns == 5 * NS_PER_MS, "%lld", (long long)l.first_ns);
	cr_expect(l.late_ns == 0);
	cr_expect(strstr(l.log, "imu: starting -> running: iio at lsm6dso (simulated)") !=
			  NULL,
		  "%s", l.log);
	bury(&l);
}

static void fail_once(struct life *l)
{
	nap(100 * NS_PER_MS);
	misbehave(l, IIO_FAULT_ERROR, 1);
	nap(900 * NS_PER_MS + NS_PER_MS / 2);
}

/* One that fails is read again at once: it was not lost. */
Test(iio_driver, reads_a_scan_that_failed_again)
{
	struct life l;
	struct device_health health;

	live_with(&l,
		  "{\"channels\": [\"accel\"], \"rate\": \"200Hz\", \"buffer\": true}",
		  fail_once);
	cr_expect(eq(uint, l.count[CHAN_ACCEL], 200));
	health = sensor_health(l.sensor);
	cr_expect(eq(u64, health.faults[FAULT_IO], 1));
	cr_expect(eq(int, (int)health.state, DEVICE_RUNNING));
	bury(&l);
}

Test(iio_driver, reads_attributes_on_a_schedule)
{
	struct life l;

	live_with(&l,
		  "{\"channels\": [\"temperature\", \"pressure\"], \"rate\": \"20Hz\"}",
		  for_a_second);
	cr_expect(eq(uint, l.count[CHAN_TEMP], 20));
	cr_expect(eq(uint, l.count[CHAN_PRESSURE], 20));
	bury(&l);
}

static void freeze(struct life *l)
{
	misbehave(l, IIO_FAULT_FREEZE, IIO_FAULT_ALWAYS);
	nap(NS_PER_S + NS_PER_MS / 2);
}

/* Nothing was ever shown: the numbers are all 0, and are passed on; it is not for the driver to judge. */
Test(iio_driver, a_simulated_device_may_freeze)
{
	struct life l;

	live_with(&l,
		  "{\"channels\": [\"accel\"], \"rate\": \"200Hz\", \"buffer\": true}",
		  freeze);
	cr_expect(eq(uint, l.count[CHAN_ACCEL], 200));
	cr_expect(eq(flt, l.last[2], 0));
	bury(&l);
}

static void unplug_and_replug(struct life *l)
{
	nap(500 * NS_PER_MS);
	misbehave(l, IIO_FAULT_GONE, IIO_FAULT_ALWAYS);
	nap(2 * NS_PER_S);
	cr_expect(ne(int, (int)sensor_health(l->sensor).state, DEVICE_RUNNING));
	misbehave(l, IIO_FAULT_GONE, 0);
	nap(6 * NS_PER_S);
}

Test(iio_driver, waits_for_a_device_that_has_gone)
{
	static const char *const modes[] = {
		"{\"channels\": [\"accel\"], \"rate\": \"50Hz\", \"buffer\": true}",
		"{\"channels\": [\"accel\"], \"rate\": \"50Hz\"}"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct life l;

		live_with(&l, modes[i], unplug_and_replug);
		cr_expect(strstr(l.log,
				 "imu: running -> failing: lsm6dso (simulated) has "
				 "gone, retry 1") != NULL,
			  "%s", l.log);
		cr_expect(strstr(l.log, "no IIO device is \"lsm6dso\"") != NULL, "%s",
			  l.log);
		cr_expect(eq(int, (int)sensor_health(l.sensor).state, DEVICE_RUNNING));
		cr_expect(l.last_ns > 8 * NS_PER_S);
		bury(&l);
	}
}

Test(iio_driver, says_what_the_device_lacks)
{
	struct life l;

	live_with(&l, "{\"channels\": [\"accel\", \"illuminance\"]}", for_a_second);
	cr_expect(strstr(l.log, "imu: starting -> failing: a simulated device has no "
				"illuminance") != NULL,
		  "%s", l.log);
	bury(&l);
}

/* The first error of a sensor's configuration; "" without. */
static const char *complaint(const char *text, struct sensor_conf *ret)
{
	static char error[256];
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	int r;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	memset(ret, 0xa5, sizeof(*ret)); /* nothing is left to chance */
	r = sensor_conf_read(&root, ret);
	cr_expect(eq(int, r<0, errs.n_errors> 0));
	(void)snprintf(error, sizeof(error), "%s", errs.n > 0 ? errs.list[0].text : "");
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return error;
}

Test(iio_conf, measures_what_it_lists)
{
	struct sensor_conf conf;
	const char *error = complaint(
		"{\"driver\": \"iio\", \"device\": \"ads1015\", \"iio\": {\"channels\": "
		"[\"temperature\", {\"voltage\": \"voltage0-voltage1\"}], "
		"\"rate\": \"20Hz\"}}",
		&conf);

	cr_assert(eq(str, (char *)error, ""));
	cr_expect(eq(u32, device_chans(&conf.device),
		     CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_VOLTAGE)));
	cr_expect(eq(str, conf.device.device, "ads1015"));
	cr_expect(eq(i64, conf.stale_after_ns, 500 * NS_PER_MS));
}

Test(iio_conf, refuses_what_cannot_be)
{
	static const struct {
		const char *iio;
		const char *part;
	} rows[] = {
		{"{}", "iio.channels: missing; what is read"},
		{"{\"channels\": []}", "iio.channels: missing"},
		{"{\"channels\": \"accel\"}", "iio.channels"},
		{"{\"channels\": [\"acel\"]}", "did you mean \"accel\""},
		{"{\"channels\": [\"pressed\"]}",
		 "iio.channels[0]: unknown channel \"pressed\""},
		{"{\"channels\": [7]}", "iio.channels[0]"},
		{"{\"channels\": [{}]}", "iio.channels[0]: one channel and"},
		{"{\"channels\": [{\"voltage\": \"a\", \"current\": \"b\"}]}",
		 "one channel and the kernel's name"},
		{"{\"channels\": [{\"voltage\": 1}]}", "iio.channels[0].voltage"},
		{"{\"channels\": [{\"voltage\": \"../../etc\"}]}",
		 "no name of a channel of the kernel"},
		{"{\"channels\": [{\"voltage\": \"\"}]}", "no name of a channel"},
		{"{\"channels\": [{\"accel\": \"accel_x\"}]}", "of accel there is one"},
		{"{\"channels\": [\"accel\", \"accel\"]}", "accel is there already"},
		{"{\"channels\": [\"accel\", \"gyro\", \"mag\", \"temperature\", "
		 "\"pressure\", \"humidity\", \"distance\"]}",
		 "too many; at most"},
		{"{\"channels\": [\"accel\"], \"rate\": \"0Hz\"}", "iio.rate"},
		{"{\"channels\": [\"accel\"], \"triger\": \"x\"}",
		 "did you mean \"trigger\""},
	};
	struct sensor_conf conf;
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *error;

		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"iio\", \"device\": \"x\", \"iio\": %s}",
			       rows[i].iio);
		error = complaint(text, &conf);
		cr_expect(strstr(error, rows[i].part) != NULL,
			  "%s: \"%s\" does not have \"%s\"", rows[i].iio, error,
			  rows[i].part);
	}
	cr_expect(strstr(complaint("{\"driver\": \"iio\", \"device\": \"x\"}", &conf),
			 "iio: missing; what it measures") != NULL);
	cr_expect(strstr(complaint("{\"driver\": \"iio\", \"iio\": {\"channels\": "
				   "[\"accel\"]}}",
				   &conf),
			 "device: missing; iio reads a device of the kernel") != NULL);
}

/* K2: what is not in use is checked too. */
Test(iio_conf, K2_checks_channels_that_are_not_in_use)
{
	struct sensor_conf conf;

	cr_expect(
		eq(str,
		   (char *)complaint("{\"driver\": \"mpu6050\", \"bus\": \"b\", \"iio\": "
				     "{\"channels\": [\"accel\"]}}",
				     &conf),
		   ""));
	cr_expect(eq(u32, device_chans(&conf.device), driver_find("mpu6050")->chans));
	cr_expect(strstr(complaint("{\"driver\": \"mpu6050\", \"bus\": \"b\", \"iio\": "
				   "{\"channels\": [\"acel\"]}}",
				   &conf),
			 "did you mean") != NULL);
}
