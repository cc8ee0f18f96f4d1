/* An i2c-dev node of Linux: open, ask what it can, transfer. */
#include "hal/i2c_node.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/base/nearest.h"
#include "daemon/rt/error.h"
#include "hal/node.h"

#define NODES "/dev/i2c-*"
#define HINT "is the bus switched on, and the module i2c-dev loaded?"
#define SYS_ADAPTERS "/sys/class/i2c-dev/"
#define I2C_MAJOR 89 /* Documentation/admin-guide/devices.txt */

#define NO_ADDR (-1)
#define TIMEOUT_UNIT_NS (10 * NS_PER_MS)
#define RETRIES 1 /* after lost arbitration */

/* One transfer. */
struct call {
	struct i2c_node *node;
	uint8_t addr;
	const struct i2c_msg_part *parts;
	unsigned n;
};

/* Adapters name a missing acknowledgement in various ways (Documentation/i2c/fault-codes.rst). */
static int translate(int err)
{
	switch (err) {
	case ENXIO:
	case ENODEV:
	case EREMOTEIO:
		return -ENXIO;
	case EAGAIN:
	case EBUSY:
		return -EAGAIN;
	case ETIMEDOUT:
	case EOPNOTSUPP:
		return -err;
	default:
		return -EIO;
	}
}

/* I2C_RDWR does not look whether a driver has the address; I2C_SLAVE does. */
static int claim(const struct call *t)
{
	if (t->node->addr == t->addr)
		return 0;
	t->node->addr = NO_ADDR;
	if (ioctl(t->node->fd, I2C_SLAVE, (unsigned long)t->addr) < 0)
		return errno == EBUSY ? -EBUSY : translate(errno);
	t->node->addr = t->addr;
	return 0;
}

static int rdwr(const struct call *t)
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
	return ioctl(t->node->fd, I2C_RDWR, &data) < 0 ? translate(errno) : 0;
}

static int smbus_call(const struct call *t, uint8_t direction, uint8_t reg, uint32_t size,
		      union i2c_smbus_data *data)
{
	struct i2c_smbus_ioctl_data args = {
		.read_write = direction, .command = reg, .size = size, .data = data};

	return ioctl(t->node->fd, I2C_SMBUS, &args) < 0 ? translate(errno) : 0;
}

static int smbus_read(const struct call *t, uint8_t reg, uint8_t *buf, size_t len)
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

static int smbus_write(const struct call *t, uint8_t reg, const uint8_t *buf, size_t len)
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
static int smbus(const struct call *t)
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

int i2c_node_transfer(struct i2c_node *n, uint8_t addr, const struct i2c_msg_part *parts,
		      unsigned n_parts)
{
	const struct call t = {.node = n, .addr = addr, .parts = parts, .n = n_parts};
	int r = claim(&t);

	if (r < 0)
		return r;
	return n->smbus ? smbus(&t) : rdwr(&t);
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

/* The first line of the file @path, "" when it cannot be read. */
static void read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(buf, (int)size, f))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		(void)fclose(f); /* was only read */
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
		char label[64];

		read_line(found.gl_pathv[i], label, sizeof(label));
		if (strcmp(label, name) != 0)
			continue;
		(void)snprintf(ret, size, "/dev/%.*s", (int)strcspn(adapter, "/"),
			       adapter);
		r = 0;
	}
	globfree(&found);
	return r;
}

/* Chip 0x48 on /dev/i2c-1 is 1-0048 in sysfs. */
int i2c_node_taken_error(const char *path, const char *bus, uint8_t addr)
{
	char found[32] = "";
	char node[PATH_MAX] = "";
	char device[64];
	char link[64];
	const char *number;
	const char *driver;

	if (path[0] != '/' && find_node(path, found, sizeof(found)) == 0)
		path = found;
	number = realpath(path, node) ? strrchr(node, '-') : NULL;
	number = number ? number + 1 : "";
	(void)snprintf(device, sizeof(device), "/sys/bus/i2c/devices/%s-%04x/driver",
		       number, addr);
	driver = link_base(device, link, sizeof(link));
	return error_set(-EBUSY,
			 "0x%02x on bus %s belongs to the kernel's driver %s: use the "
			 "driver \"iio\", or echo %s-%04x "
			 ">/sys/bus/i2c/drivers/%s/unbind",
			 addr, bus, driver, number, addr, driver);
}

/* What kind of adapter is it? Sets its limits, which not every adapter keeps. */
static int examine(struct i2c_node *n)
{
	const unsigned long block = I2C_FUNC_SMBUS_I2C_BLOCK | I2C_FUNC_SMBUS_BYTE_DATA;
	unsigned long funcs;
	struct stat st;

	if (fstat(n->fd, &st) < 0 || ioctl(n->fd, I2C_FUNCS, &funcs) < 0)
		return -ENOTTY;
	n->device = st.st_rdev;
	n->inode = st.st_ino;
	n->smbus = !(funcs & I2C_FUNC_I2C);
	if (n->smbus && (funcs & block) != block)
		return -EOPNOTSUPP;
	(void)ioctl(n->fd, I2C_TIMEOUT,
		    (unsigned long)(I2C_TIMEOUT_NS / TIMEOUT_UNIT_NS));
	(void)ioctl(n->fd, I2C_RETRIES, (unsigned long)RETRIES);
	return 0;
}

int i2c_node_open(struct i2c_node *n, const char *path)
{
	char node[32];
	int r;

	*n = (struct i2c_node){.fd = -1, .addr = NO_ADDR};
	if (path[0] != '/') {
		if (find_node(path, node, sizeof(node)) < 0)
			return -ENOENT;
		path = node;
	}
	n->fd = open(path, O_RDWR | O_CLOEXEC);
	if (n->fd < 0)
		return -errno;
	r = examine(n);
	if (r < 0)
		i2c_node_close(n);
	return r;
}

void i2c_node_close(struct i2c_node *n)
{
	if (n->fd >= 0)
		(void)close(n->fd); /* nothing is written back */
	n->fd = -1;
}

bool i2c_node_present(const struct i2c_node *n, const char *path)
{
	char node[32];
	struct stat st;

	if (path[0] != '/') {
		if (find_node(path, node, sizeof(node)) < 0)
			return false;
		path = node;
	}
	return stat(path, &st) == 0 && st.st_rdev == n->device && st.st_ino == n->inode;
}

/* There is no adapter that calls itself @name: which one is called nearly so? */
static int no_such_adapter(const char *name, int code)
{
	char best[64] = "";
	glob_t found;

	if (glob(SYS_ADAPTERS "*/name", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char label[64] = "";
			const char *names[] = {label, best};

			read_line(found.gl_pathv[i], label, sizeof(label));
			if (nearest_name(name, names, best[0] ? 2 : 1) == label)
				(void)snprintf(best, sizeof(best), "%s", label);
		}
		globfree(&found);
	}
	if (best[0])
		return error_set(code, "no I2C adapter is called %s; did you mean %s?",
				 name, best);
	return error_set(code,
			 "no I2C adapter is called %s; "
			 "\"cat " SYS_ADAPTERS "*/name\" shows them, and a path "
			 "begins with /",
			 name);
}

int i2c_node_error(const char *path, int code)
{
	if (code == -ENOENT && path[0] != '/')
		return no_such_adapter(path, code);
	if (code == -ENOTTY)
		return error_set(code, "%s is no I2C adapter", path);
	if (code == -EOPNOTSUPP)
		return error_set(code,
				 "%s: the adapter can neither I2C nor block transfers of "
				 "SMBus",
				 path);
	return node_error(path, code, NODES, HINT);
}

bool i2c_node_plausible(const char *path, char *why, size_t size)
{
	struct stat st;
	const char *what;

	if (path[0] != '/' || stat(path, &st) < 0)
		return true;
	what = S_ISCHR(st.st_mode)   ? "another kind of device"
	       : S_ISDIR(st.st_mode) ? "a folder"
				     : "a file";
	if (S_ISCHR(st.st_mode) && major(st.st_rdev) == I2C_MAJOR)
		return true;
	(void)snprintf(why, size, "%s is no I2C adapter but %s", path, what);
	return false;
}
