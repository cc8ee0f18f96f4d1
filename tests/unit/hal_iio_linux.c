/* IIO of Linux: which device and channel is meant, attributes, and a driver that hangs. */
#include "tests/unit/hal_iio_rig.h"

static int reads_attributes(void *arg)
{
	struct iio_dev *d = opened(&weather);
	uint8_t raw[IIO_RAW_MAX];
	struct sample s[IIO_CHANS_MAX];
	int n = iio_read(d, raw);

	(void)arg;
	cr_assert(eq(int, n, 17));
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, 5, s), 2));
	cr_expect(eq(int, (int)s[0].chan, CHAN_TEMP));
	cr_expect(epsilon_eq(flt, s[0].v[0], 25.08f, 1e-5f));
	cr_expect(eq(int, (int)s[1].chan, CHAN_PRESSURE));
	cr_expect(epsilon_eq(flt, s[1].v[0], 100653.254f, 0.01f));
	/* And again: what the files have now. */
	put("devices/1-0076/iio:device0/in_temp_input", "-1500\n");
	n = iio_read(d, raw);
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, 5, s), 2));
	cr_expect(epsilon_eq(flt, s[0].v[0], -1.5f, 1e-5f));
	put("devices/1-0076/iio:device0/in_temp_input", "broken\n");
	cr_expect(eq(int, iio_read(d, raw), -EBADMSG));
	cr_expect(strstr(error_last(-EBADMSG)->text, "temp says \"broken") != NULL);
	iio_close(d);
	return 0;
}

Test(iio_linux, reads_attributes)
{
	run(reads_attributes, NULL);
}

/* An accelerometer and a gyroscope of one chip are two devices of the kernel. */
static int reads_a_chip_of_two_devices(void *arg)
{
	struct iio_dev *d = opened(&motion);
	uint8_t raw[IIO_RAW_MAX];
	struct sample s[IIO_CHANS_MAX];
	int n = iio_read(d, raw);

	(void)arg;
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, 5, s), 2));
	cr_expect(epsilon_eq(flt, s[0].v[2], 0.1794f, 1e-6f));
	cr_expect(epsilon_eq(flt, s[1].v[0], 0.0153f, 1e-6f));
	/* The next higher one of those that it offers. */
	cr_expect(eq(str, (char *)get(ACCEL "/sampling_frequency"), "52"));
	cr_expect(eq(str, (char *)get(GYRO "/sampling_frequency"), "52"));
	iio_close(d);
	return 0;
}

Test(iio_linux, reads_a_chip_of_two_devices)
{
	run(reads_a_chip_of_two_devices, NULL);
}

static int finds_devices_by_any_name(void *arg)
{
	char path[128];
	const char *names[] = {"bmp280", "iio:device0", "1-0076", path};

	(void)arg;
	(void)snprintf(path, sizeof(path), "%s/devices/1-0076", root);
	put("devices/1-0076/iio:device0/label", "roof\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct iio_request req = weather;

		req.device = names[i];
		iio_close(opened(&req));
	}
	iio_close(opened(&(struct iio_request){
		.device = "roof", .chans = weather.chans, .rate_hz = 1, .trigger = ""}));
	return 0;
}

Test(iio_linux, finds_devices_by_any_name)
{
	run(finds_devices_by_any_name, NULL);
}

static int names_what_there_is_instead(void *arg)
{
	struct iio_request req = weather;

	(void)arg;
	req.device = "bmp180";
	refused(&req, -ENOENT, "no IIO device is \"bmp180\", did you mean \"bmp280\"");
	refused(&req, -ENOENT, "bmp280 (iio:device0 at 1-0076)");
	req.device = "bmp280";
	req.chans |= CHAN_BIT(CHAN_HUMIDITY);
	refused(&req, -ENXIO, "bmp280 has no humidity; it offers temperature, pressure");
	req.chans = weather.chans;
	req.buffered = true;
	refused(&req, -EOPNOTSUPP, "bmp280 has no buffer");
	/* Another one of the same kind. */
	add_device("1-0077", "bmp280", "iio:device3", "bmp280");
	req.buffered = false;
	refused(&req, -EEXIST,
		"\"bmp280\" could be bmp280 (iio:device0 at 1-0076), "
		"bmp280 (iio:device3 at 1-0077); say which");
	return 0;
}

Test(iio_linux, names_what_there_is_instead)
{
	run(names_what_there_is_instead, NULL);
}

static int chooses_between_channels(void *arg)
{
	const struct iio_pick pick = {CHAN_VOLTAGE, "voltage1"};
	struct iio_request req = {.device = "ads1015",
				  .chans = CHAN_BIT(CHAN_VOLTAGE),
				  .rate_hz = 10,
				  .trigger = ""};
	uint8_t raw[IIO_RAW_MAX];
	struct sample s[IIO_CHANS_MAX];
	struct iio_dev *d;
	int n;

	(void)arg;
	add_device("1-0048", "ads1015", "iio:device4", "ads1015");
	put("devices/1-0048/iio:device4/in_voltage0_raw", "1\n");
	put("devices/1-0048/iio:device4/in_voltage1_raw", "1000\n");
	put("devices/1-0048/iio:device4/in_voltage0-voltage1_raw", "-999\n");
	put("devices/1-0048/iio:device4/in_voltage-voltage_scale", "3\n");
	put("devices/1-0048/iio:device4/in_voltage1_scale", "2\n");
	put("devices/1-0048/iio:device4/in_voltage1_sampling_frequency", "128\n");
	put("devices/1-0048/iio:device4/sampling_frequency_available", "8 16 128\n");
	refused(&req, -EEXIST,
		"ads1015 has several: voltage0, voltage0-voltage1, voltage1; say which: "
		"{ \"voltage\": \"voltage0\" }");
	req.picks = &pick;
	req.n_picks = 1;
	d = opened(&req);
	n = iio_read(d, raw);
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, 5, s), 1));
	cr_expect(eq(flt, s[0].v[0], 2));
	cr_expect(eq(str,
		     (char *)get("devices/1-0048/iio:device4/"
				 "in_voltage1_sampling_frequency"),
		     "16"));
	iio_close(d);
	/* A scale for all differences. */
	req.picks = &(struct iio_pick){CHAN_VOLTAGE, "voltage0-voltage1"};
	d = opened(&req);
	n = iio_read(d, raw);
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, 5, s), 1));
	cr_expect(epsilon_eq(flt, s[0].v[0], -2.997f, 1e-6f));
	iio_close(d);
	req.picks = &(struct iio_pick){CHAN_VOLTAGE, "voltage7"};
	refused(&req, -ENXIO, "ads1015 has no voltage7");
	return 0;
}

Test(iio_linux, chooses_between_channels)
{
	run(chooses_between_channels, NULL);
}

/* A driver that waits for its chip for ever: here for the other end of a pipe. */
static int leaves_a_driver_that_hangs(void *arg)
{
	static const char temp[] = "devices/1-0076/iio:device0/in_temp_input";
	const struct error *e;
	struct iio_dev *d;
	int chip;

	(void)arg;
	(void)close(make_node(temp)); /* nobody has the other end */
	lx.work_ns = 20 * NS_PER_MS;
	cr_assert(eq(int, try_open(&weather, &d), -ETIMEDOUT));
	e = error_last(-ETIMEDOUT);
	cr_assert(e != NULL);
	cr_expect(eq(str, (char *)e->text,
		     "bmp280: the kernel's driver does not return; does the chip hang?"));
	/* It comes back: the thread that was left ends, and all is well again. */
	chip = open_node(temp);
	lx.work_ns = 200 * NS_PER_S;
	iio_close(opened(&weather));
	(void)close(chip);
	return 0;
}

Test(iio_linux, leaves_a_driver_that_hangs)
{
	struct rt_conf conf = {.clock = RT_CLOCK_MONOTONIC};
	char command[128];

	(void)snprintf(command, sizeof(command),
		       "rm %s/devices/1-0076/iio:device0/in_temp_input", root);
	cr_assert(eq(int, system(command), 0));
	cr_expect(eq(int, rt_run(&conf, leaves_a_driver_that_hangs, NULL), 0));
}
