/* The simulated I2C bus: registers, faults, turns, the time of the wire, cancellation. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/i2c.h"
#include "hal/i2c_sim.h"

/* 256 bytes of memory behind a register pointer. */
struct memory {
	struct i2c_model i2c;
	uint8_t reg[256], pointer;
	bool addressed;
	unsigned starts, stops;
};

static struct memory *memory_of(struct i2c_model *m)
{
	return container_of(m, struct memory, i2c);
}

static int memory_start(struct i2c_model *m, int read)
{
	memory_of(m)->starts++;
	if (!read)
		memory_of(m)->addressed = false;
	return 0;
}

static int memory_write(struct i2c_model *m, uint8_t byte)
{
	struct memory *mem = memory_of(m);

	if (mem->addressed)
		mem->reg[mem->pointer++] = byte;
	else
		mem->pointer = byte;
	mem->addressed = true;
	return 0;
}

static uint8_t memory_read(struct i2c_model *m)
{
	return memory_of(m)->reg[memory_of(m)->pointer++];
}

static void memory_stop(struct i2c_model *m)
{
	memory_of(m)->stops++;
}

/* What the tests work on. */
static struct i2c_bus *bus;
static struct memory mem;
static struct i2c_dev dev;

static void run(int (*body)(void *), uint32_t clock_hz)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	mem = (struct memory){.i2c = {.addr = 0x50,
				      .start = memory_start,
				      .write = memory_write,
				      .read = memory_read,
				      .stop = memory_stop}};
	cr_assert(eq(int, i2c_sim_open("body", clock_hz, &bus), 0));
	i2c_sim_attach(bus, &mem.i2c);
	i2c_dev_init(&dev, bus, 0x50);
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	i2c_bus_close(bus);
}

static int write_then_read(void *arg)
{
	uint8_t out[3] = {1, 2, 3};
	uint8_t in[3] = {0};
	uint8_t one = 0;

	(void)arg;
	cr_expect(eq(int, i2c_write_regs(&dev, 0x10, out, 3), 0));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x10, in, 3), 0));
	cr_expect(eq(int, memcmp(in, out, 3), 0));
	cr_expect(eq(int, i2c_write_reg(&dev, 0x11, 9), 0));
	cr_expect(eq(int, i2c_read_reg(&dev, 0x11, &one), 0));
	cr_expect(eq(u8, one, 9));
	cr_expect(eq(uint, mem.starts, 6), "a read has a repeated start");
	cr_expect(eq(uint, mem.stops, 4));
	cr_expect(eq(u64, dev.stats.transfers, 4));
	cr_expect(eq(u64, dev.stats.failed, 0));
	return 0;
}

Test(i2c_sim, registers_are_written_and_read)
{
	run(write_then_read, 0);
}

static int nobody_there(void *arg)
{
	struct i2c_dev other;
	uint8_t v;

	(void)arg;
	i2c_dev_init(&other, bus, 0x51);
	cr_expect(eq(int, i2c_read_reg(&other, 0, &v), -ENXIO));
	cr_expect(eq(u64, other.stats.failed, 1));
	i2c_sim_detach(bus, &mem.i2c);
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), -ENXIO));
	i2c_sim_attach(bus, &mem.i2c);
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	return 0;
}

Test(i2c_sim, absent_chip_does_not_answer)
{
	run(nobody_there, 0);
}

static int faults(void *arg)
{
	uint8_t v;

	(void)arg;
	mem.i2c.fault[I2C_FAULT_ERROR] = 2;
	cr_expect(eq(int, i2c_write_reg(&dev, 0, 7), -EIO));
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), -EIO));
	cr_expect(eq(u8, mem.reg[0], 0), "a transfer that fails moves nothing");
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	cr_expect(eq(u64, dev.stats.transfers, 3));
	cr_expect(eq(u64, dev.stats.failed, 2));
	return 0;
}

Test(i2c_sim, fails_on_demand)
{
	run(faults, 0);
}

static int flips(void *arg)
{
	uint8_t in[2];

	(void)arg;
	mem.reg[0] = mem.reg[1] = 0x55;
	mem.i2c.fault[I2C_FAULT_FLIP] = 2;
	for (int bit = 0; bit < 2; bit++) {
		cr_expect(eq(int, i2c_read_regs(&dev, 0, in, 2), 0));
		cr_expect(eq(u8, in[0], (uint8_t)(0x55 ^ 1 << bit)), "each time another");
		cr_expect(eq(u8, in[1], 0x55));
	}
	cr_expect(eq(int, i2c_read_regs(&dev, 0, in, 2), 0));
	cr_expect(eq(u8, in[0], 0x55));
	return 0;
}

Test(i2c_sim, flips_bits_on_demand)
{
	run(flips, 0);
}

static int freezes(void *arg)
{
	uint8_t v = 0;

	(void)arg;
	mem.reg[0] = 1;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	mem.i2c.fault[I2C_FAULT_FREEZE] = I2C_FAULT_ALWAYS;
	mem.reg[0] = 2;
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
		cr_expect(eq(u8, v, 1));
	}
	cr_expect(eq(int, i2c_write_reg(&dev, 0, 3), 0));
	mem.i2c.fault[I2C_FAULT_FREEZE] = 0;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	cr_expect(eq(u8, v, 2), "writes went nowhere");
	return 0;
}

Test(i2c_sim, freezes_on_demand)
{
	run(freezes, 0);
}

static int late(void *arg)
{
	int64_t from_ns = rt_now();
	uint8_t v;

	(void)arg;
	mem.i2c.fault[I2C_FAULT_DELAY] = 2;
	mem.i2c.delay_ns = 20 * NS_PER_MS;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	cr_expect(eq(i64, rt_now() - from_ns, 20 * NS_PER_MS));
	mem.i2c.delay_ns = NS_PER_S;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), -ETIMEDOUT));
	cr_expect(eq(i64, rt_now() - from_ns, 70 * NS_PER_MS), "its time-out");
	mem.i2c.fault[I2C_FAULT_TIMEOUT] = 1;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), -ETIMEDOUT));
	cr_expect(eq(i64, rt_now() - from_ns, 120 * NS_PER_MS));
	mem.i2c.fault[I2C_FAULT_NACK] = 1;
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), -ENXIO));
	cr_expect(eq(int, i2c_read_reg(&dev, 0, &v), 0));
	return 0;
}

Test(i2c_sim, delays_and_times_out_on_demand)
{
	run(late, 0);
}

static int refuse(struct i2c_model *m, uint8_t byte)
{
	(void)m;
	return byte == 0xee ? -ENXIO : 0;
}

static int byte_refused(void *arg)
{
	(void)arg;
	mem.i2c.write = refuse;
	cr_expect(eq(int, i2c_write_reg(&dev, 0, 0xee), -ENXIO));
	cr_expect(eq(uint, mem.stops, 1), "the bus is free again");
	cr_expect(eq(int, i2c_write_reg(&dev, 0, 1), 0));
	return 0;
}

Test(i2c_sim, refused_byte_ends_the_transfer)
{
	run(byte_refused, 0);
}

static int cancelled_before(void *arg)
{
	struct scope s;
	int r;

	(void)arg;
	scope_init(&s);
	scope_cancel(&s, CANCEL_EXPLICIT, "test");
	scope_enter(&s);
	r = i2c_write_reg(&dev, 0, 7);
	cr_expect(eq(int, r, -ECANCELED));
	r = scope_leave(&s, r);
	cr_expect(eq(int, r, 0));
	cr_expect(eq(u8, mem.reg[0], 0));
	cr_expect(eq(u64, dev.stats.transfers, 0));
	return 0;
}

Test(i2c_sim, R2_cancelled_transfer_moves_nothing)
{
	run(cancelled_before, 0);
	run(cancelled_before, 400000);
}

static int set_flag(void *arg)
{
	*(bool *)arg = true;
	return 0;
}

static int others_run(void *arg)
{
	struct nursery n;
	bool ran = false;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "other", set_flag, &ran);
	r = i2c_write_reg(&dev, 0, 7);
	cr_expect(ran);
	return nursery_close(&n, r);
}

Test(i2c_sim, R2_transfer_lets_others_run)
{
	run(others_run, 0);
}

static int burst_takes_time(void *arg)
{
	uint8_t buf[14];
	int64_t from_ns = rt_now();

	(void)arg;
	cr_expect(eq(int, i2c_read_regs(&dev, 0x3b, buf, sizeof(buf)), 0));
	/* 2 starts, stop, 2 addresses, the register, 14 bytes: 156 clocks of 2.5 us. */
	cr_expect(eq(i64, rt_now() - from_ns, 390 * NS_PER_US));
	return 0;
}

Test(i2c_sim, transfer_takes_the_time_of_the_wire)
{
	run(burst_takes_time, 400000);
}

/* Tasks that write their number into the next free register. */
static uint8_t order[4];
static unsigned writers;

static int write_number(void *arg)
{
	uint8_t number = (uint8_t)(uintptr_t)arg;
	int r = i2c_write_reg(&dev, number, number);

	if (r == 0)
		order[writers++] = number;
	return r;
}

static int three_writers(void *arg)
{
	struct nursery n;
	int64_t from_ns = rt_now();
	int r;

	(void)arg;
	nursery_open(&n);
	for (uintptr_t i = 1; i <= 3; i++)
		nursery_go(&n, "writer", write_number, (void *)i);
	r = nursery_close(&n, 0);
	cr_expect(eq(int, memcmp(order, (uint8_t[]){1, 2, 3, 0}, 4), 0));
	/* 1 start, stop, 3 bytes with the address: 29 clocks each, one after the other. */
	cr_expect(eq(i64, rt_now() - from_ns, 87 * NS_PER_S / 100000));
	return r;
}

Test(i2c_sim, transfers_take_turns_in_order)
{
	run(three_writers, 100000);
}

/* What the watchdog's thread does. */
static void *write_now(void *arg)
{
	cr_expect(eq(int, i2c_write_now(&dev, (uint8_t[]){2, 99}, 2), 0));
	return arg;
}

static int second_result;

static int write_second(void *arg)
{
	(void)arg;
	second_result = i2c_write_reg(&dev, 2, 2);
	return 0;
}

static int read_third(void *arg)
{
	uint8_t value;
	int r = i2c_read_reg(&dev, 2, &value);

	(void)arg;
	cr_expect(eq(u8, value, 99));
	return r;
}

/* It comes while the first is on the wire, and the others wait. */
static int overtake_the_second(void *arg)
{
	struct nursery n;
	pthread_t thread;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "first", write_number, (void *)1);
	nursery_go(&n, "second", write_second, NULL);
	nursery_go(&n, "third", read_third, NULL);
	r = task_sleep(10 * NS_PER_US);
	cr_assert(eq(int, pthread_create(&thread, NULL, write_now, NULL), 0));
	cr_assert(eq(int, pthread_join(thread, NULL), 0));
	r = nursery_close(&n, r);
	cr_expect(eq(u8, mem.reg[1], 1));
	cr_expect(eq(int, second_result, -EALREADY));
	cr_expect(eq(u8, mem.reg[2], 99));
	cr_expect(eq(int, i2c_write_reg(&dev, 2, 7), 0));
	cr_expect(eq(u8, mem.reg[2], 7), "what comes later is written");
	return r;
}

Test(i2c_sim, S5_what_waited_when_it_was_overtaken_is_not_written)
{
	run(overtake_the_second, 100000);
}

static int cancel_the_second(void *arg)
{
	struct child second;
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "first", write_number, (void *)1);
	nursery_start(&n, &second, &(struct task_opt){.name = "second"}, write_number,
		      (void *)2);
	nursery_go(&n, "third", write_number, (void *)3);
	r = task_sleep(10 * NS_PER_US);
	child_cancel(&second, CANCEL_EXPLICIT, "test");
	r = nursery_close(&n, r);
	cr_expect(eq(int, (int)second.state, CHILD_CANCELLED));
	cr_expect(eq(int, memcmp(order, (uint8_t[]){1, 3, 0, 0}, 4), 0));
	cr_expect(eq(u8, mem.reg[2], 0));
	return r;
}

Test(i2c_sim, cancelled_in_the_queue_leaves_it)
{
	run(cancel_the_second, 100000);
}

static int cancel_under_way(void *arg)
{
	struct child first;
	struct nursery n;
	int r;

	(void)arg;
	nursery_open(&n);
	nursery_start(&n, &first, &(struct task_opt){.name = "first"}, write_number,
		      (void *)1);
	r = task_sleep(10 * NS_PER_US);
	child_cancel(&first, CANCEL_EXPLICIT, "test");
	r = nursery_close(&n, r);
	cr_expect(eq(int, (int)first.state, CHILD_DONE));
	cr_expect(eq(int, first.result, 0));
	cr_expect(eq(u8, mem.reg[1], 1));
	return r;
}

Test(i2c_sim, C6_transfer_under_way_is_not_called_back)
{
	run(cancel_under_way, 100000);
}

static int too_slow(void *arg)
{
	int64_t from_ns = rt_now();
	uint8_t buf[14];

	(void)arg;
	dev.timeout_ns = NS_PER_MS;
	cr_expect(eq(int, i2c_read_regs(&dev, 0, buf, sizeof(buf)), -ETIMEDOUT));
	cr_expect(eq(i64, rt_now() - from_ns, NS_PER_MS));
	cr_expect(eq(u64, dev.stats.failed, 1));
	return 0;
}

Test(i2c_sim, transfer_longer_than_its_time_out)
{
	run(too_slow, 100000);
}

static int wait_too_long(void *arg)
{
	struct i2c_dev hasty = dev;
	int r;

	(void)arg;
	hasty.timeout_ns = 100 * NS_PER_US;
	r = i2c_write_reg(&hasty, 7, 7);
	cr_expect(eq(int, r, -ETIMEDOUT));
	cr_expect(eq(u8, mem.reg[7], 0));
	cr_expect(eq(i64, rt_now(), 100 * NS_PER_US));
	return 0;
}

static int time_out_in_the_queue(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "writer", write_number, (void *)1);
	nursery_go(&n, "hasty", wait_too_long, NULL);
	return nursery_close(&n, 0);
}

Test(i2c_sim, time_out_in_the_queue)
{
	run(time_out_in_the_queue, 100000);
}

Test(i2c, closing_nothing_is_fine)
{
	i2c_bus_close(NULL);
	cr_expect(true);
}
