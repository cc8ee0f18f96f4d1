/* Single drivers, by the numbers of their data sheets: pressure, temperature, humidity and distance. */
#include "tests/driver/chip_rig.h"

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

/* By hand from figure 5-6 of the data sheet: 13 bits with a sign, in 1/16 degC, below three flags. */
Test(mcp9808, decodes_with_any_flags)
{
	static const struct celsius_row rows[] = {
		{125, 0x07d0},   {25.25, 0x0194}, {0.0625, 0x0001}, {0, 0},
		{-0.25, 0x1ffc}, {-25, 0x1e70},   {-40, 0x1d80},
	};
	static const unsigned beyond[] = {0x07d1, 0x1d7f, 0x0fff, 0x1000};
	const struct driver *d = driver_find("mcp9808");
	struct sample s[DRIVER_SAMPLES];
	uint8_t raw[2];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned flags = 0; flags < 7; flags++) {
			raw[0] = (uint8_t)(flags << 5 | rows[i].reg >> 8);
			raw[1] = (uint8_t)rows[i].reg;
			cr_assert(eq(int, d->decode(NULL, NULL, raw, 2, 7, s), 1));
			NEAR(s[0].v[0], rows[i].celsius, 0);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
		raw[0] = (uint8_t)(beyond[i] >> 8);
		raw[1] = (uint8_t)beyond[i];
		cr_expect(eq(int, d->decode(NULL, NULL, raw, 2, 7, s), -EBADMSG));
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
