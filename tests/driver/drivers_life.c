/* Every sensor that has a model lives with it: what it says is what the scene is like. */
#include <math.h>

#include "tests/driver/rig.h"

/* More than the longest back-off, and two periods of the slowest. */
#define LIFE_NS (12 * NS_PER_S)

/* How far from the scene a reading may be: half an LSB, noise, and what the scene does meanwhile. */
static const double tolerance[CHAN_COUNT] = {
	[CHAN_ACCEL] = 0.5,     [CHAN_GYRO] = 0.1,     [CHAN_MAG] = 2e-6,
	[CHAN_TEMP] = 0.6,      [CHAN_PRESSURE] = 4.6, [CHAN_HUMIDITY] = 0.002,
	[CHAN_DISTANCE] = 0.05, [CHAN_VOLTAGE] = 0.02, [CHAN_CURRENT] = 0.002,
	[CHAN_POWER] = 0.03,
};

struct life {
	struct rig rig;
	struct sensor_conf conf;
	struct sensor *sensor;
	unsigned count[CHAN_COUNT];
	double worst[CHAN_COUNT]; /* difference from the scene */
	int64_t last_ns;
};

/* What an ideal sensor would say, one that has been at rest since the beginning. */
static void expected(const struct life *l, int64_t t_ns, enum chan chan, double ret[3])
{
	struct scene_ambient air;

	scene_ambient(l->rig.scene, t_ns, &air);
	memset(ret, 0, 3 * sizeof(*ret));
	ret[0] = chan == CHAN_TEMP                                ? air.temp_c
		 : chan == CHAN_PRESSURE                          ? air.pressure_pa
		 : chan == CHAN_HUMIDITY                          ? air.humidity
		 : chan == CHAN_DISTANCE                          ? air.distance_m
		 : chan == CHAN_VOLTAGE || chan == CHAN_VOLTAGE_0 ? air.supply_v
		 : chan == CHAN_CURRENT                           ? air.supply_a
		 : chan == CHAN_POWER ? air.supply_v * air.supply_a
				      : 0;
	if (chan == CHAN_MAG)
		memcpy(ret, air.mag_t, sizeof(air.mag_t));
	if (chan == CHAN_ACCEL)
		ret[2] = 9.80665;
}

static void keep(void *arg, const struct sample *s, unsigned n)
{
	struct life *l = arg;

	for (unsigned i = 0; i < n; i++) {
		double want[3];

		l->count[s[i].chan]++;
		l->last_ns = s[i].t_ns;
		if (s[i].t_ns > NS_PER_S) /* then it is played with */
			continue;
		expected(l, s[i].t_ns, s[i].chan, want);
		for (int k = 0; k < chan_info[s[i].chan].width; k++) {
			double off = fabs((double)s[i].v[k] - want[k]);

			l->worst[s[i].chan] = fmax(l->worst[s[i].chan], off);
		}
	}
}

static void spend_it(void *arg)
{
	(void)arg;
	nap(LIFE_NS);
}

static int live(void *arg)
{
	struct life *l = arg;

	rig_live(&l->rig, l->sensor, rig_model(&l->rig, l->conf.device.driver), spend_it,
		 NULL);
	return 0;
}

/* With settings that a chip's surroundings ask for: two resistors are before the model of this one. */
static const char *usual(const struct driver *d)
{
	return strcmp(d->name, "ads1115") == 0 ? "{\"scale\": 3}" : NULL;
}

/*
 * Live once with the settings @text (NULL: the defaults), transfer @fail_at not being answered. The caller frees
 * the sensor and closes the rig.
 */
static void live_once(struct life *l, const struct driver *d, const char *text,
		      unsigned fail_at)
{
	const struct sensor_sink sink = {.samples = keep, .arg = l};
	struct device_ports ports;

	*l = (struct life){.conf = {.mount = mount_identity}};
	rig_open(&l->rig, 400000);
	rig_conf(d, &l->conf.device);
	if (text)
		rig_set(d, &l->conf.device, text);
	l->rig.spy.fail_at = fail_at;
	rig_plug(&l->rig, d->name);
	ports = rig_ports(&l->rig);
	l->sensor = sensor_new("it", &l->conf, &ports, &sink);
	cr_assert(l->sensor != NULL);
	rig_run_logged(&l->rig, &rig_virtual, live, l);
	rig_unplug(&l->rig, d->name);
}

static void bury(struct life *l)
{
	sensor_free(l->sensor);
	rig_close(&l->rig);
}

/* A sensor that is read; all of them but switches, and services (drivers_bus_sensor.c). */
static bool has_life(const struct driver *d)
{
	return d->read != NULL && d->bus != BUS_TOPIC;
}

Test(life, shows_the_scene_as_it_is)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct device_health health;
		unsigned most = 0;
		struct life l;

		if (!has_life(d))
			continue;
		live_once(&l, d, usual(d), 0);
		health = sensor_health(l.sensor);
		cr_expect(eq(int, health.state, DEVICE_RUNNING), "%s", d->name);
		for (int f = 0; f < FAULT_COUNT; f++)
			cr_expect(eq(u64, health.faults[f], 0), "%s: %s", d->name,
				  device_fault_name((enum device_fault)f));
		for (int c = 0; c < CHAN_COUNT; c++) {
			bool has = device_chans(&l.conf.device) & CHAN_BIT(c);

			cr_expect(eq(int, l.count[c] > 0, has), "%s: %s", d->name,
				  chan_info[c].name);
			cr_expect(l.worst[c] <= tolerance[c], "%s: %s is %g off", d->name,
				  chan_info[c].name, l.worst[c]);
			most = l.count[c] > most ? l.count[c] : most;
		}
		/* At its own rate, less what the set-up takes. */
		cr_expect(most + 1 >= (unsigned)((LIFE_NS - NS_PER_S) /
						 d->period_ns(l.conf.device.settings)),
			  "%s: only %u", d->name, most);
		bury(&l);
	}
}

static int ask_settings(void *arg)
{
	struct life *l = arg;
	struct dev_io io = {.role = "it"};

	i2c_dev_init(&io.i2c, &l->rig.spy.bus, (uint8_t)l->conf.device.address);
	rig_plug(&l->rig, l->conf.device.driver);
	return l->conf.device.chip->verify(&io, l->conf.device.settings);
}

/* When the life is over the chip sleeps: it has other settings than it was given. */
Test(life, ends_in_sleep)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct life l;

		if (!d->sleep)
			continue;
		live_once(&l, d, usual(d), 0);
		cr_expect(eq(int, rig_run(ask_settings, &l), -ESTALE), "%s", d->name);
		rig_unplug(&l.rig, d->name);
		bury(&l);
	}
}

/* Another chip is at its address by then, which the driver does not know: nothing is written to it. */
static int replaced(void *arg)
{
	struct life *l = arg;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "it", sensor_run, l->sensor);
	(void)!task_sleep(NS_PER_S);
	rig_unplug(&l->rig, "lis3mdl");
	rig_model(&l->rig, "mpu6050")->i2c.addr = l->conf.device.chip->addrs[0];
	rig_plug(&l->rig, "mpu6050");
	l->rig.spy.changes = 0;
	nursery_cancel(&n, "the life is over");
	(void)!nursery_close(&n, 0);
	cr_expect(eq(uint, l->rig.spy.changes, 0));
	rig_unplug(&l->rig, "mpu6050");
	return 0;
}

Test(life, sends_no_other_chip_to_sleep)
{
	struct life l = {.conf = {.mount = mount_identity}};
	const struct sensor_sink sink = {.samples = keep, .arg = &l};
	struct device_ports ports;

	rig_open(&l.rig, 0);
	rig_conf(driver_find("lis3mdl"), &l.conf.device);
	rig_plug(&l.rig, "lis3mdl");
	ports = rig_ports(&l.rig);
	l.sensor = sensor_new("it", &l.conf, &ports, &sink);
	cr_assert(l.sensor != NULL);
	rig_run_logged(&l.rig, &rig_virtual, replaced, &l);
	bury(&l);
}

/* The battery is at the first, behind two resistors; the third is at ground. */
Test(life, ads1115_reads_its_inputs_in_turn)
{
	struct life l;

	live_once(&l, driver_find("ads1115"),
		  "{\"inputs\": [\"ain2\", \"ain0\"], \"scale\": 3, \"rate\": \"20Hz\"}",
		  0);
	cr_expect(eq(int, sensor_health(l.sensor).state, DEVICE_RUNNING));
	cr_expect(eq(u64, sensor_health(l.sensor).faults[FAULT_OVERRUN], 0));
	cr_expect(eq(uint, l.count[CHAN_VOLTAGE], 0));
	cr_expect(l.count[CHAN_VOLTAGE_0] >= 20 * (LIFE_NS / NS_PER_S - 1));
	cr_expect(eq(uint, l.count[CHAN_VOLTAGE_0], l.count[CHAN_VOLTAGE_2]));
	cr_expect(l.worst[CHAN_VOLTAGE_0] <= tolerance[CHAN_VOLTAGE], "%g off",
		  l.worst[CHAN_VOLTAGE_0]);
	cr_expect(eq(dbl, l.worst[CHAN_VOLTAGE_2], 0));
	bury(&l);
}

/* Any single transfer of a whole life may fail: the life goes on. */
Test(life, survives_a_nack_at_every_transfer)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];

		if (!has_life(d) || d->bus != BUS_I2C)
			continue;
		for (unsigned at = 1; at <= 25; at++) {
			struct life l;

			live_once(&l, d, usual(d), at);
			cr_expect(eq(int, sensor_health(l.sensor).state, DEVICE_RUNNING),
				  "%s, transfer %u", d->name, at);
			cr_expect(l.last_ns > LIFE_NS - 5 * NS_PER_S, "%s, transfer %u",
				  d->name, at);
			bury(&l);
		}
	}
}
