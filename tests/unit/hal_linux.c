/* The real buses and lines, as far as they go without hardware: what is said when they are not there. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/rt.h"
#include "hal/gpio_linux.h"
#include "hal/i2c_linux.h"
#include "hal/i2c_node.h"
#include "hal/node.h"

static int run(int (*body)(void *))
{
	return rt_run(&(struct rt_conf){.clock = RT_CLOCK_VIRTUAL}, body, NULL);
}

/* The text of the error @code has @what in it. */
static void says(int code, const char *what)
{
	const struct error *e = error_last(code);

	cr_assert(ne(ptr, (void *)e, NULL));
	cr_expect(ne(ptr, strstr(e->text, what), NULL), "%s: %s", what, e->text);
}

/* What a first transfer on the bus at @path comes to. */
static int try(const char *path)
{
	struct i2c_bus *bus = NULL;
	struct i2c_dev dev;
	uint8_t byte;
	int r;

	cr_assert(eq(int, i2c_linux_open("body", path, &bus), 0));
	i2c_dev_init(&dev, bus, 0x48);
	r = i2c_read_reg(&dev, 0, &byte);
	i2c_bus_close(bus);
	return r;
}

static int no_such_node(void *arg)
{
	(void)arg;
	cr_expect(eq(int, try("/dev/i2c-4711"), -ENOENT));
	says(-ENOENT, "there is no /dev/i2c-4711");
	cr_expect(eq(int, try("no such adapter"), -ENOENT));
	says(-ENOENT, "no I2C adapter is called no such adapter");
	return 0;
}

Test(i2c_linux, says_that_there_is_no_such_bus)
{
	cr_expect(eq(int, run(no_such_node), 0));
}

static int no_adapter(void *arg)
{
	(void)arg;
	cr_expect(eq(int, try("/dev/null"), -ENOTTY));
	says(-ENOTTY, "/dev/null is no I2C adapter");
	cr_expect(eq(int, try("/dev"), -EISDIR));
	says(-EISDIR, "/dev: Is a directory");
	return 0;
}

Test(i2c_linux, says_that_it_is_no_adapter)
{
	cr_expect(eq(int, run(no_adapter), 0));
}

/* A file that its group could use, and this process cannot. */
static char node[] = "/tmp/node.XXXXXX";

static void make_node(mode_t mode)
{
	int fd = mkstemp(node);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(int, fchmod(fd, mode), 0));
	(void)close(fd);
	/* Root may open anything; its own files are closed to anyone else. */
	if (geteuid() == 0) {
		cr_assert(eq(int, setgroups(0, NULL), 0));
		cr_assert(eq(int, setegid(65534), 0));
		cr_assert(eq(int, seteuid(65534), 0));
	}
}

/* The leak checker wants its process as it was. */
static void remove_node(void)
{
	cr_assert(eq(int, seteuid(getuid()), 0));
	cr_assert(eq(int, setegid(getgid()), 0));
	(void)prctl(PR_SET_DUMPABLE, 1);
	(void)unlink(node);
}

static int not_permitted(void *arg)
{
	struct stat st;

	(void)arg;
	cr_assert(eq(int, stat(node, &st), 0));
	cr_expect(eq(int, try(node), -EACCES));
	says(-EACCES, "no permission for /tmp/node.");
	says(-EACCES, "mode 00");
	if (st.st_mode & 0060)
		says(-EACCES, getgrgid(st.st_gid)->gr_name);
	else
		says(-EACCES, "no group may use it");
	return 0;
}

Test(i2c_linux, names_the_group_that_has_the_node)
{
	make_node(0060);
	cr_expect(eq(int, run(not_permitted), 0));
	remove_node();
}

Test(i2c_linux, says_that_no_group_has_the_node)
{
	make_node(0);
	cr_expect(eq(int, run(not_permitted), 0));
	remove_node();
}

Test(i2c_linux, tells_nonsense_from_what_is_not_there_yet)
{
	char why[80];

	cr_expect(i2c_node_plausible("/dev/i2c-4711", why, sizeof(why)));
	cr_expect(i2c_node_plausible("bcm2835 (i2c@7e804000)", why, sizeof(why)));
	cr_expect(not(i2c_node_plausible("/dev/null", why, sizeof(why))));
	cr_expect(eq(str, why, "/dev/null is no I2C adapter but another kind of device"));
	cr_expect(not(i2c_node_plausible("/dev", why, sizeof(why))));
	cr_expect(eq(str, why, "/dev is no I2C adapter but a folder"));
}

static int lists(void *arg)
{
	(void)arg;
	cr_expect(
		eq(int, node_error("/dev/nul", -ENOENT, "/dev/nul*", "sorry"), -ENOENT));
	says(-ENOENT, "there is no /dev/nul; there is /dev/null");
	cr_expect(
		eq(int, node_error("/dev/nul", -ENOENT, "/nowhere/*", "sorry"), -ENOENT));
	says(-ENOENT, "nor any /nowhere/*: sorry");
	cr_expect(eq(int, node_error("/dev/nul", -ENOENT, "/dev/*", "sorry"), -ENOENT));
	says(-ENOENT, "there is /dev/");
	return 0;
}

Test(node, names_what_there_is_instead)
{
	cr_expect(eq(int, run(lists), 0));
}

static int no_line(void *arg)
{
	struct gpio_provider *p = gpio_linux_provider();
	struct gpio_request req = {.line = "no such line"};
	struct gpio_line *l = NULL;

	(void)arg;
	cr_expect(eq(int, gpio_open(p, &req, &l), -ENOENT));
	says(-ENOENT, "no such line");
	req.line = "gpiochip4711:22";
	cr_expect(eq(int, gpio_open(p, &req, &l), -ENOENT));
	says(-ENOENT, "there is no /dev/gpiochip4711");
	req.line = "gpiochip0:next";
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	says(-EINVAL, "behind the colon");
	req.line = ":";
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	req = (struct gpio_request){
		.line = "out", .output = true, .edge = GPIO_EDGE_BOTH};
	cr_expect(eq(int, gpio_open(p, &req, &l), -EINVAL));
	cr_expect(eq(ptr, l, NULL));
	return 0;
}

Test(gpio_linux, says_what_is_wrong_with_a_line)
{
	cr_expect(eq(int, run(no_line), 0));
}
