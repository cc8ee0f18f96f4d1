/* The life of an actuator chip: what its actuators shall do becomes what is written. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "drivers/core/actuator.h"
#include "drivers/core/safe_state.h"

/* How often a moving servo is told where to be: the period of its pulses. */
#define STEP_NS (20 * NS_PER_MS)
#define VERIFY_NS NS_PER_S /* how often it is asked whether it has kept its settings */
#define LOOK_NS NS_PER_S   /* how often it is asked whether its line is still there */
#define SAFE_NS (200 * NS_PER_MS) /* for the safe state on the way out */

struct chip {
	struct device dev;
	struct device_conf conf;
	struct chip_watch watch;
	struct actuator *actuators;
	struct wait wait;
	struct timer timer;
	bool waiting;
	int64_t verify_ns; /* when its settings are looked at next */
	bool changed;      /* a target, since the actuators were last looked at */
	struct safe_state safe;
	uint8_t all_safe[DRIVER_RAW_MAX]; /* without drive, all of it */
	size_t all_safe_len;
};

struct actuator {
	struct actuator *next;
	struct chip *chip;
	struct actuator_conf conf;
	char name[32];
	float target;
	float position;  /* NaN: limp */
	float last;      /* where it was before it became limp; NaN: not known */
	bool sent;       /* the chip has @position; false after each set-up */
	int64_t step_ns; /* when it may move on */
};

static void tell_health(struct device *d)
{
	struct chip *c = container_of(d, struct chip, dev);

	if (c->watch.health)
		c->watch.health(c->watch.arg, &d->health);
}

static void wake(struct chip *c)
{
	if (!c->waiting)
		return;
	c->waiting = false;
	timer_disarm(&c->timer);
	task_wake(&c->wait, 0);
}

static void step_due(struct timer *t)
{
	wake(container_of(t, struct chip, timer));
}

static bool wait_aborted(struct wait *w)
{
	struct chip *c = container_of(w, struct chip, wait);

	c->waiting = false;
	timer_disarm(&c->timer);
	return true;
}

struct chip *chip_new(const char *name, const struct device_conf *conf,
		      const struct device_ports *ports, const struct chip_watch *watch)
{
	struct chip *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->conf = *conf;
	if (watch)
		c->watch = *watch;
	device_init(&c->dev, name, &c->conf, ports);
	c->dev.changed = tell_health;
	c->timer.fn = step_due;
	c->all_safe_len = (size_t)conf->chip->safe(c->conf.settings, c->all_safe);
	safe_state_init(&c->safe, conf->chip, c->conf.settings, &c->dev.io);
	return c;
}

void chip_free(struct chip *c)
{
	if (!c)
		return;
	while (c->actuators) {
		struct actuator *a = c->actuators;

		c->actuators = a->next;
		free(a);
	}
	safe_state_fini(&c->safe);
	device_fini(&c->dev);
	free(c);
}

struct device_health chip_health(const struct chip *c)
{
	return c->dev.health;
}

/* An actuator has an angle, or, where the chip takes levels, a level. */
static bool is_servo(const struct actuator *a)
{
	return a->chip->conf.chip->command_unit[0] != '\0';
}

int chip_add(struct chip *c, const char *name, const struct actuator_conf *conf,
	     struct actuator **ret)
{
	struct actuator **end = &c->actuators;
	struct actuator *a;

	for (; *end; end = &(*end)->next)
		if ((*end)->conf.channel == conf->channel)
			return -EBUSY;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	a->chip = c;
	a->conf = *conf;
	a->position = a->last = a->target = NAN;
	if (conf->start == ACTUATOR_START_ZERO)
		actuator_set(a, 0);
	*end = a;
	*ret = a;
	return 0;
}

void actuator_range(const struct actuator *a, double *ret_min, double *ret_max)
{
	*ret_min = is_servo(a) ? a->conf.range_rad[0] : 0;
	*ret_max = is_servo(a) ? a->conf.range_rad[1] : 1;
}

/* The chip has got @raw, which puts @a at @value. */
static void sent(struct actuator *a, float value, const uint8_t *raw, size_t len)
{
	struct chip_watch *w = &a->chip->watch;

	a->position = value;
	if (!isnan(value))
		a->last = value;
	a->sent = true;
	if (w->written)
		w->written(w->arg, a, value, raw, len);
}

/* If the safe state was sent without the loop, what was driven then is not any more, and stays so. */
static void see_made_safe(struct chip *c)
{
	if (!safe_state_was_sent(&c->safe))
		return;
	for (struct actuator *a = c->actuators; a; a = a->next) {
		if (a->conf.safe != ACTUATOR_LIMP)
			continue;
		a->target = NAN;
		sent(a, NAN, c->all_safe, c->all_safe_len);
	}
}

void actuator_set(struct actuator *a, float value)
{
	double min;
	double max;

	see_made_safe(a->chip);
	actuator_range(a, &min, &max);
	/* fminf and fmaxf take the number where the other is NaN. */
	a->target = isnan(value) ? NAN : fminf(fmaxf(value, (float)min), (float)max);
	a->chip->changed = true;
	wake(a->chip);
}

void actuator_rest(struct actuator *a)
{
	actuator_set(a, a->conf.rest == ACTUATOR_LIMP ? NAN : a->position);
}

void actuator_safe(struct actuator *a)
{
	actuator_set(a, a->conf.safe == ACTUATOR_LIMP ? NAN : a->position);
}

float actuator_position(const struct actuator *a)
{
	see_made_safe(a->chip);
	return a->position;
}

float actuator_target(const struct actuator *a)
{
	see_made_safe(a->chip);
	return a->target;
}

const char *actuator_unit(const struct actuator *a)
{
	return is_servo(a) ? "rad" : "";
}

static bool same(float a, float b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool settled(const struct actuator *a)
{
	return a->sent && same(a->position, a->target);
}

/* @value, which may be NaN, as the chip takes it: for a servo the pulse width. */
static float command_of(const struct actuator *a, float value)
{
	const double *range = a->conf.range_rad;
	const double *pulse = a->conf.pulse_s;
	double part;

	if (!is_servo(a))
		return value;
	part = ((double)value - range[0]) / (range[1] - range[0]);
	if (a->conf.reverse)
		part = 1 - part;
	return (float)(pulse[0] + part * (pulse[1] - pulse[0]));
}

/* The next value on the way to the target, as far as the rate allows. */
static float next_value(const struct actuator *a)
{
	double most = a->conf.rate_rad_s * (double)STEP_NS / (double)NS_PER_S;
	double way = (double)a->target - (double)a->last;

	/* From where nobody knows, or without a limit, there is but one step. */
	if (!is_servo(a) || isnan(most) || isnan(way) || fabs(way) <= most)
		return a->target;
	return (float)((double)a->last + copysign(most, way));
}

/*
 * Send bytes to the chip; what fails is sent once more at once (see measure() in sensor.c for why).
 * -EALREADY: it was made safe without the loop, which is not taken back. Suspends.
 */
static int write_raw(struct chip *c, const uint8_t *raw, size_t len)
{
	int r;

	c->dev.attempt_ns = rt_now();
	r = safe_state_write(&c->safe, raw, len);
	if (r < 0 && r != -ECANCELED && r != -EALREADY) {
		device_count(&c->dev, r);
		r = safe_state_write(&c->safe, raw, len);
	}
	if (r < 0)
		return r;
	c->dev.health.good++;
	c->dev.health.last_ns = rt_now();
	return 0;
}

static int encode(const struct actuator *a, float value, uint8_t raw[DRIVER_RAW_MAX])
{
	const struct device_conf *conf = &a->chip->conf;
	const struct command cmd = {
		.channel = (unsigned)a->conf.channel,
		.value = command_of(a, value),
	};
	int n = conf->chip->encode(conf->settings, &cmd, raw);

	/* The value is in range, and actuator_conf_check() tried the ends. */
	assert(n > 0);
	return n;
}

static int send_value(struct actuator *a, float value)
{
	uint8_t raw[DRIVER_RAW_MAX];
	size_t n = (size_t)encode(a, value, raw);
	int r = write_raw(a->chip, raw, n);

	if (r == 0)
		sent(a, value, raw, n);
	return r;
}

/* Move @a on if it is time; *@due_ns is when the next step is, if sooner than that. Suspends. */
static int move(struct actuator *a, int64_t *due_ns)
{
	int64_t now_ns = rt_now();
	int r;

	if (settled(a))
		return 0;
	if (a->step_ns <= now_ns) {
		r = send_value(a, next_value(a));
		if (r < 0)
			return r;
		/* On a fixed grid while it moves; steps that a late loop missed are not made up for,
		 * as that would be a jump. */
		a->step_ns += STEP_NS;
		if (a->step_ns <= now_ns)
			a->step_ns = now_ns + STEP_NS;
	}
	if (!settled(a) && a->step_ns < *due_ns)
		*due_ns = a->step_ns;
	return 0;
}

static int wait_for_work(struct chip *c, int64_t due_ns)
{
	int r = task_check();

	if (r < 0)
		return r;
	c->wait = (struct wait){
		.kind = "commands", .what = c->dev.name, .abort = wait_aborted};
	c->waiting = true;
	if (due_ns != TIME_NEVER)
		timer_arm(&c->timer, due_ns);
	return task_park(&c->wait);
}

/*
 * Has the chip kept its settings? One that has not drives nothing, and would not tell. *@due_ns is when it is
 * asked next, if sooner than that. Returns 0, -ESTALE, or -ECANCELED. Suspends.
 */
static int verify(struct chip *c, int64_t *due_ns)
{
	const struct driver *d = c->conf.chip;
	int r = 0;

	if (!d->verify)
		return 0;
	if (rt_now() >= c->verify_ns) {
		c->verify_ns = rt_now() + VERIFY_NS;
		c->dev.attempt_ns = rt_now();
		r = d->verify(&c->dev.io, c->conf.settings);
	}
	if (c->verify_ns < *due_ns)
		*due_ns = c->verify_ns;
	if (r == 0 || r == -ESTALE || r == -ECANCELED)
		return r;
	device_count(&c->dev,
		     r); /* a glitch; if it is more the next command fails, too */
	return 0;
}

/* Wait until there is work, but for a chip on a line not longer than until a look at that. Suspends. */
static int rest_until(struct chip *c, int64_t due_ns)
{
	struct gpio_line *line = c->dev.io.line;
	int64_t look_ns = line ? time_add(rt_now(), LOOK_NS) : TIME_NEVER;
	int r = wait_for_work(c, due_ns < look_ns ? due_ns : look_ns);

	if (r < 0 || !line || rt_now() < look_ns)
		return r;
	c->dev.attempt_ns = rt_now();
	r = gpio_get(line);
	return r < 0 ? r : 0;
}

/* From reaching the chip to the first fault that takes a new set-up, which is returned. Suspends. */
static int session(struct chip *c)
{
	int r = device_up(&c->dev);

	if (r < 0)
		return r;
	safe_state_open(&c->safe, true);
	for (struct actuator *a = c->actuators; a; a = a->next)
		a->sent = false;
	device_ran(&c->dev);
	c->verify_ns = rt_now() + VERIFY_NS;
	do {
		int64_t due_ns = TIME_NEVER;

		c->changed = false;
		see_made_safe(c);
		for (struct actuator *a = c->actuators; r == 0 && a; a = a->next)
			r = move(a, &due_ns);
		if (r == -EALREADY) { /* the targets are to be looked at anew */
			c->changed = true;
			r = 0;
		}
		if (r == 0)
			r = verify(c, &due_ns);
		if (r == 0 && !c->changed)
			r = rest_until(c, due_ns);
	} while (r == 0);
	return r;
}

/* All that the chip drives loses its drive, with one write. Suspends. */
static int send_all_safe(struct chip *c)
{
	int r = write_raw(c, c->all_safe, c->all_safe_len);

	for (struct actuator *a = c->actuators; r == 0 && a; a = a->next)
		sent(a, NAN, c->all_safe, c->all_safe_len);
	return r;
}

static bool all_limp(const struct chip *c)
{
	const struct actuator *a = c->actuators;

	while (a && a->conf.safe == ACTUATOR_LIMP)
		a = a->next;
	return !a;
}

/* The bytes that make safe what is limp in danger. 0 or -ENOMEM. */
static int prepare_safe(struct chip *c)
{
	int r = 0;

	safe_state_clear(&c->safe);
	if (all_limp(c))
		return safe_state_add(&c->safe, c->all_safe, c->all_safe_len);
	for (struct actuator *a = c->actuators; r == 0 && a; a = a->next) {
		uint8_t raw[DRIVER_RAW_MAX];

		if (a->conf.safe == ACTUATOR_LIMP)
			r = safe_state_add(&c->safe, raw, (size_t)encode(a, NAN, raw));
	}
	return r;
}

int chip_safe_now(struct chip *c)
{
	return safe_state_send(&c->safe);
}

/* Send the safe state: what is "limp" loses its drive, what is "hold" stays; targets follow. Suspends. */
static int make_safe(struct chip *c)
{
	int r = 0;

	see_made_safe(c);
	for (struct actuator *a = c->actuators; a; a = a->next)
		a->target = a->conf.safe == ACTUATOR_LIMP ? NAN : a->position;
	if (all_limp(c))
		return send_all_safe(c);
	/* One that does not get through is no reason to leave the others driven. */
	for (struct actuator *a = c->actuators; a; a = a->next) {
		int e = a->conf.safe == ACTUATOR_LIMP ? send_value(a, NAN) : 0;

		r = r == 0 ? e : r;
	}
	return r;
}

static void leave_safe(struct chip *c)
{
	struct scope shield;
	int r;

	scope_enter_shield(&shield, SAFE_NS);
	r = scope_leave_timeout(&shield, make_safe(c));
	if (r < 0)
		LOG(ERR, "%s: the safe state was not sent: %s", c->dev.name,
		    strerrordesc_np(-r));
}

int chip_run(void *chip)
{
	struct chip *c = chip;
	int r = prepare_safe(c);

	while (r == 0) {
		r = session(c);
		if (r == -ECANCELED)
			break;
		safe_state_open(&c->safe, false);
		r = device_down(&c->dev, r);
	}
	leave_safe(c);
	safe_state_open(&c->safe, false);
	device_close(&c->dev);
	return r;
}
