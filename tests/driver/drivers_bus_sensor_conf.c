/* The configuration of another service as a sensor. */
#include "tests/driver/conf_rig.h"

#define AT_20_HZ "\"message\": {\"channels\": [\"distance\"], \"rate\": \"20Hz\"}"
/* A configuration of the driver with @more keys. */
#define CONF(more)                                                                       \
	"{\"driver\": \"bus\", \"peer\": \"lidar\", \"topic\": \"range.front\", " more "}"

Test(bus_sensor_conf, measures_what_it_lists)
{
	struct reading r = read_conf(SENSOR, CONF(AT_20_HZ));
	const struct device_conf *d = &r.sensor.device;

	cr_assert(eq(str, r.error, ""));
	cr_expect(d->chip == driver_find_kind(DRIVER_SENSOR, "bus"));
	cr_expect(eq(u32, device_chans(d), CHAN_BIT(CHAN_DISTANCE)));
	cr_expect(eq(i64, r.sensor.stale_after_ns, 500 * NS_PER_MS));
	cr_expect(eq(str, (char *)device_place(d), "range.front"));
}

Test(bus_sensor_conf, refuses_what_cannot_be)
{
	static const struct {
		const char *message;
		const char *part;
	} rows[] = {
		{"{}", "message.channels: missing; what is measured"},
		{"{\"channels\": []}", "message.channels: missing"},
		{"{\"channels\": [\"distanse\"]}", "did you mean \"distance\""},
		{"{\"channels\": [{}]}",
		 "message.channels[0]: one channel and its field"},
		{"{\"channels\": [{\"distance\": 7}]}", "message.channels[0].distance"},
		{"{\"channels\": [{\"distance\": {\"feld\": \"a\"}}]}",
		 "did you mean \"field\""},
		{"{\"channels\": [{\"distance\": {\"unit\": \"s\"}}]}",
		 "distance.unit: distance has no unit \"s\"; its own is \"m\""},
		{"{\"channels\": [{\"distance\": "
		 "\"a.path.of.more.than.thirty.eight.bytes.or.so\"}]}",
		 "too long; at most 38 bytes"},
		{"{\"channels\": [\"accel\", \"gyro\", \"mag\", \"temperature\", "
		 "\"pressure\", \"humidity\", \"distance\", \"level\", \"power\"]}",
		 "too many; at most 8"},
		{"{\"channels\": [\"distance\", \"distance\"]}", "is there already"},
		{"{\"channels\": [\"distance\"], \"rate\": \"2kHz\"}", "message.rate"},
		{"{\"channels\": [\"distance\"], \"latence\": \"1ms\"}",
		 "did you mean \"latency\""},
	};
	char text[512];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"bus\", \"peer\": \"lidar\", \"topic\": "
			       "\"x\", \"message\": %s}",
			       rows[i].message);
		refused(SENSOR, text, rows[i].part);
	}
	refused(SENSOR, CONF("\"irq\": \"\""), "message: missing; what it measures");
	refused(SENSOR, "{\"driver\": \"bus\", \"peer\": \"lidar\", " AT_20_HZ "}",
		"topic: missing; bus hears what");
	refused(SENSOR, "{\"driver\": \"bus\", \"topic\": \"x\", " AT_20_HZ "}",
		"peer: missing; bus hears a service");
	warned(SENSOR, CONF("\"method\": \"say\", " AT_20_HZ), "method: not used: bus");
	warned(SENSOR, CONF("\"irq\": \"GPIO4\", " AT_20_HZ),
	       "irq: not used: bus has no data-ready output; it is told by the service");
}

/* K2: to swap is to change the "driver" line, and what is not in use is checked. */
Test(bus_sensor_conf, K2_stays_beside_another_chip)
{
	struct reading r =
		read_conf(SENSOR, "{\"driver\": \"mpu6050\", \"bus\": \"b\", "
				  "\"peer\": \"lidar\", \"topic\": \"x\", " AT_20_HZ "}");

	cr_expect(eq(str, r.error, ""));
	cr_expect(eq(u32, device_chans(&r.sensor.device), driver_find("mpu6050")->chans));
	refused(SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"b\", \"message\": {\"channels\": "
		"[\"acel\"]}}",
		"did you mean");
	/* The name of an I2C bus, and a device of the kernel, beside the driver "bus". */
	r = read_conf(SENSOR,
		      CONF("\"bus\": \"body\", \"address\": \"0x68\", " AT_20_HZ));
	cr_expect(eq(str, r.error, ""));
	r = read_conf(SENSOR, CONF("\"device\": \"lsm6dso\", " AT_20_HZ));
	cr_expect(eq(str, r.error, ""));
}

/* One name, two drivers: the section of the configuration tells which. */
Test(bus_sensor_conf, is_an_actuator_elsewhere)
{
	static const char text[] = "{\"driver\": \"bus\", \"peer\": \"speech\", "
				   "\"method\": \"say\"}";
	struct reading r = read_conf(ACTUATOR, text);

	cr_assert(eq(str, r.error, ""));
	cr_expect(r.actuator.device.chip == driver_find_kind(DRIVER_ACTUATOR, "bus"));
	refused(SENSOR, text, "topic: missing");
}

/* K7: kept under the service and the topic. */
Test(bus_sensor_conf, K7_has_a_calibration_of_its_own)
{
	char key[CALIBRATION_KEY_MAX];
	struct reading r = read_conf(SENSOR, CONF(AT_20_HZ));

	cr_assert(eq(str, r.error, ""));
	cr_expect(eq(str, (char *)calibration_key(&r.sensor.device, key),
		     "bus@lidar/range.front"));
	r = read_conf(SENSOR, "{\"driver\": \"iio\", \"device\": \"lsm6dso\", \"iio\": "
			      "{\"channels\": [\"accel\"]}}");
	cr_expect(eq(str, (char *)calibration_key(&r.sensor.device, key), "iio@lsm6dso"));
}
