/* What the files of the sensor share: its life (sensor.c), and the ways in which chips are read. */
#ifndef DRIVERS_CORE_SENSOR_INTERNAL_H
#define DRIVERS_CORE_SENSOR_INTERNAL_H
#include "drivers/core/burst_clock.h"
#include "drivers/core/debounce.h"
#include "drivers/core/sensor.h"

struct sensor {
	struct device dev;
	struct sensor_conf conf;
	struct sensor_sink sink;
	struct sensor_tap tap;
	struct calibration calibration;
	struct gpio_line *irq;
	struct debounce debounce;
	struct filters *filters;
	int64_t period_ns;  /* between measurements */
	unsigned watermark; /* frames of a burst; 0: the chip is read one by one */
	struct burst_clock clock;
	int64_t silence_ns;
	int64_t data_ns;         /* when there was data, or the set-up ended */
	int64_t verify_ns;       /* when its settings are looked at next */
	bool doubt;              /* a transfer failed: look at them now */
	unsigned bad;            /* readings in a row of which nothing could be used */
	uint8_t odd[CHAN_COUNT]; /* impossible ones in a row beside good ones, up to 10 */
	const struct chan_info
		*beyond; /* the last of them; NULL: none since the last good reading */
	char nonsense
		[160]; /* what the driver last said of bytes that mean nothing; "": nothing */
	uint8_t trim[DRIVER_TRIM_MAX];
	uint8_t raw[DRIVER_BURST_MAX];
};

/*
 * @len raw bytes, measured at @t_ns, become samples for the sink.
 * Returns 0, or -EBADMSG when it has been rubbish for too long.
 */
int sensor_take(struct sensor *s, const uint8_t *raw, size_t len, int64_t t_ns);

/*
 * Is each number of a sample possible? If not, it is counted; and said, when that goes on while other channels
 * are good.
 */
bool sensor_plausible(struct sensor *s, const struct sample *x);

/* What is possible at most, in words: always the same, so that a log says it once. Returns @text. */
#define SENSOR_LIMIT_MAX 96
const char *sensor_limit_text(const struct chan_info *info, char text[SENSOR_LIMIT_MAX]);

/* A reading was of no use. Returns 0, or -EBADMSG when that has been so for too long. */
int sensor_bad(struct sensor *s);

/* A reading brought nothing new. Returns 0, or -ENODATA when that has been so for too long. */
int sensor_nothing(const struct sensor *s);

/*
 * Look whether the chip has kept its settings, if it is time to. Returns 0, -ESTALE when it has not, or
 * -ECANCELED. Suspends.
 */
int sensor_verify(struct sensor *s);

/*
 * The next data-ready edge. When the loop is late, edges have queued up, but the chip holds only what
 * belongs to the newest. Returns 0, -ENODATA when there is none for too long, or a negative errno. Suspends.
 */
int sensor_wait_ready(struct sensor *s, struct gpio_event *ret);

/* Read one measurement after the other, until the first fault that takes a new set-up. Suspend. */
int sensor_read_on_schedule(struct sensor *s);
int sensor_read_on_ready(struct sensor *s);

/* The same with a driver that has `wait`. -EAGAIN: as configured, it is read on a schedule. */
int sensor_read_as_told(struct sensor *s);

/* The same with the chip's FIFO. */
int sensor_read_bursts(struct sensor *s);

/* The same with a line whose edges are the measurement. */
int sensor_follow_edges(struct sensor *s);

#endif
