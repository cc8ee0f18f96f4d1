/* Other sensors while the robot runs: look first, stop the old, start the new, and back if need be. */
#include "daemon/app/swap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/senses_internal.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "drivers/core/probe.h"

/* A new chip is set up and has measured within this time and two of its periods, or it has failed. */
#define START_NS NS_PER_S

/* One sensor that is to be another one. */
struct exchange {
	struct sense *sense;
	const struct conf_sensor *now, *next;
	struct sensor *old, *new;
	struct value *old_values[CHAN_COUNT], *new_values[CHAN_COUNT];
	bool made[CHAN_COUNT]; /* the new value was not there before */
	bool another;          /* another chip, or in another place */
	bool must_run;         /* if it does not, that is this swap's fault */
};

/* All but the chip's own settings, which are at the end; what is read from files begins as zeros. */
static bool same_place(const struct device_conf *a, const struct device_conf *b)
{
	return memcmp(a, b, offsetof(struct device_conf, settings)) == 0;
}

static void exchange_init(struct exchange *x, struct senses *s, const struct swap *swap)
{
	const struct sensor_conf *a, *b;

	*x = (struct exchange){.sense = &s->sense[swap->i], .next = swap->next};
	x->now = x->sense->conf;
	x->old = x->sense->sensor;
	a = &x->now->sensor;
	b = &x->next->sensor;
	x->another = !same_place(&a->device, &b->device) ||
		     !conf_same(&a->mount, &b->mount, sizeof(a->mount));
	x->must_run = !same_place(&a->device, &b->device) ||
		      sensor_health(x->old).state == DEVICE_RUNNING;
	memcpy(x->old_values, x->sense->values, sizeof(x->old_values));
}

/* "icm20948 at 0x69 on bus body", "gpio_button at GPIO22" */
static void describe(const struct device_conf *d, char buf[96])
{
	if (d->chip->bus == BUS_I2C)
		snprintf(buf, 96, "%s at 0x%02x on bus %s", d->driver,
			 (unsigned)d->address, d->bus);
	else
		snprintf(buf, 96, "%s at %s", d->driver, device_place(d));
}

/* What would go must not be what others live on. */
static int check_uses(const struct exchange *x, char why[SWAP_WHY_MAX])
{
	for (int c = 0; c < CHAN_COUNT; c++) {
		const struct value *v = x->old_values[c];
		const char *derived;
		unsigned uses = v && !x->next->value[c][0] ? value_uses(v, &derived) : 0;

		if (uses == 0)
			continue;
		snprintf(why, SWAP_WHY_MAX,
			 "%s: %s does not measure %s, which %u use%s%s%s; nothing was "
			 "changed",
			 x->now->role, x->next->sensor.device.driver, value_info(v)->name,
			 uses, uses == 1 ? "s" : "", derived ? ", such as " : "",
			 derived ? derived : "");
		return -EBUSY;
	}
	return 0;
}

/* Is the new chip there? One that stays where it is need not be: it may be what is being repaired. */
static int check_place(const struct exchange *x, char why[SWAP_WHY_MAX])
{
	const struct device_conf *d = &x->next->sensor.device;
	struct device_ports ports = hardware_ports(x->sense->senses->hardware, d);
	char reason[PROBE_WHY_MAX];
	int r;

	if (same_place(&x->now->sensor.device, d))
		return 0;
	r = probe_device(x->now->role, d, &ports, reason);
	if (r < 0 && r != -ECANCELED)
		snprintf(why, SWAP_WHY_MAX, "%s: no %s there: %s; nothing was changed",
			 x->now->role, d->driver, reason);
	return r;
}

/* Everything that needs memory, before anything is stopped. */
static int make(struct exchange *x, char why[SWAP_WHY_MAX])
{
	int r = 0;

	x->new = sense_make(x->sense, x->next);
	if (!x->new)
		return -ENOMEM;
	for (int c = 0; c < CHAN_COUNT && r == 0; c++)
		if (x->next->value[c][0])
			r = sense_value(x->sense, x->next, c, &x->new_values[c],
					&x->made[c]);
	if (r < 0)
		snprintf(why, SWAP_WHY_MAX,
			 "%s: a value cannot be made: %s; nothing was "
			 "changed",
			 x->now->role, strerror(-r));
	return r;
}

/* Suspends. */
static int prepare(struct exchange *x, size_t n, char why[SWAP_WHY_MAX])
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = check_uses(&x[i], why);
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_place(&x[i], why);
	/* While the chips were asked somebody may have begun to wait. */
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_uses(&x[i], why);
	for (size_t i = 0; i < n && r == 0; i++)
		r = make(&x[i], why);
	return r;
}

/* Stop the tasks; their lines are closed then. -ECANCELED: the robot stops, and they end with it. Suspends. */
static int stop_all(struct exchange *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		child_cancel(&x[i].sense->task, CANCEL_EXPLICIT,
			     "another sensor takes over");
	for (size_t i = 0; i < n; i++) {
		int r = child_join(&x[i].sense->task);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Start the new sensors, or (@back) the old ones again. */
static void start_all(struct exchange *x, size_t n, bool back)
{
	for (size_t i = 0; i < n; i++) {
		struct sense *sense = x[i].sense;

		sense->sensor = back ? x[i].old : x[i].new;
		sense->turn++;
		sensor_set_tap(sense->sensor, NULL); /* whoever tapped it may have gone */
		memcpy(sense->values, back ? x[i].old_values : x[i].new_values,
		       sizeof(sense->values));
		conclusions_sensor_changed(sense->senses->conclusions,
					   back ? x[i].now : x[i].next, x[i].another);
		sense_show_health(sense);
		sense_go(sense);
	}
}

/* Wait until it has measured; a glitch or two on the way is no reason to go back. Suspends. */
static int await_running(struct exchange *x)
{
	int r = 0;

	while (r == 0 && x->must_run && sensor_health(x->new).state != DEVICE_RUNNING)
		r = event_wait(&x->sense->changed);
	return r;
}

static int64_t start_ns(const struct exchange *x)
{
	const struct device_conf *d = &x->next->sensor.device;

	return START_NS + (d->chip->period_ns ? 2 * d->chip->period_ns(d->settings) : 0);
}

/* Suspends. */
static int await_all(struct exchange *x, size_t n, char why[SWAP_WHY_MAX])
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct device_health h;
		struct scope s;

		scope_enter_after(&s, start_ns(&x[i]));
		r = scope_leave_timeout(&s, await_running(&x[i]));
		h = sensor_health(x[i].new);
		if (r == -ETIMEDOUT)
			snprintf(why, SWAP_WHY_MAX, "%s: %s does not measure: %.120s",
				 x[i].now->role, x[i].next->sensor.device.driver,
				 h.why[0] ? h.why : "nothing came in time");
	}
	return r;
}

/* It is done: what the new chips do not measure is old from now on. */
static void settle(struct exchange *x)
{
	const struct conf_sensor *next = x->next;
	char from[96], to[96];

	for (int c = 0; c < CHAN_COUNT; c++) {
		if (x->new_values[c])
			value_set_stale_after(x->new_values[c],
					      next->sensor.stale_after_ns);
		else if (x->old_values[c])
			value_lapse(x->old_values[c]);
	}
	describe(&x->now->sensor.device, from);
	describe(&next->sensor.device, to);
	if (strcmp(from, to) == 0)
		LOG(NOTICE, "%s: %s, with other settings", next->role, to);
	else
		LOG(NOTICE, "%s: %s -> %s", next->role, from, to);
	sensor_free(x->old);
	x->old = x->new = NULL;
}

/* What was made for nothing goes. */
static void unmake(struct exchange *x)
{
	/* The robot stops in the middle of it: it frees what has a task. */
	if (x->new && x->sense->sensor == x->new) {
		sensor_free(x->old);
		return;
	}
	for (int c = 0; c < CHAN_COUNT; c++)
		if (x->made[c] && x->new_values[c])
			world_remove(x->sense->senses->world, x->new_values[c]);
	sensor_free(x->new);
}

/* Suspends. */
static int exchange_all(struct exchange *x, size_t n, char why[SWAP_WHY_MAX])
{
	size_t len;
	int r = stop_all(x, n);
	int back;

	if (r < 0)
		return r;
	start_all(x, n, false);
	r = await_all(x, n, why);
	if (r == 0 || r == -ECANCELED)
		return r;
	len = strlen(why);
	snprintf(why + len, SWAP_WHY_MAX - len, "; back to what it was");
	LOG(WARNING, "%s", why);
	back = stop_all(x, n);
	if (back < 0)
		return back;
	start_all(x, n, true);
	return r;
}

int swap_sensors(struct senses *s, const struct swap *swaps, size_t n,
		 char why[SWAP_WHY_MAX])
{
	struct exchange *x = calloc(n + 1, sizeof(*x));
	int r;

	why[0] = '\0';
	if (!x)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		exchange_init(&x[i], s, &swaps[i]);
	r = prepare(x, n, why);
	if (r == 0)
		r = exchange_all(x, n, why);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			settle(&x[i]);
		else
			unmake(&x[i]);
	}
	free(x);
	return r;
}
