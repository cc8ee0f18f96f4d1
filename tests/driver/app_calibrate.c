/*
 * drivers.calibrate on a simulated robot that is put on its six sides and then turned through all directions: what its
 * accelerometer and its magnetometer are made to get wrong is found, kept and used. A recording that is made here tells
 * the models what to measure.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app/calibrate.h"
#include "daemon/app/hardware.h"
#include "daemon/app/senses_internal.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

#define RATE_HZ 100
#define SIDE_S 2
#define TURNING_S 40
#define RECORDS (RATE_HZ * (6 * SIDE_S + TURNING_S))
#define G 9.80665
#define FIELD_UT 46.0

static const char robot[] =
	"{\"buses\": {\"body\": {\"path\": \"sim\"}}, \"gpio\": \"sim\", \"sensors\": "
	"{\"imu\": {\"driver\": \"icm20948\", \"bus\": \"body\"}, \"room\": {\"driver\": "
	"\"tmp102\", \"bus\": \"body\"}}}";

static const double accel_offset[3] = {0.35, -0.2, 0.6};
static const double accel_scale[3] = {1.02, 0.98, 1.01};
static const double mag_offset_ut[3] = {60, -35, 20};
static const double mag_shape[3][3] = {
	{1.08, 0.06, 0}, {0.06, 0.94, -0.03}, {0, -0.03, 1.0}};

static char folder[] = "/tmp/instinct_calibrate_XXXXXX";
static char recording[64], file[64];

/* The way up at record @k, in the body: first along each axis, then a spiral over the sphere. */
static void up_at(int k, double ret[3])
{
	int side = k / (RATE_HZ * SIDE_S);
	double t = (double)(k - RATE_HZ * 6 * SIDE_S) / RATE_HZ;
	double z = sin(0.16 * t);

	memset(ret, 0, 3 * sizeof(*ret));
	if (side < 6) {
		ret[side / 2] = side % 2 ? -1 : 1;
		return;
	}
	ret[0] = sqrt(1 - z * z) * cos(2 * t);
	ret[1] = sqrt(1 - z * z) * sin(2 * t);
	ret[2] = z;
}

/* As in hal/scene_rec.c; the machine that runs this is little-endian, as all that the project is built for. */
static void write_recording(void)
{
	FILE *f = fopen(recording, "wb");
	const uint32_t counts[] = {1, 96, RECORDS, 14};
	const double rate_hz = RATE_HZ;
	const char name[64] = "turned about";

	cr_assert(f != NULL);
	fwrite("BROADF32", 1, 8, f);
	fwrite(counts, 4, 4, f);
	fwrite(&rate_hz, 8, 1, f);
	fwrite(name, 1, 64, f);
	for (int k = 0; k < RECORDS; k++) {
		float r[14] = {0};
		double up[3];

		up_at(k, up);
		for (int i = 0; i < 3; i++) {
			double mag = mag_offset_ut[i];

			for (int j = 0; j < 3; j++)
				mag += mag_shape[i][j] * up[j] * FIELD_UT;
			r[i] = (float)(accel_scale[i] * G * up[i] + accel_offset[i]);
			r[6 + i] = (float)mag;
		}
		r[9] = 1;
		fwrite(r, sizeof(float), 14, f);
	}
	cr_assert(eq(int, fclose(f), 0));
}

struct bench {
	struct config *conf;
	struct hardware *hw;
	struct world *world;
	struct senses *senses;
	struct zctx *ctx;
	struct rpc *rpc;
	struct calibrate calibrate;
};

static void bench_open(struct bench *b)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};

	cr_assert(eq(int, json_doc_parse(&doc, robot, strlen(robot), "robot", &errs), 0));
	cr_assert(eq(int, config_from_doc_take(&doc, &errs, &b->conf), 0), "%s",
		  errs.n ? errs.list[0].text : "");
	cr_assert(eq(int,
		     hardware_open(b->conf, HARDWARE_AS_CONFIGURED, recording, &b->hw),
		     0));
	b->world = world_new();
	cr_assert(eq(int, senses_new(b->conf, b->hw, b->world, &errs, &b->senses), 0));
	cr_assert(eq(int, zctx_open(&b->ctx), 0));
	cr_assert(eq(int, rpc_new(b->ctx, "inproc://calibrate", &b->rpc), 0));
	b->calibrate.senses = b->senses;
	cr_assert(eq(int, calibrate_register(&b->calibrate, b->rpc), 0));
	conf_errors_fini(&errs);
}

static void bench_close(struct bench *b)
{
	rpc_free(b->rpc);
	zctx_close(b->ctx);
	senses_free(b->senses);
	world_free(b->world);
	hardware_close(b->hw);
	config_free(b->conf);
}

/* One request; its result, or NULL and why not in @err. */
static cJSON *ask(struct bench *b, const char *params, struct rpc_error *err)
{
	const struct rpc_method *m = NULL;
	cJSON *p = cJSON_Parse(params);
	cJSON *ret = NULL;

	for (size_t i = 0; (m = rpc_method_at(b->rpc, i)) != NULL; i++)
		if (strcmp(m->name, "drivers.calibrate") == 0)
			break;
	cr_assert(m != NULL && p != NULL);
	*err = (struct rpc_error){0};
	if (m->call(m->arg, p, &ret, err) < 0)
		cr_assert(ret == NULL);
	cJSON_Delete(p);
	return ret;
}

static void refused(struct bench *b, const char *params, const char *part)
{
	struct rpc_error err;
	cJSON *ret = ask(b, params, &err);

	cr_expect(ret == NULL, "%s", params);
	cr_expect(strstr(err.message, part) != NULL, "\"%s\" has no \"%s\"", err.message,
		  part);
	cJSON_Delete(ret);
}

/* Until it is done; each time it is told how far it is. */
static cJSON *turn(struct bench *b, const char *params)
{
	double covered = 0;

	for (int i = 0; i < 60; i++) {
		struct rpc_error err;
		cJSON *ret = ask(b, params, &err);
		double coverage;

		cr_assert(ret != NULL, "%s", err.message);
		coverage = cJSON_GetNumberValue(
			cJSON_GetObjectItemCaseSensitive(ret, "coverage"));
		cr_expect(coverage >= covered - 0.3 && coverage <= 1);
		covered = coverage;
		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(ret, "done")))
			return ret;
		cJSON_Delete(ret);
	}
	cr_assert(false, "never done");
	return NULL;
}

static double residual_of(const cJSON *found)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(found, "residual"));
}

static void check_accel(const struct calibration *k)
{
	const struct calibration_chan *c = &k->chan[CHAN_ACCEL];

	for (int i = 0; i < 3; i++) {
		cr_expect(fabs((double)c->offset[i] - accel_offset[i]) < 0.02, "%g",
			  (double)c->offset[i]);
		cr_expect(fabs((double)c->matrix[i][i] * accel_scale[i] - 1) < 0.002);
	}
}

/* The ICM-20948's frame is the robot's: what was made wrong in the body is so in the chip. */
static void check_mag(const struct calibration *k)
{
	const struct calibration_chan *c = &k->chan[CHAN_MAG];

	for (int i = 0; i < 3; i++) {
		cr_expect(fabs((double)c->offset[i] - mag_offset_ut[i] * 1e-6) < 0.5e-6,
			  "%g", (double)c->offset[i]);
		for (int j = 0; j < 3; j++) {
			double x = 0;

			for (int m = 0; m < 3; m++)
				x += (double)c->matrix[i][m] * mag_shape[m][j];
			cr_expect(fabs(x - (i == j)) < 0.02, "[%d][%d] %g", i, j, x);
		}
	}
}

static int find_both(void *arg)
{
	struct bench *b = arg;
	struct calibrations *disk;
	struct calibration k;
	struct nursery n;
	cJSON *found;

	bench_open(b);
	nursery_open(&n);
	senses_go(b->senses, &n);
	hardware_start(b->hw);
	found = turn(b, "{\"role\": \"imu\", \"channel\": \"accel\"}");
	cr_expect(residual_of(found) < 0.005, "%g", residual_of(found));
	cJSON_Delete(found);
	check_accel(sensor_calibration(b->senses->sense[0].sensor));
	found = turn(b, "{\"role\": \"imu\", \"channel\": \"mag\"}");
	cr_expect(residual_of(found) < 0.01, "%g", residual_of(found));
	cJSON_Delete(found);
	check_mag(sensor_calibration(b->senses->sense[0].sensor));
	nursery_cancel(&n, "found");
	(void)!nursery_close(&n, 0);

	/* The next daemon has it; another chip, or one at another place, has not. */
	disk = calibrations_new();
	cr_assert(
		eq(int,
		   calibrations_find(disk, &b->conf->sensors[0].sensor.device, "imu", &k),
		   0));
	check_accel(&k);
	check_mag(&k);
	b->conf->sensors[0].sensor.device.address = 0x69;
	cr_expect(
		eq(int,
		   calibrations_find(disk, &b->conf->sensors[0].sensor.device, "imu", &k),
		   -ENOENT));
	calibrations_free(disk);
	bench_close(b);
	return 0;
}

static void run(int (*body)(void *))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	static struct bench b;

	log_set_level(LOG_LEVEL_ERR);
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, setenv("STATE_DIRECTORY", folder, 1), 0));
	(void)snprintf(file, sizeof(file), "%s/calibration.json", folder);
	(void)snprintf(recording, sizeof(recording), "%s/turned.f32", folder);
	write_recording();
	cr_assert(eq(int, rt_run(&conf, body, &b), 0));
	(void)unlink(recording);
	(void)unlink(file);
	cr_expect(eq(int, rmdir(folder), 0));
}

Test(calibrate, K7_finds_accelerometer_and_magnetometer)
{
	run(find_both);
}

static int refuse(void *arg)
{
	struct bench *b = arg;
	struct rpc_error err;
	struct nursery n;
	cJSON *ret = NULL;

	bench_open(b);
	nursery_open(&n);
	senses_go(b->senses, &n);
	hardware_start(b->hw);
	refused(b, "{\"role\": \"imv\"}", "no sensor \"imv\"");
	refused(b, "{\"role\": \"imu\", \"channel\": \"mak\"}", "gyro, accel, mag");
	refused(b, "{\"role\": \"imu\", \"channel\": \"temperature\"}",
		"gyro, accel, mag");
	refused(b, "{\"role\": \"room\", \"channel\": \"mag\"}",
		"room has no magnetometer");
	refused(b, "{\"role\": \"imu\", \"channel\": \"mag\", \"seconds\": 1}",
		"from 5 to 600");
	/* It lies on one side after the other, which is not all directions. */
	for (int i = 0; i < 4; i++) {
		ret = ask(b, "{\"role\": \"imu\", \"channel\": \"mag\", \"seconds\": 5}",
			  &err);
		cr_assert(ret != NULL, "%s", err.message);
		cr_expect(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(ret, "done")));
		cJSON_Delete(ret);
	}
	refused(b, "{\"role\": \"imu\", \"channel\": \"mag\", \"seconds\": 5}",
		"0 % of all directions after 5 s, which is too little: missing +x -x");
	cr_expect(access(file, F_OK) < 0, "nothing was kept");
	/* Who stops asking begins afresh. */
	ret = ask(b, "{\"role\": \"imu\", \"channel\": \"accel\"}", &err);
	cr_assert(ret != NULL);
	cJSON_Delete(ret);
	(void)!task_sleep(6 * NS_PER_S);
	ret = ask(b, "{\"role\": \"imu\", \"channel\": \"accel\", \"seconds\": 5}", &err);
	cr_assert(ret != NULL);
	cr_expect(cJSON_GetNumberValue(
			  cJSON_GetObjectItemCaseSensitive(ret, "measurements")) <= 1);
	cJSON_Delete(ret);
	nursery_cancel(&n, "refused");
	(void)!nursery_close(&n, 0);
	bench_close(b);
	return 0;
}

Test(calibrate, refuses_with_reasons)
{
	run(refuse);
}
