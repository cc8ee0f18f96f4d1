/* The life of a sensor: the loop that every chip is read by. */
#include "drivers/core/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "drivers/core/debounce.h"

/* No data for this many periods, but not less than a time, means that the chip must be set up again. */
#define SILENCE_PERIODS 10
#define SILENCE_MIN_NS (200 * NS_PER_MS)

/* So do this many readings in a row of which nothing could be used. */
#define BAD_MAX 10

/* A line without edges is looked at this often: kernels drop edges when the loop is late. */
#define LOOK_NS NS_PER_S

struct sensor {
	struct device dev;
	struct sensor_conf conf;
	struct sensor_sink sink;
	struct gpio_line *irq;
	struct debounce debounce;
	struct filters *filters;
	int64_t period_ns;
	int64_t silence_ns;
	int64_t data_ns; /* when there was data, or the set-up ended */
	unsigned bad;    /* readings in a row of which nothing could be used */
	uint8_t trim[DRIVER_TRIM_MAX];
	uint8_t raw[DRIVER_RAW_MAX];
};

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
	s->silence_ns = SILENCE_PERIODS * s->period_ns > SILENCE_MIN_NS
				? SILENCE_PERIODS * s->period_ns
				: SILENCE_MIN_NS;
	return s;
}

void sensor_free(struct sensor *s)
{
	if (!s)
		return;
	filters_free(s->filters);
	free(s);
}

struct device_health sensor_health(const struct sensor *s)
{
	return s->dev.health;
}

uint32_t sensor_chans(const struct sensor *s)
{
	return s->conf.device.chip->chans;
}

/* Is each number possible? NaN, which was not measured, is. */
static bool in_range(const struct sample *s)
{
	const struct chan_info *info = &chan_info[s->chan];

	for (int i = 0; i < info->width; i++)
		if (isinf(s->v[i]) ||
		    (info->limit > 0 && fabs((double)s->v[i]) > info->limit))
			return false;
	return true;
}

/*
 * @len raw bytes, measured at @t_ns, become samples for the sink.
 * Returns 0, or -EBADMSG when it has been rubbish for too long.
 */
static int take(struct sensor *s, const uint8_t *raw, size_t len, int64_t t_ns)
{
	const struct device_conf *conf = &s->conf.device;
	struct sample out[DRIVER_SAMPLES];
	unsigned good = 0;
	unsigned kept = 0;
	int n = conf->chip->decode(conf->settings, s->trim, raw, len, t_ns, out);

	if (n < 0)
		device_fault(&s->dev, FAULT_DECODE);
	for (int i = 0; i < n; i++) {
		if (!in_range(&out[i])) {
			device_fault(&s->dev, FAULT_RANGE);
			continue;
		}
		good++;
		out[kept] = out[i];
		mount_apply(&s->conf.mount, &out[kept]);
		kept += filters_apply(s->filters, &out[kept]);
	}
	if (good == 0) {
		if (++s->bad < BAD_MAX)
			return 0;
		return error_set(-EBADMSG, "%u readings in a row make no sense", s->bad);
	}
	s->bad = 0;
	s->data_ns = rt_now();
	s->dev.health.good++;
	s->dev.health.last_ns = t_ns;
	device_ran(&s->dev);
	if (kept > 0)
		s->sink.samples(s->sink.arg, out, kept);
	return 0;
}

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
		n = read_raw(s);
	}
	if (n < 0)
		return n;
	if (n > 0)
		return take(s, s->raw, (size_t)n, t_ns);
	if (rt_now() - s->data_ns < s->silence_ns)
		return 0;
	return error_set(-ENODATA, "no new data for %lld ms",
			 (long long)(s->silence_ns / NS_PER_MS));
}

/* Read at fixed moments, which do not drift; those that a late loop missed are left out. Suspends. */
static int read_on_schedule(struct sensor *s)
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

/*
 * The next data-ready edge. When the loop is late, edges have queued up, but the chip holds only what
 * belongs to the newest. Suspends.
 */
static int wait_ready(struct sensor *s, struct gpio_event *ret)
{
	int r = gpio_wait_until(s->irq, time_add(rt_now(), s->silence_ns), ret);

	while (r == 0) {
		for (uint32_t i = 0; i < ret->lost; i++)
			device_fault(&s->dev, FAULT_OVERRUN);
		if (rt_now() - ret->t_ns <= s->period_ns)
			return 0;
		r = gpio_wait_until(s->irq, time_add(rt_now(), s->period_ns), ret);
		if (r == -ETIMEDOUT)
			return 0;
		device_fault(&s->dev, FAULT_OVERRUN);
	}
	if (r == -ETIMEDOUT)
		return error_set(-ENODATA, "no data-ready edge on %s for %lld ms",
				 s->conf.irq, (long long)(s->silence_ns / NS_PER_MS));
	return r;
}

static int read_on_ready(struct sensor *s)
{
	for (;;) {
		struct gpio_event e;
		int r;

		s->dev.attempt_ns = rt_now();
		r = wait_ready(s, &e);
		if (r == 0)
			r = measure(s, e.t_ns);
		if (r < 0)
			return r;
	}
}

/* The debounced level, which the line has had since @t_ns, goes the way of all raw bytes. */
static int take_level(struct sensor *s, int64_t t_ns)
{
	const struct gpio_event e = {.t_ns = t_ns, .level = s->debounce.level};
	const struct device_conf *conf = &s->conf.device;
	int n = conf->chip->edge(conf->settings, &e, s->raw);

	return take(s, s->raw, (size_t)n, t_ns);
}

/* No edge has come: has one been lost? Has the level lasted long enough to count? */
static int look(struct sensor *s)
{
	struct debounce *d = &s->debounce;
	int level = gpio_get(s->dev.io.line);

	if (level < 0)
		return level;
	debounce_input(d, level, rt_now());
	return debounce_advance(d, rt_now()) ? take_level(s, d->since_ns) : 0;
}

static int take_edge(struct sensor *s, const struct gpio_event *e)
{
	struct debounce *d = &s->debounce;
	int r = debounce_advance(d, e->t_ns) ? take_level(s, d->since_ns) : 0;

	s->dev.health.faults[FAULT_OVERRUN] += e->lost;
	debounce_input(d, e->level, e->t_ns);
	return r;
}

/* The level at the start, then every change that lasts. Suspends. */
static int follow_edges(struct sensor *s)
{
	int r = gpio_get(s->dev.io.line);

	if (r < 0)
		return r;
	debounce_start(&s->debounce, s->conf.debounce_ns, r, rt_now());
	r = take_level(s, rt_now());
	while (r == 0) {
		int64_t due_ns = debounce_due_ns(&s->debounce);
		int64_t look_ns = time_add(rt_now(), LOOK_NS);
		struct gpio_event e;

		s->dev.attempt_ns = rt_now();
		r = gpio_wait_until(s->dev.io.line, due_ns < look_ns ? due_ns : look_ns,
				    &e);
		if (r == 0)
			r = take_edge(s, &e);
		else if (r == -ETIMEDOUT)
			r = look(s);
	}
	return r;
}

static int open_irq(struct sensor *s)
{
	const struct gpio_request req = {
		.line = s->conf.irq,
		.consumer = s->dev.name,
		.edge = GPIO_EDGE_RISING,
	};
	int r;

	if (s->irq || !s->conf.irq[0] || s->conf.device.chip->edge)
		return 0;
	r = gpio_open(s->dev.ports.gpio, &req, &s->irq);
	return r < 0 ? error_set(r, "data-ready line %s: %s", s->conf.irq,
				 strerrordesc_np(-r))
		     : 0;
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
	s->data_ns = rt_now();
	filters_reset(s->filters);
	if (chip->edge)
		return follow_edges(s);
	return s->irq ? read_on_ready(s) : read_on_schedule(s);
}

int sensor_run(void *sensor)
{
	struct sensor *s = sensor;
	int r;

	do {
		r = device_down(&s->dev, session(s));
	} while (r == 0);
	device_close(&s->dev);
	gpio_close(s->irq);
	s->irq = NULL;
	return r;
}
