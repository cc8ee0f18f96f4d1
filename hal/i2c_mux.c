/* I2C multiplexers: buses behind them, and what is set before a transfer. */
#include "hal/i2c_mux.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/error.h"

#define UNKNOWN (-1)

/* A chip; it belongs to the root, because a transfer that hangs there may outlive the buses behind. */
struct i2c_mux {
	struct i2c_mux *next;
	const struct i2c_bus *parent;
	uint8_t addr;
	int selected; /* the channel that is connected, or UNKNOWN; the root's thread's */
};

struct mux_bus {
	struct i2c_bus bus;
	struct i2c_bus *root;
	struct i2c_hop hops[I2C_HOPS_MAX];
	unsigned n_hops;
};

static int mux_transfer(struct i2c_bus *bus, struct i2c_xfer *x, int64_t deadline_ns);

static void mux_close(struct i2c_bus *bus)
{
	free(container_of(bus, struct mux_bus, bus));
}

static int mux_transfer_now(struct i2c_bus *bus, struct i2c_xfer *x)
{
	const struct mux_bus *b = container_of(bus, struct mux_bus, bus);

	x->hops = b->hops;
	x->n_hops = b->n_hops;
	return b->root->ops->transfer_now ? b->root->ops->transfer_now(b->root, x)
					  : -ENOTSUP;
}

static const struct i2c_ops mux_ops = {
	.transfer = mux_transfer,
	.transfer_now = mux_transfer_now,
	.close = mux_close,
};

static int mux_transfer(struct i2c_bus *bus, struct i2c_xfer *x, int64_t deadline_ns)
{
	const struct mux_bus *b = container_of(bus, struct mux_bus, bus);
	int r;

	x->hops = b->hops;
	x->n_hops = b->n_hops;
	r = b->root->ops->transfer(b->root, x, deadline_ns);
	if (r < 0 && x->failed)
		return error_set(
			r,
			"no answer from the multiplexer at 0x%02x, behind which bus "
			"%s is (%s)",
			x->failed->addr, bus->name, strerrorname_np(-r));
	return r;
}

static struct i2c_mux *find_or_make(struct i2c_bus *root, const struct i2c_bus *parent,
				    uint8_t addr)
{
	struct i2c_mux *m = root->muxes;

	while (m && (m->parent != parent || m->addr != addr))
		m = m->next;
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	*m = (struct i2c_mux){
		.next = root->muxes, .parent = parent, .addr = addr, .selected = UNKNOWN};
	root->muxes = m;
	return m;
}

int i2c_mux_open(const char *name, struct i2c_bus *parent, uint8_t addr, uint8_t channel,
		 struct i2c_bus **ret)
{
	struct mux_bus *b = calloc(1, sizeof(*b));
	struct i2c_mux *m;

	assert(channel < I2C_MUX_CHANNELS);
	if (!b)
		return -ENOMEM;
	b->root = parent;
	if (parent->ops == &mux_ops) {
		const struct mux_bus *up = container_of(parent, struct mux_bus, bus);

		memcpy(b->hops, up->hops, sizeof(b->hops));
		b->n_hops = up->n_hops;
		b->root = up->root;
	}
	if (b->n_hops == I2C_HOPS_MAX) {
		free(b);
		return -EMLINK;
	}
	m = find_or_make(b->root, parent, addr);
	if (!m) {
		free(b);
		return -ENOMEM;
	}
	b->hops[b->n_hops++] = (struct i2c_hop){.mux = m, .channel = channel};
	b->bus.ops = &mux_ops;
	(void)snprintf(b->bus.name, sizeof(b->bus.name), "%s", name);
	*ret = &b->bus;
	return 0;
}

static int connect_channel(const struct i2c_hop *hop,
			   int (*move)(void *arg, uint8_t addr,
				       const struct i2c_msg_part *parts, unsigned n),
			   void *arg)
{
	uint8_t control = (uint8_t)(1u << hop->channel);
	const struct i2c_msg_part part = {.buf = &control, .len = 1};
	int r;

	if (hop->mux->selected == hop->channel)
		return 0;
	hop->mux->selected = UNKNOWN;
	r = move(arg, hop->mux->addr, &part, 1);
	if (r == 0)
		hop->mux->selected = hop->channel;
	return r;
}

int i2c_mux_route(struct i2c_xfer *x,
		  int (*move)(void *arg, uint8_t addr, const struct i2c_msg_part *parts,
			      unsigned n),
		  void *arg)
{
	int r;

	x->failed = NULL;
	for (unsigned i = 0; i < x->n_hops; i++) {
		r = connect_channel(&x->hops[i], move, arg);
		if (r < 0) {
			x->failed = x->hops[i].mux;
			return r;
		}
	}
	r = move(arg, x->addr, x->parts, x->n);
	/* One that has lost its power and come back connects nothing: the next transfer sets it again. */
	for (unsigned i = 0; r < 0 && i < x->n_hops; i++)
		x->hops[i].mux->selected = UNKNOWN;
	return r;
}

void i2c_mux_free_all(struct i2c_bus *root)
{
	while (root->muxes) {
		struct i2c_mux *m = root->muxes;

		root->muxes = m->next;
		free(m);
	}
}
