/* How long a sensor may repeat itself by chance: by its noise beside its steps. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/core/noise.h"
#include "drivers/driver.h"

/* A sensor of @chip with the settings @text. */
static void read_conf(const char *chip, const char *settings, struct sensor_conf *ret)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"driver\": \"%s\", \"bus\": \"body\", \"%s\": %s}", chip, chip,
		 settings);
	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	*ret = (struct sensor_conf){0};
	cr_assert(eq(int, sensor_conf_read(&root, ret), 0), "%s", text);
	json_doc_fini(&doc);
}

static double frozen_s(const char *chip, const char *settings, enum chan chan)
{
	struct sensor_conf conf;

	read_conf(chip, settings, &conf);
	return noise_frozen_s(&conf, chan);
}

Test(noise, a_fine_sensor_does_not_repeat_itself)
{
	/* 0.061 deg/s of noise, steps of 0.0076 deg/s. */
	cr_expect(eq(dbl, frozen_s("mpu6050", "{\"gyro_range\": \"250dps\"}", CHAN_GYRO),
		     0.5));
	cr_expect(eq(dbl, frozen_s("mpu6050", "{}", CHAN_ACCEL), 0.5));
	cr_expect(eq(dbl, frozen_s("icm20948", "{}", CHAN_GYRO), 0.5));
	cr_expect(eq(dbl, frozen_s("lis3mdl", "{}", CHAN_MAG), 0.5));
	/* 1.6 Pa of noise, steps of 0.32: p is 0.08, eight numbers at 10 Hz. */
	cr_expect(epsilon_eq(dbl, frozen_s("bmp280", "{}", CHAN_PRESSURE), 0.93, 0.02));
}

/* 5 Hz of bandwidth let 0.014 deg/s through, and a step at 2000 deg/s is 0.061: often all axes stay the same. */
Test(noise, a_coarse_one_may)
{
	double s = frozen_s("mpu6050", "{\"bandwidth\": \"5Hz\"}", CHAN_GYRO);

	cr_expect(gt(dbl, s, 10), "%g", s);
	cr_expect(lt(dbl, s, 60), "%g", s);
	/* 3.3 Pa, steps of 2.6: p is 0.3. */
	s = frozen_s("bmp280", "{\"oversampling\": \"1x\"}", CHAN_PRESSURE);
	cr_expect(epsilon_eq(dbl, s, 1.83, 0.1), "%g", s);
	/* What the chip smooths over 16 measurements stays the same for longer. */
	s = frozen_s("bmp280", "{\"filter\": \"16\"}", CHAN_PRESSURE);
	cr_expect(gt(dbl, s, 15), "%g", s);
}

/* Seldom measured, it takes as many measurements. */
Test(noise, goes_with_the_rate)
{
	double fast = frozen_s("bmp280", "{\"rate\": \"10Hz\"}", CHAN_PRESSURE);
	double slow = frozen_s("bmp280", "{\"rate\": \"1Hz\"}", CHAN_PRESSURE);

	cr_expect(epsilon_eq(dbl, slow, 10 * fast, 1e-9));
}

/* A thermometer of 1/16 degC at rest shows the same for hours, and nobody knows the noise of a chip of the kernel's. */
Test(noise, of_others_it_is_not_known)
{
	cr_expect(isnan(frozen_s("tmp102", "{}", CHAN_TEMP)));
	cr_expect(isnan(frozen_s("bmp280", "{}", CHAN_TEMP)));
	cr_expect(isnan(frozen_s("mpu9250", "{}", CHAN_MAG)));
}

Test(noise, filters_repeat_themselves)
{
	struct sensor_conf conf;

	read_conf("bmp280", "{}", &conf);
	conf.filters.n = 1;
	cr_expect(isinf(noise_frozen_s(&conf, CHAN_PRESSURE)));
}
