/* Single drivers: the numbers of their data sheets. */
#include <math.h>

#include "tests/driver/rig.h"

#define NEAR(a, b, eps)                                                                  \
	cr_expect(fabs((double)(a) - (b)) <= (eps), "%.9g is not %.9g", (double)(a),     \
		  (double)(b))

Test(mpu6050, decodes_worked_numbers)
{
	const struct driver *d = driver_find("mpu6050");
	uint8_t raw[15] = {0x01, 0x40, 0x00, 0xc0, 0x00, 0x00, 0x00, 0xfd,
			   0xf7, 0x00, 0x83, 0xff, 0x7d, 0x00, 0x00};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	rig_set(d, &conf, "{\"accel_range\": \"2g\", \"gyro_range\": \"250dps\"}");
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	cr_expect(eq(int, s[0].chan, CHAN_ACCEL));
	NEAR(s[0].v[0], 9.80665, 1e-6);
	NEAR(s[0].v[1], -9.80665, 1e-6);
	NEAR(s[0].v[2], 0, 0);
	cr_expect(eq(int, s[1].chan, CHAN_GYRO));
	NEAR(s[1].v[0], 0.01745329, 1e-8);
	NEAR(s[1].v[1], -0.01745329, 1e-8);
	cr_expect(eq(int, s[2].chan, CHAN_TEMP));
	NEAR(s[2].v[0], 34.998, 5e-4); /* raw -521 */
	raw[7] = 0xf0;
	raw[8] = 0xb0;
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	NEAR(s[2].v[0], 25.0006, 1e-4); /* raw -3920 */
}

Test(mpu6050, decodes_each_range)
{
	static const struct {
		const char *text;
		double accel;
		double gyro_dps;
	} rows[] = {
		{"{\"accel_range\": \"2g\", \"gyro_range\": \"250dps\"}", 1,
		 16384 / 131.0},
		{"{\"accel_range\": \"4g\", \"gyro_range\": \"500dps\"}", 2,
		 16384 / 65.5},
		{"{\"accel_range\": \"8g\", \"gyro_range\": \"1000dps\"}", 4,
		 16384 / 32.8},
		{"{\"accel_range\": \"16g\", \"gyro_range\": \"2000dps\"}", 8,
		 16384 / 16.4},
	};
	const struct driver *d = driver_find("mpu6050");
	const uint8_t raw[15] = {0x01, 0x40, 0,    0x40, 0,    0x40, 0,
				 0,    0,    0x40, 0,    0x40, 0,    0x40};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_set(d, &conf, rows[i].text);
		cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 0, s),
			     3));
		NEAR(s[0].v[2], rows[i].accel * 9.80665, 1e-5);
		NEAR(s[1].v[2], rows[i].gyro_dps * M_PI / 180, 1e-5);
	}
}

Test(mpu6050, refuses_bytes_that_are_no_measurement)
{
	const struct driver *d = driver_find("mpu6050");
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;
	uint8_t raw[15] = {0};

	rig_conf(d, &conf);
	/* Not ready; a data line that is stuck high; a short burst. */
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 15, 0, s), -EBADMSG));
	memset(raw, 0xff, sizeof(raw));
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 15, 0, s), -EBADMSG));
	raw[14] = 0;
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 15, 0, s), 3));
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 14, 0, s), -EBADMSG));
}

Test(mpu6050, rounds_the_rate_to_what_the_chip_has)
{
	const struct driver *d = driver_find("mpu6050");
	struct device_conf conf;

	rig_conf(d, &conf);
	cr_expect(eq(i64, d->period_ns(conf.settings), 5 * NS_PER_MS));
	rig_set(d, &conf, "{\"rate\": \"1kHz\"}");
	cr_expect(eq(i64, d->period_ns(conf.settings), NS_PER_MS));
	rig_set(d, &conf, "{\"rate\": 300}");
	cr_expect(eq(i64, d->period_ns(conf.settings), 3 * NS_PER_MS));
	rig_set(d, &conf, "{\"rate\": 4}");
	cr_expect(eq(i64, d->period_ns(conf.settings), 250 * NS_PER_MS));
}

/* A set-up on the models, then a look at one register. */
struct job {
	const struct driver *driver;
	struct device_conf *conf;
	struct dev_io io;
	uint8_t reg;
	uint8_t value;
	int result;
};

static int set_up_and_look(void *arg)
{
	struct job *j = arg;

	j->result = j->driver->setup(&j->io, j->conf->settings);
	if (j->result == 0)
		j->result = i2c_read_reg(&j->io.i2c, j->reg, &j->value);
	return 0;
}

static uint8_t look_after_setup(struct rig *rig, const struct driver *d,
				struct device_conf *conf, uint8_t reg)
{
	struct job j = {.driver = d, .conf = conf, .reg = reg};

	i2c_dev_init(&j.io.i2c, &rig->spy.bus, d->addrs[0]);
	cr_assert(eq(int, rig_run(set_up_and_look, &j), 0));
	cr_assert(eq(int, j.result, 0));
	return j.value;
}

Test(mpu6050, sets_its_registers)
{
	const struct driver *d = driver_find("mpu6050");
	struct device_conf conf;
	struct rig rig;

	rig_open(&rig, 0);
	rig_plug(&rig, d->name);
	rig_conf(d, &conf);
	rig_set(d, &conf,
		"{\"rate\": \"100Hz\", \"bandwidth\": \"44Hz\", \"gyro_range\": "
		"\"1000dps\", \"accel_range\": \"4g\"}");
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x19), 9));
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x1a), 3));
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x1b), 0x10));
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x1c), 0x08));
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x38), 0x01));
	cr_expect(eq(u8, look_after_setup(&rig, d, &conf, 0x6b), 0x01));
	rig_unplug(&rig, d->name);
	rig_close(&rig);
}

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

/* The constants of the BMP280's example, section 3.12; the BME280's H1 to H6 behind them. */
static const uint8_t bosch_trim[32] = {
	0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0,
	0x0b, 0x27, 0x0b, 0x8c, 0x00, 0xf9, 0xff, 0x8c, 0x3c, 0xf8, 0xc6,
	0x70, 0x17, 75,   0x6a, 0x01, 0,    0x13, 0x29, 0x03, 30,
};

/* Status, CTRL_MEAS, CONFIG, reserved, adc_P 415148, adc_T 519888, adc_H 28000. */
static const uint8_t bosch_raw[12] = {0,    0x30, 0,    0,    0x65, 0x5a,
				      0xc0, 0x7e, 0xed, 0x00, 0x6d, 0x60};

Test(bmp280, decodes_worked_numbers)
{
	const struct driver *d = driver_find("bmp280");
	struct sample s[DRIVER_SAMPLES];
	uint8_t raw[10];

	memcpy(raw, bosch_raw, sizeof(raw));
	cr_assert(eq(int, d->decode(NULL, bosch_trim, raw, sizeof(raw), 7, s), 2));
	cr_expect(eq(int, s[0].chan, CHAN_PRESSURE));
	NEAR(s[0].v[0], 100653.2668, 0.01);
	cr_expect(eq(int, s[1].chan, CHAN_TEMP));
	NEAR(s[1].v[0], 25.0825, 1e-4);
	raw[9] = 0x0f; /* bits that are always 0 */
	cr_expect(eq(int, d->decode(NULL, bosch_trim, raw, 10, 7, s), -EBADMSG));
	memcpy(raw + 7, (uint8_t[]){0x80, 0, 0}, 3); /* was not measured */
	cr_expect(eq(int, d->decode(NULL, bosch_trim, raw, 10, 7, s), -EBADMSG));
}

Test(bme280, decodes_humidity)
{
	static const struct {
		unsigned adc;
		double humidity;
	} rows[] = {{28000, 0.438594}, {33000, 0.716441}, {20000, 0}, {50000, 1}};
	const struct driver *d = driver_find("bme280");
	struct sample s[DRIVER_SAMPLES];
	uint8_t raw[12];

	memcpy(raw, bosch_raw, sizeof(raw));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		raw[10] = (uint8_t)(rows[i].adc >> 8);
		raw[11] = (uint8_t)rows[i].adc;
		cr_assert(eq(int, d->decode(NULL, bosch_trim, raw, 12, 7, s), 3));
		cr_expect(eq(int, s[2].chan, CHAN_HUMIDITY));
		NEAR(s[2].v[0], rows[i].humidity, 1e-6);
	}
}

/* What a register holds, right-justified, and the temperature it stands for. */
struct celsius_row {
	double celsius;
	unsigned reg;
};

static void check_celsius(const char *driver, int shift, const struct celsius_row *rows,
			  size_t n)
{
	const struct driver *d = driver_find(driver);
	struct sample s[DRIVER_SAMPLES];

	for (size_t i = 0; i < n; i++) {
		unsigned reg = rows[i].reg << shift;
		uint8_t raw[2] = {(uint8_t)(reg >> 8), (uint8_t)reg};

		cr_assert(eq(int, d->decode(NULL, NULL, raw, 2, 7, s), 1));
		NEAR(s[0].v[0], rows[i].celsius, 0);
		raw[1] |= 1;
		cr_expect(eq(int, d->decode(NULL, NULL, raw, 2, 7, s), -EBADMSG));
	}
}

Test(tmp102, decodes_the_table)
{
	static const struct celsius_row rows[] = {
		{127.9375, 0x7ff}, {100, 0x640}, {80, 0x500},   {75, 0x4b0},
		{50, 0x320},       {25, 0x190},  {0.25, 0x004}, {0, 0},
		{-0.25, 0xffc},    {-25, 0xe70}, {-55, 0xc90}};

	check_celsius("tmp102", 4, rows, ARRAY_LEN(rows));
}

Test(lm75, decodes_the_tables)
{
	static const struct celsius_row lm75[] = {{125, 0x0fa}, {25, 0x032},
						  {0.5, 0x001}, {-0.5, 0x1ff},
						  {-25, 0x1ce}, {-55, 0x192}};
	static const struct celsius_row lm75b[] = {
		{25, 0x0c8}, {-25, 0x738}, {-55, 0x648}};

	check_celsius("lm75", 7, lm75, ARRAY_LEN(lm75));
	check_celsius("lm75", 5, lm75b, ARRAY_LEN(lm75b));
}

Test(mpu6500, has_a_thermometer_of_its_own)
{
	const struct driver *d = driver_find("mpu6500");
	uint8_t raw[15] = {0x01};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	NEAR(s[2].v[0], 21, 0);
	raw[7] = 0x0d; /* 3339 */
	raw[8] = 0x0b;
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	NEAR(s[2].v[0], 31.0009, 1e-4);
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

Test(lis3mdl, decodes_each_range)
{
	static const struct {
		const char *text;
		int lsb_per_gauss;
	} rows[] = {{"{\"range\": \"4G\"}", 6842},
		    {"{\"range\": \"8G\"}", 3421},
		    {"{\"range\": \"12G\"}", 2281},
		    {"{\"range\": \"16G\"}", 1711}};
	const struct driver *d = driver_find("lis3mdl");
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int n = rows[i].lsb_per_gauss;
		uint8_t raw[7] = {0x0f, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)-n,
				  (uint8_t)(-n >> 8)};

		rig_set(d, &conf, rows[i].text);
		cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 7, 7, s), 1));
		NEAR(s[0].v[0], 100e-6, 1e-11);
		NEAR(s[0].v[1], -100e-6, 1e-11);
		NEAR(s[0].v[2], 0, 0);
	}
}

Test(sht31, decodes_worked_numbers_with_their_checksums)
{
	static const struct {
		uint8_t word[3];
		double celsius, humidity;
	} rows[] = {
		{{0x66, 0x66, 0x93}, 25, 0.4},
		{{0x00, 0x00, 0x81}, -45, 0},
		{{0xff, 0xff, 0xac}, 130, 1},
		{{0xbe, 0xef, 0x92}, 85.523, 0.745846},
	};
	const struct driver *d = driver_find("sht31");
	struct sample s[DRIVER_SAMPLES];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t raw[6];

		memcpy(raw, rows[i].word, 3);
		memcpy(raw + 3, rows[i].word, 3);
		cr_assert(eq(int, d->decode(NULL, NULL, raw, 6, 7, s), 2));
		NEAR(s[0].v[0], rows[i].celsius, 1e-3);
		NEAR(s[1].v[0], rows[i].humidity, 1e-6);
		for (int bit = 0; bit < 48; bit++) {
			raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_expect(eq(int, d->decode(NULL, NULL, raw, 6, 7, s), -EBADMSG),
				  "bit %d", bit);
			raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* Computed from the formulas of section 6; the frame is one of their examples, with its checksum. */
Test(aht20, decodes_worked_numbers)
{
	const struct driver *d = driver_find("aht20");
	uint8_t raw[7] = {0x1c, 0x80, 0x00, 0x06, 0x00, 0x00, 0x4e};
	struct sample s[DRIVER_SAMPLES];

	cr_assert(eq(int, d->decode(NULL, NULL, raw, 7, 7, s), 2));
	cr_expect(eq(int, s[0].chan, CHAN_TEMP));
	NEAR(s[0].v[0], 25, 0);
	cr_expect(eq(int, s[1].chan, CHAN_HUMIDITY));
	NEAR(s[1].v[0], 0.5, 0);
	cr_expect(eq(int, d->decode(NULL, NULL, raw, 6, 7, s), -EBADMSG));
	for (int bit = 0; bit < 56; bit++) {
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect(eq(int, d->decode(NULL, NULL, raw, 7, 7, s), -EBADMSG),
			  "bit %d", bit);
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

Test(icm20948, decodes_worked_numbers)
{
	const struct driver *d = driver_find("icm20948");
	/* 1 g forward, 1 dps about it, 21 degC; 30, 0, -35 uT in the robot's axes. */
	uint8_t raw[24] = {0x01, 0x40, 0, 0,    0,   0, 0, 0, 131,  0, 0, 0,
			   0,    0,    0, 0x01, 200, 0, 0, 0, 0xe9, 0, 0, 0};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	rig_set(d, &conf, "{\"accel_range\": \"2g\", \"gyro_range\": \"250dps\"}");
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 4));
	NEAR(s[0].v[0], 9.80665, 1e-6);
	NEAR(s[1].v[0], 0.01745329, 1e-8);
	NEAR(s[2].v[0], 21, 0);
	cr_expect(eq(int, s[3].chan, CHAN_MAG));
	NEAR(s[3].v[0], 30e-6, 1e-11);
	NEAR(s[3].v[1], 0, 0);
	NEAR(s[3].v[2], -34.95e-6, 1e-11); /* 0x00e9 is 233 */
	raw[23] = 0x08;                    /* too strong a field */
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	raw[23] = 0;
	raw[15] = 0; /* no new field */
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), 3));
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 15, 7, s), 3));
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, 16, 7, s), -EBADMSG));
}

/* RM-MPU-9250A-00, section 5.13: H * ((ASA - 128) * 0.5 / 128 + 1); the axes are turned. */
Test(mpu9250, decodes_its_magnetometer)
{
	const struct driver *d = driver_find("mpu9250");
	const uint8_t trim[] = {128, 192, 64}; /* times 1, 1.25, 0.75 */
	uint8_t raw[23] = {[0] = 1,     [15] = 1,    [16] = 100,           [18] = 200,
			   [20] = 0xd4, [21] = 0xfe, /* -300 */[22] = 0x10};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	cr_assert(eq(int, d->decode(conf.settings, trim, raw, sizeof(raw), 7, s), 4));
	cr_expect(eq(int, s[3].chan, CHAN_MAG));
	cr_expect(eq(i64, s[3].t_ns, 7));
	NEAR(s[3].v[0], 37.5e-6, 1e-11);
	NEAR(s[3].v[1], 15e-6, 1e-11);
	NEAR(s[3].v[2], 33.75e-6, 1e-11);
	/* A frame of the FIFO with it; motion alone. */
	cr_expect(eq(int, d->decode(conf.settings, trim, raw + 1, 22, 7, s), 4));
	cr_expect(eq(int, d->decode(conf.settings, trim, raw, 15, 7, s), 3));
	raw[22] = 0x18; /* too strong a field */
	cr_expect(eq(int, d->decode(conf.settings, trim, raw, sizeof(raw), 7, s), 3));
	raw[22] = 0x10;
	raw[15] = 2; /* one was missed, none is new */
	cr_expect(eq(int, d->decode(conf.settings, trim, raw, sizeof(raw), 7, s), 3));
	cr_expect(eq(int, d->decode(conf.settings, trim, raw, 16, 7, s), -EBADMSG));
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

Test(hcsr04, decodes_worked_numbers)
{
	const struct driver *d = driver_find("hcsr04");
	const uint8_t raw[4] = {0xa0, 0xd9, 0x08, 0x00}; /* 580 us */
	const uint8_t far[4] = {0x80, 0xd5, 0x43, 0x02}; /* 37.98 ms: no echo */
	const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
	struct sample s[DRIVER_SAMPLES];
	struct device_conf conf;

	rig_conf(d, &conf);
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), 1));
	NEAR(s[0].v[0], 0.09959, 1e-5); /* with 343.42 m/s at 20 degC */
	rig_set(d, &conf, "{\"air\": 0}");
	cr_assert(eq(int, d->decode(conf.settings, NULL, raw, 4, 7, s), 1));
	NEAR(s[0].v[0], 0.096077, 1e-6);
	cr_assert(eq(int, d->decode(conf.settings, NULL, far, 4, 7, s), 1));
	cr_expect(isnan(s[0].v[0]));
	cr_expect(eq(int, d->decode(conf.settings, NULL, ones, 4, 7, s), -EBADMSG));
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

static float vl53l0x_metres(unsigned status, unsigned mm, int want)
{
	const struct driver *d = driver_find("vl53l0x");
	uint8_t raw[12] = {(uint8_t)(status << 3)};
	struct sample s[DRIVER_SAMPLES] = {{.chan = CHAN_DISTANCE}};
	struct device_conf conf;

	raw[10] = (uint8_t)(mm >> 8);
	raw[11] = (uint8_t)mm;
	rig_conf(d, &conf);
	cr_expect(eq(int, d->decode(conf.settings, NULL, raw, sizeof(raw), 7, s), want),
		  "status %u", status);
	cr_expect(eq(int, s[0].chan, CHAN_DISTANCE));
	return s[0].v[0];
}

/* DS11555; what the status means as in ST's API: 11 is a distance, 1 to 3 are faults of the chip. */
Test(vl53l0x, tells_distances_from_nothing_and_from_faults)
{
	NEAR(vl53l0x_metres(11, 1234, 1), 1.234, 1e-6);
	NEAR(vl53l0x_metres(11, 0, 1), 0, 0);
	cr_expect(isnan(vl53l0x_metres(11, 8190, 1)), "out of range");
	cr_expect(isnan(vl53l0x_metres(11, 8191, 1)));
	for (unsigned status = 4; status <= 10; status++)
		cr_expect(isnan(vl53l0x_metres(status, 500, 1)), "status %u", status);
	for (unsigned status = 0; status <= 3; status++)
		(void)vl53l0x_metres(status, 500, -EBADMSG);
}
