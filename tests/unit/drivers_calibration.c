/* Calibrations: what is read is applied; what is wrong is said, and not applied. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/core/calibration.h"

static char told[1024];

#define IMU (CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_TEMP))

static int read_text(const char *text, uint32_t chans, struct calibration *ret)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	int r;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "c.json", &errs), 0));
	root = conf_root(&doc, &errs);
	r = calibration_read(&root, chans, ret);
	told[0] = '\0';
	for (size_t i = 0; i < errs.n; i++)
		(void)snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n",
			       errs.list[i].text);
	cr_expect(eq(int, r<0, errs.n_errors> 0));
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return r;
}

Test(calibration, K7_offset_then_matrix)
{
	struct sample accel = {.chan = CHAN_ACCEL, .v = {1, 2, 3}};
	struct sample gyro = {.chan = CHAN_GYRO, .v = {1, 2, 3}};
	struct sample temp = {.chan = CHAN_TEMP, .v = {20}};
	struct calibration c;

	cr_assert(eq(int,
		     read_text("{ \"accel\": { \"offset\": [1, 1, 1],"
			       "  \"matrix\": [[2, 0, 0], [0, 0, 1], [0, -1, 0.5]] },"
			       "  \"temperature\": { \"offset\": -2, \"scale\": 0.5 } }",
			       IMU, &c),
		     0));
	calibration_apply(&c, &accel);
	cr_expect(eq(flt, accel.v[0], 0));
	cr_expect(eq(flt, accel.v[1], 2));
	cr_expect(eq(flt, accel.v[2], 0));
	calibration_apply(&c, &gyro);
	cr_expect(eq(flt, gyro.v[2], 3), "there is nothing about it");
	calibration_apply(&c, &temp);
	cr_expect(eq(flt, temp.v[0], 11));
}

Test(calibration, what_was_not_measured_stays_so)
{
	struct sample s = {.chan = CHAN_TEMP, .v = {NAN}};
	struct calibration c = {0};

	calibration_set_offset(&c, CHAN_TEMP, (float[3]){1});
	calibration_apply(&c, &s);
	cr_expect(isnan(s.v[0]));
}

/* The wrong size, the wrong chip, rubbish: each is told with its place, and nothing of it is used. */
Test(calibration, K7_wrong_ones_are_refused_whole)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{\"gyro\": {\"offset\": [1, 2]}}",
		 "gyro.offset: not 3 numbers, one for each axis\n"},
		{"{\"gyro\": {\"offset\": 1}}",
		 "gyro.offset: not 3 numbers, one for each axis\n"},
		{"{\"gyro\": {\"matrix\": [[1, 0, 0], [0, 1, 0]]}}",
		 "gyro.matrix: not a matrix; three rows of three numbers\n"},
		{"{\"gyro\": {\"scale\": 2}}",
		 "gyro.scale: vectors have a \"matrix\" instead\n"},
		{"{\"temperature\": {\"matrix\": 2}}",
		 "temperature.matrix: what is one number has a \"scale\" "
		 "instead\n"},
		{"{\"gyro\": [1, 2, 3]}",
		 "gyro: not an object such as { \"offset\": ... }\n"},
	};
	struct calibration c;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect(eq(int, read_text(rows[i].text, IMU, &c), -EINVAL));
		cr_expect(strstr(told, rows[i].want) != NULL &&
				  strncmp(told, "c.json:1:", 9) == 0,
			  "%s, not %s", told, rows[i].want);
		cr_expect(eq(u32, c.chans, 0));
	}
	cr_expect(eq(int, read_text("{\"mag\": {\"offset\": [1, 2, 3]}}", IMU, &c),
		     -EINVAL));
	cr_expect(strstr(told, "no channel \"mag\"") != NULL ||
			  strstr(told, "\"mag\"") != NULL,
		  "%s", told);
	cr_expect(eq(int, read_text("{\"gyro\": {\"ofset\": [1, 2, 3]}}", IMU, &c),
		     -EINVAL));
	cr_expect(strstr(told, "offset") != NULL, "%s", told);
	cr_expect(eq(int,
		     read_text("{\"gyro\": {\"offset\": [1, 2, \"x\"]}, \"accel\": "
			       "{\"offset\": [1, 2, 3]}}",
			       IMU, &c),
		     -EINVAL));
	cr_expect(eq(u32, c.chans, 0), "not the good half either");
}

/* What cannot be is refused, with its place and what can. */
Test(calibration, absurd_ones_are_refused)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{\"gyro\": {\"offset\": [0, 1e9, 0]}}",
		 "gyro.offset[1]: 1e+09 is out of range; -80 to 80\n"},
		{"{\"accel\": {\"offset\": [0, 0, -401]}}",
		 "accel.offset[2]: -401 is out of range; -400 to 400\n"},
		{"{\"temperature\": {\"offset\": 201}}",
		 "temperature.offset: 201 is out of range; -200 to 200\n"},
		{"{\"temperature\": {\"scale\": 0}}",
		 "temperature.scale: 0 is out of range; 0.1 to 10\n"},
		{"{\"temperature\": {\"scale\": -1}}",
		 "temperature.scale: -1 is out of range; 0.1 to 10\n"},
		{"{\"gyro\": {\"matrix\": [[1, 0, 0], [0, 1, 0], [0, 0, 0]]}}",
		 "gyro.matrix: it flattens all to nearly nothing (its determinant is 0)"},
		{"{\"gyro\": {\"matrix\": [[1, 0, 0], [0, -1, 0], [0, 0, 1]]}}",
		 "gyro.matrix: it mirrors (its determinant is -1)"},
		{"{\"gyro\": {\"matrix\": [[9, 0, 0], [0, 9, 0], [0, 0, 9]]}}",
		 "gyro.matrix: it blows all up"},
		{"{\"gyro\": {\"matrix\": [[1, 0, 0], [0, 11, 0], [0, 0, 1]]}}",
		 "gyro.matrix[1][1]: 11 is out of range; -10 to 10\n"},
	};
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct calibration c;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect(eq(int, read_text(rows[i].text, IMU, &c), -EINVAL), "%s",
			  rows[i].text);
		cr_expect(strstr(told, rows[i].want) != NULL &&
				  strncmp(told, "c.json:1:", 9) == 0,
			  "%s, not %s", told, rows[i].want);
		cr_expect(eq(u32, c.chans, 0));
	}
	/* There is no NaN in JSON. */
	cr_expect(eq(int, json_doc_parse(&doc, "{\"offset\": NaN}", 15, "c.json", &errs),
		     -EINVAL));
	cr_expect(strncmp(errs.list[0].text, "c.json:1:", 9) == 0, "%s",
		  errs.list[0].text);
	conf_errors_fini(&errs);
}

Test(calibration, K7_is_of_one_chip_at_one_place)
{
	struct device_conf d = {.driver = "mpu6050",
				.bus = "body",
				.address = 0x68,
				.chip = driver_find("mpu6050")};
	char key[CALIBRATION_KEY_MAX];

	cr_expect(eq(str, (char *)calibration_key(&d, key), "mpu6050@body:0x68"));
	d.address = 0x69;
	cr_expect(eq(str, (char *)calibration_key(&d, key), "mpu6050@body:0x69"));
}
