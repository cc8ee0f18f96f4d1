/* Chip models: finding them by name, and the calls, passed on to their kind. */
#include "hal/emul/emul.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct emul_kind *find(const char *name)
{
	for (size_t i = 0; emul_table[i]; i++)
		if (strcmp(emul_table[i]->name, name) == 0)
			return emul_table[i];
	return NULL;
}

static void xshut_changed(struct gpio_watch *w, bool level)
{
	struct emul *e = container_of(w, struct emul, xshut);

	e->i2c.off = !level;
	if (level)
		emul_reset(e);
}

/* Boards pull the pin up: the chip runs until somebody drives it. */
static int connect_xshut(struct emul *e, const struct emul_conf *conf)
{
	int r = gpio_board_drive(conf->board, conf->xshut, true, 0);

	e->xshut.changed = xshut_changed;
	return r < 0 ? r : gpio_board_watch(conf->board, conf->xshut, &e->xshut);
}

int emul_new(const char *name, const struct emul_conf *conf, struct emul **ret)
{
	const struct emul_kind *kind = find(name);
	struct emul *e;
	int r;

	if (!kind)
		return -ENOENT;
	e = calloc(1, kind->size);
	if (!e)
		return -ENOMEM;
	e->kind = kind;
	e->scene = conf->scene;
	e->i2c.addr = conf->addr;
	e->i2c.gate = conf->gate;
	r = kind->init(e, conf);
	if (r == 0 && conf->xshut)
		r = connect_xshut(e, conf);
	if (r < 0) {
		free(e);
		return r;
	}
	emul_reset(e);
	*ret = e;
	return 0;
}

void emul_free(struct emul *e)
{
	assert(!e || !e->running);
	free(e);
}

void emul_attach(struct emul *e, struct i2c_bus *bus)
{
	if (e->i2c.start)
		i2c_sim_attach(bus, &e->i2c);
	if (e->second) {
		e->second->gate = e->i2c.gate;
		i2c_sim_attach(bus, e->second);
	}
}

void emul_detach(struct emul *e, struct i2c_bus *bus)
{
	i2c_sim_detach(bus, &e->i2c);
	if (e->second)
		i2c_sim_detach(bus, e->second);
}

void emul_start(struct emul *e)
{
	e->running = true;
	if (e->kind->start)
		e->kind->start(e);
}

void emul_stop(struct emul *e)
{
	e->running = false;
	if (e->kind->stop)
		e->kind->stop(e);
}

void emul_reset(struct emul *e)
{
	if (e->kind->power_on)
		e->kind->power_on(e);
}

double emul_pulse_s(const struct emul *e, unsigned channel)
{
	return e->kind->pulse_s ? e->kind->pulse_s(e, channel) : (double)NAN;
}
