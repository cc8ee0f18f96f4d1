/* Devices: reaching them, counting their faults, and what comes next after one. */
#include "drivers/core/device.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"

/*
 * Running for so many times the last pause ends a bad time: the next pauses are short again. A chip that
 * fails now and then is so never without data for more than a tenth of the time, and one that works for a
 * moment after each set-up is left alone for longer and longer.
 */
#define RECOVERED_PAUSES 10
#define RECOVERED_MAX_NS DEVICE_BACKOFF_MAX_NS

#define SLEEP_NS (200 * NS_PER_MS) /* for the way to it */

static const char *const state_names[] = {"starting", "running", "failing", "lost"};
static const char *const fault_names[] = {"nack",  "timeout", "io",       "decode",
					  "range", "overrun", "overflow", "reset"};
_Static_assert(ARRAY_LEN(state_names) == DEVICE_STATE_COUNT, "a name for each");
_Static_assert(ARRAY_LEN(fault_names) == FAULT_COUNT, "a name for each");

const char *device_state_name(enum device_state state)
{
	return state_names[state];
}

const char *device_fault_name(enum device_fault fault)
{
	return fault_names[fault];
}

void device_init(struct device *d, const char *name, const struct device_conf *conf,
		 const struct device_ports *ports)
{
	*d = (struct device){
		.conf = conf,
		.ports = *ports,
		.health = {.since_ns = rt_now()},
		.backoff_ns = DEVICE_BACKOFF_MIN_NS,
	};
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->io.role = d->name;
	if (conf->chip->bus == BUS_I2C) {
		assert(ports->bus);
		i2c_dev_init(&d->io.i2c, ports->bus, (uint8_t)conf->address);
	}
	d->io.peer = (struct peer_dev){
		.port = ports->peers,
		.peer = conf->peer,
		.method = conf->method,
		.valid_for_ns = conf->valid_for_ns,
	};
	if (conf->xshut[0])
		xshut_join(ports->xshut, &d->pin, d->name, conf->xshut);
}

void device_fini(struct device *d)
{
	if (d->pin.group)
		xshut_leave(&d->pin);
}

/* Every change of state passes through here. @next_text is what happens now, or "". */
static void enter(struct device *d, enum device_state next, const char *why,
		  const char *next_text)
{
	struct device_health *h = &d->health;
	bool changed = next != h->state;
	/* A lost chip that fails for another reason is news too. */
	bool news = changed || strcmp(why, h->why) != 0;

	if (news)
		log_line(next == DEVICE_RUNNING ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
			 "%s: %s -> %s: %s%s", d->name, state_names[h->state],
			 state_names[next], why, next_text);
	(void)snprintf(h->why, sizeof(h->why), "%s", why);
	if (!changed)
		return;
	h->state = next;
	h->since_ns = rt_now();
	if (d->changed)
		d->changed(d);
}

/* Open @line as @ask, a slot of the driver, wants it, unless it is open. */
static int open_line(struct device *d, const char *line,
		     void (*ask)(const void *conf, struct gpio_request *req),
		     struct gpio_line **ret)
{
	struct gpio_request req = {.line = line, .consumer = d->name};

	if (!ask || *ret)
		return 0;
	ask(d->conf->settings, &req);
	return gpio_open(d->ports.gpio, &req, ret);
}

static int open_iio(struct device *d)
{
	struct iio_request req = {.device = d->conf->device};

	if (d->io.iio)
		return 0;
	d->conf->chip->iio(d->conf->settings, &req);
	return iio_open(d->ports.iio, &req, &d->io.iio);
}

/* Without a port the driver's probe says so. */
static int open_topic(struct device *d)
{
	struct peer_port *port = d->ports.peers;

	if (d->io.peer.topic || !port)
		return 0;
	return peer_topic_open(port, d->conf->peer, d->conf->topic, &d->io.peer.topic);
}

int device_up(struct device *d)
{
	const struct driver *chip = d->conf->chip;
	int r = 0;

	d->attempt_ns = rt_now();
	if (chip->bus == BUS_GPIO)
		r = open_line(d, d->conf->line, chip->line, &d->io.line);
	if (r == 0)
		r = open_line(d, d->conf->trigger, chip->trigger_line, &d->io.trigger);
	if (r == 0 && chip->bus == BUS_PWM && !d->io.pwm)
		r = pwm_open(d->ports.pwm, d->conf->line, &d->io.pwm);
	if (r == 0 && chip->bus == BUS_IIO)
		r = open_iio(d);
	if (r == 0 && chip->bus == BUS_TOPIC)
		r = open_topic(d);
	if (r == 0 && d->conf->xshut[0])
		r = xshut_start(&d->pin, chip, &d->io, (uint8_t)d->conf->address);
	if (r == 0 && chip->probe)
		r = chip->probe(&d->io, d->conf->settings);
	if (r == 0 && chip->setup)
		r = chip->setup(&d->io, d->conf->settings);
	d->up = r == 0;
	return r;
}

/* It may have been replaced a moment ago: what means sleep to one chip could mean anything to another. */
static int send_to_sleep(struct device *d)
{
	const struct driver *chip = d->conf->chip;
	int r = chip->probe ? chip->probe(&d->io, d->conf->settings) : 0;

	return r < 0 ? r : chip->sleep(&d->io, d->conf->settings);
}

void device_sleep(struct device *d)
{
	struct scope shield;
	int r;

	if (!d->up || !d->conf->chip->sleep)
		return;
	scope_enter_shield(&shield, SLEEP_NS);
	r = scope_leave_timeout(&shield, send_to_sleep(d));
	if (r < 0)
		LOG(INFO, "%s: the chip was not sent to sleep: %s", d->name,
		    strerrordesc_np(-r));
}

void device_close(struct device *d)
{
	if (d->pin.group)
		xshut_stop(&d->pin);
	gpio_close(d->io.line);
	gpio_close(d->io.trigger);
	pwm_close(d->io.pwm);
	iio_close(d->io.iio);
	peer_topic_close(d->io.peer.topic);
	d->io.line = d->io.trigger = NULL;
	d->io.pwm = NULL;
	d->io.iio = NULL;
	d->io.peer.topic = NULL;
	d->up = false;
}

/* Where it is: "line GPIO22"; of a chip on I2C its address. Returns @buf. */
static const char *place(const struct device *d, char *buf, size_t size)
{
	switch (d->conf->chip->bus) {
	case BUS_I2C:
		(void)snprintf(buf, size, "0x%02x", d->io.i2c.addr);
		break;
	case BUS_IIO:
		(void)snprintf(buf, size, "%s",
			       d->io.iio ? d->io.iio->name : d->conf->device);
		break;
	case BUS_PEER:
		(void)snprintf(buf, size, "service %s", d->conf->peer);
		break;
	case BUS_TOPIC:
		(void)snprintf(buf, size, "%s of service %s", d->conf->topic,
			       d->conf->peer);
		break;
	case BUS_NONE:
	case BUS_GPIO:
	case BUS_PWM:
		(void)snprintf(buf, size, "%s", device_place(d->conf));
		break;
	}
	return buf;
}

void device_ran(struct device *d)
{
	struct device_health *h = &d->health;
	char why[sizeof(h->why)];
	char after[48] = "";
	char at[128];

	if (h->state == DEVICE_RUNNING)
		return;
	(void)snprintf(why, sizeof(why), "%s at %s", d->conf->driver,
		       place(d, at, sizeof(at)));
	if (h->retries)
		(void)snprintf(after, sizeof(after), ", after %.1f s and %u %s",
			       (double)(rt_now() - d->down_ns) / 1e9, h->retries,
			       h->retries == 1 ? "retry" : "retries");
	enter(d, DEVICE_RUNNING, why, after);
	h->retries = 0;
}

static enum device_fault kind_of(int r)
{
	switch (r) {
	case -ENXIO:
	case -ENODEV:
		return FAULT_NACK;
	case -ETIMEDOUT:
	case -ENODATA:
		return FAULT_TIMEOUT;
	case -EBADMSG:
		return FAULT_DECODE;
	case -ERANGE:
		return FAULT_RANGE;
	case -EOVERFLOW:
		return FAULT_OVERFLOW;
	case -ESTALE:
		return FAULT_RESET;
	default:
		return FAULT_IO;
	}
}

void device_fault(struct device *d, enum device_fault fault)
{
	d->health.faults[fault]++;
}

void device_count(struct device *d, int r)
{
	device_fault(d, kind_of(r));
}

/* What @r means, for people, with the text that came with it in this attempt. */
static void explain(const struct device *d, int r, char *buf, size_t size)
{
	const struct error *e = error_last(r);
	const char *name = strerrorname_np(-r);
	char at[128];
	const char *what = r == -ENXIO       ? "no answer"
			   : r == -ETIMEDOUT ? "no answer in time"
					     : strerrordesc_np(-r);

	if (!name || !what)
		name = what = "unknown error";
	if (e && e->text[0] && e->t_ns >= d->attempt_ns)
		(void)snprintf(buf, size, "%s", e->text);
	else if (d->conf->chip->bus == BUS_I2C)
		(void)snprintf(buf, size, "%s at %s (%s)", what, place(d, at, sizeof(at)),
			       name);
	else
		(void)snprintf(buf, size, "%s%s: %s (%s)",
			       d->conf->line[0] ? "line " : "", place(d, at, sizeof(at)),
			       what, name);
}

/* Was it well for long enough, @ran_ns, to be tried again as soon as one that never failed? */
static bool recovered(const struct device *d, int64_t ran_ns)
{
	/* What comes next is twice the last pause; at first there was none. */
	int64_t enough_ns = RECOVERED_PAUSES * d->backoff_ns / 2;

	return ran_ns >= (enough_ns < RECOVERED_MAX_NS ? enough_ns : RECOVERED_MAX_NS);
}

int device_down(struct device *d, int r)
{
	struct device_health *h = &d->health;
	char why[sizeof(h->why)];
	char then[64];
	int64_t pause_ns;

	if (r == -ECANCELED)
		return r;
	device_count(d, r);
	if (h->state == DEVICE_RUNNING && recovered(d, rt_now() - h->since_ns))
		d->backoff_ns = DEVICE_BACKOFF_MIN_NS;
	if (h->retries++ == 0)
		d->down_ns = rt_now();
	pause_ns = d->backoff_ns;
	d->backoff_ns = pause_ns * 2 < DEVICE_BACKOFF_MAX_NS ? pause_ns * 2
							     : DEVICE_BACKOFF_MAX_NS;
	explain(d, r, why, sizeof(why));
	(void)snprintf(then, sizeof(then), ", retry %u in %lld ms", h->retries,
		       (long long)(pause_ns / NS_PER_MS));
	enter(d, pause_ns == DEVICE_BACKOFF_MAX_NS ? DEVICE_LOST : DEVICE_FAILING, why,
	      then);
	device_close(d);
	return task_sleep(pause_ns);
}
