/* The configuration of what the kernel drives: which channels it measures, and what cannot be. */
#include "tests/driver/conf_rig.h"

Test(iio_conf, measures_what_it_lists)
{
	struct reading r = read_conf(
		SENSOR,
		"{\"driver\": \"iio\", \"device\": \"ads1015\", \"iio\": {\"channels\": "
		"[\"temperature\", {\"voltage\": \"voltage0-voltage1\"}], "
		"\"rate\": \"20Hz\"}}");

	cr_assert(eq(str, r.error, ""));
	cr_expect(eq(u32, device_chans(&r.sensor.device),
		     CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_VOLTAGE)));
	cr_expect(eq(str, r.sensor.device.device, "ads1015"));
	cr_expect(eq(i64, r.sensor.stale_after_ns, 500 * NS_PER_MS));
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
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"iio\", \"device\": \"x\", \"iio\": %s}",
			       rows[i].iio);
		refused(SENSOR, text, rows[i].part);
	}
	refused(SENSOR, "{\"driver\": \"iio\", \"device\": \"x\"}",
		"iio: missing; what it measures");
	refused(SENSOR, "{\"driver\": \"iio\", \"iio\": {\"channels\": [\"accel\"]}}",
		"device: missing; iio reads a device of the kernel");
}

/* What is not in use is checked too. */
Test(iio_conf, K2_checks_channels_that_are_not_in_use)
{
	struct reading r =
		read_conf(SENSOR, "{\"driver\": \"mpu6050\", \"bus\": \"b\", \"iio\": "
				  "{\"channels\": [\"accel\"]}}");

	cr_assert(eq(str, r.error, ""));
	cr_expect(eq(u32, device_chans(&r.sensor.device), driver_find("mpu6050")->chans));
	refused(SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"b\", \"iio\": {\"channels\": "
		"[\"acel\"]}}",
		"did you mean");
}
