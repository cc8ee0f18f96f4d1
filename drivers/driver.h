/*
 * The contract between a chip's driver and the core.
 *
 * A driver is one file, drivers/<chip>.c, that defines `const struct driver driver_<chip>`, and perhaps
 * those of the chip's variants; the build finds the definitions. The core (drivers/core) owns the loop,
 * retries and back-off, time stamps, mounting, filters, counters, staleness. The driver knows the chip:
 * `read` moves bytes, `decode` turns bytes into SI samples from its arguments alone, so that a recording
 * replays without hardware. A driver keeps no state: what it did to the chip is in the chip.
 *
 * Slots that a chip has no need of are NULL.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"
#include "daemon/rt/error.h" /* a driver may give its errors a text, */
#include "daemon/rt/rt.h"    /* look at the clock, */
#include "daemon/rt/task.h"  /* and sleep while a chip wakes up */
#include "hal/gpio.h"
#include "hal/i2c.h"
#include "hal/iio.h"
#include "hal/peer.h"
#include "hal/pwm.h"

enum bus_kind {
	BUS_NONE,
	BUS_I2C,
	BUS_GPIO,
	BUS_PWM,
	BUS_IIO,
	BUS_PEER,  /* a method of another service */
	BUS_TOPIC, /* and what it publishes */
};

/* What a driver is for. One name may stand for one of each kind. */
enum driver_kind { DRIVER_SENSOR, DRIVER_ACTUATOR };

#define DRIVER_ADDRS 8        /* most addresses a chip can have */
#define DRIVER_RAW_MAX 128    /* most raw bytes of one read, one frame or one command */
#define DRIVER_BURST_MAX 1024 /* and of one burst from a FIFO, or one message */
#define DRIVER_TRIM_MAX 256
#define DRIVER_SAMPLES 8 /* most samples of one decode */

/* Another service that a device is, or is at. */
struct peer_dev {
	struct peer_port *port; /* NULL: this program reaches no services */
	const char *peer;
	const char *method; /* of one that is commanded */
	int64_t valid_for_ns;
	struct peer_topic *topic; /* of one that is heard; NULL: not open */
};

/* What the core gives a driver to work with. */
struct dev_io {
	struct i2c_dev i2c;        /* of a BUS_I2C driver */
	struct gpio_line *line;    /* of a BUS_GPIO driver */
	struct gpio_line *trigger; /* its second one, of a driver with `trigger_line` */
	struct pwm_out *pwm;       /* of a BUS_PWM driver */
	struct iio_dev *iio;       /* of a BUS_IIO driver */
	struct peer_dev peer;      /* of a BUS_PEER or BUS_TOPIC driver */
	uint32_t lost; /* readings missed before this one: `read` adds, the core counts */
	const char *role; /* "imu": for messages */
};

/* A command to an actuator channel, in SI. */
struct command {
	unsigned channel; /* of a chip with several */
	float value;      /* in the driver's `command_unit`; NaN: no drive at all */
};

/*
 * A FIFO in the chip, in which measurements wait as frames of equal length: one read brings many, and the
 * loop wakes up once for them. The core stamps each frame (drivers/core/burst_clock.h) and decodes it
 * by itself, so that `decode` sees one frame at a time, with its own time.
 */
struct driver_fifo {
	size_t frame_len;
	/* How many frames make a burst; 0: the settings want none, and `read` of the driver is used. */
	unsigned (*watermark)(const void *conf);
	/*
	 * All whole frames that there are, oldest first, at most @size bytes; what stands behind the last one and
	 * is no whole frame goes to `decode` together with it. *ret_counted_ns is rt_now() behind the transfer
	 * that told how many there are. Returns the count of bytes; 0: none; -EOVERFLOW: it has run over,
	 * and where frames begin is not known. Suspends.
	 */
	int (*read)(struct dev_io *io, const void *conf, uint8_t *raw, size_t size,
		    int64_t *ret_counted_ns);
	/*
	 * Empty it, so that what comes next is a whole frame: after the set-up, after it has run over, after a
	 * read that broke off. Suspends.
	 */
	int (*restart)(struct dev_io *io, const void *conf);
};

/* How the numbers of a channel scatter while nothing changes, by the data sheet. */
struct driver_noise {
	double sigma;          /* its standard deviation, SI, and ... */
	double lsb;            /* ... the step of its numbers */
	double independent_hz; /* so many of them in a second do not depend on another */
};

struct driver {
	const char *name;    /* as in the configuration */
	const char *summary; /* one line for lists */
	enum bus_kind bus;
	uint8_t addrs[DRIVER_ADDRS]; /* 7-bit, the first is the default; 0 ends */
	uint8_t addr_last; /* if not 0: every address from addrs[0] to this one */
	uint32_t chans;    /* CHAN_BIT() of what it measures; 0: an actuator */
	/*
	 * What it measures as configured, of @chans, of a driver for chips of any kind; 0: nothing was
	 * said. NULL: all of it.
	 */
	uint32_t (*measures)(const void *conf);

	const struct conf_field
		*conf;        /* its keys, under its own name in the configuration, */
	const char *conf_key; /* unless this is set: under that; "": it has none */
	size_t conf_size;     /* of the struct they fill */
	/*
	 * Read and check, behind the table, what a table cannot say. @at may have no node. Returns 0, or
	 * -EINVAL after errors in @at->errs.
	 */
	int (*conf_read)(const struct conf_at *at, void *conf);
	bool data_ready; /* set up, it tells of each measurement by an edge that rises: "irq" */
	size_t trim_max; /* bytes of factory constants, <= DRIVER_TRIM_MAX */
	size_t raw_max; /* bytes of one read, <= DRIVER_RAW_MAX; of a message <= DRIVER_BURST_MAX */

	/* How a BUS_GPIO driver wants its line: fills req->output, edge, active_low, bias. */
	void (*line)(const void *conf, struct gpio_request *req);
	/* And its second line, "trigger" in the configuration; NULL: there is but one. */
	void (*trigger_line)(const void *conf, struct gpio_request *req);
	/* How a BUS_IIO driver wants its device: fills all of req but the device. */
	void (*iio)(const void *conf, struct iio_request *req);

	/*
	 * Is it this chip? Reads only. 0; -ENODEV: another chip answers (error_set() says what was
	 * found); other errors: no answer. Suspends.
	 */
	int (*probe)(struct dev_io *io, const void *conf);
	/*
	 * Of a chip that several can share a bus of although all start at the same address: have it, which is
	 * alone at addrs[0] (there is io->i2c then), answer at @addr until it is reset. The core holds it in
	 * reset by its line `xshut` before, and waits `boot_ns` after. Suspends.
	 */
	int (*set_address)(struct dev_io *io, uint8_t addr);
	int64_t boot_ns;
	/* Reset and configure; also after faults. Suspends. */
	int (*setup)(struct dev_io *io, const void *conf);
	/*
	 * Does the chip still have the settings that `setup` gave it? Reads only, and nothing that reading
	 * changes. Asked now and then, and after faults: a chip whose supply broke down for a moment answers as if
	 * nothing had been. 0; -ESTALE: it was reset (ident_kept()); other errors: no answer. Suspends.
	 */
	int (*verify)(struct dev_io *io, const void *conf);
	/*
	 * Have it draw as little as it can until the next `setup`: its role ends, or another driver takes over. A
	 * chip that rests between measurements by itself needs none. Suspends.
	 */
	int (*sleep)(struct dev_io *io, const void *conf);
	/* Read factory constants, trim_max bytes. Suspends. */
	int (*trim)(struct dev_io *io, uint8_t *ret_trim);
	/* How long between reads: of every driver that has `read`. 0: nobody knows, with `wait`. */
	int64_t (*period_ns)(const void *conf);
	/*
	 * Wait until there is something to read, till @until_ns at the latest; *@ret_t_ns is when it was
	 * measured. 0; -ETIMEDOUT; -EAGAIN: it is read on a schedule, as configured. Of a driver that is told
	 * by other means than an edge; NULL: on a schedule or at the edges of "irq". Suspends.
	 */
	int (*wait)(struct dev_io *io, const void *conf, int64_t until_ns,
		    int64_t *ret_t_ns);
	/* Start a conversion; the core waits *ret_delay_ns before `read`. Suspends. */
	int (*trigger)(struct dev_io *io, const void *conf, int64_t *ret_delay_ns);
	/* One burst of raw bytes: their count (0: nothing new), or a negative errno. Suspends. */
	int (*read)(struct dev_io *io, const void *conf, uint8_t *raw);
	const struct driver_fifo *fifo; /* NULL: the chip has none */
	/* A GPIO edge to raw bytes, instead of a read: their count. */
	int (*edge)(const void *conf, const struct gpio_event *e, uint8_t *raw);
	/*
	 * Raw bytes to at most DRIVER_SAMPLES samples, in the chip's own axes: their count, or
	 * -EBADMSG for bytes that mean nothing (error_set() may say why). Pure. @t_ns is when the raw bytes were
	 * measured; samples have that time, or an earlier one that the bytes tell.
	 */
	int (*decode)(const void *conf, const uint8_t *trim, const uint8_t *raw,
		      size_t len, int64_t t_ns, struct sample *ret);
	/*
	 * The noise of @chan, from which follows how long a sensor at rest may repeat itself by chance
	 * (drivers/core/noise.h). False: the data sheet does not say. Pure. NULL: of no channel does it.
	 */
	bool (*noise)(const void *conf, enum chan chan, struct driver_noise *ret);

	/* Actuators, which have all of these. */
	const char *command_unit; /* "s": a servo's pulse width; "": a level, 0 to 1 */
	unsigned channels;        /* of an actuator chip; 1 for most */
	/* A command to bytes; pure. Their count, or -ERANGE. */
	int (*encode)(const void *conf, const struct command *c, uint8_t *ret_raw);
	/*
	 * Send encoded bytes: on I2C just these, as one write to the chip's address. Suspends there; on a line or
	 * a PWM output it does not and calls nothing of the runtime, as it may be called from another thread
	 * while the loop is stuck (drivers/core/safe_state.h).
	 */
	int (*write)(struct dev_io *io, const void *conf, const uint8_t *raw, size_t len);
	/* The bytes of the safe state, prepared at start. Pure. Their count. */
	int (*safe)(const void *conf, uint8_t *ret_raw);
};

/* All drivers, NULL at the end; generated from the file names. */
extern const struct driver *const driver_table[];

/* Their names, NULL at the end. */
extern const char *const driver_names[];

/* Is it a sensor's, or an actuator's? */
enum driver_kind driver_kind(const struct driver *d);

/* The driver of @kind called @name, or NULL. */
const struct driver *driver_find_kind(enum driver_kind kind, const char *name);

/* The driver called @name, or NULL; of two that share it the sensor's. */
const struct driver *driver_find(const char *name);

#endif
