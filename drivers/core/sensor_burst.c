/* Reading a chip through its FIFO: many measurements at once, each with its own time. */
#include <errno.h>

#include "daemon/rt/rt.h"
#include "drivers/core/sensor_internal.h"

/* Empty the FIFO: what was in it is lost, and so is the phase of the chip's clock. Suspends. */
static int restart(struct sensor *s)
{
	const struct device_conf *conf = &s->conf.device;

	burst_clock_restart(&s->clock);
	return conf->chip->fifo->restart(&s->dev.io, conf->settings);
}

/* Returns the count of bytes in s->raw. Suspends. */
static int read_raw(struct sensor *s, int64_t *ret_counted_ns)
{
	const struct device_conf *conf = &s->conf.device;

	return conf->chip->fifo->read(&s->dev.io, conf->settings, s->raw, sizeof(s->raw),
				      ret_counted_ns);
}

/* The frames of a burst of @len bytes, oldest first; the last takes what stands behind it. */
static int take_frames(struct sensor *s, size_t len)
{
	size_t frame_len = s->conf.device.chip->fifo->frame_len;
	unsigned n = (unsigned)(len / frame_len);
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		size_t at = i * frame_len;

		r = sensor_take(s, s->raw + at, i + 1 < n ? frame_len : len - at,
				burst_clock_stamp(&s->clock, i));
	}
	return r;
}

/* @n frames have come, counted between @from_ns and @counted_ns. */
static void stamp(struct sensor *s, unsigned n, const struct gpio_event *edge,
		  int64_t from_ns, int64_t counted_ns)
{
	if (edge)
		burst_clock_edge(&s->clock, n, edge->t_ns, from_ns, counted_ns);
	else
		burst_clock_counted(&s->clock, n, from_ns, counted_ns);
}

/*
 * One burst; @edge tells of a measurement just before, or is NULL. A FIFO that has run over begins anew; after
 * a transfer that failed nobody knows how many bytes have left it, so it does, too. Suspends.
 */
static int burst(struct sensor *s, const struct gpio_event *edge)
{
	size_t frame_len = s->conf.device.chip->fifo->frame_len;
	int64_t from_ns = rt_now();
	int64_t counted_ns = from_ns;
	int n;

	s->dev.attempt_ns = rt_now();
	n = read_raw(s, &counted_ns);
	if (n == -ECANCELED)
		return n;
	if (n < 0) {
		device_count(&s->dev, n);
		s->doubt = s->doubt || n != -EOVERFLOW;
		n = restart(s);
		s->data_ns = rt_now(); /* what had come is lost, which is not silence */
		if (n == 0)
			n = sensor_bad(s);
	} else if (n > 0) {
		stamp(s, (unsigned)((size_t)n / frame_len), edge, from_ns, counted_ns);
		n = take_frames(s, (size_t)n);
	} else {
		n = sensor_nothing(s);
	}
	return n < 0 ? n : sensor_verify(s);
}

int sensor_read_bursts(struct sensor *s)
{
	const int64_t each_ns = s->watermark * s->period_ns;
	int64_t next_ns;
	int r;

	burst_clock_init(&s->clock, s->period_ns);
	r = restart(s);
	next_ns = rt_now() + each_ns;
	while (r == 0) {
		struct gpio_event e;

		r = task_sleep_until(next_ns);
		if (r == 0 && s->irq)
			r = sensor_wait_ready(s, &e);
		if (r == 0)
			r = burst(s, s->irq ? &e : NULL);
		/* A late loop misses no measurement here, so nothing is counted. */
		do
			next_ns += each_ns;
		while (next_ns < rt_now());
	}
	return r;
}
