/* IIO of Linux, played by a folder of plain files, with pipes for the nodes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/iio_linux.h"

static char root[] = "/tmp/instinct-iio-XXXXXX";
static struct iio_linux lx;

/* printf() to the file @name below the root, whose folder is made. */
__attribute__((format(printf, 2, 3))) static void put(const char *name, const char *fmt,
						      ...)
{
	char path[256];
	va_list args;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	f = fopen(path, "w");
	cr_assert(f != NULL, "%s", path);
	va_start(args, fmt);
	(void)vfprintf(f, fmt, args);
	va_end(args);
	(void)fclose(f);
}

/* What the file @name has. */
static const char *get(const char *name)
{
	static char text[64];
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "r");
	cr_assert(f != NULL, "%s", path);
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	(void)fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The chip @chip, called @chip_name, has the device @node, called @name. */
static void add_device(const char *chip, const char *chip_name, const char *node,
		       const char *name)
{
	char path[128];
	char target[128];

	(void)snprintf(path, sizeof(path), "devices/%s/name", chip);
	put(path, "%s\n", chip_name);
	(void)snprintf(path, sizeof(path), "devices/%s/%s/name", chip, node);
	put(path, "%s\n", name);
	(void)snprintf(target, sizeof(target), "../devices/%s/%s", chip, node);
	(void)snprintf(path, sizeof(path), "%s/sys/%s", root, node);
	cr_assert(eq(int, symlink(target, path), 0));
}

static void add_scan_element(const char *dir, const char *name, int index,
			     const char *type)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/scan_elements/in_%s_en", dir, name);
	put(path, "0\n");
	(void)snprintf(path, sizeof(path), "%s/scan_elements/in_%s_index", dir, name);
	put(path, "%d\n", index);
	(void)snprintf(path, sizeof(path), "%s/scan_elements/in_%s_type", dir, name);
	put(path, "%s\n", type);
}

#define ACCEL "devices/1-006a/iio:device1"
#define GYRO "devices/1-006a/iio:device2"

/* An LSM6DSO as st_lsm6dsx shows it without an interrupt: two devices. */
static void add_half(const char *dir, const char *type, const char *scale)
{
	static const char axes[] = "xyz";
	char path[128];
	char name[32];

	(void)snprintf(path, sizeof(path), "%s/in_%s_scale", dir, type);
	put(path, "%s\n", scale);
	(void)snprintf(path, sizeof(path), "%s/sampling_frequency", dir);
	put(path, "12.500\n");
	(void)snprintf(path, sizeof(path), "%s/sampling_frequency_available", dir);
	put(path, "12.500 26.000 52.000 104.000\n");
	(void)snprintf(path, sizeof(path), "%s/current_timestamp_clock", dir);
	put(path, "realtime\n");
	(void)snprintf(path, sizeof(path), "%s/buffer/enable", dir);
	put(path, "0\n");
	(void)snprintf(path, sizeof(path), "%s/buffer/length", dir);
	put(path, "2\n");
	(void)snprintf(path, sizeof(path), "%s/trigger/current_trigger", dir);
	put(path, "\n");
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s_%c", type, axes[i]);
		add_scan_element(dir, name, i, "le:s16/16>>0");
		(void)snprintf(path, sizeof(path), "%s/in_%s_raw", dir, name);
		put(path, "%d\n", 100 * (i + 1));
	}
	add_scan_element(dir, "timestamp", 3, "le:s64/64>>0");
}

static void setup(void)
{
	static char sys[64];
	static char dev[64];

	cr_assert(mkdtemp(root) != NULL);
	(void)snprintf(sys, sizeof(sys), "%s/sys", root);
	(void)snprintf(dev, sizeof(dev), "%s", root);
	cr_assert(eq(int, mkdir(sys, 0700), 0));
	add_device("1-0076", "bmp280", "iio:device0", "bmp280");
	put("devices/1-0076/iio:device0/in_pressure_input", "100.653253906\n");
	put("devices/1-0076/iio:device0/in_temp_input", "25080\n");
	add_device("1-006a", "lsm6dso", "iio:device1", "lsm6dso_accel");
	add_device("1-006a", "lsm6dso", "iio:device2", "lsm6dso_gyro");
	add_half(ACCEL, "accel", "0.000598");
	add_half(GYRO, "anglvel", "0.000153");
	put("sys/trigger0/name", "clock\n");
	put("sys/trigger0/sampling_frequency", "100.000\n");
	iio_linux_init(&lx, sys, dev);
}

static void teardown(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_expect(eq(int, system(command), 0));
}

TestSuite(iio_linux, .init = setup, .fini = teardown);

/* @body, with @arg, as the root task. */
static void run(int (*body)(void *), void *arg)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_expect(eq(int, rt_run(&conf, body, arg), 0));
}

static int try_open(const struct iio_request *req, struct iio_dev **ret)
{
	return iio_open(&lx.provider, req, ret);
}

static struct iio_dev *opened(const struct iio_request *req)
{
	struct iio_dev *d = NULL;
	int r = try_open(req, &d);
	const struct error *e = error_last(r);

	cr_assert(eq(int, r, 0), "%s", e ? e->text : "");
	return d;
}

static void refused(const struct iio_request *req, int code, const char *text)
{
	struct iio_dev *d;
	const struct error *e;

	cr_assert(eq(int, try_open(req, &d), code), "%s", req->device);
	e = error_last(code);
	cr_assert(e != NULL);
	cr_expect(strstr(e->text, text) != NULL, "\"%s\" does not have \"%s\"", e->text,
		  text);
}

static const struct iio_request weather = {
	.device = "bmp280",
	.chans = CHAN_BIT(CHAN_PRESSURE) | CHAN_BIT(CHAN_TEMP),
	.rate_hz = 10,
	.trigger = "",
};

static const struct iio_request motion = {
	.device = "lsm6dso",
	.chans = CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO),
	.rate_hz = 50,
	.trigger = "",
};

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

/* The nodes are pipes, which the test writes scans to. */
static int open_node(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int make_node(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	cr_assert(eq(int, mkfifo(path, 0600), 0));
	return open_node(name);
}

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
	struct iio_request req = motion;
	struct iio_dev *d;

	(void)arg;
	req.device = "lsm6dso_accel";
	req.chans = CHAN_BIT(CHAN_ACCEL);
	req.buffered = true;
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
	struct iio_request req = motion;
	struct iio_dev *d;
	int64_t t_ns;

	(void)arg;
	req.device = "lsm6dso_accel";
	req.chans = CHAN_BIT(CHAN_ACCEL);
	req.buffered = true;
	req.trigger = "clock";
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
	struct iio_request req = motion;
	struct nursery n;
	struct iio_dev *d;

	(void)arg;
	req.device = "lsm6dso_accel";
	req.chans = CHAN_BIT(CHAN_ACCEL);
	req.buffered = true;
	req.trigger = "clock";
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
	lx.work_ns = 5 * NS_PER_S;
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
