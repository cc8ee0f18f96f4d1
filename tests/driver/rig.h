/* A bus and a board with a model of each chip that has one: what the driver tests run drivers on. */
#ifndef TESTS_DRIVER_RIG_H
#define TESTS_DRIVER_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "drivers/core/device.h"
#include "hal/emul/mpu6050.h"
#include "hal/emul/pca9685.h"
#include "hal/scene.h"

#define RIG_IRQ "GPIO17"
#define RIG_TOUCH "GPIO22"

struct rig {
	struct i2c_bus *bus;
	struct gpio_board *board;
	struct scene *scene;
	struct mpu6050_model *mpu;
	struct pca9685_model *pca;
};

static inline struct device_ports rig_ports(const struct rig *rig)
{
	return (struct device_ports){rig->bus, gpio_board_provider(rig->board)};
}

/* The model of @d's chip, attached to no bus yet; NULL for drivers of plain lines. */
static inline struct i2c_model *rig_model(const struct rig *rig, const struct driver *d)
{
	if (strcmp(d->name, "mpu6050") == 0)
		return mpu6050_model_i2c(rig->mpu);
	if (strcmp(d->name, "pca9685") == 0)
		return pca9685_model_i2c(rig->pca);
	cr_expect(d->bus != BUS_I2C, "%s has no model in hal/emul", d->name);
	return NULL;
}

static inline void rig_open(struct rig *rig, uint32_t clock_hz)
{
	struct scene_desk_conf desk = {.seed = 1};
	struct mpu6050_model_conf mpu = {.addr = 0x68, .int_line = RIG_IRQ};

	*rig = (struct rig){0};
	cr_assert(eq(int, i2c_sim_open("body", clock_hz, &rig->bus), 0));
	rig->board = gpio_board_new();
	desk.board = mpu.board = rig->board;
	cr_assert(eq(int, scene_desk_new(&desk, &rig->scene), 0));
	mpu.scene = rig->scene;
	cr_assert(eq(int, mpu6050_model_new(&mpu, &rig->mpu), 0));
	rig->pca = pca9685_model_new(0x40);
	cr_assert(rig->board && rig->pca);
}

static inline void rig_close(struct rig *rig)
{
	mpu6050_model_free(rig->mpu);
	pca9685_model_free(rig->pca);
	scene_free(rig->scene);
	gpio_board_free(rig->board);
	i2c_bus_close(rig->bus);
}

/* Settings as a configuration without them gives. */
static inline void rig_conf(const struct driver *d, struct device_conf *ret)
{
	*ret = (struct device_conf){.chip = d, .address = d->addrs[0]};
	(void)snprintf(ret->driver, sizeof(ret->driver), "%s", d->name);
	if (d->conf)
		conf_defaults(d->conf, ret->settings);
}

/* Run @fn(@arg) as the root task on the virtual clock. */
static inline int rig_run(int (*fn)(void *arg), void *arg)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	return rt_run(&conf, fn, arg);
}

#define SPY_LOG_MAX 512

/*
 * Sits on the bus in a model's place, writes down what comes, and lets transfers go wrong.
 */
struct spy {
	struct i2c_model model;
	struct i2c_model *inner;
	unsigned transfers;
	unsigned fail_at; /* which transfer fails, from 1; 0: none */
	unsigned written; /* bytes since the last start */
	unsigned longest; /* the most of them */
	bool open;        /* between start and stop */
	bool stuck;       /* the data line is high: all reads are ones */
	uint8_t log[SPY_LOG_MAX];
	size_t len;
};

static inline int spy_start(struct i2c_model *m, int read)
{
	struct spy *spy = container_of(m, struct spy, model);

	if (!spy->open) {
		spy->transfers++;
		spy->written = 0;
	}
	spy->open = true;
	if (spy->transfers == spy->fail_at)
		return -ENXIO;
	return spy->inner->start(spy->inner, read);
}

static inline int spy_write(struct i2c_model *m, uint8_t byte)
{
	struct spy *spy = container_of(m, struct spy, model);

	if (++spy->written > spy->longest)
		spy->longest = spy->written;
	if (spy->len < SPY_LOG_MAX)
		spy->log[spy->len++] = byte;
	return spy->inner->write(spy->inner, byte);
}

static inline uint8_t spy_read(struct i2c_model *m)
{
	struct spy *spy = container_of(m, struct spy, model);

	return spy->stuck ? 0xff : spy->inner->read(spy->inner);
}

static inline void spy_stop(struct i2c_model *m)
{
	struct spy *spy = container_of(m, struct spy, model);

	spy->open = false;
	spy->inner->stop(spy->inner);
}

static inline void spy_init(struct spy *spy, struct i2c_model *inner)
{
	*spy = (struct spy){
		.model = {.addr = inner->addr,
			  .start = spy_start,
			  .write = spy_write,
			  .read = spy_read,
			  .stop = spy_stop},
		.inner = inner,
	};
}

#endif
