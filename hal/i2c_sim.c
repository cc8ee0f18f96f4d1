/* The simulated I2C bus: bytes go to chip models at once, the time they would take passes after. */
#include "hal/i2c_sim.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/list.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "daemon/rt/timer.h"
#include "hal/i2c_mux.h"

struct sim_bus {
	struct i2c_bus bus;
	uint32_t clock_hz;    /* 0: transfers take no time */
	pthread_mutex_t lock; /* of the models, while bytes move */
	struct i2c_model *models;
	/* Invariant: while not busy nobody is queued; the one that ends hands the bus to the first. */
	bool busy;
	struct list queue;
};

/* A task that waits for its turn. */
struct turn {
	struct wait wait;
	struct link link;
};

static struct sim_bus *sim_of(struct i2c_bus *bus)
{
	return container_of(bus, struct sim_bus, bus);
}

static bool turn_abort(struct wait *w)
{
	link_remove(&container_of(w, struct turn, wait)->link);
	return true;
}

static int take_turn(struct sim_bus *sim, int64_t deadline_ns)
{
	struct turn turn = {
		.wait = {.kind = "i2c", .what = sim->bus.name, .abort = turn_abort},
	};
	struct scope scope;

	if (!sim->busy) {
		sim->busy = true;
		return 0;
	}
	list_push(&sim->queue, &turn.link);
	scope_enter_until(&scope, deadline_ns);
	return scope_leave_timeout(&scope, task_park(&turn.wait));
}

static void end_turn(struct sim_bus *sim)
{
	struct link *first = list_pop(&sim->queue);

	if (first)
		task_wake(&container_of(first, struct turn, link)->wait, 0);
	else
		sim->busy = false;
}

static bool reachable(const struct i2c_model *m)
{
	for (const struct i2c_gate *g = m->gate; g; g = g->up)
		if (!(*g->control & g->mask))
			return false;
	return !m->off;
}

static struct i2c_model *model_at(const struct sim_bus *sim, uint8_t addr)
{
	struct i2c_model *m = sim->models;

	while (m && (m->addr != addr || !reachable(m)))
		m = m->next;
	return m;
}

/* Is it time for the fault? Counts it. */
static bool strike(struct i2c_model *m, enum i2c_fault fault)
{
	if (m->fault[fault] == 0)
		return false;
	if (m->fault[fault] != I2C_FAULT_ALWAYS)
		m->fault[fault]--;
	return true;
}

static int move_part(struct i2c_model *m, const struct i2c_msg_part *part)
{
	int r = m->start(m, part->read);

	for (uint16_t i = 0; r >= 0 && i < part->len; i++) {
		if (part->read)
			part->buf[i] = m->read(m);
		else
			r = m->write(m, part->buf[i]);
	}
	return r;
}

/* A chip whose bytes stand still: it acknowledges, and nothing else. */
static void stand_still(struct i2c_model *m, const struct i2c_msg_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (uint16_t k = 0; parts[i].read && k < parts[i].len; k++)
			parts[i].buf[k] = m->frozen[k % I2C_FROZEN_MAX];
}

/* One bit of the first part that is read. */
static void flip(struct i2c_model *m, const struct i2c_msg_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!parts[i].read || parts[i].len == 0)
			continue;
		parts[i].buf[m->flips / 8 % parts[i].len] ^=
			(uint8_t)(1u << m->flips % 8);
		m->flips++;
		return;
	}
}

static void remember(struct i2c_model *m, const struct i2c_msg_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (uint16_t k = 0; parts[i].read && k < parts[i].len; k++)
			m->frozen[k % I2C_FROZEN_MAX] = parts[i].buf[k];
}

/* Nine clocks for each byte, the address too, and one for each start and the stop. */
static int64_t wire_ns(const struct sim_bus *sim, const struct i2c_msg_part *parts,
		       unsigned n)
{
	int64_t clocks = 1;

	for (unsigned i = 0; i < n; i++)
		clocks += 1 + 9 * (1 + (int64_t)parts[i].len);
	return clocks * NS_PER_S / sim->clock_hz;
}

/* What a transfer does to the models, and how long that would take. */
struct moving {
	struct sim_bus *sim;
	int64_t time_ns;
};

/* The lock is held. */
static int move_locked(void *arg, uint8_t addr, const struct i2c_msg_part *parts,
		       unsigned n)
{
	struct moving *moving = arg;
	struct i2c_model *m = model_at(moving->sim, addr);
	int r = 0;

	if (moving->sim->clock_hz)
		moving->time_ns += wire_ns(moving->sim, parts, n);
	if (!m || strike(m, I2C_FAULT_NACK))
		return -ENXIO;
	if (strike(m, I2C_FAULT_TIMEOUT)) {
		moving->time_ns = TIME_NEVER;
		return -ETIMEDOUT;
	}
	if (strike(m, I2C_FAULT_ERROR))
		return -EIO;
	if (strike(m, I2C_FAULT_DELAY))
		moving->time_ns = time_add(moving->time_ns, m->delay_ns);
	if (strike(m, I2C_FAULT_FREEZE)) {
		stand_still(m, parts, n);
		return 0;
	}
	for (unsigned i = 0; r >= 0 && i < n; i++)
		r = move_part(m, &parts[i]);
	m->stop(m);
	remember(m, parts, n);
	if (r >= 0 && strike(m, I2C_FAULT_FLIP))
		flip(m, parts, n);
	return r;
}

static int move_bytes(void *arg, uint8_t addr, const struct i2c_msg_part *parts,
		      unsigned n)
{
	struct sim_bus *sim = ((struct moving *)arg)->sim;
	int r;

	(void)pthread_mutex_lock(&sim->lock);
	r = move_locked(arg, addr, parts, n);
	(void)pthread_mutex_unlock(&sim->lock);
	return r;
}

struct pause {
	struct wait wait;
	struct timer timer;
};

static void pause_over(struct timer *t)
{
	task_wake(&container_of(t, struct pause, timer)->wait, 0);
}

/* What is on the wire is not called back: cancellation waits until it is over. */
static void pass_time(struct sim_bus *sim, int64_t until_ns)
{
	struct pause p = {
		.wait = {.kind = "i2c transfer", .what = sim->bus.name},
		.timer = {.fn = pause_over},
	};

	timer_arm(&p.timer, until_ns);
	(void)task_park(&p.wait); /* cannot be cancelled, so always 0 */
}

static int sim_transfer(struct i2c_bus *bus, struct i2c_xfer *x, int64_t deadline_ns)
{
	struct sim_bus *sim = sim_of(bus);
	struct moving moving = {.sim = sim};
	int64_t done_ns;
	int r = task_check();

	if (r == 0)
		r = take_turn(sim, deadline_ns);
	if (r < 0)
		return r;
	r = i2c_overtaken(x) ? -EALREADY : i2c_mux_route(x, move_bytes, &moving);
	done_ns = time_add(rt_now(), moving.time_ns);
	if (done_ns > deadline_ns) {
		done_ns = deadline_ns;
		r = -ETIMEDOUT;
	}
	if (moving.time_ns > 0)
		pass_time(sim, done_ns);
	end_turn(sim);
	if (moving.time_ns == 0)
		task_yield();
	return r;
}

/* Only what the bytes do to the chip: for models that look at no clock when they are written to. */
static int sim_transfer_now(struct i2c_bus *bus, struct i2c_xfer *x)
{
	struct moving moving = {.sim = sim_of(bus)};

	return i2c_mux_route(x, move_bytes, &moving);
}

static void sim_close(struct i2c_bus *bus)
{
	struct sim_bus *sim = sim_of(bus);

	assert(!sim->busy);
	(void)pthread_mutex_destroy(&sim->lock);
	i2c_mux_free_all(bus);
	free(sim);
}

static const struct i2c_ops sim_ops = {
	.transfer = sim_transfer,
	.transfer_now = sim_transfer_now,
	.close = sim_close,
};

int i2c_sim_open(const char *name, uint32_t clock_hz, struct i2c_bus **ret)
{
	struct sim_bus *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return -ENOMEM;
	sim->bus.ops = &sim_ops;
	(void)snprintf(sim->bus.name, sizeof(sim->bus.name), "%s", name);
	sim->clock_hz = clock_hz;
	list_init(&sim->queue);
	(void)pthread_mutex_init(&sim->lock, NULL); /* default attributes: cannot fail */
	*ret = &sim->bus;
	return 0;
}

void i2c_sim_attach(struct i2c_bus *bus, struct i2c_model *m)
{
	struct sim_bus *sim = sim_of(bus);

	m->next = sim->models;
	sim->models = m;
}

void i2c_sim_detach(struct i2c_bus *bus, struct i2c_model *m)
{
	struct i2c_model **at = &sim_of(bus)->models;

	while (*at && *at != m)
		at = &(*at)->next;
	if (*at)
		*at = m->next;
	m->next = NULL;
}
