/*
 * The kernel's IIO devices and triggers in sysfs: finding them, reading and writing their attributes. All
 * of it blocks and calls nothing of the runtime: it is done on a worker's thread.
 */
#ifndef HAL_IIO_SYSFS_H
#define HAL_IIO_SYSFS_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "hal/iio.h"

#define IIO_PATH_MAX 256
#define IIO_TEXT_MAX 256 /* of an attribute */

/* What is wrong, for people; "" when the errno says it all. */
struct iio_why {
	char text[160];
};

/* Write the text, when @why is not NULL; returns @code. */
int iio_fail(struct iio_why *why, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Add a name to a list for people, @list of @size bytes (at least 8), which begins as "": whole, or, when there
 * is no room for it, three points for all that follow.
 */
void iio_list_add(char *list, size_t size, const char *name);

/* A device, or several of one chip. */
struct iio_found {
	size_t n;
	char dir[IIO_MEMBERS_MAX][IIO_PATH_MAX]; /* in sysfs */
	char node[IIO_MEMBERS_MAX][24];          /* "iio:device0" */
	char name[IIO_MEMBERS_MAX][40];          /* as its driver calls it */
};

/*
 * Find the device @wanted below @root, "/sys/bus/iio/devices". It may be called by its name, its label, its
 * node ("iio:device0"), or by the chip that it belongs to: the name or path of that ("1-006a",
 * "/sys/bus/i2c/devices/1-006a") or what it is called ("lsm6dso"). The first of these ways that finds
 * anything counts.
 * Returns 0; -ENOENT: there is none; -EEXIST: it could be several.
 */
int iio_find(const char *root, const char *wanted, struct iio_found *ret,
	     struct iio_why *why) MUST_CHECK;

/* The folder of the trigger @name below @root, in @ret (IIO_PATH_MAX). 0, or -EINVAL. */
int iio_find_trigger(const char *root, const char *name, char *ret,
		     struct iio_why *why) MUST_CHECK;

/* The names of all triggers, joined by ", ", in @ret of @size bytes; "none" if there are none. */
void iio_trigger_names(const char *root, char *ret, size_t size);

/*
 * Read the attribute @dir/@name, without its line feed, to @ret (IIO_TEXT_MAX). 0 or a negative errno:
 * -ENOENT when there is none.
 */
int iio_attr_read(const char *dir, const char *name, char *ret) MUST_CHECK;
int iio_attr_number(const char *dir, const char *name, double *ret) MUST_CHECK;

/* Write an attribute. 0 or a negative errno; of -EACCES and -EPERM @why says what to do. */
int iio_attr_write(const char *dir, const char *name, const char *text,
		   struct iio_why *why) MUST_CHECK;

#endif
