/* The configuration of devices: what is read, what is refused, and with which words. */
#include <math.h>

#include "tests/driver/conf_rig.h"

Test(device_conf, reads_a_sensor)
{
	struct reading r = read_conf(
		SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"body\", \"irq\": \"GPIO17\","
		"\"mount\": \"x=left y=up z=front\", \"stale_after\": \"50ms\","
		"\"mpu6050\": {\"rate\": \"100Hz\"}}");

	cr_assert(eq(int, r.result, 0), "%s", r.error);
	cr_expect(r.sensor.device.chip == driver_find("mpu6050"));
	cr_expect(eq(int, r.sensor.device.address, 0x68));
	cr_expect(eq(str, r.sensor.irq, "GPIO17"));
	cr_expect(eq(i64, r.sensor.stale_after_ns, 50 * NS_PER_MS));
	cr_expect(eq(flt, r.sensor.mount.m[1][0], 1));
	cr_expect(eq(i64, r.sensor.device.chip->period_ns(r.sensor.device.settings),
		     10 * NS_PER_MS));
}

Test(device_conf, derives_stale_after_from_the_period)
{
	struct reading r = read_conf(
		SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"body\", \"address\": \"0x69\","
		"\"mpu6050\": {\"rate\": \"10Hz\"}}");

	cr_expect(eq(i64, r.sensor.stale_after_ns, NS_PER_S));
	cr_expect(eq(int, r.sensor.device.address, 0x69));
	r = read_conf(SENSOR, "{\"driver\": \"mpu6050\", \"bus\": \"body\"}");
	cr_expect(eq(i64, r.sensor.stale_after_ns, 100 * NS_PER_MS));
	r = read_conf(SENSOR, "{\"driver\": \"gpio_button\", \"line\": \"GPIO22\","
			      "\"channels\": {\"pressed\": \"head.touched\"}}");
	cr_expect(eq(int, r.result, 0));
	cr_expect(eq(i64, r.sensor.stale_after_ns, 0));
	cr_expect(eq(i64, r.sensor.debounce_ns, 20 * NS_PER_MS));
}

Test(device_conf, refuses_a_sensor_that_cannot_be)
{
	refused(SENSOR, "{}", "driver: missing");
	refused(SENSOR, "{\"driver\": \"mpu650\", \"bus\": \"b\"}",
		"did you mean \"mpu6050\"");
	refused(SENSOR, "{\"driver\": \"gpio_led\", \"line\": \"GPIO1\"}",
		"unknown sensor \"gpio_led\"");
	refused(SENSOR, "{\"driver\": \"mpu6050\"}", "bus: missing");
	refused(SENSOR, "{\"driver\": \"gpio_button\"}", "line: missing");
	refused(SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"b\", \"address\": \"0x40\"}",
		"mpu6050 is never at 0x40; 0x68, 0x69");
	refused(SENSOR, "{\"driver\": \"mpu6050\", \"bus\": \"b\", \"irk\": 1}",
		"did you mean \"irq\"");
	refused(SENSOR,
		"{\"driver\": \"mpu6050\", \"bus\": \"b\", \"mpu6050\": {\"rat\": 1}}",
		"did you mean \"rate\"");
}

/*
 * K2: to swap is to change the name of the driver, so what only another chip needs stays legal. But it does nothing, which
 * is said with its place; and its line is free for others.
 */
Test(device_conf, K2_warns_of_keys_that_do_nothing)
{
	static const struct {
		const char *conf, *part;
	} rows[] = {
		{"'driver': 'bmp280', 'bus': 'b', 'irq': 'GPIO3'",
		 "irq: not used: bmp280 has no data-ready output that its driver uses"},
		{"'driver': 'gpio_button', 'line': 'GPIO1', 'irq': 'GPIO3'",
		 "irq: not used: gpio_button has no data-ready output; it is the line"},
		{"'driver': 'bmp280', 'bus': 'b', 'trigger': 'GPIO3'",
		 "trigger: not used: bmp280 is on an I2C bus"},
		{"'driver': 'gpio_button', 'line': 'GPIO1', 'trigger': 'GPIO3'",
		 "trigger: not used: gpio_button has no such line"},
		{"'driver': 'gpio_button', 'line': 'GPIO1', 'address': '0x40'",
		 "address: not used: gpio_button is on a GPIO line (\"line\")"},
		{"'driver': 'gpio_button', 'line': 'GPIO1', 'bus': 'b'",
		 "bus: not used: gpio_button"},
		{"'driver': 'gpio_button', 'line': 'GPIO1', 'xshut': 'GPIO5'",
		 "xshut: not used: gpio_button"},
		{"'driver': 'bmp280', 'bus': 'b', 'xshut': 'GPIO5'",
		 "xshut: not used: bmp280 cannot be given an address"},
		{"'driver': 'bmp280', 'bus': 'b', 'line': 'GPIO5'",
		 "line: not used: bmp280"},
		{"'driver': 'bmp280', 'bus': 'b', 'valid_for': '3s'",
		 "valid_for: not used: bmp280"},
		{"'driver': 'bmp280', 'bus': 'b', 'mount': 'x=left y=up z=front'",
		 "mount: not used: bmp280 measures nothing that has a direction"},
		{"'driver': 'bmp280', 'bus': 'b', 'debounce': '30ms'",
		 "debounce: not used: bmp280 is not a line that changes"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[160];
		struct reading r;

		(void)snprintf(text, sizeof(text), "{%s}", rows[i].conf);
		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		r = warned(SENSOR, text, rows[i].part);
		cr_expect(strstr(r.error, "t:1:") == r.error, "%s", r.error);
		cr_expect(eq(str, r.sensor.irq, ""));
		cr_expect(eq(str, r.sensor.device.trigger, ""));
		cr_expect(eq(str, r.sensor.device.xshut, ""));
		cr_expect(eq(str, r.sensor.device.line,
			     r.sensor.device.chip->bus == BUS_GPIO ? "GPIO1" : ""));
	}
}

/* A later file takes back what an earlier one says. */
Test(device_conf, takes_empty_keys_for_none)
{
	struct reading r = read_conf(
		SENSOR, "{\"driver\": \"bmp280\", \"bus\": \"b\", \"irq\": \"\", "
			"\"line\": \"\", \"xshut\": \"\"}");

	cr_expect(eq(int, r.result, 0), "%s", r.error);
}

/* The same chip, read by our driver or through the kernel's. */
Test(device_conf, K2_swaps_to_the_kernels_driver_and_back)
{
	static const char *const drivers[] = {"bmp280", "iio"};

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		char text[256];
		struct reading r;

		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"%s\", \"bus\": \"b\", \"address\": "
			       "\"0x76\", \"device\": \"bmp280\", \"iio\": "
			       "{\"channels\": [\"pressure\"]}}",
			       drivers[i]);
		r = read_conf(SENSOR, text);
		cr_expect(eq(int, r.result, 0), "%s", r.error);
	}
}

/* So that changing the "driver" line is the whole swap. */
Test(device_conf, K2_checks_settings_of_chips_not_in_use)
{
	struct reading r =
		read_conf(SENSOR, "{\"driver\": \"gpio_button\", \"line\": \"GPIO1\","
				  "\"mpu6050\": {\"rate\": \"100Hz\"}}");

	cr_expect(eq(int, r.result, 0), "%s", r.error);
	refused(SENSOR,
		"{\"driver\": \"gpio_button\", \"line\": \"GPIO1\","
		"\"mpu6050\": {\"rate\": \"100kHz\"}}",
		"mpu6050.rate");
}

Test(device_conf, refuses_inputs_that_cannot_be)
{
	static const struct {
		const char *keys, *part;
	} rows[] = {
		{"\"inputs\": [\"ain0\", \"ain5\"]", "did you mean \"ain"},
		{"\"inputs\": [\"ain1\", \"ain1\"]", "ain1 is there already"},
		{"\"inputs\": [0]", "ads1115.inputs[0]"},
		{"\"inputs\": []", "missing"},
		{"\"input\": \"ain0\", \"inputs\": [\"ain1\"]", "either"},
		{"\"inputs\": [\"ain0\", \"ain1\"], \"rate\": \"60Hz\"",
		 "2 conversions at a data_rate of 128Hz leave 57.8 Hz"},
		{"\"data_rate\": \"8Hz\"", "leave 7.27 Hz"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"ads1115\", \"bus\": \"body\", "
			       "\"ads1115\": {%s}}",
			       rows[i].keys);
		refused(SENSOR, text, rows[i].part);
	}
}

Test(device_conf, refuses_a_mounting_that_is_no_rotation)
{
	static const struct {
		const char *mount;
		const char *part;
	} rows[] = {
		{"\"x=lefft y=up z=front\"", "did you mean left"},
		{"\"x=left y=up\"", "each axis of the chip once"},
		{"\"x=left x=up z=front\"", "each axis of the chip once"},
		{"\"x=left y=up z=up\"", "not a rotation"},
		{"\"x=left y=up z=back\"", "mirror image"},
		{"[[1, 0, 0], [0, 1, 0]]", "three rows of three"},
		{"[[1, 0, 0], [0, 1, 0], [0, 1]]", "three rows of three"},
		{"[[1, 0, 0], [0, 1, 0], [0, 0, 0.5]]", "not a rotation"},
		{"[[1, 0, 0], [0, 1, 0], [0, 0, \"x\"]]", "mount[2][2]"},
		{"7", "mount"},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"driver\": \"mpu6050\", \"bus\": \"b\", \"mount\": %s}",
			       rows[i].mount);
		refused(SENSOR, text, rows[i].part);
	}
}

Test(device_conf, reads_an_actuator)
{
	struct reading r = read_conf(
		ACTUATOR, "{\"on\": \"pwm0\", \"channel\": 3, \"pulse\": [\"600us\", "
			  "\"2400us\"], \"range\": [\"-60deg\", \"60deg\"], \"rate\": "
			  "\"180deg/s\", \"start\": \"limp\", \"rest\": \"hold\"}");

	cr_assert(eq(int, r.result, 0), "%s", r.error);
	cr_expect(eq(int, r.actuator.channel, 3));
	cr_expect(fabs(r.actuator.rate_rad_s - M_PI) < 1e-9);
	cr_expect(fabs(r.actuator.range_rad[1] - M_PI / 3) < 1e-9);
	cr_expect(fabs(r.actuator.pulse_s[1] - 2400e-6) < 1e-12);
	cr_expect(eq(int, (int)r.actuator.rest, ACTUATOR_HOLD));
	cr_expect(eq(int, (int)r.actuator.safe, ACTUATOR_LIMP));
	r = read_conf(ACTUATOR, "{\"driver\": \"gpio_led\", \"line\": \"GPIO18\"}");
	cr_expect(eq(int, r.result, 0), "%s", r.error);
}

Test(device_conf, refuses_an_actuator_that_cannot_be)
{
	refused(ACTUATOR, "{}", "driver: missing");
	refused(ACTUATOR, "{\"on\": \"pwm0\", \"driver\": \"gpio_led\"}", "both");
	refused(ACTUATOR, "{\"driver\": \"mpu6050\", \"bus\": \"b\"}",
		"unknown actuator \"mpu6050\"");
	refused(ACTUATOR, "{\"on\": \"pwm0\", \"channel\": 16}",
		"pca9685 has no channel 16; 0 to 15");
	refused(ACTUATOR, "{\"on\": \"pwm0\", \"pulse\": [\"2400us\", \"600us\"]}",
		"pulse");
	refused(ACTUATOR, "{\"on\": \"pwm0\", \"address\": \"0x40\"}",
		"address: is the chip's, in \"devices\"");
	refused(ACTUATOR, "{\"driver\": \"gpio_led\", \"line\": \"GPIO18\", \"rate\": 1}",
		"rate: for servos only");
}
