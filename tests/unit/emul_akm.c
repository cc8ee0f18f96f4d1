/* The magnetometers' model keeps the promises of AKM's data sheet of the AK8963, MS1356-E-02, and of DS-000189. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
#include "hal/emul/emul.h"

enum { ST1 = 0x02, HXL = 0x03, ST2 = 0x09, CNTL1 = 0x0a, DRDY = 1, DOR = 2, HOFL = 8 };

static struct scene_ambient around;

static void ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	(void)s;
	(void)t_ns;
	*ret = around;
}

static const struct scene_ops ops = {.ambient = ambient};
static struct scene scene = {.ops = &ops};
static struct i2c_dev dev;

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

static void pass(int64_t ns)
{
	cr_assert(eq(int, task_sleep(ns), 0));
}

/* The number along axis @i, of those from @first on. */
static int number(uint8_t first, int i)
{
	uint8_t reg = (uint8_t)(first + 2 * i);

	return (int16_t)(get(reg) | get((uint8_t)(reg + 1)) << 8);
}

/* @body with the magnetometer of the chip @name, whose INT_PIN_CFG is @pins, in power-down for long enough. */
static uint8_t int_pin_cfg;
static int (*body)(void);

static int run_body(void *arg)
{
	(void)arg;
	set(int_pin_cfg, 0x02); /* BYPASS_EN */
	dev.addr = 0x0c;
	pass(NS_PER_MS);
	return body();
}

static void run(const char *name, uint8_t pins, int (*fn)(void))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct emul_conf ec = {.addr = 0x68, .scene = &scene};
	struct i2c_bus *bus;
	struct emul *model;

	around = scene_still_room;
	int_pin_cfg = pins;
	body = fn;
	cr_assert(eq(int, i2c_sim_open("body", 0, &bus), 0));
	cr_assert(eq(int, emul_new(name, &ec, &model), 0));
	emul_attach(model, bus);
	i2c_dev_init(&dev, bus, 0x68);
	cr_expect(eq(int, rt_run(&conf, run_body, NULL), 0));
	emul_detach(model, bus);
	emul_free(model);
	i2c_bus_close(bus);
}

/* Section 6.4.3.6: it is the sum of the three that must not be 4912 uT. */
static int overflows(void)
{
	set(CNTL1, 0x16);
	for (int i = 0; i < 3; i++)
		around.mag_t[i] = 1600e-6;
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST2) & HOFL, 0), "4800 uT in all");
	for (int i = 0; i < 3; i++)
		around.mag_t[i] = i == 1 ? -1700e-6 : 1700e-6;
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST2) & HOFL, HOFL), "no axis is at its limit");
	around = scene_still_room;
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST2) & HOFL, 0), "the next measurement");
	return 0;
}

Test(emul_akm, overflows_by_the_sum)
{
	run("mpu9250", 0x37, overflows);
}

/* Sections 6.4.3.2 to 6.4.3.4. */
static int protects(void)
{
	set(CNTL1, 0x16);
	around.mag_t[1] = 15e-6; /* X of the magnetometer; its adjustment is 1.1875 */
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST1), DRDY));
	cr_expect(eq(int, number(HXL, 0), 84));
	cr_expect(eq(u8, get(ST1), 0), "a number has been read");
	around.mag_t[1] = 30e-6;
	pass(20 * NS_PER_MS);
	cr_expect(eq(u8, get(ST1), 0), "it is being read");
	cr_expect(eq(int, number(HXL, 0), 84), "so it stays");
	(void)get(ST2);
	cr_expect(eq(int, number(HXL, 0), 84), "two were skipped");
	(void)get(ST2);
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST1), DRDY | DOR), "and that is said");
	cr_expect(eq(int, number(HXL, 0), 168));
	(void)get(ST2);
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST1), DRDY), "once");
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(ST1), DRDY | DOR), "not read at all");
	return 0;
}

Test(emul_akm, protects_what_is_being_read)
{
	run("mpu9250", 0x37, protects);
}

/* Table 8.3: 0.6 uT per LSB at 14 bits, 0.15 uT at 16; ST2 says which. */
static int narrow(void)
{
	set(CNTL1, 0x06);
	around.mag_t[1] = 15e-6;
	pass(10 * NS_PER_MS);
	cr_expect(eq(int, number(HXL, 0), 21));
	cr_expect(eq(u8, get(ST2), 0));
	return 0;
}

Test(emul_akm, has_14_bits_too)
{
	run("mpu9250", 0x37, narrow);
}

/* Section 7.2: a burst stays in 00 to 0c, or in 10 to 12. */
static int wraps(void)
{
	uint8_t b[4];

	cr_assert(eq(int, i2c_read_regs(&dev, 0x0c, b, 2), 0));
	cr_expect(eq(u8, b[1], 0x48), "WIA is behind ASTC");
	set(CNTL1, 0x0f);
	cr_assert(eq(int, i2c_read_regs(&dev, 0x10, b, 4), 0));
	cr_expect(eq(u8, b[3], b[0]), "ASAX is behind ASAZ");
	return 0;
}

Test(emul_akm, bursts_stay_in_their_block)
{
	run("mpu9250", 0x37, wraps);
}

/* DS-000189, sections 12 and 13: the AK09916 does the same at other places. */
static int ak09916(void)
{
	uint8_t b[6];

	cr_assert(eq(int, i2c_read_regs(&dev, 0x00, b, 5), 0));
	cr_expect(eq(u8, b[0], 0x48));
	cr_expect(eq(u8, b[1], 0x09));
	cr_expect(eq(u8, b[4], 0), "ST1 is behind 0x03");
	around.mag_t[0] = 3e-3;
	around.mag_t[2] = -2e-3;
	set(0x31, 0x08);
	pass(10 * NS_PER_MS);
	cr_expect(eq(u8, get(0x10), DRDY));
	cr_expect(eq(int, number(0x11, 2), 13333), "its Z points the other way");
	cr_expect(eq(u8, get(0x10), 0), "a number has been read");
	cr_expect(eq(u8, get(0x18) & HOFL, HOFL));
	set(0x31, 0x02);
	cr_expect(eq(u8, get(0x31), 0x08), "not without power-down in between");
	return 0;
}

Test(emul_akm, ak09916)
{
	run("icm20948", 0x0f, ak09916);
}
