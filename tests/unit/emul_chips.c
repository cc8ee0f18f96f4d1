/* The smaller models keep the promises of their data sheets, beyond what their drivers ask of them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
#include "hal/emul/emul.h"

static void ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	(void)s;
	(void)t_ns;
	*ret = scene_still_room;
}

static const struct scene_ops ops = {.ambient = ambient};
static struct scene scene = {.ops = &ops};
static struct i2c_bus *bus;
static struct i2c_dev dev;

static void run(const char *name, uint8_t addr, int (*body)(void *))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct emul_conf ec = {.addr = addr, .scene = &scene};
	struct emul *model;

	cr_assert(eq(int, i2c_sim_open("body", 0, &bus), 0));
	cr_assert(eq(int, emul_new(name, &ec, &model), 0));
	emul_attach(model, bus);
	i2c_dev_init(&dev, bus, addr);
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	emul_detach(model, bus);
	emul_free(model);
	i2c_bus_close(bus);
}

static uint8_t get(uint8_t reg)
{
	uint8_t value = 0;

	cr_assert(eq(int, i2c_read_reg(&dev, reg, &value), 0));
	return value;
}

static void set(uint8_t reg, uint8_t value)
{
	cr_assert(eq(int, i2c_write_reg(&dev, reg, value), 0));
}

static uint16_t get16(uint8_t reg)
{
	uint16_t value = 0;

	cr_assert(eq(int, i2c_read_reg16(&dev, reg, &value), 0));
	return value;
}

static void set16(uint8_t reg, uint16_t value)
{
	cr_assert(eq(int, i2c_write_reg16(&dev, reg, value), 0));
}

static void pass(int64_t ns)
{
	cr_assert(eq(int, task_sleep(ns), 0));
}

Test(emul, knows_its_kinds_only)
{
	struct emul_conf ec = {.scene = &scene};
	struct emul *model;

	cr_expect(eq(int, emul_new("toaster", &ec, &model), -ENOENT));
	emul_free(NULL);
}

static int bmp280(void *arg)
{
	(void)arg;
	cr_expect(eq(u8, get(0xf7), 0x80), "not measured yet");
	set(0xf4, 0x25); /* forced, once each */
	cr_expect(eq(u8, get(0xf3), 0x08));
	pass(6424 * NS_PER_US);
	cr_expect(eq(u8, get(0xf3), 0x08), "2.5.3: 1.25 + 2.3 + 2.3 + 0.575 ms");
	pass(2 * NS_PER_US);
	cr_expect(eq(u8, get(0xf3), 0));
	cr_expect(eq(u8, get(0xf4), 0x24), "asleep again");
	cr_expect(ne(u8, get(0xf7), 0x80));
	set(0xf4, 0x21); /* temperature only */
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(0xf7), 0x80));
	cr_expect(ne(u8, get(0xfa), 0x80));
	set(0xd0, 1);
	cr_expect(eq(u8, get(0xd0), 0x58), "read only");
	set(0xe0, 0xb6);
	cr_expect(eq(u8, get(0xf4), 0));
	return 0;
}

Test(emul, bmp280_sleeps_between_forced_measurements)
{
	run("bmp280", 0x76, bmp280);
}

static int ina219(void *arg)
{
	(void)arg;
	cr_expect(eq(u16, get16(0x00), 0x399f));
	cr_expect(eq(u16, get16(0x01), 4000), "0.4 A at 0.1 Ohm");
	cr_expect(eq(u16, get16(0x02) >> 3, 1850), "7.4 V");
	cr_expect(eq(u16, get16(0x04), 0), "without calibration");
	set16(0x05, 4097);
	cr_expect(eq(u16, get16(0x05), 4096), "the last bit is not there");
	cr_expect(eq(u16, get16(0x04), 4000), "of 100 uA");
	cr_expect(eq(u16, get16(0x03), 4000 * 1850 / 5000), "of 2 mW");
	set16(0x00, 0x8000);
	cr_expect(eq(u16, get16(0x05), 0));
	return 0;
}

Test(emul, ina219_needs_a_calibration_for_current)
{
	run("ina219", 0x40, ina219);
}

/* What surrounds the chips changes with the time: 1 degC, and 1 A, each second. */
static void warming(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	(void)s;
	*ret = scene_still_room;
	ret->temp_c = ret->supply_a = (double)t_ns / 1e9;
}

static int power_down(void *arg)
{
	bool is_ina219 = dev.addr == 0x40;
	uint8_t reg = is_ina219 ? 0x01 : 0x00;
	uint16_t before;

	(void)arg;
	pass(2 * NS_PER_S);
	if (is_ina219)
		set16(0x00, 0x3998);
	else if (dev.addr == 0x48)
		set16(0x01, 0x61a0);
	else
		set(0x01, 0x01);
	before = get16(reg);
	cr_expect(eq(u16, before, is_ina219 ? 20000 : 2 << 8));
	pass(NS_PER_S);
	cr_expect(eq(u16, get16(reg), before), "it does not measure");
	if (is_ina219)
		set16(0x00, 0x399f);
	else if (dev.addr == 0x48)
		set16(0x01, 0x60a0);
	else
		set(0x01, 0x00);
	cr_expect(eq(u16, get16(reg), is_ina219 ? 30000 : 3 << 8), "it does again");
	return 0;
}

static int mcp9808_shut_down(void *arg)
{
	(void)arg;
	pass(2 * NS_PER_S);
	set16(0x01, 0x0100);
	pass(NS_PER_S);
	cr_expect(eq(u16, get16(0x05) & 0x1fff, 2 << 4), "it does not measure");
	set16(0x01, 0);
	cr_expect(eq(u16, get16(0x05) & 0x1fff, 3 << 4), "it does again");
	return 0;
}

Test(emul, chips_in_power_down_show_what_they_measured_last)
{
	static const struct scene_ops changing = {.ambient = warming};

	scene.ops = &changing;
	run("ina219", 0x40, power_down);
	run("tmp102", 0x48, power_down);
	run("lm75", 0x49, power_down);
	run("mcp9808", 0x18, mcp9808_shut_down);
	scene.ops = &ops;
}

static int ads1115(void *arg)
{
	(void)arg;
	cr_expect(eq(u16, get16(0x01), 0x8583));
	set16(0x01, 0xc383); /* AIN0, 4.096 V, 128 per second, once */
	cr_expect(eq(u16, get16(0x01), 0x4383));
	pass(8 * NS_PER_MS);
	cr_expect(eq(u16, get16(0x01), 0xc383));
	cr_expect(eq(u16, get16(0x00), 19733), "a third of 7.4 V, in 125 uV");
	set16(0x01, 0xd383); /* AIN1 */
	pass(8 * NS_PER_MS);
	cr_expect(eq(u16, get16(0x00), 0));
	return 0;
}

Test(emul, ads1115_takes_its_time)
{
	run("ads1115", 0x48, ads1115);
}

static int ak8963(void *arg)
{
	uint8_t id = 0;

	(void)arg;
	dev.addr = 0x0c;
	cr_expect(eq(int, i2c_read_reg(&dev, 0x00, &id), -ENXIO), "bypass is off");
	dev.addr = 0x68;
	set(0x37, 0x02);
	dev.addr = 0x0c;
	cr_expect(eq(u8, get(0x00), 0x48));
	cr_expect(eq(u8, get(0x10), 0), "ASAX, in a mode other than fuse ROM");
	pass(100 * NS_PER_US);
	set(0x0a, 0x0f);
	cr_expect(eq(u8, get(0x10), 176));
	set(0x0a, 0x16);
	cr_expect(eq(u8, get(0x0a), 0x0f), "not without power-down in between");
	set(0x0a, 0);
	set(0x0a, 0x16);
	cr_expect(eq(u8, get(0x0a), 0), "not before 100 us of power-down");
	pass(100 * NS_PER_US);
	set(0x0a, 0x16);
	pass(9 * NS_PER_MS);
	cr_expect(eq(u8, get(0x02), 0));
	pass(NS_PER_MS);
	cr_expect(eq(u8, get(0x02), 1));
	cr_expect(eq(u8, get(0x09), 0x10), "16 bits, no overflow");
	cr_expect(eq(u8, get(0x02), 0), "read, so no longer new");
	set(0x0b, 1);
	cr_expect(eq(u8, get(0x0a), 0), "reset");
	return 0;
}

Test(emul, mpu9250_has_a_magnetometer_behind_its_bypass)
{
	run("mpu9250", 0x68, ak8963);
}

static int aht20(void *arg)
{
	uint8_t b[7];
	struct i2c_msg_part part = {.buf = b, .len = sizeof(b), .read = 1};

	(void)arg;
	cr_expect(eq(u8, get(0x71), 0x18), "calibrated, not busy");
	cr_assert(eq(int, i2c_write_regs(&dev, 0xac, (uint8_t[]){0x33, 0}, 2), 0));
	pass(74 * NS_PER_MS);
	cr_expect(eq(u8, get(0x71), 0x98));
	pass(NS_PER_MS);
	cr_assert(eq(int, i2c_transfer(&dev, &part, 1), 0));
	cr_expect(eq(u8, b[0], 0x18));
	cr_expect(eq(uint, (b[3] & 0xfU) << 16 | b[4] * 256U | b[5], 0x60000),
		  "25 degC: 3/8 of 2^20");
	return 0;
}

Test(emul, aht20_is_busy_while_it_measures)
{
	run("aht20", 0x38, aht20);
}

static int lis3mdl(void *arg)
{
	uint8_t b[3];

	(void)arg;
	cr_expect(eq(u8, get(0x20), 0x10));
	pass(NS_PER_S);
	cr_expect(eq(u8, get(0x27), 0), "powered down");
	set(0x20, 0x1c); /* 80 Hz */
	set(0x22, 0);
	pass(12 * NS_PER_MS);
	cr_expect(eq(u8, get(0x27), 0));
	pass(NS_PER_MS);
	cr_expect(eq(u8, get(0x27), 0x0f));
	cr_expect(eq(int, i2c_read_regs(&dev, 0x0f, b, 3), 0));
	cr_expect(eq(u8, b[2], 0x3d), "without bit 7 it stays at the register");
	cr_expect(eq(int, i2c_read_regs(&dev, 0x8f, b, 3), 0));
	cr_expect(eq(u8, b[1], 0));
	(void)get(0x2d);
	cr_expect(eq(u8, get(0x27), 0), "read, so no longer new");
	return 0;
}

Test(emul, lis3mdl_tells_of_new_data)
{
	run("lis3mdl", 0x1c, lis3mdl);
}

static int sht31(void *arg)
{
	uint8_t b[6];
	struct i2c_msg_part part = {.buf = b, .len = sizeof(b), .read = 1};

	(void)arg;
	set(0x24, 0x00);
	cr_expect(eq(int, i2c_transfer(&dev, &part, 1), -ENXIO), "busy");
	pass(15 * NS_PER_MS);
	cr_expect(eq(int, i2c_transfer(&dev, &part, 1), 0));
	cr_expect(eq(int, b[0] << 8 | b[1], 26214), "25 degC");
	cr_expect(eq(u8, b[2], 0x93));
	cr_expect(eq(int, i2c_transfer(&dev, &part, 1), -ENXIO), "has been read");
	return 0;
}

Test(emul, sht31_does_not_answer_without_an_answer)
{
	run("sht31", 0x44, sht31);
}

static int tmp102(void *arg)
{
	(void)arg;
	cr_expect(eq(u16, get16(0x00), 0x1900));
	cr_expect(eq(u16, get16(0x01), 0x60a0));
	set16(0x01, 0x0000);
	cr_expect(eq(u16, get16(0x01), 0x6020), "some bits are read only");
	return 0;
}

Test(emul, tmp102_keeps_what_is_read_only)
{
	run("tmp102", 0x48, tmp102);
}

static int mcp9808(void *arg)
{
	(void)arg;
	cr_expect(eq(u16, get16(0x06), 0x0054));
	cr_expect(eq(u16, get16(0x05), 0xc190), "25 degC, above limits that are 0");
	set16(0x02, 0x01e0);
	set16(0x03, 0x01a7);
	set16(0x04, 0x07d0);
	cr_expect(eq(u16, get16(0x03), 0x01a4), "limits in steps of 0.25 degC");
	cr_expect(eq(u16, get16(0x05), 0x2190), "below 26.25 degC");
	cr_expect(eq(u8, get(0x08), 0x03));
	set(0x08, 0xff);
	cr_expect(eq(u8, get(0x08), 0x03), "one byte, two bits");
	set16(0x05, 0);
	set16(0x07, 0);
	cr_expect(eq(u16, get16(0x07), 0x0400), "read only");
	return 0;
}

Test(emul, mcp9808_compares_with_its_limits)
{
	run("mcp9808", 0x18, mcp9808);
}

static int lm75(void *arg)
{
	(void)arg;
	cr_expect(eq(u16, get16(0x00), 0x1900));
	set(0x01, 0x02);
	cr_expect(eq(u8, get(0x01), 0x02), "one byte");
	cr_expect(eq(u16, get16(0x03), 0x5000));
	return 0;
}

Test(emul, lm75_has_a_register_of_one_byte)
{
	run("lm75", 0x48, lm75);
}
