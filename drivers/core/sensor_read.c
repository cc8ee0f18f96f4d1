/* Reading a chip one measurement at a time: on a schedule, or when it says that there is one. */
#include <errno.h>

#include "daemon/rt/rt.h"
#include "drivers/core/sensor_internal.h"

/* Trigger, wait, read. Returns the count of bytes in s->raw. Suspends. */
static int read_raw(struct sensor *s)
{
	const struct device_conf *conf = &s->conf.device;
	int64_t delay_ns = 0;
	int r = 0;

	if (conf->chip->trigger)
		r = conf->chip->trigger(&s->dev.io, conf->settings, &delay_ns);
	if (r == 0 && delay_ns > 0)
		r = task_sleep(delay_ns);
	if (r < 0)
		return r;
	return conf->chip->read(&s->dev.io, conf->settings, s->raw);
}

/*
 * One measurement, made at @t_ns. A transfer that fails is made once more at once: a glitch on the wires
 * hits only one, and a chip that has lost its power and with it its set-up needs longer than that to
 * answer again. Suspends.
 */
static int measure(struct sensor *s, int64_t t_ns)
{
	int n;

	s->dev.attempt_ns = rt_now();
	n = read_raw(s);
	if (n < 0 && n != -ECANCELED) {
		device_count(&s->dev, n);
		s->doubt = true;
		n = read_raw(s);
	}
	s->dev.health.faults[FAULT_OVERRUN] += s->dev.io.lost;
	s->dev.io.lost = 0;
	if (n > 0)
		n = sensor_take(s, s->raw, (size_t)n, t_ns);
	else if (n == 0)
		n = sensor_nothing(s);
	return n < 0 ? n : sensor_verify(s);
}

/* Those moments that a late loop missed are left out, the others do not drift. */
int sensor_read_on_schedule(struct sensor *s)
{
	int64_t next_ns = rt_now();

	/* A chip that measures by itself may still hold what it measured before it was set up. */
	if (!s->conf.device.chip->trigger)
		next_ns += s->period_ns;
	for (;;) {
		int r = task_sleep_until(next_ns);

		if (r == 0)
			r = measure(s, rt_now());
		if (r < 0)
			return r;
		for (next_ns += s->period_ns; next_ns < rt_now(); next_ns += s->period_ns)
			device_fault(&s->dev, FAULT_OVERRUN);
	}
}

int sensor_wait_ready(struct sensor *s, struct gpio_event *ret)
{
	/* A FIFO keeps what past edges announced; of the one that is taken no other may be in doubt. */
	bool fifo = s->watermark > 0;
	int64_t fresh_ns = fifo ? s->period_ns / 2 : s->period_ns;
	int r = gpio_wait_until(s->irq, time_add(rt_now(), s->silence_ns), ret);

	while (r == 0) {
		for (uint32_t i = 0; !fifo && i < ret->lost; i++)
			device_fault(&s->dev, FAULT_OVERRUN);
		if (rt_now() - ret->t_ns <= fresh_ns)
			return 0;
		r = gpio_wait_until(
			s->irq, time_add(rt_now(), fifo ? s->silence_ns : s->period_ns),
			ret);
		if (r == -ETIMEDOUT && !fifo)
			return 0;
		if (!fifo)
			device_fault(&s->dev, FAULT_OVERRUN);
	}
	if (r == -ETIMEDOUT)
		return error_set(-ENODATA, "no data-ready edge on %s for %lld ms",
				 s->conf.irq, (long long)(s->silence_ns / NS_PER_MS));
	return r;
}

/*
 * Some outputs stay high until the measurement is read: after an edge that was lost, or a reading that came later than
 * the next one, no edge follows. Of one that is high for good the next edge does not come either.
 */
static bool awaits_reading(struct sensor *s)
{
	return gpio_get(s->irq) == 1;
}

int sensor_read_on_ready(struct sensor *s)
{
	bool asked = false; /* the last reading followed no edge */

	for (;;) {
		struct gpio_event e;
		int r;

		s->dev.attempt_ns = rt_now();
		r = sensor_wait_ready(s, &e);
		if (r == -ENODATA && !asked && awaits_reading(s)) {
			device_fault(&s->dev, FAULT_OVERRUN);
			e.t_ns = rt_now();
			asked = true;
			r = 0;
		} else {
			asked = false;
		}
		if (r == 0)
			r = measure(s, e.t_ns);
		if (r < 0)
			return r;
	}
}

int sensor_read_as_told(struct sensor *s)
{
	const struct device_conf *conf = &s->conf.device;

	for (;;) {
		int64_t t_ns;
		int r;

		s->dev.attempt_ns = rt_now();
		r = conf->chip->wait(&s->dev.io, conf->settings,
				     time_add(rt_now(), s->silence_ns), &t_ns);
		if (r == -ETIMEDOUT)
			return error_set(-ENODATA, "no new data for %lld ms",
					 (long long)(s->silence_ns / NS_PER_MS));
		if (r == 0)
			r = measure(s, t_ns);
		if (r < 0)
			return r;
	}
}
