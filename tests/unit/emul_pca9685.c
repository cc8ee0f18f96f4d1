/* The PCA9685's model keeps the promises of its data sheet. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/emul/pca9685.h"

static struct i2c_bus *bus;
static struct i2c_dev dev;
static struct emul *model;

static void run(int (*body)(void *))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct emul_conf mc = {.addr = 0x40};

	cr_assert(eq(int, i2c_sim_open("body", 0, &bus), 0));
	cr_assert(eq(int, emul_new("pca9685", &mc, &model), 0));
	emul_attach(model, bus);
	i2c_dev_init(&dev, bus, 0x40);
	cr_expect(eq(int, rt_run(&conf, body, NULL), 0));
	i2c_bus_close(bus);
	emul_free(model);
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

/* With auto-increment on. */
static void set_led(uint8_t reg, unsigned on, unsigned off)
{
	uint8_t b[] = {(uint8_t)on, (uint8_t)(on >> 8), (uint8_t)off,
		       (uint8_t)(off >> 8)};

	cr_assert(eq(int, i2c_write_regs(&dev, reg, b, sizeof(b)), 0));
}

/* Awake with auto-increment, 50 Hz. */
static void set_up(void)
{
	set(0x00, 0x30);
	set(0xfe, 121);
	set(0x00, 0x20);
}

static int after_reset(void *arg)
{
	(void)arg;
	for (int again = 0; again < 2; again++) {
		cr_expect(eq(u8, get(0x00), 0x11));
		cr_expect(eq(u8, get(0x01), 0x04));
		cr_expect(eq(u8, get(0x05), 0xe0));
		cr_expect(eq(u8, get(0x08), 0x00));
		cr_expect(eq(u8, get(0x09), 0x10));
		cr_expect(eq(u8, get(0xfd), 0x00), "write only");
		cr_expect(eq(u8, get(0xfe), 0x1e));
		cr_expect(epsilon_eq(dbl, pca9685_rate_hz(model), 196.9, 0.1));
		for (unsigned i = 0; i < PCA9685_CHANNELS; i++)
			cr_expect(isnan(emul_pulse_s(model, i)));
		set_up();
		set_led(0xfa, 0, 300);
		emul_reset(model);
	}
	return 0;
}

Test(pca9685_model, registers_after_reset)
{
	run(after_reset);
}

static int prescaler(void *arg)
{
	(void)arg;
	set(0xfe, 121);
	cr_expect(eq(u8, get(0xfe), 121));
	cr_expect(epsilon_eq(dbl, pca9685_rate_hz(model), 50.03, 0.01));
	set(0xfe, 2);
	cr_expect(eq(u8, get(0xfe), 3), "the hardware's least");
	cr_expect(epsilon_eq(dbl, pca9685_rate_hz(model), 1525.9, 0.1));
	set(0x00, 0x01);
	set(0xfe, 200);
	cr_expect(eq(u8, get(0xfe), 3), "only in sleep");
	return 0;
}

Test(pca9685_model, prescaler_is_written_in_sleep)
{
	run(prescaler);
}

static int pulses(void *arg)
{
	const double period_s = 4096 * 122 / 25e6;

	(void)arg;
	set_up();
	set_led(0x06 + 4 * 3, 0, 307);
	cr_expect(epsilon_eq(dbl, emul_pulse_s(model, 3), 1.498e-3, 1e-6));
	cr_expect(isnan(emul_pulse_s(model, 2)));
	/* The data sheet's example: delay 10 %, duty 20 %. */
	set_led(0x06, 0x0199, 0x04cc);
	cr_expect(epsilon_eq(dbl, pca9685_duty(model, 0), 0.2, 1.0 / 4096));
	set_led(0x06, 4000, 100);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 196.0 / 4096), "across the period");
	set_led(0x06, 0x1000, 0);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 1));
	cr_expect(epsilon_eq(dbl, emul_pulse_s(model, 0), period_s, 1e-9));
	set_led(0x06, 0x1000, 0x1000);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0), "off has precedence");
	cr_expect(isnan(emul_pulse_s(model, 0)));
	return 0;
}

Test(pca9685_model, registers_make_pulses)
{
	run(pulses);
}

static int all_led(void *arg)
{
	(void)arg;
	set_up();
	set_led(0xfa, 0, 512);
	for (unsigned i = 0; i < PCA9685_CHANNELS; i++)
		cr_expect(eq(dbl, pca9685_duty(model, i), 0.125));
	cr_expect(eq(u8, get(0x45), 0x02), "written through");
	set_led(0x06, 0, 1024);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0.25));
	cr_expect(eq(dbl, pca9685_duty(model, 1), 0.125));
	return 0;
}

Test(pca9685_model, all_led_writes_every_channel)
{
	run(all_led);
}

static int increment(void *arg)
{
	uint8_t b[2] = {0x44, 0x01};

	(void)arg;
	set(0x00, 0x01);
	cr_expect(eq(int, i2c_write_regs(&dev, 0x06, b, 2), 0));
	cr_expect(eq(u8, get(0x06), 0x01), "without AI it stays");
	cr_expect(eq(u8, get(0x07), 0x00));
	set(0x00, 0x21);
	cr_expect(eq(int, i2c_read_regs(&dev, 0x45, b, 2), 0));
	cr_expect(eq(u8, b[0], 0x10));
	cr_expect(eq(u8, b[1], 0x21), "then MODE1");
	cr_expect(eq(int, i2c_read_regs(&dev, 0xfe, b, 2), 0));
	cr_expect(eq(u8, b[1], 0x21));
	return 0;
}

Test(pca9685_model, auto_increment_goes_round)
{
	run(increment);
}

static int sleep_and_restart(void *arg)
{
	(void)arg;
	set_up();
	set_led(0x06, 0, 512);
	set(0x00, 0x30);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0), "asleep");
	cr_expect(eq(u8, get(0x00), 0xb0));
	set(0x00, 0x20);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0), "not restarted");
	set(0x00, 0xa0);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0.125));
	cr_expect(eq(u8, get(0x00), 0x20), "RESTART clears itself");
	set(0x00, 0x30);
	set(0x00, 0x20);
	set_led(0x0a, 0, 1024);
	cr_expect(eq(dbl, pca9685_duty(model, 0), 0.125), "a new setting restarts too");
	set_led(0xfa, 0, 0x1000);
	set(0x00, 0x30);
	cr_expect(eq(u8, get(0x00), 0x30), "nothing ran, nothing to restart");
	return 0;
}

Test(pca9685_model, sleep_halts_until_restart)
{
	run(sleep_and_restart);
}

static int change_on_stop(void *arg)
{
	struct i2c_model *m = &model->i2c;
	static const uint8_t bytes[] = {0x06, 0, 0, 0, 2};

	(void)arg;
	set_up();
	for (int och = 0; och < 2; och++) {
		set_led(0x06, 0, 0x1000);
		set(0x01, och ? 0x0c : 0x04);
		cr_expect(eq(int, m->start(m, 0), 0));
		for (size_t i = 0; i < sizeof(bytes); i++)
			cr_expect(eq(int, m->write(m, bytes[i]), 0));
		cr_expect(eq(dbl, pca9685_duty(model, 0), och ? 0.125 : 0));
		m->stop(m);
		cr_expect(eq(dbl, pca9685_duty(model, 0), 0.125));
	}
	return 0;
}

Test(pca9685_model, outputs_change_on_stop_or_acknowledge)
{
	run(change_on_stop);
}
