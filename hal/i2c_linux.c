/* I2C adapters of Linux: i2c-dev's ioctls on a worker thread. */
#include "hal/i2c_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/worker.h"
#include "hal/node.h"

#define NODES "/dev/i2c-*"
#define HINT "is the bus switched on, and the module i2c-dev loaded?"
#define SYS_ADAPTERS "/sys/class/i2c-dev/"

#define NO_ADDR (-1)
#define TIMEOUT_UNIT_NS (10 * NS_PER_MS)
#define RETRIES 1 /* after lost arbitration */

struct linux_bus {
	struct i2c_bus bus;
	int fd;
	bool smbus; /* it cannot do I2C_RDWR */
	struct worker worker;
	int addr; /* what I2C_SLAVE was last told; the worker's */
};

/* One transfer on its way to the worker and back. */
struct transfer {
	struct job job;
	struct linux_bus *bus;
	uint8_t addr;
	const struct i2c_msg_part *parts;
	unsigned n;
	int result;
	bool taken; /* -EBUSY: by a driver of the kernel */
};

static struct linux_bus *linux_of(struct i2c_bus *bus)
{
	return container_of(bus, struct linux_bus, bus);
}

/* Adapters name a missing acknowledgement in various ways (Documentation/i2c/fault-codes.rst). */
static int translate(int err)
{
	switch (err) {
	case ENXIO:
	case ENODEV:
	case EREMOTEIO:
		return -ENXIO;
	case ETIMEDOUT:
	case EOPNOTSUPP:
		return -err;
	default:
		return -EIO;
	}
}

/* I2C_RDWR does not look whether a driver has the address; I2C_SLAVE does. */
static int claim(struct transfer *t)
{
	if (t->bus->addr == t->addr)
		return 0;
	t->bus->addr = NO_ADDR;
	if (ioctl(t->bus->fd, I2C_SLAVE, (unsigned long)t->addr) < 0) {
		t->taken = errno == EBUSY;
		return t->taken ? -EBUSY : translate(errno);
	}
	t->bus->addr = t->addr;
	return 0;
}

static int rdwr(const struct transfer *t)
{
	struct i2c_msg msgs[I2C_PARTS_MAX];
	struct i2c_rdwr_ioctl_data data = {.msgs = msgs, .nmsgs = t->n};

	for (unsigned i = 0; i < t->n; i++)
		msgs[i] = (struct i2c_msg){
			.addr = t->addr,
			.flags = t->parts[i].read ? I2C_M_RD : 0,
			.len = t->parts[i].len,
			.buf = t->parts[i].buf,
		};
	return ioctl(t->bus->fd, I2C_RDWR, &data) < 0 ? translate(errno) : 0;
}

static int smbus_call(const struct transfer *t, uint8_t direction, uint8_t reg,
		      uint32_t size, union i2c_smbus_data *data)
{
	struct i2c_smbus_ioctl_data args = {
		.read_write = direction, .command = reg, .size = size, .data = data};

	return ioctl(t->bus->fd, I2C_SMBUS, &args) < 0 ? translate(errno) : 0;
}

static int smbus_read(const struct transfer *t, uint8_t reg, uint8_t *buf, size_t len)
{
	union i2c_smbus_data data;
	int r;

	if (len == 1) {
		r = smbus_call(t, I2C_SMBUS_READ, reg, I2C_SMBUS_BYTE_DATA, &data);
		if (r == 0)
			buf[0] = data.byte;
		return r;
	}
	data.block[0] = (uint8_t)len;
	r = smbus_call(t, I2C_SMBUS_READ, reg, I2C_SMBUS_I2C_BLOCK_DATA, &data);
	if (r == 0 && data.block[0] != len)
		return -EIO;
	if (r == 0)
		memcpy(buf, data.block + 1, len);
	return r;
}

static int smbus_write(const struct transfer *t, uint8_t reg, const uint8_t *buf,
		       size_t len)
{
	union i2c_smbus_data data;

	if (len == 0)
		return smbus_call(t, I2C_SMBUS_WRITE, reg, I2C_SMBUS_BYTE, NULL);
	if (len == 1) {
		data.byte = buf[0];
		return smbus_call(t, I2C_SMBUS_WRITE, reg, I2C_SMBUS_BYTE_DATA, &data);
	}
	data.block[0] = (uint8_t)len;
	memcpy(data.block + 1, buf, len);
	return smbus_call(t, I2C_SMBUS_WRITE, reg, I2C_SMBUS_I2C_BLOCK_DATA, &data);
}

/* A register and its bytes, or a single byte, are what SMBus knows. */
static int smbus(const struct transfer *t)
{
	const struct i2c_msg_part *p = t->parts;
	union i2c_smbus_data data;
	int r;

	if (t->n == 1 && !p->read && p->len >= 1 && p->len <= 1 + I2C_SMBUS_BLOCK_MAX)
		return smbus_write(t, p->buf[0], p->buf + 1, p->len - 1u);
	if (t->n == 2 && !p[0].read && p[0].len == 1 && p[1].read && p[1].len >= 1 &&
	    p[1].len <= I2C_SMBUS_BLOCK_MAX)
		return smbus_read(t, p[0].buf[0], p[1].buf, p[1].len);
	if (t->n != 1 || !p->read || p->len != 1)
		return -EOPNOTSUPP;
	r = smbus_call(t, I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, &data);
	if (r == 0)
		p->buf[0] = data.byte;
	return r;
}

/* On the worker's thread. */
static void transfer_run(struct job *j)
{
	struct transfer *t = container_of(j, struct transfer, job);

	t->result = claim(t);
	if (t->result == 0)
		t->result = t->bus->smbus ? smbus(t) : rdwr(t);
}

/* The last part of what the link @path points to, "" when it cannot be read. */
static const char *link_base(const char *path, char *buf, size_t size)
{
	ssize_t n = readlink(path, buf, size - 1);
	const char *slash;

	buf[n > 0 ? n : 0] = '\0';
	slash = strrchr(buf, '/');
	return slash ? slash + 1 : buf;
}

/*
 * Name the kernel's driver that has the address, and how to take it from it: chip 0x48 on /dev/i2c-1 is
 * 1-0048 in sysfs.
 */
static int taken_error(const struct linux_bus *bus, uint8_t addr)
{
	char path[64];
	char node[64];
	char link[64];
	const char *number;
	const char *driver;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", bus->fd);
	number = strchr(link_base(path, node, sizeof(node)), '-');
	number = number ? number + 1 : "";
	(void)snprintf(path, sizeof(path), "/sys/bus/i2c/devices/%s-%04x/driver", number,
		       addr);
	driver = link_base(path, link, sizeof(link));
	return error_set(
		-EBUSY,
		"0x%02x on bus %s belongs to the kernel's driver %s; to free it: "
		"echo %s-%04x >/sys/bus/i2c/drivers/%s/unbind",
		addr, bus->bus.name, driver, number, addr, driver);
}

static int linux_transfer(struct i2c_bus *bus, uint8_t addr,
			  const struct i2c_msg_part *parts, unsigned n,
			  int64_t deadline_ns)
{
	struct transfer t = {
		.job = {.fn = transfer_run},
		.bus = linux_of(bus),
		.addr = addr,
		.parts = parts,
		.n = n,
	};
	struct scope scope;
	int r;

	scope_enter_until(&scope, deadline_ns);
	r = worker_run(&t.bus->worker, &t.job);
	r = scope_leave_timeout(&scope, r);
	if (r < 0)
		return r;
	if (t.taken)
		return taken_error(t.bus, addr);
	return t.result;
}

static void linux_close(struct i2c_bus *bus)
{
	struct linux_bus *b = linux_of(bus);

	worker_close(&b->worker);
	(void)close(b->fd); /* nothing is written back */
	free(b);
}

static const struct i2c_ops linux_ops = {.transfer = linux_transfer,
					 .close = linux_close};

/* Whether the file @path consists of the line @want. */
static bool file_says(const char *path, const char *want)
{
	char line[64] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = '\0';
	(void)fclose(f); /* was only read */
	return strcmp(line, want) == 0;
}

/* The node of the adapter that calls itself @name, like "bcm2835 (i2c@7e804000)". */
static int find_node(const char *name, char *ret, size_t size)
{
	int r = -ENOENT;
	glob_t found;

	if (glob(SYS_ADAPTERS "*/name", 0, NULL, &found) != 0)
		return r;
	for (size_t i = 0; i < found.gl_pathc && r < 0; i++) {
		const char *adapter = found.gl_pathv[i] + strlen(SYS_ADAPTERS);

		if (!file_says(found.gl_pathv[i], name))
			continue;
		(void)snprintf(ret, size, "/dev/%.*s", (int)strcspn(adapter, "/"),
			       adapter);
		r = 0;
	}
	globfree(&found);
	return r;
}

static int open_node(const char *path, int *ret_fd)
{
	char node[32];
	int fd;

	if (path[0] != '/') {
		if (find_node(path, node, sizeof(node)) < 0)
			return node_error(path, -ENOENT, NODES, HINT);
		path = node;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return node_error(path, -errno, NODES, HINT);
	*ret_fd = fd;
	return 0;
}

/* What kind of adapter is it? Sets its limits, which not every adapter keeps. */
static int examine(struct linux_bus *b, const char *path)
{
	const unsigned long block = I2C_FUNC_SMBUS_I2C_BLOCK | I2C_FUNC_SMBUS_BYTE_DATA;
	unsigned long funcs;

	if (ioctl(b->fd, I2C_FUNCS, &funcs) < 0)
		return error_set(-ENOTTY, "%s is no I2C adapter", path);
	b->smbus = !(funcs & I2C_FUNC_I2C);
	if (b->smbus && (funcs & block) != block)
		return error_set(-EOPNOTSUPP,
				 "%s: the adapter can neither I2C nor block transfers of "
				 "SMBus (functionality 0x%lx)",
				 path, funcs);
	(void)ioctl(b->fd, I2C_TIMEOUT,
		    (unsigned long)(I2C_TIMEOUT_NS / TIMEOUT_UNIT_NS));
	(void)ioctl(b->fd, I2C_RETRIES, (unsigned long)RETRIES);
	return 0;
}

int i2c_linux_open(const char *name, const char *path, struct i2c_bus **ret)
{
	struct linux_bus *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->bus.ops = &linux_ops;
	b->addr = NO_ADDR;
	(void)snprintf(b->bus.name, sizeof(b->bus.name), "%s", name);
	r = open_node(path, &b->fd);
	if (r < 0)
		goto free_bus;
	r = examine(b, path);
	if (r < 0)
		goto close_node;
	r = worker_open(&b->worker, name);
	if (r < 0)
		goto close_node;
	*ret = &b->bus;
	return 0;

close_node:
	(void)close(b->fd);
free_bus:
	free(b);
	return r;
}
