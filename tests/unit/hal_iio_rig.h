/*
 * IIO of Linux, played by a folder of plain files: a BMP280, and an LSM6DSO that is two devices, with a
 * trigger. Nodes of scans are pipes, which the test writes to.
 */
#ifndef TESTS_UNIT_HAL_IIO_RIG_H
#define TESTS_UNIT_HAL_IIO_RIG_H
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
#include "daemon/rt/rt.h"
#include "hal/iio_linux.h"

static char root[] = "/tmp/instinct-iio-XXXXXX";
static struct iio_linux lx;

/* printf() to the file @name below the root, whose folder is made. */
__attribute__((format(printf, 2, 3))) static inline void put(const char *name,
							     const char *fmt, ...)
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
static inline const char *get(const char *name)
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
static inline void add_device(const char *chip, const char *chip_name, const char *node,
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

static inline void add_scan_element(const char *dir, const char *name, int index,
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
static inline void add_half(const char *dir, const char *type, const char *scale)
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

static inline void setup(void)
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

static inline void teardown(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_expect(eq(int, system(command), 0));
}

TestSuite(iio_linux, .init = setup, .fini = teardown);

/* @body, with @arg, as the root task. */
static inline void run(int (*body)(void *), void *arg)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_expect(eq(int, rt_run(&conf, body, arg), 0));
}

static inline int try_open(const struct iio_request *req, struct iio_dev **ret)
{
	return iio_open(&lx.provider, req, ret);
}

static inline struct iio_dev *opened(const struct iio_request *req)
{
	struct iio_dev *d = NULL;
	int r = try_open(req, &d);
	const struct error *e = error_last(r);

	cr_assert(eq(int, r, 0), "%s", e ? e->text : "");
	return d;
}

static inline void refused(const struct iio_request *req, int code, const char *text)
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

static inline int open_node(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return open(path, O_RDWR | O_CLOEXEC);
}

static inline int make_node(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	cr_assert(eq(int, mkfifo(path, 0600), 0));
	return open_node(name);
}

#endif
