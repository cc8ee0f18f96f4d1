/* Single drivers, by the numbers of their data sheets: voltages, currents, pulses and lines. */
#include "tests/driver/chip_rig.h"

Test(pca9685, prescales_as_the_data_sheet)
{
	static const struct {
		const char *text;
		uint8_t prescale;
	} rows[] = {
		{"{\"frequency\": \"200Hz\"}", 30}, {"{\"frequency\": 50}", 121},
		{"{\"frequency\": 60}", 101},       {"{\"frequency\": \"1kHz\"}", 5},
		{"{\"frequency\": 24}", 253},       {"{\"frequency\": 1526}", 3},
	};
	const struct driver *d = driver_find("pca9685");
	struct device_conf conf;
	struct rig rig;

	rig_open(&rig, 0);
	rig_plug(&rig, d->name);
	rig_conf(d, &conf);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_set(d, &conf, rows[i].text);
		cr_expect(
			eq(u8, look_after_setup(&rig, d, &conf, 0xfe), rows[i].prescale));
	}
	rig_unplug(&rig, d->name);
	rig_close(&rig);
}

Test(pca9685, encodes_pulses)
{
	const struct driver *d = driver_find("pca9685");
	struct command c = {.channel = 3, .value = 1.5e-3f};
	uint8_t raw[DRIVER_RAW_MAX];
	struct device_conf conf;

	rig_conf(d, &conf);
	cr_assert(eq(int, d->encode(conf.settings, &c, raw), 5));
	cr_expect(eq(u8, raw[0], 0x06 + 4 * 3));
	cr_expect(eq(int, raw[1] | raw[2] << 8, 0));
	cr_expect(eq(int, raw[3] | raw[4] << 8, 307)); /* at 50 Hz */
	c.value = NAN;
	cr_assert(eq(int, d->encode(conf.settings, &c, raw), 5));
	cr_expect(eq(int, raw[4], 0x10)); /* full off */
	c.value = 0.0199f;
	cr_expect(eq(int, d->encode(conf.settings, &c, raw), 5));
	c.value = 0.0201f; /* longer than the period */
	cr_expect(eq(int, d->encode(conf.settings, &c, raw), -ERANGE));
	c.value = -1e-3f;
	cr_expect(eq(int, d->encode(conf.settings, &c, raw), -ERANGE));
}

Test(ina219, decodes_the_worked_numbers)
{
	const struct driver *d = driver_find("ina219");
	uint8_t raw[4] = {0x07, 0xd0, 0x5d, 0x98};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	rig_set(d, &conf, "{\"shunt\": 0.002}");
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	cr_expect(eq(int, s[0].chan, CHAN_VOLTAGE));
	NEAR(s[0].v[0], 11.98, 1e-6);
	cr_expect(eq(int, s[1].chan, CHAN_CURRENT));
	NEAR(s[1].v[0], 10, 1e-6);
	cr_expect(eq(int, s[2].chan, CHAN_POWER));
	NEAR(s[2].v[0], 119.8, 1e-5);
	raw[0] = 0xff; /* -10 uV */
	raw[1] = 0xff;
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	NEAR(s[1].v[0], -0.005, 1e-9);
	raw[3] |= 4;
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), -EBADMSG));
}

Test(ads1115, decodes_each_range)
{
	static const struct {
		const char *text;
		uint8_t config[2];
		double lsb_v;
	} rows[] = {
		{"{\"range\": \"6.144V\"}", {0xc1, 0x83}, 187.5e-6},
		{"{\"range\": \"4.096V\"}", {0xc3, 0x83}, 125e-6},
		{"{\"range\": \"2.048V\"}", {0xc5, 0x83}, 62.5e-6},
		{"{\"range\": \"1.024V\"}", {0xc7, 0x83}, 31.25e-6},
		{"{\"range\": \"0.512V\"}", {0xc9, 0x83}, 15.625e-6},
		{"{\"range\": \"0.256V\"}", {0xcb, 0x83}, 7.8125e-6},
	};
	const struct driver *d = driver_find("ads1115");
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t raw[4] = {rows[i].config[0], rows[i].config[1], 0x7f, 0xff};

		rig_set(d, &conf, rows[i].text);
		cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), 1));
		NEAR(s[0].v[0], 0x7fff * rows[i].lsb_v, 1e-6);
		raw[2] = 0x80;
		raw[3] = 0;
		cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), 1));
		NEAR(s[0].v[0], -0x8000 * rows[i].lsb_v, 1e-6);
		raw[1] ^= 0x20; /* not the settings that were asked for */
		cr_expect(
			eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), -EBADMSG));
	}
}

/* Each conversion stands beside its own settings, and is as much later as one takes. */
Test(ads1115, decodes_several_inputs)
{
	const struct driver *d = driver_find("ads1115");
	uint8_t raw[8] = {0xf3, 0x83, 0x40, 0x00, 0xd3, 0x83, 0xc0, 0x00};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	rig_set(d, &conf, "{\"inputs\": [\"ain3\", \"ain1\"]}");
	cr_expect(eq(u32, d->measures(conf.settings),
		     CHAN_BIT(CHAN_VOLTAGE_1) | CHAN_BIT(CHAN_VOLTAGE_3)));
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 8, 7, s), 2));
	cr_expect(eq(int, s[0].chan, CHAN_VOLTAGE_3));
	NEAR(s[0].v[0], 2.048, 1e-6);
	cr_expect(eq(i64, s[0].t_ns, 7));
	cr_expect(eq(int, s[1].chan, CHAN_VOLTAGE_1));
	NEAR(s[1].v[0], -2.048, 1e-6);
	cr_expect(eq(i64, s[1].t_ns, 7 + 8593750 + 50000)); /* 1.1 / 128 s, 50 us */
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), -EBADMSG));
	raw[4] ^= 0x10;
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 8, 7, s), -EBADMSG));
}

Test(gpio_out, is_limp_as_configured)
{
	const struct driver *d = driver_find("gpio_out");
	const struct command limp = {.value = NAN};
	const struct command on = {.value = 0.5f};
	struct gpio_request req = {0};
	struct device_conf conf;
	uint8_t raw[1];

	rig_conf(d, &conf);
	for (int brake = 0; brake < 2; brake++) {
		if (brake)
			rig_set(d, &conf, "{\"limp_on\": true, \"active_low\": true}");
		cr_assert(eq(int, d->encode(conf.settings, &limp, raw), 1));
		cr_expect(eq(u8, raw[0], brake));
		cr_assert(eq(int, d->safe(conf.settings, raw), 1));
		cr_expect(eq(u8, raw[0], brake));
		cr_assert(eq(int, d->encode(conf.settings, &on, raw), 1));
		cr_expect(eq(u8, raw[0], 1));
		d->line(conf.settings, &req);
		cr_expect(eq(int, req.level, brake), "from the start");
		cr_expect(eq(int, req.active_low, brake));
	}
}

static void check_pwm(const char *driver, float value, uint32_t period_ns,
		      uint32_t pulse_ns)
{
	const struct driver *d = driver_find(driver);
	const struct command c = {.value = value};
	struct device_conf conf;
	uint8_t raw[8];

	rig_conf(d, &conf);
	cr_assert(eq(int, d->encode(conf.settings, &c, raw), 8));
	for (int i = 0; i < 4; i++) {
		cr_expect(eq(u8, raw[i], (uint8_t)(period_ns >> 8 * i)));
		cr_expect(eq(u8, raw[4 + i], (uint8_t)(pulse_ns >> 8 * i)));
	}
}

Test(pwm, encodes_period_and_pulse)
{
	check_pwm("pwm", 0.25f, 1000000, 250000);
	check_pwm("pwm", 1, 1000000, 1000000);
	check_pwm("pwm", NAN, 1000000, 0);
	check_pwm("pwm_servo", 1.5e-3f, 20000000, 1500000);
	check_pwm("pwm_servo", NAN, 20000000, 0);
}
