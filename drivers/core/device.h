/*
 * What every device has, sensor or actuator chip: its place in the configuration, its connection, its
 * state with the faults counted by kind, and the back-off between attempts to reach it.
 */
#ifndef DRIVERS_CORE_DEVICE_H
#define DRIVERS_CORE_DEVICE_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "drivers/core/xshut.h"
#include "drivers/driver.h"

#define DRIVER_CONF_MAX 512 /* bytes of a chip's own settings */
#define DEVICE_LINE_MAX 32  /* of a GPIO line's name, with the zero */

/* The keys that every device has in the configuration. */
struct device_conf {
	char driver[24];
	char bus[32];                  /* the name of its bus, "" if it needs none */
	char line[DEVICE_LINE_MAX];    /* of a GPIO driver; the output of a PWM driver */
	char trigger[DEVICE_LINE_MAX]; /* of one with a second line */
	char device[64];               /* of an IIO driver */
	char peer[32];   /* of one that commands or hears another service, */
	char method[64]; /* with the service's method, */
	int64_t valid_for_ns;
	char topic[64];              /* or the topic that it publishes */
	char xshut[DEVICE_LINE_MAX]; /* holds an I2C chip in reset while low; "": none */
	int address;                 /* 7-bit; after reading never 0 for an I2C chip */
	const struct driver *chip;
	_Alignas(max_align_t) uint8_t settings[DRIVER_CONF_MAX]; /* by chip->conf */
};

/* Their rows, for the table of a struct @tag with a member `struct device_conf device`. */
#define DEVICE_ROW(tag, member, type_, unit_, help_)                                     \
	.name = #member, .type = (type_), .offset = offsetof(struct tag, device.member), \
	.size = sizeof(((struct tag *)0)->device.member), .unit = (unit_),               \
	.help = (help_)
#define DEVICE_STRING(tag, member, help_)                                                \
	{                                                                                \
		DEVICE_ROW(tag, member, CONF_TYPE_STRING, "", help_), .def_text = ""     \
	}
#define DEVICE_ROWS(tag)                                                                 \
	DEVICE_STRING(tag, driver, "The chip, or what else drives it."),                 \
		DEVICE_STRING(tag, bus, "The I2C bus of the chip."),                     \
		DEVICE_STRING(tag, line,                                                 \
			      "The GPIO line: its name, or gpiochip0:22; or the PWM "    \
			      "output: pwmchip0:1."),                                    \
		DEVICE_STRING(tag, trigger,                                              \
			      "The line that starts a measurement, of a driver that "    \
			      "has one."),                                               \
		DEVICE_STRING(tag, device,                                               \
			      "The device of an IIO driver: its name, lsm6dso_accel, "   \
			      "or its chip's, 1-006a."),                                 \
		DEVICE_STRING(tag, peer,                                                 \
			      "The service that the driver \"bus\" commands or hears."), \
		DEVICE_STRING(tag, method, "Which of its methods."),                     \
		{DEVICE_ROW(tag, valid_for_ns, CONF_TYPE_DURATION, "s",                  \
			    "How long the service may act on a command without "         \
			    "hearing of it again."),                                     \
		 .def = 5e9, .min = 1e8, .max = 3.6e12},                                 \
		DEVICE_STRING(tag, topic,                                                \
			      "What the driver \"bus\" hears: a name under which the "   \
			      "service publishes."),                                     \
		CONF_ANY("message",                                                      \
			 "What the driver \"bus\" measures by that, and how it is in "   \
			 "the messages: { \"channels\": [\"distance\"] }."),             \
		DEVICE_STRING(tag, xshut,                                                \
			      "The line at the reset pin of a chip that is given its "   \
			      "address at the start (vl53l0x)."),                        \
	{                                                                                \
		DEVICE_ROW(tag, address, CONF_TYPE_ADDR, "",                             \
			   "The 7-bit address; without it the chip's usual one."),       \
			.min = 0x03, .max = 0x77                                         \
	}

/*
 * Complete @conf, whose rows have been read from @at: find the driver, check bus, line and address, read
 * the settings of the chip, and check those of other chips that stand beside them. The driver must be of
 * @kind. A key that says where another chip is, and is of no use to this one, is a warning; its line is taken out of @conf,
 * and free for others. Returns 0, or -EINVAL after errors in @at->errs.
 */
int device_conf_complete(const struct conf_at *at, enum driver_kind kind,
			 struct device_conf *conf) MUST_CHECK;

/*
 * The key @name of @at, if it is there and not "", is of no use to the chip: a warning that says @why.
 */
void device_conf_idle(const struct conf_at *at, const char *name, const char *why);

/* The same of @line, "irq" of @at, for a driver that uses no such line: it is taken out. NULL drivers are fine. */
void device_conf_idle_irq(const struct conf_at *at, const struct driver *d,
			  char line[DEVICE_LINE_MAX]);

/* Of a device that is none by itself, but hangs on another one: refuses all of DEVICE_ROWS but "driver". */
int device_conf_check_none(const struct conf_at *at) MUST_CHECK;

/* How long between two readings of a sensor: of its FIFO, if that is used. 0: it is not read. */
int64_t device_reading_ns(const struct device_conf *conf);

/* Where it is, of a device not on I2C: its line, device, service or topic. */
const char *device_place(const struct device_conf *conf);

/* What the sensor of @conf measures, as configured: CHAN_BIT()s. 0 without a driver. */
uint32_t device_chans(const struct device_conf *conf);

/* What a device may be connected to; borrowed, must outlive it. */
struct device_ports {
	struct i2c_bus *bus; /* the one that its configuration names */
	struct gpio_provider *gpio;
	struct pwm_provider *pwm;
	struct iio_provider *iio;
	struct peer_port *peers; /* NULL: this program reaches no other services */
	struct xshut *
		xshut; /* what the chips of the bus start through; of those with such a line */
};

enum device_state {
	DEVICE_STARTING, /* not yet reached since the start */
	DEVICE_RUNNING,
	DEVICE_FAILING, /* does not do what it should; soon tried again */
	DEVICE_LOST,    /* failing for so long that it is tried every 5 s only */
	DEVICE_STATE_COUNT,
};
const char *device_state_name(enum device_state state);

enum device_fault {
	FAULT_NACK,     /* no chip answers at the address, or a wrong one */
	FAULT_TIMEOUT,  /* a transfer took too long, or no data came */
	FAULT_IO,       /* any other error of bus or line */
	FAULT_DECODE,   /* bytes that mean nothing */
	FAULT_RANGE,    /* a reading beyond what is possible */
	FAULT_OVERRUN,  /* measurements missed because the loop was late */
	FAULT_OVERFLOW, /* the chip's FIFO ran over: what was in it is lost */
	FAULT_RESET,    /* the chip had lost its settings */
	FAULT_COUNT,
};
const char *device_fault_name(enum device_fault fault);

/* For health values. Copied out. */
struct device_health {
	enum device_state state;
	int64_t since_ns;             /* in this state */
	int64_t last_ns;              /* of the last good sample or write; 0: none yet */
	uint64_t good;                /* reads or writes that went well */
	uint64_t faults[FAULT_COUNT]; /* since the start */
	unsigned retries;             /* attempts since it last ran */
	char why[160];                /* of the state: "no answer at 0x68 (ENXIO)" */
};

#define DEVICE_BACKOFF_MIN_NS (100 * NS_PER_MS)
#define DEVICE_BACKOFF_MAX_NS (5 * NS_PER_S)

/* The part that sensors and actuator chips share; embedded in theirs. */
struct device {
	char name[32]; /* the role: "imu" */
	const struct device_conf *conf;
	struct device_ports ports;
	struct dev_io io;
	struct xshut_pin pin; /* of one with `xshut` */
	struct device_health health;
	bool up;                           /* the chip has been reached and set up */
	int64_t backoff_ns;                /* before the next attempt */
	int64_t attempt_ns;                /* when the last one began */
	int64_t down_ns;                   /* since when it has not run */
	void (*changed)(struct device *d); /* after each change of state; NULL is fine */
};

/* @conf is borrowed for the device's life; so are the ports. Ended with device_fini(). */
void device_init(struct device *d, const char *name, const struct device_conf *conf,
		 const struct device_ports *ports);

/* Its task has ended; storage of zeros is fine. */
void device_fini(struct device *d);

/*
 * Reach the chip: open its line, give it its address, probe, set up. After a failure device_down() decides what is next.
 * Returns 0 or a negative errno with a text (error_last()). Suspends.
 */
int device_up(struct device *d) MUST_CHECK;

/*
 * Nobody needs the chip any more: it sleeps, if it can and is still there. Within 200 ms; what fails is only logged.
 * Suspends, also when cancelled.
 */
void device_sleep(struct device *d);

/*
 * Close what is open, and hold the chip in reset if it has a line for that. Suspends, also when cancelled, where
 * the kernel's driver has to stop something.
 */
void device_close(struct device *d);

/* It works: the state is running, the back-off starts afresh. @how: "mpu6050 at 0x68". */
void device_ran(struct device *d);

/*
 * It failed with @r: count it, enter failing or lost, say so once, and wait for the back-off.
 * Returns 0 when it is time for the next attempt, or -ECANCELED. Suspends.
 */
int device_down(struct device *d, int r) MUST_CHECK;

/* Count a fault that needs no new set-up: by its kind, or by the errno that it came with. */
void device_fault(struct device *d, enum device_fault fault);
void device_count(struct device *d, int r);

#endif
