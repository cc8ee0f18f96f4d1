/* The kernel's IIO devices in sysfs. */
#include "hal/iio_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/nearest.h"

#define DEVICES_MAX 32
#define NAMES_MAX (3 * DEVICES_MAX)

/* One device, with all that it may be called. */
struct entry {
	char dir[IIO_PATH_MAX];
	char node[24];
	char name[40];
	char label[40];
	char chip[IIO_PATH_MAX]; /* the folder of its parent */
	char chip_name[40];
};

/* The ways to call a device, in the order in which they count. */
enum way { BY_NAME, BY_LABEL, BY_NODE, BY_CHIP, BY_CHIP_NAME, WAYS };

int iio_fail(struct iio_why *why, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (why)
		(void)vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return code;
}

void iio_list_add(char *list, size_t size, const char *name)
{
	static const char more[] = ", ...";
	size_t len = strlen(list);
	size_t room = size - len;

	if (len >= strlen(more) && strcmp(list + len - strlen(more), more) == 0)
		return;
	if (strlen(name) + 2 + sizeof(more) <= room)
		(void)snprintf(list + len, room, "%s%s", len ? ", " : "", name);
	else if (sizeof(more) <= room)
		memcpy(list + len, more, sizeof(more));
}

int iio_attr_read(const char *dir, const char *name, char *ret)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, ret, IIO_TEXT_MAX - 1);
	if (n < 0)
		n = -errno;
	(void)close(fd); /* was only read */
	if (n < 0)
		return (int)n;
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

int iio_attr_number(const char *dir, const char *name, double *ret)
{
	char text[IIO_TEXT_MAX];
	int r = iio_attr_read(dir, name, text);

	return r < 0 ? r : iio_number_parse(text, ret);
}

int iio_attr_write(const char *dir, const char *name, const char *text,
		   struct iio_why *why)
{
	char path[PATH_MAX];
	int r = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		r = -errno;
	if (fd >= 0)
		(void)close(fd); /* what a driver refuses it refuses at once */
	if (r == -EACCES || r == -EPERM)
		return iio_fail(why, r,
				"no permission to write %s; a udev rule gives it to the "
				"group iio (docs/DEPLOY.md)",
				path);
	return r;
}

/* An attribute that may be missing, cut to @size. */
static void read_name(const char *dir, const char *attr, char *ret, size_t size)
{
	char text[IIO_TEXT_MAX];

	if (iio_attr_read(dir, attr, text) < 0)
		text[0] = '\0';
	(void)snprintf(ret, size, "%.*s", (int)size - 1, text);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Fill @e for @root/@node. False when it has gone, or its path is too long for any of ours. */
static bool describe(const char *root, const char *node, struct entry *e)
{
	char path[PATH_MAX];
	char *real;
	bool fits;

	(void)snprintf(path, sizeof(path), "%s/%s", root, node);
	real = realpath(path, NULL);
	if (!real)
		return false;
	fits = strlen(real) < sizeof(e->dir) && strlen(node) < sizeof(e->node);
	if (fits) {
		*e = (struct entry){0};
		memcpy(e->dir, real, strlen(real));
		memcpy(e->node, node, strlen(node));
		read_name(e->dir, "name", e->name, sizeof(e->name));
		read_name(e->dir, "label", e->label, sizeof(e->label));
		memcpy(e->chip, e->dir, (size_t)(base_of(e->dir) - e->dir) - 1);
		read_name(e->chip, "name", e->chip_name, sizeof(e->chip_name));
	}
	free(real);
	return fits;
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(((const struct entry *)a)->node,
			  ((const struct entry *)b)->node);
}

/* All entries of @root whose nodes begin with @prefix, by their numbers. Returns how many. */
static size_t list(const char *root, const char *prefix, struct entry *ret, size_t room)
{
	DIR *dir = opendir(root);
	const struct dirent *d;
	size_t n = 0;

	if (!dir)
		return 0;
	while (n < room && (d = readdir(dir)) != NULL)
		if (strncmp(d->d_name, prefix, strlen(prefix)) == 0 &&
		    describe(root, d->d_name, &ret[n]))
			n++;
	(void)closedir(dir);
	qsort(ret, n, sizeof(*ret), by_number);
	return n;
}

/* Is @e called @wanted in this way? @path: where @wanted leads if it is a path, else NULL. */
static bool is_called(const struct entry *e, enum way way, const char *wanted,
		      const char *path)
{
	switch (way) {
	case BY_NAME:
		return strcmp(e->name, wanted) == 0;
	case BY_LABEL:
		return strcmp(e->label, wanted) == 0;
	case BY_NODE:
		return strcmp(e->node, wanted) == 0 ||
		       (path && strcmp(e->dir, path) == 0);
	case BY_CHIP:
		return strcmp(base_of(e->chip), wanted) == 0 ||
		       (path && strcmp(e->chip, path) == 0);
	case BY_CHIP_NAME:
		return strcmp(e->chip_name, wanted) == 0;
	case WAYS:
		break;
	}
	return false;
}

/* "bmp280 (iio:device0 at 1-0076), ...", cut if need be. */
static void print_entries(const struct entry *const *e, size_t n, char *ret, size_t size)
{
	char text[120];

	ret[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%s (%s at %.40s)", e[i]->name,
			       e[i]->node, base_of(e[i]->chip));
		iio_list_add(ret, size, text);
	}
}

static int ambiguous(const char *wanted, const struct entry *const *e, size_t n,
		     struct iio_why *why)
{
	char names[100];

	print_entries(e, n, names, sizeof(names));
	return iio_fail(why, -EEXIST, "\"%s\" could be %s; say which, such as \"%s\"",
			wanted, names,
			strcmp(e[0]->chip, e[1]->chip) == 0 ? e[0]->node
							    : base_of(e[0]->chip));
}

static int take(const char *wanted, const struct entry *const *e, size_t n, enum way way,
		struct iio_found *ret, struct iio_why *why)
{
	for (size_t i = 1; i < n; i++)
		if (way < BY_CHIP || strcmp(e[i]->chip, e[0]->chip) != 0)
			return ambiguous(wanted, e, n, why);
	if (n > IIO_MEMBERS_MAX)
		return ambiguous(wanted, e, n, why);
	ret->n = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(ret->dir[i], e[i]->dir, sizeof(ret->dir[i]));
		memcpy(ret->node[i], e[i]->node, sizeof(ret->node[i]));
		memcpy(ret->name[i], e[i]->name, sizeof(ret->name[i]));
	}
	return 0;
}

static int not_found(const char *wanted, const struct entry *e, size_t n,
		     struct iio_why *why)
{
	const struct entry *all[DEVICES_MAX];
	const char *known[NAMES_MAX];
	const char *near;
	char names[100];

	if (n == 0)
		return iio_fail(
			why, -ENOENT,
			"the kernel has no IIO device, so no \"%s\"; is the driver "
			"of the chip loaded, and bound to it?",
			wanted);
	for (size_t i = 0; i < n; i++) {
		all[i] = &e[i];
		known[3 * i] = e[i].name;
		known[3 * i + 1] = e[i].chip_name;
		known[3 * i + 2] = e[i].label;
	}
	near = nearest_name(wanted, known, 3 * n);
	print_entries(all, n, names, sizeof(names));
	return iio_fail(why, -ENOENT, "no IIO device is \"%s\"%s%s%s; there is %s",
			wanted, near ? ", did you mean \"" : "", near ? near : "",
			near ? "\"" : "", names);
}

int iio_find(const char *root, const char *wanted, struct iio_found *ret,
	     struct iio_why *why)
{
	struct entry *e = calloc(DEVICES_MAX, sizeof(*e));
	const struct entry *hit[DEVICES_MAX];
	char *path = wanted[0] == '/' ? realpath(wanted, NULL) : NULL;
	size_t n = e ? list(root, "iio:device", e, DEVICES_MAX) : 0;
	int r = e ? -ENOENT : -ENOMEM;

	for (enum way way = BY_NAME; r == -ENOENT && way < WAYS; way++) {
		size_t hits = 0;

		for (size_t i = 0; i < n; i++)
			if (is_called(&e[i], way, wanted, path))
				hit[hits++] = &e[i];
		if (hits > 0)
			r = take(wanted, hit, hits, way, ret, why);
	}
	if (r == -ENOENT)
		r = not_found(wanted, e, n, why);
	free(path);
	free(e);
	return r;
}

void iio_trigger_names(const char *root, char *ret, size_t size)
{
	struct entry *e = calloc(DEVICES_MAX, sizeof(*e));
	size_t n = e ? list(root, "trigger", e, DEVICES_MAX) : 0;

	ret[0] = '\0';
	for (size_t i = 0; i < n; i++)
		iio_list_add(ret, size, e[i].name);
	if (n == 0)
		(void)snprintf(ret, size, "none");
	free(e);
}

int iio_find_trigger(const char *root, const char *name, char *ret, struct iio_why *why)
{
	struct entry *e = calloc(DEVICES_MAX, sizeof(*e));
	size_t n = e ? list(root, "trigger", e, DEVICES_MAX) : 0;
	const char *known[DEVICES_MAX];
	const char *near;
	char names[80];
	int r = -EINVAL;

	for (size_t i = 0; i < n; i++) {
		known[i] = e[i].name;
		if (strcmp(e[i].name, name) != 0)
			continue;
		memcpy(ret, e[i].dir, sizeof(e[i].dir));
		r = 0;
	}
	if (r < 0) {
		near = nearest_name(name, known, n);
		iio_trigger_names(root, names, sizeof(names));
		(void)iio_fail(why, r, "no trigger is \"%s\"%s%s%s; there is %s", name,
			       near ? ", did you mean \"" : "", near ? near : "",
			       near ? "\"" : "", names);
	}
	free(e);
	return r;
}
