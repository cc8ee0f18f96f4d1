/* The MPU-6050's model keeps the promises of its register map. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/emul/emul.h"

#define G 9.80665
#define DPS (M_PI / 180)

/* A scene that a test writes; samples are numbered in the X axis of the accelerometer. */
static struct scene_motion motion;
static unsigned measured;
static unsigned left; /* of a paced scene */

static int64_t next_ns(struct scene *s, int64_t last_ns, int64_t period_ns)
{
	if (!s->paced)
		return last_ns + period_ns;
	return left ? (int64_t)measured * 10 * NS_PER_MS : TIME_NEVER;
}

static void measure(struct scene *s, int64_t t_ns, struct scene_motion *ret)
{
	(void)s;
	(void)t_ns;
	*ret = motion;
	ret->accel_ms2[0] = ++measured / 2048.0 * G;
	left--;
}

static const struct scene_ops ops = {.next_ns = next_ns, .measure = measure};
static struct scene scene = {.ops = &ops};
static struct gpio_board *board;
static struct i2c_bus *bus;
static struct i2c_dev dev;
static struct emul *model;
static struct gpio_line *irq;

static void run(int (*body)(void *))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct gpio_request req = {.line = "int", .edge = GPIO_EDGE_BOTH};
	struct emul_conf mc = {.addr = 0x68, .scene = &scene, .irq = "int"};

	board = mc.board = gpio_board_new();
	cr_assert(eq(int, gpio_open(gpio_board_provider(board), &req, &irq), 0));
	cr_assert(eq(int, i2c_sim_open("body", 0, &bus), 0));
	cr_assert(eq(int, emul_new("mpu6050", &mc, &model), 0));
	emul_attach(model, bus);
	i2c_dev_init(&dev, bus, 0x68);
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	i2c_bus_close(bus);
	emul_free(model);
	gpio_close(irq);
	gpio_board_free(board);
}

static uint8_t get(uint8_t reg)
{
	uint8_t v = 0;

	cr_assert(eq(int, i2c_read_reg(&dev, reg, &v), 0));
	return v;
}

static void set(uint8_t reg, uint8_t value)
{
	cr_assert(eq(int, i2c_write_reg(&dev, reg, value), 0));
}

static int16_t get16(uint8_t reg)
{
	uint8_t b[2] = {0};

	cr_assert(eq(int, i2c_read_regs(&dev, reg, b, 2), 0));
	return (int16_t)(uint16_t)(b[0] << 8 | b[1]);
}

static void pass(int64_t ns)
{
	cr_assert(eq(int, task_sleep(ns), 0));
}

/* Awake, 100 Hz, 16 g, 2000 dps, data ready at the pin. */
static void set_up(void)
{
	emul_start(model);
	set(0x6b, 0x01);
	set(0x1a, 0x01);
	set(0x19, 9);
	set(0x1b, 0x18);
	set(0x1c, 0x18);
	set(0x38, 0x01);
}

static int after_reset(void *arg)
{
	(void)arg;
	for (int again = 0; again < 2; again++) {
		for (uint8_t reg = 0; reg < 0x80; reg++) {
			uint8_t want = reg == 0x6b ? 0x40 : reg == 0x75 ? 0x68 : 0;

			cr_expect(eq(u8, get(reg), want), "register 0x%02x", reg);
			set(reg, 0x55);
		}
		cr_expect(eq(u8, get(0x75), 0x68), "read only");
		cr_expect(eq(u8, get(0x3b), 0), "read only");
		cr_expect(eq(u8, get(0x1b), 0x55));
		set(0x6b, 0x80);
	}
	return 0;
}

Test(mpu6050_model, registers_after_reset)
{
	run(after_reset);
}

static int sleeps(void *arg)
{
	(void)arg;
	emul_start(model);
	pass(NS_PER_S);
	cr_expect(eq(uint, measured, 0));
	set(0x6b, 0x01);
	pass(NS_PER_MS);
	cr_expect(eq(uint, measured, 8), "8 kHz without the filter");
	cr_expect(eq(u8, get(0x3a), 0x01));
	set(0x6b, 0x40);
	pass(NS_PER_S);
	cr_expect(eq(uint, measured, 8));
	set(0x6b, 0x01);
	emul_stop(model);
	pass(NS_PER_S);
	cr_expect(eq(uint, measured, 8));
	return 0;
}

Test(mpu6050_model, measures_only_when_awake)
{
	run(sleeps);
}

static int interrupts(void *arg)
{
	struct gpio_event e = {0};

	(void)arg;
	set_up();
	for (int i = 1; i <= 3; i++) {
		cr_assert(eq(int, gpio_wait(irq, &e), 0));
		cr_expect(e.level);
		cr_expect(eq(i64, e.t_ns, (int64_t)i * 10 * NS_PER_MS));
		cr_assert(eq(int, gpio_wait(irq, &e), 0));
		cr_expect(not(e.level));
		cr_expect(eq(i64, e.t_ns,
			     (int64_t)(int64_t)i * 10 * NS_PER_MS + 50 * NS_PER_US));
	}
	set(0x38, 0);
	pass(NS_PER_S);
	cr_expect(eq(int, gpio_get(irq), 0));
	cr_expect(eq(uint, measured, 103));
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, data_ready_pulses_at_the_rate)
{
	run(interrupts);
}

static int status(void *arg)
{
	uint8_t burst[15];

	(void)arg;
	set_up();
	pass(10 * NS_PER_MS);
	(void)get(0x3b);
	cr_expect(eq(u8, get(0x3a), 1), "data do not clear it");
	cr_expect(eq(u8, get(0x3a), 0), "reading it does");
	pass(10 * NS_PER_MS);
	cr_expect(eq(int, i2c_read_regs(&dev, 0x3a, burst, sizeof(burst)), 0));
	cr_expect(eq(u8, burst[0], 1));
	cr_expect(eq(u8, get(0x3a), 0));
	set(0x37, 0x10);
	pass(10 * NS_PER_MS);
	(void)get(0x75);
	cr_expect(eq(u8, get(0x3a), 0), "any read does, if so set");
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, status_clears_when_read)
{
	run(status);
}

static int latched(void *arg)
{
	(void)arg;
	set_up();
	set(0x37, 0xa0);
	cr_expect(eq(int, gpio_get(irq), 1), "idle is high when active low");
	pass(10 * NS_PER_MS);
	cr_expect(eq(int, gpio_get(irq), 0));
	(void)get(0x3b);
	cr_expect(eq(int, gpio_get(irq), 0));
	(void)get(0x3a);
	cr_expect(eq(int, gpio_get(irq), 1));
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, latched_pin_is_released_by_the_status)
{
	run(latched);
}

static int scales(void *arg)
{
	static const int16_t accel[] = {16384, 8192, 4096, 2048};
	static const int16_t gyro[] = {131, 66, 33, 16}; /* 65.5, 32.8 and 16.4 rounded */

	(void)arg;
	motion = (struct scene_motion){.accel_ms2 = {0, G, -20 * G},
				       .gyro_rads = {DPS, 0, -3000 * DPS},
				       .temp_c = 35};
	set_up();
	for (uint8_t fs = 0; fs < 4; fs++) {
		set(0x1b, (uint8_t)(fs << 3));
		set(0x1c, (uint8_t)(fs << 3));
		pass(10 * NS_PER_MS);
		cr_expect(eq(i16, get16(0x3d), accel[fs]));
		cr_expect(eq(i16, get16(0x3f), INT16_MIN), "saturates");
		cr_expect(eq(i16, get16(0x43), gyro[fs]));
		cr_expect(eq(i16, get16(0x47), INT16_MIN));
		cr_expect(eq(i16, get16(0x41), -520));
	}
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, full_scale_scales_the_output)
{
	run(scales);
}

static int shadowed(void *arg)
{
	struct i2c_model *m = &model->i2c;
	uint8_t low;

	(void)arg;
	set_up();
	pass(10 * NS_PER_MS);
	cr_expect(eq(int, m->start(m, 0), 0));
	cr_expect(eq(int, m->write(m, 0x3b), 0));
	cr_expect(eq(int, m->start(m, 1), 0));
	(void)m->read(m);
	pass(10 * NS_PER_MS);
	low = m->read(m);
	m->stop(m);
	cr_expect(eq(u8, low, 1), "a burst shows one sample");
	cr_expect(eq(i16, get16(0x3b), 2));
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, burst_shows_one_sample)
{
	run(shadowed);
}

static int fifo(void *arg)
{
	uint8_t buf[30];

	(void)arg;
	motion = (struct scene_motion){.gyro_rads = {0, 0, 100 / 16.4 * DPS}};
	set_up();
	set(0x23, 0x18); /* Z of the gyroscope, and the accelerometer */
	pass(10 * NS_PER_MS);
	cr_expect(eq(i16, get16(0x72), 0), "not switched on");
	set(0x6a, 0x40);
	pass(30 * NS_PER_MS);
	cr_expect(eq(i16, get16(0x72), 24));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x74, buf, 25), 0));
	for (uint8_t i = 0; i < 3; i++) {
		cr_expect(eq(u8, buf[8 * i + 1], i + 2), "accelerometer first");
		cr_expect(eq(u8, buf[8 * i + 7], 100));
	}
	cr_expect(eq(u8, buf[24], 100), "empty, it repeats its last byte");
	cr_expect(eq(i16, get16(0x72), 0));
	pass(10 * NS_PER_MS);
	set(0x6a, 0x44);
	cr_expect(eq(i16, get16(0x72), 8), "no reset while it is on");
	set(0x6a, 0x04);
	cr_expect(eq(i16, get16(0x72), 0));
	cr_expect(eq(u8, get(0x6a), 0), "the reset bit clears itself");
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, fifo_in_the_order_of_the_registers)
{
	run(fifo);
}

static int fifo_overflow(void *arg)
{
	uint8_t first[2];

	(void)arg;
	set_up();
	set(0x38, 0x10);
	set(0x23, 0x08);
	set(0x6a, 0x40);
	pass(1700 * NS_PER_MS);
	cr_expect(eq(i16, get16(0x72), 170 * 6));
	cr_expect(eq(u8, get(0x3a), 0x01));
	pass(10 * NS_PER_MS);
	cr_expect(eq(i16, get16(0x72), 1024));
	cr_expect(eq(u8, get(0x3a), 0x11));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x74, first, 2), 0));
	/* 2 bytes too many: gone are the first two. */
	cr_expect(eq(u8, first[1], 0));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x74, first, 2), 0));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x74, first, 2), 0));
	cr_expect(eq(u8, first[1], 2));
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, fifo_that_runs_over_loses_the_oldest)
{
	run(fifo_overflow);
}

static int fifo_count_latched(void *arg)
{
	struct i2c_model *m = &model->i2c;

	(void)arg;
	set_up();
	set(0x23, 0x08);
	set(0x6a, 0x40);
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(0x73), 0), "not without its high byte");
	cr_expect(eq(int, m->start(m, 0), 0));
	cr_expect(eq(int, m->write(m, 0x72), 0));
	cr_expect(eq(int, m->start(m, 1), 0));
	(void)m->read(m);
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, m->read(m), 6));
	m->stop(m);
	cr_expect(eq(i16, get16(0x72), 12));
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, fifo_count_is_latched)
{
	run(fifo_count_latched);
}

/* Reads at every announcement; slower than the records come, at first. */
static int read_recording(void *arg)
{
	struct gpio_event e = {0};

	(void)arg;
	for (int k = 0; k < 20; k++) {
		do
			cr_assert(eq(int, gpio_wait(irq, &e), 0));
		while (!e.level);
		cr_expect(eq(i64, e.t_ns, (int64_t)k * 10 * NS_PER_MS),
			  "its nominal time");
		if (k < 5)
			pass(25 * NS_PER_MS);
		cr_expect(eq(i16, get16(0x3b), k + 1), "none is skipped");
	}
	cr_expect(eq(i64, rt_now(), 190 * NS_PER_MS), "caught up");
	pass(NS_PER_S);
	cr_expect(eq(uint, measured, 20));
	emul_stop(model);
	return 0;
}

static int paced(void *arg)
{
	left = 20;
	set_up();
	return read_recording(arg);
}

Test(mpu6050_model, recording_waits_for_its_reader)
{
	scene.paced = true;
	run(paced);
}

static int paced_late(void *arg)
{
	left = 20;
	emul_start(model);
	set(0x6b, 0x01);
	pass(33 * NS_PER_MS);
	cr_expect(eq(uint, measured, 1), "the first record is held");
	set(0x6b, 0x80);
	pass(10 * NS_PER_MS);
	set_up();
	return read_recording(arg);
}

Test(mpu6050_model, recording_survives_a_late_set_up)
{
	scene.paced = true;
	run(paced_late);
}

static int paced_fifo(void *arg)
{
	uint8_t buf[6];

	(void)arg;
	left = 3;
	set_up();
	set(0x23, 0x08);
	set(0x6a, 0x40);
	for (int k = 0; k < 3; k++) {
		pass(15 * NS_PER_MS);
		cr_expect(eq(i16, get16(0x72), 6));
		cr_expect(eq(int, i2c_read_regs(&dev, 0x74, buf, 6), 0));
		cr_expect(eq(u8, buf[1], k + 1));
	}
	emul_stop(model);
	return 0;
}

Test(mpu6050_model, recording_may_be_read_from_the_fifo)
{
	scene.paced = true;
	run(paced_fifo);
}

Test(mpu6050_model, line_name_too_long_is_refused)
{
	struct emul_conf mc = {.irq = "a name that is far too long for a line"};

	mc.board = gpio_board_new();
	cr_expect(eq(int, emul_new("mpu6050", &mc, &model), -EINVAL));
	gpio_board_free(mc.board);
	emul_free(NULL);
}
