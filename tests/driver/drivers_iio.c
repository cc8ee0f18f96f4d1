/* What the kernel drives, as a sensor: attributes and scans, and a device that comes and goes. */
#include "tests/driver/sensor_rig.h"

/* Read as @settings say while @script runs. The caller frees it. */
static struct bench *run(const char *settings, void (*script)(struct bench *b))
{
	struct bench *b = bench_new("iio");

	rig_set(b->conf.device.chip, &b->conf.device, settings);
	bench_run(b, script);
	return b;
}

static void misbehave(struct bench *b, enum iio_fault fault, uint32_t count)
{
	cr_assert(eq(int, iio_sim_fault(&b->rig.iio, "lsm6dso", fault, count), 0));
}

static void for_a_second(struct bench *b)
{
	(void)b;
	nap(NS_PER_S + NS_PER_MS / 2);
}

/* Every scan comes, once, with the time at which it was made. */
Test(iio_driver, reads_every_scan)
{
	struct bench *b =
		run("{\"channels\": [\"accel\", \"gyro\"], \"rate\": \"200Hz\", "
		    "\"buffer\": true, \"trigger\": \"clock\"}",
		    for_a_second);

	cr_expect(eq(sz, count(b, CHAN_ACCEL), 200));
	cr_expect(eq(sz, count(b, CHAN_GYRO), 200));
	cr_expect(eq(sz, count(b, CHAN_TEMP), 0));
	cr_expect(eq(i64, b->sample[0].t_ns, 5 * NS_PER_MS));
	for (size_t i = 0; i < b->n; i++)
		cr_expect(eq(i64, b->got_ns[i], b->sample[i].t_ns));
	cr_expect(strstr(b->rig.log,
			 "imu: starting -> running: iio at lsm6dso (simulated)") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

static void fail_once(struct bench *b)
{
	nap(100 * NS_PER_MS);
	misbehave(b, IIO_FAULT_ERROR, 1);
	nap(900 * NS_PER_MS + NS_PER_MS / 2);
}

/* One that fails is read again at once: it was not lost. */
Test(iio_driver, reads_a_scan_that_failed_again)
{
	struct device_health health;
	struct bench *b =
		run("{\"channels\": [\"accel\"], \"rate\": \"200Hz\", \"buffer\": true}",
		    fail_once);

	cr_expect(eq(sz, count(b, CHAN_ACCEL), 200));
	health = sensor_health(b->sensor);
	cr_expect(eq(u64, health.faults[FAULT_IO], 1));
	cr_expect(eq(int, (int)health.state, DEVICE_RUNNING));
	bench_free(b);
}

Test(iio_driver, reads_attributes_on_a_schedule)
{
	struct bench *b =
		run("{\"channels\": [\"temperature\", \"pressure\"], \"rate\": \"20Hz\"}",
		    for_a_second);

	cr_expect(eq(sz, count(b, CHAN_TEMP), 20));
	cr_expect(eq(sz, count(b, CHAN_PRESSURE), 20));
	bench_free(b);
}

static void freeze(struct bench *b)
{
	misbehave(b, IIO_FAULT_FREEZE, IIO_FAULT_ALWAYS);
	nap(NS_PER_S + NS_PER_MS / 2);
}

/* Nothing was ever shown: the numbers are all 0, and are passed on; it is not for the driver to judge. */
Test(iio_driver, a_simulated_device_may_freeze)
{
	struct bench *b =
		run("{\"channels\": [\"accel\"], \"rate\": \"200Hz\", \"buffer\": true}",
		    freeze);

	cr_expect(eq(sz, count(b, CHAN_ACCEL), 200));
	cr_expect(eq(flt, b->sample[b->n - 1].v[2], 0));
	bench_free(b);
}

static void unplug_and_replug(struct bench *b)
{
	nap(500 * NS_PER_MS);
	misbehave(b, IIO_FAULT_GONE, IIO_FAULT_ALWAYS);
	nap(2 * NS_PER_S);
	cr_expect(ne(int, (int)sensor_health(b->sensor).state, DEVICE_RUNNING));
	misbehave(b, IIO_FAULT_GONE, 0);
	nap(6 * NS_PER_S);
}

Test(iio_driver, waits_for_a_device_that_has_gone)
{
	static const char *const modes[] = {
		"{\"channels\": [\"accel\"], \"rate\": \"50Hz\", \"buffer\": true}",
		"{\"channels\": [\"accel\"], \"rate\": \"50Hz\"}"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct bench *b = run(modes[i], unplug_and_replug);

		cr_expect(strstr(b->rig.log,
				 "imu: running -> failing: lsm6dso (simulated) has "
				 "gone, retry 1") != NULL,
			  "%s", b->rig.log);
		cr_expect(strstr(b->rig.log, "no IIO device is \"lsm6dso\"") != NULL,
			  "%s", b->rig.log);
		cr_expect(eq(int, (int)sensor_health(b->sensor).state, DEVICE_RUNNING));
		cr_expect(b->sample[b->n - 1].t_ns > 8 * NS_PER_S);
		bench_free(b);
	}
}

Test(iio_driver, says_what_the_device_lacks)
{
	struct bench *b =
		run("{\"channels\": [\"accel\", \"illuminance\"]}", for_a_second);

	cr_expect(strstr(b->rig.log,
			 "imu: starting -> failing: a simulated device has no "
			 "illuminance") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}
