/*
 * IIO: sensors that the kernel drives (Industrial I/O; Documentation/ABI/testing/sysfs-bus-iio). Behind
 * them is the kernel (iio_linux.c) or a simulated device (iio_sim.c).
 *
 * Such a device is read in one of two ways: attribute by attribute (sysfs) whenever somebody asks, or
 * in scans that the kernel makes whenever a trigger fires, each with its time stamp. Either way what is
 * read is raw bytes, and a struct iio_layout says which number is where in them and what makes it SI. A
 * chip that the kernel shows as several devices (accelerometer and gyroscope of an LSM6DSO) is read as
 * one; its devices are the members.
 */
#ifndef HAL_IIO_H
#define HAL_IIO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/base/sample.h"

#define IIO_ELEMENTS_MAX 12 /* numbers of one reading: three vectors and three more */
#define IIO_CHANS_MAX 8     /* channels of one reading */
#define IIO_MEMBERS_MAX 4
#define IIO_CHANNEL_MAX                                                                  \
	24 /* room for the kernel's name of a channel: "voltage0-voltage1" */
#define IIO_PICKS_MAX 6
/* Most raw bytes of one reading: the member's index, its numbers and its time stamp. */
#define IIO_RAW_MAX (1 + 8 * (IIO_ELEMENTS_MAX + 1))

enum iio_form { IIO_SIGNED = 1, IIO_FLOAT = 2, IIO_BIG_ENDIAN = 4 };

/* How a number is written in a scan: "le:s12/16>>4" is 12 bits of 2 bytes, shifted 4 to the left. */
struct iio_type {
	uint8_t form;  /* of enum iio_form */
	uint8_t bytes; /* 1, 2, 4 or 8 */
	uint8_t bits;
	uint8_t shift;
	uint8_t repeat; /* how many such numbers there are; 1 for most */
};

/* One number of a scan. SI is (number + offset) * scale. */
struct iio_element {
	uint8_t chan; /* enum chan */
	uint8_t axis;
	uint8_t member; /* in whose scan */
	uint8_t at;     /* bytes from the scan's start */
	uint8_t form;   /* from here on as in struct iio_type */
	uint8_t bytes;
	uint8_t bits;
	uint8_t shift;
	float scale;
	float offset;
};

#define IIO_LAYOUT_MAGIC UINT32_C(0x314f4949) /* "IIO1" */

/* What raw bytes mean. It has no pointers and no gaps: it is recorded beside them. */
struct iio_layout {
	uint32_t magic;
	uint32_t n; /* elements */
	uint8_t size
		[IIO_MEMBERS_MAX]; /* bytes of a member's scan; 0: there is no such member */
	struct iio_element element[IIO_ELEMENTS_MAX];
};

/* How the kernel names what we call a channel, and what makes its unit SI. */
struct iio_chan {
	const char *type; /* "anglvel"; NULL: IIO has nothing like it */
	const char *also; /* another that will do, or NULL */
	double si;        /* its unit, in ours: 1e-4 for gauss in T */
};

/* Indexed by enum chan; units as in the kernel's ABI document. */
extern const struct iio_chan iio_chans[CHAN_COUNT];

/*
 * Read a scan type, such as the kernel has in scan_elements/in_accel_x_type; a line feed may follow.
 * Returns 0, or -EINVAL for what is none, or one that cannot be.
 */
int iio_type_parse(const char *text, struct iio_type *ret) MUST_CHECK;

/* Read a decimal number as in sysfs; a line feed may follow. 0 or -EINVAL. */
int iio_number_parse(const char *text, double *ret) MUST_CHECK;

/*
 * Choose from a list of frequencies, as in sampling_frequency_available ("12.5 26 52", or "[min step max]"),
 * the lowest that is not below @rate_hz, else the highest. Returns it, or NaN when it is no such list.
 */
double iio_rate_choose(const char *text, double rate_hz);

/*
 * Put a number of @type behind what a scan of *@size bytes has, aligned as the kernel does. Returns where it
 * is and enlarges *@size; or -ENOSPC.
 */
int iio_scan_add(const struct iio_type *type, size_t *size) MUST_CHECK;

/* The size of a whole scan whose numbers end at @size: so that the next one is aligned to @widest bytes. */
size_t iio_scan_end(size_t size, size_t widest);

/* Does the layout make sense? 0 or -EBADMSG. */
int iio_layout_check(const struct iio_layout *l) MUST_CHECK;

/* The number that @scan, of the size that the layout says, has at @e, before scale and offset. */
double iio_element_number(const struct iio_element *e, const uint8_t *scan);

/*
 * The samples in @len raw bytes, at most one of each channel: their count. Pure.
 * Returns -EBADMSG for bytes that do not fit the layout, and for numbers that cannot be.
 */
int iio_decode(const struct iio_layout *l, const uint8_t *raw, size_t len, int64_t t_ns,
	       struct sample *ret) MUST_CHECK;

/* Which of several channels of the kernel is meant: {CHAN_VOLTAGE, "voltage1"}. */
struct iio_pick {
	uint8_t chan;
	char name[IIO_CHANNEL_MAX - 1];
};

/* How a device is asked for. All is borrowed for the call. */
struct iio_request {
	const char *device;  /* see iio_linux.h */
	uint32_t chans;      /* CHAN_BIT()s of what is wanted */
	double rate_hz;      /* measurements per second */
	bool buffered;       /* scans instead of attributes */
	const char *trigger; /* its name, for scans; "": the device's own */
	const struct iio_pick *picks;
	size_t n_picks;
};

struct iio_dev;

struct iio_ops {
	int (*wait)(struct iio_dev *d, int64_t until_ns, int64_t *ret_t_ns);
	int (*read)(struct iio_dev *d, uint8_t *ret_raw);
	void (*close)(struct iio_dev *d);
};

/* The part that all kinds share; embedded in theirs. */
struct iio_dev {
	const struct iio_ops *ops;
	struct iio_layout layout;
	bool buffered;
	char name[48]; /* "lsm6dso_accel (iio:device0)" */
};

/* Where devices come from: the kernel, or a simulated robot. */
struct iio_provider {
	const char *name;
	int (*open)(struct iio_provider *p, const struct iio_request *req,
		    struct iio_dev **ret);
};

/*
 * Open a device, set its rate, and with `buffered` start its scans.
 * Returns 0; -ENOENT: no such device; -EEXIST: several that could be meant; -ENXIO: it does not measure
 * that; -EOPNOTSUPP: it has no buffer; -EBUSY: somebody else reads it; -EACCES; -EINVAL: a trigger or rate
 * that it does not take; -ENOMEM; or another errno of its files. error_last() says what there is instead.
 * Suspends.
 */
int iio_open(struct iio_provider *p, const struct iio_request *req,
	     struct iio_dev **ret) MUST_CHECK;

/* Stop scans, and close; NULL is fine. Suspends, also when cancelled, for as long as the driver takes. */
void iio_close(struct iio_dev *d);

/*
 * Wait, on a device that is `buffered`, until a scan is at hand, till @until_ns at the latest; *@ret_t_ns is
 * when it was made. Returns 0; -ETIMEDOUT; -ENODEV: the device has gone; -ECANCELED; or the errno of reading.
 * Suspends.
 */
int iio_wait(struct iio_dev *d, int64_t until_ns, int64_t *ret_t_ns) MUST_CHECK;

/*
 * Read raw bytes, at most IIO_RAW_MAX: the scan at hand, once; else the attributes, which suspends.
 * Returns their count, 0 when no scan is at hand, -ENODEV when the device has gone, -ECANCELED, or what
 * the driver said: -EBUSY, -EIO, -ETIMEDOUT ...
 */
int iio_read(struct iio_dev *d, uint8_t *ret_raw) MUST_CHECK;

#endif
