/* Sensors that are a line: its level, and every change of it that lasts. */
#include <errno.h>

#include "daemon/rt/rt.h"
#include "drivers/core/sensor_internal.h"

/* A line without edges is looked at this often: kernels drop edges when the loop is late. */
#define LOOK_NS NS_PER_S

/* The debounced level, which the line has had since @t_ns, goes the way of all raw bytes. */
static int take_level(struct sensor *s, int64_t t_ns)
{
	const struct gpio_event e = {.t_ns = t_ns, .level = s->debounce.level};
	const struct device_conf *conf = &s->conf.device;
	int n = conf->chip->edge(conf->settings, &e, s->raw);

	return sensor_take(s, s->raw, (size_t)n, t_ns);
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

int sensor_follow_edges(struct sensor *s)
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
