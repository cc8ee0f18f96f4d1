/*
 * Register-level chip models, found by the name of the driver that they answer to.
 *
 * A model is one file, hal/emul/<chip>.c, that defines `const struct emul_kind emul_<chip>`; the build
 * puts it into the table. What most chips have in common is in reg8.h and reg16.h.
 */
#ifndef HAL_EMUL_EMUL_H
#define HAL_EMUL_EMUL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "hal/gpio_sim.h"
#include "hal/i2c_sim.h"
#include "hal/scene.h"

#define EMUL_LINE_MAX 32

/* Where a model is. All is borrowed while it is made; board and scene while it lives. */
struct emul_conf {
	uint8_t addr;             /* of a chip on I2C */
	struct scene *scene;      /* what it measures */
	struct gpio_board *board; /* where its pins are; NULL: nowhere */
	const char *irq;  /* the line at its data-ready pin; NULL: not connected */
	const char *line; /* of a device on plain lines: what its driver has as `line` */
	const char *trigger; /* and as `trigger` */
	const char *xshut;   /* the line at its reset pin; NULL: not connected */
	const struct i2c_gate
		*gate; /* what it is behind; NULL: nothing. While it lives */
};

/* The part that all models share; the first member of theirs. */
struct emul {
	const struct emul_kind *kind;
	struct scene *scene;
	struct i2c_model i2c; /* without `start`: not on I2C */
	struct i2c_model
		*second; /* another chip in the same package, at its own address */
	struct gpio_watch xshut; /* resets it while the line is low */
	bool running;            /* between emul_start() and emul_stop() */
};

/* A kind of chip. Slots that it has no need of are NULL. */
struct emul_kind {
	const char *name; /* of its driver */
	size_t size;      /* of the model, which is zeroed before `init` */
	/* 0, or a negative errno and nothing to undo. */
	int (*init)(struct emul *e, const struct emul_conf *conf);
	/* Registers as after power-on: behind `init`, and when it was unplugged. */
	void (*power_on)(struct emul *e);
	/* Its own clock, if it measures by itself. */
	void (*start)(struct emul *e);
	void (*stop)(struct emul *e);
	/* What an oscilloscope shows at an output: the width of its pulses; NaN: none. */
	double (*pulse_s)(const struct emul *e, unsigned channel);
};

/* All kinds, NULL at the end; generated from the files. */
extern const struct emul_kind *const emul_table[];

/*
 * A model of the chip that the driver @name is for, as after power-on; freed with emul_free().
 * Returns 0; -ENOENT: there is none; -EINVAL for a line's name; -ENOMEM.
 */
int emul_new(const char *name, const struct emul_conf *conf,
	     struct emul **ret) MUST_CHECK;
void emul_free(struct emul *e); /* NULL is fine; stopped and detached */

/* Plug it in, and out; models of plain lines are always there. */
void emul_attach(struct emul *e, struct i2c_bus *bus);
void emul_detach(struct emul *e, struct i2c_bus *bus);

/* Switch its clock on and off, inside rt_run(); registers answer without. Do not suspend. */
void emul_start(struct emul *e);
void emul_stop(struct emul *e);

/* Power-on again, as after unplugging. */
void emul_reset(struct emul *e);

/* The pulses at output @channel in s; NaN without, also for chips that have none. */
double emul_pulse_s(const struct emul *e, unsigned channel);

#endif
