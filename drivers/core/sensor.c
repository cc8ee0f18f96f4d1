/* The life of a sensor: the loop that every chip is read by. */
#include "drivers/core/sensor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "drivers/core/sensor_internal.h"

/* No data for this many readings, but not less than a time, means that the chip must be set up again. */
#define SILENCE_READINGS 10
#define SILENCE_MIN_NS (200 * NS_PER_MS)

/* So do this many readings in a row of which nothing could be used. */
#define BAD_MAX 10

/* How often a chip is asked whether it has kept its settings. */
#define VERIFY_NS NS_PER_S

static void tell_health(struct device *d)
{
	struct sensor *s = container_of(d, struct sensor, dev);

	if (s->sink.health)
		s->sink.health(s->sink.arg, &d->health);
}

struct sensor *sensor_new(const char *role, const struct sensor_conf *conf,
			  const struct device_ports *ports,
			  const struct sensor_sink *sink)
{
	const struct driver *chip = conf->device.chip;
	struct sensor *s = calloc(1, sizeof(*s));
	int64_t silence_ns;

	if (!s)
		return NULL;
	s->filters = filters_new(&conf->filters);
	if (!s->filters) {
		free(s);
		return NULL;
	}
	s->conf = *conf;
	s->sink = *sink;
	device_init(&s->dev, role, &s->conf.device, ports);
	s->dev.changed = tell_health;
	if (chip->period_ns)
		s->period_ns = chip->period_ns(s->conf.device.settings);
	if (chip->fifo)
		s->watermark = chip->fifo->watermark(s->conf.device.settings);
	silence_ns = SILENCE_READINGS * device_reading_ns(&s->conf.device);
	s->silence_ns = silence_ns > SILENCE_MIN_NS ? silence_ns : SILENCE_MIN_NS;
	/* Who speaks only when something changes may be silent for any time. */
	if (silence_ns == 0)
		s->silence_ns = TIME_NEVER;
	return s;
}

void sensor_free(struct sensor *s)
{
	if (!s)
		return;
	device_fini(&s->dev);
	filters_free(s->filters);
	free(s);
}

struct device_health sensor_health(const struct sensor *s)
{
	return s->dev.health;
}

void sensor_set_tap(struct sensor *s, const struct sensor_tap *tap)
{
	s->tap = tap ? *tap : (struct sensor_tap){0};
}

bool sensor_tapped(const struct sensor *s)
{
	return s->tap.raw != NULL;
}

void sensor_set_calibration(struct sensor *s, const struct calibration *c)
{
	s->calibration = c ? *c : (struct calibration){0};
}

const struct calibration *sensor_calibration(const struct sensor *s)
{
	return &s->calibration;
}

const struct device_conf *sensor_device(const struct sensor *s)
{
	return &s->conf.device;
}

uint32_t sensor_chans(const struct sensor *s)
{
	return device_chans(&s->conf.device);
}

static void tap(const struct sensor *s, const uint8_t *raw, size_t len, int64_t t_ns)
{
	const struct device_conf *conf = &s->conf.device;
	const struct sensor_raw what = {
		.role = s->dev.name,
		.conf = conf,
		.trim = s->trim,
		.raw = raw,
		.len = len,
		.t_ns = t_ns,
	};

	s->tap.raw(s->tap.arg, &what);
}

int sensor_bad(struct sensor *s)
{
	char limit[SENSOR_LIMIT_MAX];

	if (++s->bad < BAD_MAX)
		return 0;
	if (s->nonsense[0] && !s->beyond)
		return error_set(-EBADMSG, "%u readings in a row make no sense: %s",
				 s->bad, s->nonsense);
	if (s->beyond)
		return error_set(-EBADMSG, "%u readings in a row make no sense: %s",
				 s->bad, sensor_limit_text(s->beyond, limit));
	return error_set(-EBADMSG, "%u readings in a row make no sense", s->bad);
}

/* Bytes that mean nothing are counted; a reason that the driver gives is told when it is another one than before. */
static void not_decoded(struct sensor *s, int r)
{
	const struct error *e = error_last(r);

	device_fault(&s->dev, FAULT_DECODE);
	if (!e || !e->text[0] || e->t_ns < s->dev.attempt_ns ||
	    strcmp(e->text, s->nonsense) == 0)
		return;
	(void)snprintf(s->nonsense, sizeof(s->nonsense), "%s", e->text);
	LOG(WARNING, "%s: %s; left out", s->dev.name, s->nonsense);
}

int sensor_take(struct sensor *s, const uint8_t *raw, size_t len, int64_t t_ns)
{
	const struct device_conf *conf = &s->conf.device;
	struct sample out[DRIVER_SAMPLES];
	unsigned good = 0;
	unsigned kept = 0;
	int n;

	if (s->tap.raw)
		tap(s, raw, len, t_ns);
	n = conf->chip->decode(conf->settings, s->trim, raw, len, t_ns, out);
	if (n < 0)
		not_decoded(s, n);
	for (int i = 0; i < n; i++) {
		if (!sensor_plausible(s, &out[i]))
			continue;
		good++;
		out[kept] = out[i];
		calibration_apply(&s->calibration, &out[kept]);
		mount_apply(&s->conf.mount, &out[kept]);
		kept += filters_apply(s->filters, &out[kept]);
	}
	if (good == 0)
		return sensor_bad(s);
	s->bad = 0;
	s->beyond = NULL;
	s->data_ns = rt_now();
	s->dev.health.good++;
	s->dev.health.last_ns = t_ns;
	device_ran(&s->dev);
	if (kept > 0)
		s->sink.samples(s->sink.arg, out, kept);
	return 0;
}

int sensor_nothing(const struct sensor *s)
{
	if (rt_now() - s->data_ns < s->silence_ns)
		return 0;
	return error_set(-ENODATA, "no new data for %lld ms",
			 (long long)(s->silence_ns / NS_PER_MS));
}

int sensor_verify(struct sensor *s)
{
	const struct device_conf *conf = &s->conf.device;
	int r;

	if (!conf->chip->verify || (!s->doubt && rt_now() < s->verify_ns))
		return 0;
	s->doubt = false;
	s->verify_ns = rt_now() + VERIFY_NS;
	s->dev.attempt_ns = rt_now();
	r = conf->chip->verify(&s->dev.io, conf->settings);
	if (r == 0 || r == -ESTALE || r == -ECANCELED)
		return r;
	/* A glitch. If it is more than that the next reading fails, too. */
	device_count(&s->dev, r);
	s->doubt = true;
	return 0;
}

static int open_irq(struct sensor *s)
{
	const struct gpio_request req = {
		.line = s->conf.irq,
		.consumer = s->dev.name,
		.edge = GPIO_EDGE_RISING,
	};

	if (s->irq || !s->conf.irq[0] || s->conf.device.chip->edge)
		return 0;
	return gpio_open(s->dev.ports.gpio, &req, &s->irq);
}

/* From reaching the chip to the first fault that takes a new set-up. Suspends. */
static int session(struct sensor *s)
{
	const struct driver *chip = s->conf.device.chip;
	int r;

	/* Before the set-up, so that the first edge is not missed. */
	s->dev.attempt_ns = rt_now();
	r = open_irq(s);
	if (r == 0)
		r = device_up(&s->dev);
	if (r == 0 && chip->trim)
		r = chip->trim(&s->dev.io, s->trim);
	if (r < 0)
		return r;
	s->bad = 0;
	s->doubt = false;
	s->data_ns = rt_now();
	s->verify_ns = rt_now() + VERIFY_NS;
	filters_reset(s->filters);
	if (chip->edge)
		return sensor_follow_edges(s);
	r = chip->wait ? sensor_read_as_told(s) : -EAGAIN;
	if (r != -EAGAIN)
		return r;
	if (s->watermark)
		return sensor_read_bursts(s);
	return s->irq ? sensor_read_on_ready(s) : sensor_read_on_schedule(s);
}

int sensor_run(void *sensor)
{
	struct sensor *s = sensor;
	int r;

	do {
		r = session(s);
		/* Its chip may be what has gone. */
		gpio_close(s->irq);
		s->irq = NULL;
		r = device_down(&s->dev, r);
	} while (r == 0);
	device_sleep(&s->dev);
	device_close(&s->dev);
	return r;
}
