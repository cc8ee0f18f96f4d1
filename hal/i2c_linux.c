/* I2C adapters of Linux: one thread for each, which opens the node and moves the bytes. */
#include "hal/i2c_linux.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/error.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/worker.h"
#include "hal/i2c_mux.h"
#include "hal/i2c_node.h"

#define BYTES_MAX 2048 /* of one transfer */

/* Adapters have time-outs of their own: one that takes so much longer hangs. */
#define HANG_NS (200 * NS_PER_MS)

#define LOOK_NS NS_PER_S /* how often it is asked whether the node is still there */

struct linux_bus {
	struct i2c_bus bus;
	char path[128];
	struct worker worker;
	/* Those that are not under way; taken and given back on the loop, and by a thread that was left. */
	pthread_mutex_t lock;
	struct transfer *spare;
	uint8_t hangs_at;      /* the address of the transfer that was left */
	struct urgent *urgent; /* one at a time: the watchdog's */
	/* The worker's: */
	struct i2c_node node;
	int64_t look_ns;
};

/* A transfer from another thread than the loop's, with its own copy of all it needs. */
struct urgent {
	struct urgent_job job;
	struct linux_bus *bus;
	struct i2c_xfer x;
	struct i2c_hop hops[I2C_HOPS_MAX];
	struct i2c_msg_part part;
	uint8_t bytes[I2C_WRITE_NOW_MAX];
	int result;
};

/*
 * One transfer on its way to the worker and back, with its own copy of all it needs: when it hangs, its
 * task goes on without it.
 */
struct transfer {
	struct job job;
	struct transfer *next;
	struct linux_bus *bus;
	struct i2c_xfer x;
	struct i2c_hop hops[I2C_HOPS_MAX];
	struct i2c_msg_part parts[I2C_PARTS_MAX];
	int result;
	bool not_open; /* the result is that of opening the node */
	bool gone;     /* the node is not there any more */
	uint8_t bytes[BYTES_MAX];
};

static struct linux_bus *linux_of(struct i2c_bus *bus)
{
	return container_of(bus, struct linux_bus, bus);
}

static int move(void *arg, uint8_t addr, const struct i2c_msg_part *parts, unsigned n)
{
	struct linux_bus *b = arg;

	return i2c_node_transfer(&b->node, addr, parts, n);
}

/* An adapter that has gone would be kept, half alive, for as long as its node is open. */
static bool has_gone(struct linux_bus *b, const struct transfer *t)
{
	/* The time is near that of the transfer: a worker has no clock of its own. */
	if (t->result == 0 && t->job.leave_ns < b->look_ns)
		return false;
	b->look_ns = time_add(t->job.leave_ns, LOOK_NS);
	if (i2c_node_present(&b->node, b->path))
		return false;
	i2c_node_close(&b->node);
	return true;
}

/* On the worker's thread. */
static void transfer_run(struct job *j)
{
	struct transfer *t = container_of(j, struct transfer, job);
	struct linux_bus *b = t->bus;

	t->not_open = t->gone = false;
	t->result = -EALREADY;
	if (i2c_overtaken(&t->x))
		return;
	if (b->node.fd < 0) {
		t->result = i2c_node_open(&b->node, b->path);
		t->not_open = t->result < 0;
		if (t->not_open)
			return;
	}
	t->result = i2c_mux_route(&t->x, move, b);
	t->gone = has_gone(b, t);
}

static void give_back(struct transfer *t)
{
	struct linux_bus *b = t->bus;

	(void)pthread_mutex_lock(&b->lock);
	t->next = b->spare;
	b->spare = t;
	(void)pthread_mutex_unlock(&b->lock);
}

static void transfer_left(struct job *j)
{
	give_back(container_of(j, struct transfer, job));
}

/* One that is not in use; memory is only taken when more tasks wait at once than ever before. */
static struct transfer *take_spare(struct linux_bus *b)
{
	struct transfer *t;

	(void)pthread_mutex_lock(&b->lock);
	t = b->spare;
	if (t)
		b->spare = t->next;
	(void)pthread_mutex_unlock(&b->lock);
	return t ? t : calloc(1, sizeof(*t));
}

/* Copy what is asked for. 0, or -EMSGSIZE. */
static int fill(struct transfer *t, struct linux_bus *b, const struct i2c_xfer *x)
{
	size_t used = 0;

	t->bus = b;
	t->x = (struct i2c_xfer){.addr = x->addr,
				 .parts = t->parts,
				 .n = x->n,
				 .hops = t->hops,
				 .n_hops = x->n_hops,
				 .overtakers = x->overtakers,
				 .overtaken = x->overtaken};
	for (unsigned i = 0; i < x->n_hops; i++)
		t->hops[i] = x->hops[i];
	for (unsigned i = 0; i < x->n; i++) {
		const struct i2c_msg_part *part = &x->parts[i];

		if (used + part->len > sizeof(t->bytes))
			return -EMSGSIZE;
		t->parts[i] = *part;
		t->parts[i].buf = t->bytes + used;
		if (!part->read)
			memcpy(t->parts[i].buf, part->buf, part->len);
		used += part->len;
	}
	return 0;
}

static void copy_back(const struct transfer *t, const struct i2c_xfer *x)
{
	for (unsigned i = 0; i < x->n; i++)
		if (x->parts[i].read)
			memcpy(x->parts[i].buf, t->parts[i].buf, x->parts[i].len);
}

static int hang_error(const struct linux_bus *b)
{
	return error_set(-ETIMEDOUT,
			 "bus %s hangs: a transfer to 0x%02x does not return; is SDA or "
			 "SCL held low?",
			 b->bus.name, b->hangs_at);
}

/* What came of it, as a result with its text. */
static int outcome(const struct transfer *t)
{
	const struct linux_bus *b = t->bus;

	if (t->not_open)
		return i2c_node_error(b->path, t->result);
	if (t->gone)
		return error_set(-ENODEV, "bus %s: its adapter %s has gone", b->bus.name,
				 b->path);
	if (t->result == -EBUSY)
		return i2c_node_taken_error(b->path, b->bus.name, t->x.addr);
	if (t->result == -EAGAIN)
		return error_set(-EIO,
				 "bus %s is never free (EAGAIN); is SDA or SCL held low?",
				 b->bus.name);
	return t->result;
}

static int linux_transfer(struct i2c_bus *bus, struct i2c_xfer *x, int64_t deadline_ns)
{
	struct linux_bus *b = linux_of(bus);
	struct transfer *t;
	struct scope scope;
	int r;

	if (worker_stuck(&b->worker))
		return hang_error(b);
	t = take_spare(b);
	if (!t)
		return -ENOMEM;
	r = fill(t, b, x);
	if (r < 0)
		goto give_back;
	t->job = (struct job){
		.fn = transfer_run,
		.left = transfer_left,
		.leave_ns = time_add(deadline_ns, HANG_NS),
	};
	scope_enter_until(&scope, deadline_ns);
	r = worker_run(&b->worker, &t->job);
	if (r == -EINPROGRESS) { /* t is the worker's now */
		b->hangs_at = x->addr;
		r = scope_leave_timeout(&scope, -ECANCELED);
		return r == -ETIMEDOUT ? hang_error(b) : r;
	}
	r = scope_leave_timeout(&scope, r);
	if (r == 0) {
		copy_back(t, x);
		x->failed = t->x.failed;
		r = outcome(t);
	}
give_back:
	give_back(t);
	return r;
}

static void urgent_run(struct urgent_job *j)
{
	struct urgent *u = container_of(j, struct urgent, job);
	struct linux_bus *b = u->bus;

	u->result = b->node.fd < 0 ? i2c_node_open(&b->node, b->path) : 0;
	if (u->result == 0)
		u->result = i2c_mux_route(&u->x, move, b);
}

/* One write; nothing here is of the loop. */
static int linux_transfer_now(struct i2c_bus *bus, struct i2c_xfer *x)
{
	struct linux_bus *b = linux_of(bus);
	struct urgent *u = b->urgent;
	int r;

	assert(x->n == 1 && !x->parts->read && x->parts->len <= sizeof(u->bytes));
	if (u->job.abandoned)
		return -ETIMEDOUT;
	u->job.fn = urgent_run;
	u->bus = b;
	u->part = (struct i2c_msg_part){.buf = u->bytes, .len = x->parts->len};
	memcpy(u->bytes, x->parts->buf, x->parts->len);
	for (unsigned i = 0; i < x->n_hops; i++)
		u->hops[i] = x->hops[i];
	u->x = (struct i2c_xfer){.addr = x->addr,
				 .parts = &u->part,
				 .n = 1,
				 .hops = u->hops,
				 .n_hops = x->n_hops};
	r = worker_run_urgent(&b->worker, &u->job, I2C_TIMEOUT_NS + HANG_NS);
	return r == 0 ? u->result : -ETIMEDOUT;
}

static void bus_gone(struct worker *w)
{
	struct linux_bus *b = container_of(w, struct linux_bus, worker);

	while (b->spare) {
		struct transfer *t = b->spare;

		b->spare = t->next;
		free(t);
	}
	i2c_mux_free_all(&b->bus);
	i2c_node_close(&b->node);
	(void)pthread_mutex_destroy(&b->lock);
	free(b->urgent);
	free(b);
}

static void linux_close(struct i2c_bus *bus)
{
	worker_close(&linux_of(bus)->worker, bus_gone);
}

static const struct i2c_ops linux_ops = {
	.transfer = linux_transfer,
	.transfer_now = linux_transfer_now,
	.close = linux_close,
};

int i2c_linux_open(const char *name, const char *path, struct i2c_bus **ret)
{
	struct linux_bus *b = calloc(1, sizeof(*b));
	int r = -ENOMEM;

	if (b)
		b->urgent = calloc(1, sizeof(*b->urgent));
	if (!b || !b->urgent)
		goto free_bus;
	b->bus.ops = &linux_ops;
	b->node.fd = -1;
	(void)snprintf(b->bus.name, sizeof(b->bus.name), "%s", name);
	(void)snprintf(b->path, sizeof(b->path), "%s", path);
	(void)pthread_mutex_init(&b->lock, NULL); /* default attributes: cannot fail */
	r = worker_open(&b->worker, name);
	if (r < 0)
		goto destroy_lock;
	*ret = &b->bus;
	return 0;

destroy_lock:
	(void)pthread_mutex_destroy(&b->lock);
free_bus:
	if (b)
		free(b->urgent);
	free(b);
	return r;
}
