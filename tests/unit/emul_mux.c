/* Buses behind multiplexers: chips that share an address, what is remembered, what a fault undoes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/rt/error.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/emul/emul.h"
#include "hal/emul/tca9548a.h"
#include "hal/i2c_mux.h"

/* A chip of one byte. */
struct cell {
	struct i2c_model i2c;
	uint8_t value;
};

static int cell_start(struct i2c_model *m, int read)
{
	(void)m;
	(void)read;
	return 0;
}

static int cell_write(struct i2c_model *m, uint8_t byte)
{
	container_of(m, struct cell, i2c)->value = byte;
	return 0;
}

static uint8_t cell_read(struct i2c_model *m)
{
	return container_of(m, struct cell, i2c)->value;
}

static void cell_stop(struct i2c_model *m)
{
	(void)m;
}

/*
 * An adapter with a multiplexer at 0x70; chips at 0x29 behind its channels 2 and 3; behind channel 3 another
 * multiplexer at 0x71, with a chip at 0x30 behind its channel 0.
 */
static struct i2c_bus *root, *two, *three, *deep;
static struct emul *mux, *inner;
static struct cell cells[3];
static struct i2c_gate gates[3];
static uint32_t clock_hz;

static struct emul *make_mux(uint8_t addr, const struct i2c_gate *gate)
{
	const struct emul_conf conf = {.addr = addr, .gate = gate};
	struct emul *e = NULL;

	cr_assert(eq(int, emul_new("tca9548a", &conf, &e), 0));
	emul_attach(e, root);
	return e;
}

static void make_cell(int i, uint8_t addr, const struct emul *behind, uint8_t channel,
		      const struct i2c_gate *up)
{
	gates[i] = (struct i2c_gate){.control = tca9548a_control(behind),
				     .mask = (uint8_t)(1u << channel),
				     .up = up};
	cells[i] = (struct cell){.i2c = {.addr = addr,
					 .start = cell_start,
					 .write = cell_write,
					 .read = cell_read,
					 .stop = cell_stop,
					 .gate = &gates[i]}};
	i2c_sim_attach(root, &cells[i].i2c);
}

static void run(int (*body)(void *))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	cr_assert(eq(int, i2c_sim_open("body", clock_hz, &root), 0));
	mux = make_mux(0x70, NULL);
	make_cell(0, 0x29, mux, 2, NULL);
	make_cell(1, 0x29, mux, 3, NULL);
	inner = make_mux(0x71, &gates[1]);
	make_cell(2, 0x30, inner, 0, &gates[1]);
	cr_assert(eq(int, i2c_mux_open("two", root, 0x70, 2, &two), 0));
	cr_assert(eq(int, i2c_mux_open("three", root, 0x70, 3, &three), 0));
	cr_assert(eq(int, i2c_mux_open("deep", three, 0x71, 0, &deep), 0));
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	i2c_bus_close(deep);
	i2c_bus_close(three);
	i2c_bus_close(two);
	i2c_bus_close(root);
	emul_free(inner);
	emul_free(mux);
}

static int put(struct i2c_bus *bus, uint8_t addr, uint8_t value)
{
	struct i2c_dev dev;
	const struct i2c_msg_part part = {.buf = &value, .len = 1};

	i2c_dev_init(&dev, bus, addr);
	return i2c_transfer(&dev, &part, 1);
}

static int get(struct i2c_bus *bus, uint8_t addr)
{
	struct i2c_dev dev;
	uint8_t value = 0;
	const struct i2c_msg_part part = {.buf = &value, .len = 1, .read = 1};
	int r;

	i2c_dev_init(&dev, bus, addr);
	r = i2c_transfer(&dev, &part, 1);
	return r < 0 ? r : value;
}

static int reach_their_own(void *arg)
{
	(void)arg;
	cr_expect(eq(int, get(root, 0x29), -ENXIO), "no channel is connected at first");
	cr_expect(eq(int, put(two, 0x29, 22), 0));
	cr_expect(eq(int, put(three, 0x29, 33), 0));
	cr_expect(eq(int, put(deep, 0x30, 44), 0));
	cr_expect(eq(u8, cells[0].value, 22));
	cr_expect(eq(u8, cells[1].value, 33));
	cr_expect(eq(u8, cells[2].value, 44));
	cr_expect(eq(int, get(two, 0x29), 22));
	cr_expect(eq(int, get(three, 0x29), 33));
	cr_expect(eq(u8, *tca9548a_control(mux), 1 << 3), "one channel at a time");
	cr_expect(eq(int, get(two, 0x30), -ENXIO), "it is behind another channel");
	return 0;
}

Test(mux, chips_on_two_channels_share_an_address)
{
	run(reach_their_own);
}

/* The multiplexer answers no more: as long as the channel stays, nobody notices. */
static int remembered(void *arg)
{
	(void)arg;
	cr_expect(eq(int, put(two, 0x29, 1), 0));
	mux->i2c.fault[I2C_FAULT_NACK] = I2C_FAULT_ALWAYS;
	cr_expect(eq(int, put(two, 0x29, 2), 0));
	cr_expect(eq(int, get(root, 0x29), 2), "the channel stays connected");
	cr_expect(eq(int, put(three, 0x29, 3), -ENXIO));
	cr_expect(ne(ptr, strstr(error_last(-ENXIO)->text, "multiplexer at 0x70"), NULL));
	mux->i2c.fault[I2C_FAULT_NACK] = 0;
	cr_expect(eq(int, put(three, 0x29, 3), 0));
	cr_expect(eq(u8, cells[0].value, 2));
	cr_expect(eq(u8, cells[1].value, 3));
	return 0;
}

Test(mux, remembers_the_channel)
{
	run(remembered);
}

/* It loses its power, and with it the channel. */
static int reset(void *arg)
{
	(void)arg;
	cr_expect(eq(int, put(two, 0x29, 1), 0));
	emul_reset(mux);
	cr_expect(eq(int, put(two, 0x29, 2), -ENXIO));
	cr_expect(eq(int, put(two, 0x29, 3), 0), "the next transfer sets it again");
	cr_expect(eq(u8, cells[0].value, 3));
	cr_expect(eq(int, put(deep, 0x30, 4), 0));
	emul_reset(inner);
	cr_expect(eq(int, put(deep, 0x30, 5), -ENXIO));
	cr_expect(eq(int, put(deep, 0x30, 6), 0));
	cr_expect(eq(u8, cells[2].value, 6));
	return 0;
}

Test(mux, forgets_the_channel_after_a_fault)
{
	run(reset);
}

/* Two tasks, each with its own chip at the same address, on a bus that takes time. */
static int write_many(void *arg)
{
	struct i2c_bus *bus = arg;

	for (uint8_t i = 1; i <= 50; i++) {
		uint8_t mine = (uint8_t)(bus == two ? i : 100 + i);

		cr_assert(eq(int, put(bus, 0x29, mine), 0));
		cr_assert(eq(int, get(bus, 0x29), mine));
	}
	return 0;
}

static int at_the_same_time(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "two", write_many, two);
	nursery_go(&n, "three", write_many, three);
	return nursery_close(&n, 0);
}

Test(mux, nobody_comes_between_channel_and_transfer)
{
	clock_hz = 400000;
	run(at_the_same_time);
	cr_expect(eq(u8, cells[0].value, 50));
	cr_expect(eq(u8, cells[1].value, 150));
}

static int too_deep(void *arg)
{
	struct i2c_bus *a;
	struct i2c_bus *b;

	(void)arg;
	cr_assert(eq(int, i2c_mux_open("a", deep, 0x72, 0, &a), 0));
	cr_expect(eq(int, i2c_mux_open("b", a, 0x73, 0, &b), -EMLINK));
	i2c_bus_close(a);
	return 0;
}

Test(mux, not_more_than_three_behind_one_another)
{
	run(too_deep);
}
