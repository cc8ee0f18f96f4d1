/* Single drivers, by the numbers of their data sheets: what measures motion and the magnetic field. */
#include "tests/driver/chip_rig.h"

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
