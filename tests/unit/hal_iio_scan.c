/* IIO of Linux: scans through a buffer, their triggers, and a device that goes. */
#include "daemon/rt/nursery.h"
#include "tests/unit/hal_iio_rig.h"

struct scan {
	int16_t v[3];
	int64_t t_ns __attribute__((aligned(8)));
};

static void scan(int fd, int16_t x, int64_t t_ns)
{
	const struct scan s = {.v = {x, 0, (int16_t)-x}, .t_ns = t_ns};

	cr_assert(eq(sz, sizeof(s), 16));
	cr_assert(eq(sz, (size_t)write(fd, &s, sizeof(s)), sizeof(s)));
}

/* The next scan, which is one of @chan made at @t_ns. */
static void next_is(struct iio_dev *d, enum chan chan, float x, int64_t t_ns)
{
	uint8_t raw[IIO_RAW_MAX];
	struct sample s[IIO_CHANS_MAX];
	int64_t got_ns = 0;
	int n;

	cr_assert(eq(int, iio_wait(d, rt_now() + NS_PER_S, &got_ns), 0));
	n = iio_read(d, raw);
	cr_assert(eq(int, n, 17));
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, got_ns, s), 1));
	cr_expect(eq(int, (int)s[0].chan, (int)chan));
	cr_expect(epsilon_eq(flt, s[0].v[0], x, 1e-6f));
	cr_expect(s[0].t_ns == t_ns);
}

/* Scans of the accelerometer alone. */
static struct iio_request accel_scans(const char *trigger)
{
	return (struct iio_request){
		.device = "lsm6dso_accel",
		.chans = CHAN_BIT(CHAN_ACCEL),
		.rate_hz = 50,
		.buffered = true,
		.trigger = trigger,
	};
}

static int reads_scans(void *arg)
{
	int accel = make_node("iio:device1");
	int gyro = make_node("iio:device2");
	struct iio_request req = motion;
	uint8_t raw[IIO_RAW_MAX];
	struct iio_dev *d;
	int64_t t_ns;

	(void)arg;
	req.buffered = true;
	req.trigger = "clock";
	d = opened(&req);
	cr_expect(eq(str, (char *)get(ACCEL "/trigger/current_trigger"), "clock"));
	cr_expect(eq(str, (char *)get("sys/trigger0/sampling_frequency"), "50"));
	cr_expect(eq(str, (char *)get(ACCEL "/current_timestamp_clock"), "monotonic"));
	cr_expect(eq(str, (char *)get(ACCEL "/scan_elements/in_accel_y_en"), "1"));
	cr_expect(eq(str, (char *)get(GYRO "/scan_elements/in_timestamp_en"), "1"));
	cr_expect(eq(str, (char *)get(ACCEL "/buffer/length"), "128"));
	cr_expect(eq(str, (char *)get(GYRO "/buffer/enable"), "1"));

	cr_expect(eq(int, iio_read(d, raw), 0), "nothing is at hand yet");
	cr_expect(eq(int, iio_wait(d, rt_now() + NS_PER_S, &t_ns), -ETIMEDOUT));
	for (int i = 1; i <= 20; i++)
		scan(accel, (int16_t)(100 * i), i);
	for (int i = 1; i <= 20; i++)
		next_is(d, CHAN_ACCEL, 0.0598f * (float)i, i);
	scan(gyro, 1000, 21);
	next_is(d, CHAN_GYRO, 0.153f, 21);
	scan(gyro, 1000, 22);
	scan(accel, 100, 23);
	next_is(d, CHAN_GYRO, 0.153f, 22);
	next_is(d, CHAN_ACCEL, 0.0598f, 23);

	iio_close(d);
	cr_expect(eq(str, (char *)get(ACCEL "/buffer/enable"), "0"));
	cr_expect(eq(str, (char *)get(GYRO "/buffer/enable"), "0"));
	(void)close(accel);
	(void)close(gyro);
	return 0;
}

Test(iio_linux, reads_scans)
{
	run(reads_scans, NULL);
}

/* What the chip offers beyond what is wanted is switched off, and what is wanted is as wide as it says. */
static int reads_scans_of_odd_forms(void *arg)
{
	struct iio_request req = {.device = "odd",
				  .chans = CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_PRESSURE),
				  .rate_hz = 10,
				  .buffered = true,
				  .trigger = ""};
	const uint8_t bytes[8] = {0x20, 0x2f, 0, 0, 0x10, 0x27, 0, 0};
	int fd = make_node("iio:device5");
	uint8_t raw[IIO_RAW_MAX];
	struct sample s[IIO_CHANS_MAX];
	struct iio_dev *d;
	int64_t t_ns;
	int n;

	(void)arg;
	add_device("spi0.0", "odd", "iio:device5", "odd");
	put("devices/spi0.0/iio:device5/buffer/enable", "0\n");
	put("devices/spi0.0/iio:device5/buffer/length", "0\n");
	add_scan_element("devices/spi0.0/iio:device5", "pressure", 1, "le:u32/32>>0");
	add_scan_element("devices/spi0.0/iio:device5", "temp", 0, "be:s12/16>>4");
	add_scan_element("devices/spi0.0/iio:device5", "humidityrelative", 2,
			 "le:u8/8>>0");
	put("devices/spi0.0/iio:device5/scan_elements/in_humidityrelative_en", "1\n");
	put("devices/spi0.0/iio:device5/in_temp_scale", "62.5\n");
	put("devices/spi0.0/iio:device5/in_pressure_scale", "0.01\n");
	d = opened(&req);
	cr_expect(eq(str,
		     (char *)get("devices/spi0.0/iio:device5/scan_elements/"
				 "in_humidityrelative_en"),
		     "0"));
	cr_assert(eq(sz, (size_t)write(fd, bytes, sizeof(bytes)), sizeof(bytes)));
	cr_assert(eq(int, iio_wait(d, rt_now() + NS_PER_S, &t_ns), 0));
	/* No clock of ours: when it was read. */
	cr_expect(t_ns == rt_now());
	n = iio_read(d, raw);
	cr_assert(eq(int, iio_decode(&d->layout, raw, (size_t)n, t_ns, s), 2));
	cr_expect(eq(flt, s[0].v[0], 32.125f));
	cr_expect(eq(flt, s[1].v[0], 100000));
	iio_close(d);
	(void)close(fd);
	return 0;
}

Test(iio_linux, reads_scans_of_odd_forms)
{
	run(reads_scans_of_odd_forms, NULL);
}

static int refuses_triggers_that_are_not_there(void *arg)
{
	int accel = make_node("iio:device1");
	struct iio_request req = accel_scans("");
	struct iio_dev *d;

	(void)arg;
	refused(&req, -EINVAL,
		"lsm6dso_accel has no trigger of its own: name one, such "
		"as an hrtimer; there is clock");
	req.trigger = "clok";
	refused(&req, -EINVAL, "no trigger is \"clok\", did you mean \"clock\"");
	/* Its own, by the name that triggers of chips have. */
	put("sys/trigger1/name", "lsm6dso_accel-dev1\n");
	req.trigger = "";
	d = opened(&req);
	cr_expect(eq(str, (char *)get(ACCEL "/trigger/current_trigger"),
		     "lsm6dso_accel-dev1"));
	iio_close(d);
	(void)close(accel);
	return 0;
}

Test(iio_linux, refuses_triggers_that_are_not_there)
{
	run(refuses_triggers_that_are_not_there, NULL);
}

static int tells_what_cannot_be_opened(void *arg)
{
	struct iio_request req = motion;

	(void)arg;
	req.buffered = true;
	req.trigger = "clock";
	refused(&req, -ENOENT, "iio:device1"); /* no node */
	put(ACCEL "/scan_elements/in_accel_x_type", "le:q16/16>>0\n");
	(void)close(make_node("iio:device1"));
	refused(&req, -EINVAL, "\"le:q16/16>>0\" is no type that we know");
	cr_expect(eq(str, (char *)get(ACCEL "/buffer/enable"), "0"));
	return 0;
}

Test(iio_linux, tells_what_cannot_be_opened)
{
	run(tells_what_cannot_be_opened, NULL);
}

/* The end of the pipe is the end of the device. */
static int sees_that_a_device_has_gone(void *arg)
{
	int accel = make_node("iio:device1");
	struct iio_request req = accel_scans("clock");
	struct iio_dev *d;
	int64_t t_ns;

	(void)arg;
	d = opened(&req);
	(void)close(accel);
	cr_expect(eq(int, iio_wait(d, rt_now() + NS_PER_S, &t_ns), -ENODEV));
	cr_expect(strstr(error_last(-ENODEV)->text, "has gone") != NULL);
	iio_close(d);
	return 0;
}

Test(iio_linux, sees_that_a_device_has_gone)
{
	run(sees_that_a_device_has_gone, NULL);
}

static int waiter(void *arg)
{
	int64_t t_ns;

	return iio_wait(arg, TIME_NEVER, &t_ns);
}

static int stops_waiting_when_cancelled(void *arg)
{
	int accel = make_node("iio:device1");
	struct iio_request req = accel_scans("clock");
	struct nursery n;
	struct iio_dev *d;

	(void)arg;
	d = opened(&req);
	nursery_open(&n);
	nursery_go(&n, "waiter", waiter, d);
	cr_expect(eq(int, task_sleep(NS_PER_MS), 0));
	nursery_cancel(&n, "enough");
	cr_expect(eq(int, nursery_close(&n, 0), 0));
	iio_close(d);
	cr_expect(eq(str, (char *)get(ACCEL "/buffer/enable"), "0"));
	(void)close(accel);
	return 0;
}

Test(iio_linux, stops_waiting_when_cancelled)
{
	run(stops_waiting_when_cancelled, NULL);
}
