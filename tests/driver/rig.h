/* A bus and a board with a model of each chip that has one: what the driver tests run drivers on. */
#ifndef TESTS_DRIVER_RIG_H
#define TESTS_DRIVER_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "drivers/core/device.h"
#include "drivers/core/sensor.h"
#include "hal/emul/emul.h"
#include "hal/iio_sim.h"
#include "hal/pwm_sim.h"
#include "hal/scene.h"

#define SPY_LOG_MAX 512

/*
 * Sits on the bus before the models, writes down what is sent to them, and lets transfers go wrong.
 */
struct spy {
	struct i2c_bus bus;
	struct i2c_bus *wire; /* the models' */
	unsigned transfers;
	unsigned fail_at; /* which transfer fails, from 1; 0: none */
	unsigned changes; /* transfers that set more than a pointer, and read nothing */
	bool stuck;       /* the data line is high: all reads are ones */
	int64_t hold_ns;  /* the next transfer begins so much later; once */
	uint8_t log[SPY_LOG_MAX];
	size_t len;
};

/* Write down what @part sends. Returns how many bytes. */
static inline unsigned spy_note(struct spy *spy, const struct i2c_msg_part *part)
{
	for (uint16_t i = 0; i < part->len && spy->len < SPY_LOG_MAX; i++)
		spy->log[spy->len++] = part->buf[i];
	return part->len;
}

static inline int spy_transfer(struct i2c_bus *bus, struct i2c_xfer *x,
			       int64_t deadline_ns)
{
	struct spy *spy = container_of(bus, struct spy, bus);
	unsigned written = 0;
	bool reads = false;
	int r;

	if (++spy->transfers == spy->fail_at)
		return -ENXIO;
	for (unsigned i = 0; i < x->n; i++) {
		reads = reads || x->parts[i].read;
		if (!x->parts[i].read)
			written += spy_note(spy, &x->parts[i]);
	}
	if (written > 1 && !reads)
		spy->changes++;
	if (spy->hold_ns > 0) {
		r = task_sleep(spy->hold_ns);
		deadline_ns = time_add(deadline_ns, spy->hold_ns);
		spy->hold_ns = 0;
		if (r < 0)
			return r;
	}
	r = spy->wire->ops->transfer(spy->wire, x, deadline_ns);
	for (unsigned i = 0; spy->stuck && i < x->n; i++)
		if (x->parts[i].read)
			memset(x->parts[i].buf, 0xff, x->parts[i].len);
	return r;
}

static inline int spy_transfer_now(struct i2c_bus *bus, struct i2c_xfer *x)
{
	struct spy *spy = container_of(bus, struct spy, bus);

	return spy->wire->ops->transfer_now(spy->wire, x);
}

static inline void spy_init(struct spy *spy, struct i2c_bus *wire)
{
	static const struct i2c_ops ops = {.transfer = spy_transfer,
					   .transfer_now = spy_transfer_now};

	*spy = (struct spy){.bus = {.ops = &ops, .name = "body"}, .wire = wire};
}

#define RIG_IRQ "GPIO17"
#define RIG_TOUCH "GPIO22"
#define RIG_LINE "GPIO5" /* of drivers on plain lines that have a model */
#define RIG_TRIGGER "GPIO6"
#define RIG_MODELS_MAX 64

struct rig {
	struct spy spy; /* the bus that drivers see */
	struct i2c_bus *wire;
	struct gpio_board *board;
	struct pwm_board *pwm;
	struct iio_sim iio;
	struct scene *scene;
	struct emul *models[RIG_MODELS_MAX]; /* by driver_table; NULL: none */
	char log[4096];                      /* what rig_run_logged() kept, cut off */
};

static inline struct device_ports rig_ports(struct rig *rig)
{
	return (struct device_ports){
		.bus = &rig->spy.bus,
		.gpio = gpio_board_provider(rig->board),
		.pwm = pwm_board_provider(rig->pwm),
		.iio = &rig->iio.provider,
	};
}

/* The model of the chip that the driver @name is for, plugged in by rig_plug() only. */
static inline struct emul *rig_model(const struct rig *rig, const char *name)
{
	for (size_t i = 0; driver_table[i]; i++)
		if (strcmp(driver_table[i]->name, name) == 0)
			return rig->models[i];
	return NULL;
}

static inline void rig_plug(struct rig *rig, const char *name)
{
	if (rig_model(rig, name)) /* what the kernel drives has none */
		emul_attach(rig_model(rig, name), rig->wire);
}

static inline void rig_unplug(struct rig *rig, const char *name)
{
	if (rig_model(rig, name))
		emul_detach(rig_model(rig, name), rig->wire);
}

static inline void rig_open(struct rig *rig, uint32_t clock_hz)
{
	struct scene_desk_conf desk = {.seed = 1};

	*rig = (struct rig){0};
	cr_assert(eq(int, i2c_sim_open("body", clock_hz, &rig->wire), 0));
	spy_init(&rig->spy, rig->wire);
	rig->board = desk.board = gpio_board_new();
	rig->pwm = pwm_board_new();
	cr_assert(rig->board != NULL && rig->pwm != NULL);
	cr_assert(eq(int, scene_desk_new(&desk, &rig->scene), 0));
	iio_sim_init(&rig->iio, rig->scene);
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct emul_conf conf = {
			.addr = d->addrs[0],
			.scene = rig->scene,
			.board = rig->board,
			.irq = RIG_IRQ,
			.line = RIG_LINE,
			.trigger = RIG_TRIGGER,
		};
		int r = emul_new(d->name, &conf, &rig->models[i]);

		cr_assert(i < RIG_MODELS_MAX);
		cr_assert(r == 0 || (r == -ENOENT && d->bus != BUS_I2C),
			  "%s has no model in hal/emul", d->name);
	}
}

static inline void rig_close(struct rig *rig)
{
	for (size_t i = 0; i < RIG_MODELS_MAX; i++)
		emul_free(rig->models[i]);
	scene_free(rig->scene);
	gpio_board_free(rig->board);
	pwm_board_free(rig->pwm);
	i2c_bus_close(rig->wire);
}

/* Settings as the chip's own keys @text, a JSON object, give them. */
static inline void rig_set(const struct driver *d, struct device_conf *conf,
			   const char *text)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "test", &errs), 0));
	root = conf_root(&doc, &errs);
	cr_assert(eq(int, conf_read(&root, d->conf, NULL, conf->settings), 0));
	if (d->conf_read)
		cr_assert(eq(int, d->conf_read(&root, conf->settings), 0));
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
}

/* Settings as a configuration without them gives. */
static inline void rig_conf(const struct driver *d, struct device_conf *ret)
{
	*ret = (struct device_conf){.chip = d, .address = d->addrs[0]};
	(void)snprintf(ret->driver, sizeof(ret->driver), "%s", d->name);
	if (d->bus == BUS_GPIO)
		(void)snprintf(ret->line, sizeof(ret->line), RIG_LINE);
	if (d->trigger_line)
		(void)snprintf(ret->trigger, sizeof(ret->trigger), RIG_TRIGGER);
	if (d->bus == BUS_IIO)
		(void)snprintf(ret->device, sizeof(ret->device), "lsm6dso");
	if (d->conf)
		conf_defaults(d->conf, ret->settings);
	if (d->bus == BUS_TOPIC) {
		(void)snprintf(ret->peer, sizeof(ret->peer), "speech");
		(void)snprintf(ret->topic, sizeof(ret->topic), "imu");
	}
	if (d->bus == BUS_IIO || d->bus == BUS_TOPIC) /* any kind: one with these */
		rig_set(d, ret, "{\"channels\": [\"accel\", \"gyro\", \"temperature\"]}");
}

static const struct rt_conf rig_virtual = {.clock = RT_CLOCK_VIRTUAL};

/* Run @fn(@arg) as the root task on the virtual clock. */
static inline int rig_run(int (*fn)(void *arg), void *arg)
{
	return rt_run(&rig_virtual, fn, arg);
}

static inline void rig_keep_line(enum log_level level, const char *text, void *arg)
{
	struct rig *rig = arg;
	size_t len = strlen(rig->log);

	(void)level;
	(void)snprintf(rig->log + len, sizeof(rig->log) - len, "%s\n", text);
}

/* Run @fn(@arg) as the root task; the log goes into the rig's. */
static inline void rig_run_logged(struct rig *rig, const struct rt_conf *conf,
				  int (*fn)(void *arg), void *arg)
{
	log_set_sink(rig_keep_line, rig);
	cr_assert(eq(int, rt_run(conf, fn, arg), 0));
	log_set_sink(NULL, NULL);
}

/* @sensor, the scene and the @model (NULL: none) live while @script(@arg) runs. Suspends. */
static inline void rig_live(struct rig *rig, struct sensor *sensor, struct emul *model,
			    void (*script)(void *arg), void *arg)
{
	struct nursery n;

	scene_start(rig->scene);
	if (model)
		emul_start(model);
	nursery_open(&n);
	nursery_go(&n, "sensor", sensor_run, sensor);
	script(arg);
	nursery_cancel(&n, "the script is over");
	(void)!nursery_close(&n, 0);
	if (model)
		emul_stop(model);
	scene_stop(rig->scene);
}

static inline void nap(int64_t ns)
{
	(void)!task_sleep(ns);
}

#endif
