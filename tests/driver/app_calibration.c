/* K7: calibrations from the state folder into the sample path, and back to the disk. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/app/calibrations.h"
#include "daemon/app/hardware.h"
#include "daemon/app/senses_internal.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

#define CONFIG INSTINCT_SOURCE "/tests/driver/app_alloc.jsonc"

static char folder[] = "/tmp/instinct_calibration_XXXXXX";
static char file[64];
static char told[4096];

static void keep_log(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	if (level <= LOG_LEVEL_ERR)
		(void)snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n",
			       text);
}

/* Each test is a process of its own. */
static void begin(const char *text)
{
	FILE *f;

	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, setenv("STATE_DIRECTORY", folder, 1), 0));
	(void)snprintf(file, sizeof(file), "%s/calibration.json", folder);
	log_set_sink(keep_log, NULL);
	if (!text)
		return;
	f = fopen(file, "w");
	cr_assert(f != NULL && fputs(text, f) >= 0);
	(void)fclose(f);
}

static void end(void)
{
	log_set_sink(NULL, NULL);
	(void)unlink(file);
	cr_expect(eq(int, rmdir(folder), 0), "nothing but the file was left behind");
}

/* What a robot of two sensors shows after two seconds. */
struct seen {
	double gyro[3], pressure;
	bool imu_calibrated, fast_calibrated;
};

static struct seen seen;

static bool flag(const struct world *w, const char *name)
{
	const struct value *v = world_find(w, name);

	cr_assert(v != NULL, "%s", name);
	return value_get(v)->b;
}

static int live(void *arg)
{
	const char *paths[] = {CONFIG};
	struct conf_errors errs = {0};
	struct hardware *hw;
	struct senses *senses;
	struct world *world = world_new();
	struct config *conf;
	struct nursery n;

	(void)arg;
	cr_assert(eq(int, config_read(paths, 1, &errs, &conf), 0));
	cr_assert(eq(int, hardware_open(conf, HARDWARE_AS_CONFIGURED, NULL, &hw), 0));
	cr_assert(eq(int, senses_new(conf, hw, world, &errs, &senses), 0));
	nursery_open(&n);
	senses_go(senses, &n);
	hardware_start(hw);
	cr_assert(eq(int, task_sleep(NS_PER_S), 0)); /* then it is played with */
	for (int i = 0; i < 3; i++)
		seen.gyro[i] = value_get(world_find(world, "imu.gyro"))->v[i];
	seen.pressure = value_get(world_find(world, "baro.pressure"))->n;
	seen.imu_calibrated = flag(world, "health.imu.calibrated");
	seen.fast_calibrated = flag(world, "health.fast.calibrated");
	cr_expect(world_find(world, "health.baro.calibrated") == NULL);
	nursery_cancel(&n, "seen");
	(void)!nursery_close(&n, 0);
	senses_free(senses);
	world_free(world);
	hardware_close(hw);
	config_free(conf);
	conf_errors_fini(&errs);
	return 0;
}

static void look(const char *text)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};

	begin(text);
	cr_assert(eq(int, rt_run(&conf, live, NULL), 0));
	end();
}

/* The chip's x is where the robot's left is (mount "x=left y=back z=up"): calibrated first, then turned. */
Test(calibration_file, K7_corrects_in_the_axes_of_the_chip)
{
	look("{ \"mpu6050@body:0x68\": { \"gyro\": { \"offset\": [1, 0, 0] } },"
	     "  \"bmp280@body:0x76\": { \"pressure\": { \"offset\": 1000 } } }");
	cr_expect(fabs(seen.gyro[0]) < 0.1, "%g", seen.gyro[0]);
	cr_expect(fabs(seen.gyro[1] + 1) < 0.1, "%g", seen.gyro[1]);
	cr_expect(fabs(seen.pressure - 100325) < 100, "%g", seen.pressure);
	cr_expect(seen.imu_calibrated);
	cr_expect(not(seen.fast_calibrated), "another chip at another address");
	cr_expect(eq(str, told, ""));
}

Test(calibration_file, K7_another_chip_or_address_gets_nothing)
{
	look("{ \"mpu6050@body:0x69\": { \"gyro\": { \"offset\": [1, 1, 1] } },"
	     "  \"mpu6500@body:0x68\": { \"gyro\": { \"offset\": [1, 1, 1] } },"
	     "  \"mpu6050@other:0x68\": { \"gyro\": { \"offset\": [1, 1, 1] } } }");
	for (int i = 0; i < 3; i++)
		cr_expect(fabs(seen.gyro[i]) < 0.1);
	cr_expect(not(seen.imu_calibrated));
	cr_expect(not(seen.fast_calibrated));
}

Test(calibration_file, without_one_nothing_is_calibrated)
{
	look(NULL);
	cr_expect(not(seen.imu_calibrated));
	cr_expect(eq(str, told, ""));
}

Test(calibration_file, K7_wrong_entry_is_named_and_harms_no_other)
{
	look("{ \"mpu6050@body:0x68\": { \"gyro\": { \"offset\": [1, 2] } },\n"
	     "  \"mpu6500@body:0x69\": { \"gyro\": { \"offset\": [0, 0, 0] } } }");
	cr_expect(fabs(seen.gyro[0]) < 0.1);
	cr_expect(not(seen.imu_calibrated));
	cr_expect(seen.fast_calibrated);
	cr_expect(strstr(told, "calibration.json:1:") != NULL &&
			  strstr(told, "mpu6050@body:0x68.gyro.offset: not 3 numbers") !=
				  NULL &&
			  strstr(told, "imu runs uncalibrated") != NULL,
		  "%s", told);
}

Test(calibration_file, K7_rubbish_is_an_error_with_its_place)
{
	look("{ \"mpu6050@body:0x68\": ");
	cr_expect(not(seen.imu_calibrated));
	cr_expect(strstr(told, "calibration.json:1:") != NULL &&
			  strstr(told, "no chip is calibrated") != NULL,
		  "%s", told);
}

static struct device_conf imu(void)
{
	return (struct device_conf){.driver = "mpu6050",
				    .bus = "body",
				    .address = 0x68,
				    .chip = driver_find("mpu6050")};
}

static int keep(void *arg)
{
	const struct calibration_chan found = {.offset = {0.25f, -0.5f, 1}};
	struct calibrations *c = calibrations_new();
	struct device_conf d = imu();
	struct calibration k;
	const char *path;

	cr_assert(c != NULL);
	*(int *)arg = calibrations_keep(c, &d, CHAN_GYRO, &found, false, &path);
	cr_expect(eq(str, (char *)path, file));
	if (*(int *)arg == 0) {
		cr_expect(eq(int, calibrations_find(c, &d, "imu", &k), 0));
		cr_expect(eq(flt, k.chan[CHAN_GYRO].offset[1], -0.5f));
	}
	calibrations_free(c);
	return 0;
}

static int keep_in(const char *text)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	int r = 1;

	begin(text);
	cr_assert(eq(int, rt_run(&conf, keep, &r), 0));
	return r;
}

/* What another program would read. */
static void expect_on_disk(float accel_offset)
{
	struct calibrations *c = calibrations_new();
	struct device_conf d = imu();
	struct calibration k;

	cr_assert(c != NULL);
	cr_assert(eq(int, calibrations_find(c, &d, "imu", &k), 0));
	cr_expect(eq(flt, k.chan[CHAN_GYRO].offset[0], 0.25f));
	cr_expect(eq(flt, k.chan[CHAN_ACCEL].offset[0], accel_offset));
	d.address = 0x69;
	cr_expect(eq(int, calibrations_find(c, &d, "other", &k),
		     accel_offset > 0 ? 0 : -ENOENT));
	calibrations_free(c);
}

Test(calibration_file, is_made)
{
	cr_expect(eq(int, keep_in(NULL), 0));
	expect_on_disk(0);
	end();
}

Test(calibration_file, keeps_what_else_is_in_it)
{
	cr_expect(eq(
		int,
		keep_in("{ \"mpu6050@body:0x68\": { \"gyro\": { \"offset\": [9, 9, 9] },"
			"  \"accel\": { \"offset\": [3, 0, 0] } },"
			"  \"mpu6050@body:0x69\": { \"gyro\": { \"offset\": [1, 2, 3] } "
			"} }"),
		0));
	expect_on_disk(3);
	end();
}

/* What somebody wrote by hand, and wrongly, is not written over. */
Test(calibration_file, that_is_broken_stays)
{
	char text[64] = "";
	FILE *f;

	cr_expect(eq(int, keep_in("{ \"mpu6050"), -EBADMSG));
	f = fopen(file, "r");
	cr_assert(f && fgets(text, sizeof(text), f));
	(void)fclose(f);
	cr_expect(eq(str, text, "{ \"mpu6050"));
	end();
}

Test(calibration_file, that_cannot_be_written_is_an_error)
{
	begin(NULL);
	(void)rmdir(folder);
	{
		const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
		int r = 1;

		cr_assert(eq(int, rt_run(&conf, keep, &r), 0));
		cr_expect(eq(int, r, -ENOENT));
	}
	log_set_sink(NULL, NULL);
}
