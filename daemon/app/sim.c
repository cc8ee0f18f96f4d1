/* The simulated robot. */
#include "daemon/app/sim.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_spares.h"
#include "daemon/base/log.h"
#include "hal/emul/emul.h"
#include "hal/emul/tca9548a.h"
#include "hal/gpio_sim.h"
#include "hal/i2c_sim.h"
#include "hal/pwm_sim.h"
#include "hal/scene.h"

#define MODELS_MAX 32
#define SEGMENTS_MAX 32

struct model {
	const struct device_conf *device; /* whose chip it plays */
	struct emul *emul;
};

/* A bus: an adapter, or what is behind a channel of a multiplexer. */
struct segment {
	const char *name;
	struct i2c_bus *adapter;        /* where its models are */
	const struct conf_bus *channel; /* NULL: it is the adapter's own */
	struct emul *mux;
	struct i2c_gate gate; /* before its models; if it is a channel */
};

struct sim {
	const struct config *conf;
	struct gpio_board *board;
	struct pwm_board *pwm;
	struct iio_sim iio;
	struct scene *scene;
	struct trial *trial; /* of a recorded scene */
	struct model models[MODELS_MAX];
	size_t n_models;
	struct segment segments[SEGMENTS_MAX];
	size_t n_segments;
};

/* The line at which the first button of the configuration listens: the scene touches it. */
static const char *touch_line(const struct config *c)
{
	for (size_t i = 0; i < c->n_sensors; i++) {
		const struct device_conf *d = &c->sensors[i].sensor.device;

		if (device_chans(d) & CHAN_BIT(CHAN_PRESSED))
			return d->line;
	}
	return NULL;
}

/* A recording gives out each record once: to one motion sensor, which waits for each of them to be read. */
static int check_readers(const struct config *c)
{
	unsigned readers = 0;

	for (size_t i = 0; i < c->n_sensors; i++) {
		const struct device_conf *d = &c->sensors[i].sensor.device;
		const struct driver_fifo *fifo = d->chip->fifo;

		if (!(device_chans(d) & CHAN_BIT(CHAN_GYRO)))
			continue;
		readers++;
		if (!fifo || fifo->watermark(d->settings) == 0)
			continue;
		LOG(ERR,
		    "--world: a recording is read one by one, not from a FIFO; set "
		    "sensors.%s.%s.fifo to 0",
		    c->sensors[i].role, d->driver);
		return -EINVAL;
	}
	if (readers == 1)
		return 0;
	LOG(ERR,
	    "--world: a recording is measured by one motion sensor; this configuration "
	    "has %u",
	    readers);
	return -EINVAL;
}

static int make_scene(struct sim *s, const char *recording)
{
	struct scene_desk_conf desk = {
		.seed = 1, .board = s->board, .touch_line = touch_line(s->conf)};
	char why[SCENE_WHY_MAX];
	int r;

	if (!recording)
		return scene_desk_new(&desk, &s->scene);
	r = check_readers(s->conf);
	if (r < 0)
		return r;
	r = scene_rec_open(recording, why, &s->scene);
	if (r < 0) {
		LOG(ERR, "%s", why);
		return r;
	}
	return trial_new(s->scene, &s->trial);
}

/* Put the model of @d on the bus @seg if it belongs there. @irq may be NULL. */
static int add_model(struct sim *s, const struct device_conf *d, const char *irq,
		     const struct segment *seg)
{
	const struct emul_conf conf = {
		.addr = (uint8_t)d->address,
		.scene = s->scene,
		.board = s->board,
		.irq = irq && irq[0] ? irq : NULL,
		.gate = seg->channel ? &seg->gate : NULL,
		.xshut = d->xshut[0] ? d->xshut : NULL,
	};
	struct model *m = &s->models[s->n_models];
	const struct conf_spare *spare = config_spare_at(s->conf, d);
	int r;

	if (!d->chip || d->chip->bus != BUS_I2C || strcmp(d->bus, seg->name) != 0)
		return 0;
	/* What the bus has there is that. */
	if (spare && &spare->device != d)
		return 0;
	if (s->n_models == MODELS_MAX)
		return -ENOSPC;
	r = emul_new(d->chip->name, &conf, &m->emul);
	if (r == -ENOENT) {
		LOG(WARNING,
		    "%s: there is no model of it; nothing will answer at 0x%02x on bus "
		    "%s",
		    d->chip->name, (unsigned)d->address, seg->name);
		return 0;
	}
	if (r < 0)
		return r;
	m->device = d;
	s->n_models++;
	emul_attach(m->emul, seg->adapter);
	return 0;
}

/* The models of devices on plain lines; switches and lights have none. */
static int add_line_models(struct sim *s)
{
	for (size_t i = 0; i < s->conf->n_sensors; i++) {
		const struct device_conf *d = &s->conf->sensors[i].sensor.device;
		const struct emul_conf conf = {
			.scene = s->scene,
			.board = s->board,
			.line = d->line,
			.trigger = d->trigger,
		};
		struct model *m = &s->models[s->n_models];
		int r;

		if (!d->chip || d->chip->bus != BUS_GPIO)
			continue;
		if (s->n_models == MODELS_MAX)
			return -ENOSPC;
		r = emul_new(d->chip->name, &conf, &m->emul);
		if (r < 0 && r != -ENOENT)
			return r;
		m->device = d;
		s->n_models += r == 0;
	}
	return 0;
}

static int add_models(struct sim *s, const struct segment *seg)
{
	const struct config *c = s->conf;
	int r = 0;

	for (size_t i = 0; i < c->n_sensors && r == 0; i++)
		r = add_model(s, &c->sensors[i].sensor.device, c->sensors[i].sensor.irq,
			      seg);
	for (size_t i = 0; i < c->n_spares && r == 0; i++)
		r = add_model(s, &c->spares[i].device, c->spares[i].irq, seg);
	for (size_t i = 0; i < c->n_chips && r == 0; i++)
		r = add_model(s, &c->chips[i].chip.device, NULL, seg);
	for (size_t i = 0; i < c->n_actuators && r == 0; i++)
		r = add_model(s, &c->actuators[i].actuator.device, NULL, seg);
	return r;
}

int sim_bus_open(struct sim *s, const char *name, struct i2c_bus **ret)
{
	struct segment *seg = &s->segments[s->n_segments];
	int r;

	if (s->n_segments == SEGMENTS_MAX)
		return -ENOSPC;
	r = i2c_sim_open(name, 0, &seg->adapter);
	if (r < 0)
		return r;
	seg->name = name;
	r = add_models(s, seg);
	if (r < 0) {
		i2c_bus_close(seg->adapter);
		return r;
	}
	s->n_segments++;
	*ret = seg->adapter;
	return 0;
}

/* The multiplexer of @bus, which several channels share. */
static int find_or_make_mux(const struct sim *s, const struct conf_bus *bus,
			    const struct segment *parent, struct emul **ret)
{
	const struct emul_conf conf = {
		.addr = (uint8_t)bus->address,
		.scene = s->scene,
		.gate = parent->channel ? &parent->gate : NULL,
	};
	int r;

	for (size_t i = 0; i < s->n_segments; i++) {
		const struct conf_bus *other = s->segments[i].channel;

		if (!other || strcmp(other->on, bus->on) != 0 ||
		    other->address != bus->address)
			continue;
		*ret = s->segments[i].mux;
		return 0;
	}
	r = emul_new(bus->mux, &conf, ret);
	if (r == 0)
		emul_attach(*ret, parent->adapter);
	return r;
}

int sim_mux_add(struct sim *s, const struct conf_bus *bus)
{
	struct segment *seg = &s->segments[s->n_segments];
	const struct segment *parent = s->segments;
	int r;

	if (s->n_segments == SEGMENTS_MAX)
		return -ENOSPC;
	while (strcmp(parent->name, bus->on) != 0) /* it is open, so it is there */
		parent++;
	r = find_or_make_mux(s, bus, parent, &seg->mux);
	if (r < 0)
		return r;
	s->n_segments++;
	seg->name = bus->name;
	seg->adapter = parent->adapter;
	seg->channel = bus;
	seg->gate = (struct i2c_gate){
		.control = tca9548a_control(seg->mux),
		.mask = (uint8_t)(1u << bus->channel),
		.up = parent->channel ? &parent->gate : NULL,
	};
	return add_models(s, seg);
}

int sim_new(const struct config *c, const char *recording, struct sim **ret)
{
	struct sim *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		return -ENOMEM;
	s->conf = c;
	s->board = gpio_board_new();
	s->pwm = pwm_board_new();
	if (s->board && s->pwm)
		r = make_scene(s, recording);
	if (r == 0)
		iio_sim_init(&s->iio, s->scene);
	if (r == 0)
		r = add_line_models(s);
	if (r < 0) {
		sim_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	if (s->scene)
		scene_stop(s->scene);
	for (size_t i = 0; i < s->n_models; i++) {
		emul_stop(s->models[i].emul);
		emul_free(s->models[i].emul);
	}
	/* The first channel of a multiplexer made it. */
	for (size_t i = 0; i < s->n_segments; i++) {
		for (size_t k = i + 1; k < s->n_segments; k++)
			if (s->segments[k].mux == s->segments[i].mux)
				s->segments[k].mux = NULL;
		emul_free(s->segments[i].mux);
	}
	trial_free(s->trial);
	scene_free(s->scene);
	gpio_board_free(s->board);
	pwm_board_free(s->pwm);
	free(s);
}

struct gpio_provider *sim_gpio(struct sim *s)
{
	return gpio_board_provider(s->board);
}

struct pwm_provider *sim_pwm(struct sim *s)
{
	return pwm_board_provider(s->pwm);
}

struct iio_sim *sim_iio(struct sim *s)
{
	return &s->iio;
}

void sim_start(struct sim *s)
{
	scene_start(s->scene);
	for (size_t i = 0; i < s->n_models; i++)
		emul_start(s->models[i].emul);
}

double sim_pulse_s(const struct sim *s, const struct device_conf *chip, unsigned channel)
{
	if (chip->chip->bus == BUS_PWM)
		return pwm_board_pulse_s(s->pwm, chip->line);
	for (size_t i = 0; i < s->n_models; i++)
		if (s->models[i].device == chip)
			return emul_pulse_s(s->models[i].emul, channel);
	return (double)NAN;
}

struct gpio_board *sim_board(struct sim *s)
{
	return s->board;
}

struct emul *sim_model(const struct sim *s, const struct device_conf *d)
{
	for (size_t i = 0; i < s->n_models; i++) {
		const struct device_conf *m = s->models[i].device;

		/* Another configuration of the same chip is as good. */
		if (m == d || (d->chip->bus == BUS_I2C && m->chip == d->chip &&
			       m->address == d->address && strcmp(m->bus, d->bus) == 0))
			return s->models[i].emul;
	}
	return NULL;
}

struct trial *sim_trial(struct sim *s)
{
	return s->trial;
}
