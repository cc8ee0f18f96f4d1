/* Calibrating a gyroscope at rest. */
#include "daemon/app/calibrate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/app/calibrations.h"
#include "daemon/app/senses_internal.h"
#include "daemon/base/log.h"
#include "daemon/base/nearest.h"
#include "daemon/rt/rt.h"

#define MEASURE_NS (3 * NS_PER_S)
#define SAMPLES_MIN 50

#define DEG_RAD 0.017453292519943295
/* Noise of such chips is below 0.3 deg/s at any bandwidth: beyond this the robot moves. */
#define STILL_RAD_S (1 * DEG_RAD)
/* Nor is any chip so far off at rest (MPU-6050: 20 deg/s; PS-MPU-6000A, table 6.1). */
#define BIAS_MAX_RAD_S (40 * DEG_RAD)

#define AXES 3

/* Welford: "Note on a method for calculating corrected sums of squares and products", Technometrics 4, 1962. */
struct spread {
	unsigned n;
	double mean[AXES], squares[AXES];
};

static void add(struct spread *s, const float *v)
{
	s->n++;
	for (int i = 0; i < AXES; i++) {
		double off = (double)v[i] - s->mean[i];

		s->mean[i] += off / s->n;
		s->squares[i] += off * ((double)v[i] - s->mean[i]);
	}
}

static double deviation(const struct spread *s, int axis)
{
	return s->n > 1 ? sqrt(s->squares[axis] / (s->n - 1)) : 0;
}

/* In the chip's axes, as no calibration or mounting has touched it. */
static void on_raw(void *arg, const struct sensor_raw *what)
{
	struct sample out[DRIVER_SAMPLES];
	int n = what->conf->chip->decode(what->conf->settings, what->trim, what->raw,
					 what->len, what->t_ns, out);

	for (int i = 0; i < n; i++)
		if (out[i].chan == CHAN_GYRO)
			add(arg, out[i].v);
}

static int no_role(const struct senses *s, const char *role, struct rpc_error *err)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (; n < s->n && n < ARRAY_LEN(names); n++)
		names[n] = s->sense[n].conf->role;
	near = nearest_name(role, names, n);
	rpc_fail(err, RPC_INVALID_PARAMS, "params.role", "no sensor \"%.40s\"", role);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return -EINVAL;
}

static struct sense *find(struct senses *s, const char *role)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->sense[i].conf->role, role) == 0)
			return &s->sense[i];
	return NULL;
}

/* Was the robot still, and the sensor there? */
static int judge(const struct spread *s, const char *role, struct rpc_error *err)
{
	if (s->n < SAMPLES_MIN)
		return rpc_fail(err, RPC_REFUSED, "", "%s: only %u measurements in 3 s",
				role, s->n);
	for (int i = 0; i < AXES; i++) {
		if (deviation(s, i) > STILL_RAD_S)
			return rpc_fail(err, RPC_REFUSED, "",
					"%s: the robot moved (%c: %.2f deg/s around the "
					"mean); it must stand still for 3 s",
					role, 'x' + i, deviation(s, i) / DEG_RAD);
		if (fabs(s->mean[i]) > BIAS_MAX_RAD_S)
			return rpc_fail(err, RPC_REFUSED, "",
					"%s: %c turns at %.1f deg/s, which is no offset",
					role, 'x' + i, s->mean[i] / DEG_RAD);
	}
	return 0;
}

/* Keep it, use it. Suspends. */
static int keep(struct sense *sense, const struct spread *found, cJSON **ret,
		struct rpc_error *err)
{
	/* A copy: the configuration may change while the file is written. */
	const struct device_conf d = sense->conf->sensor.device;
	const float offset[AXES] = {(float)found->mean[0], (float)found->mean[1],
				    (float)found->mean[2]};
	unsigned turn = sense->turn;
	const char *path;
	int r = calibrations_keep_offset(sense->senses->calibrations, &d, CHAN_GYRO,
					 offset, &path);

	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return rpc_fail(err, RPC_REFUSED, "", "%s: not written: %s", path,
				r == -EBADMSG ? "what is there is no such file"
					      : strerror(-r));
	/* Meanwhile another chip may have taken the role, which it is not for. */
	if (sense->turn == turn)
		sense_recalibrate(sense);
	LOG(NOTICE, "%s: gyroscope calibrated from %u measurements", sense->conf->role,
	    found->n);
	*ret = cJSON_CreateObject();
	cJSON_AddStringToObject(*ret, "role", sense->conf->role);
	cJSON_AddItemToObject(*ret, "gyro_offset", cJSON_CreateFloatArray(offset, AXES));
	cJSON_AddNumberToObject(*ret, "measurements", found->n);
	cJSON_AddStringToObject(*ret, "file", path);
	return 0;
}

static int calibrate(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct sensor_tap tap = {.raw = on_raw, .arg = &(struct spread){0}};
	struct spread *found = tap.arg;
	const char *role =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "role"));
	struct sense *sense = role ? find(arg, role) : NULL;
	struct sensor *sensor;
	unsigned turn;
	int r;

	if (!sense)
		return no_role(arg, role ? role : "", err);
	sensor = sense->sensor;
	if (!(sensor_chans(sensor) & CHAN_BIT(CHAN_GYRO)))
		return rpc_fail(err, RPC_REFUSED, "params.role",
				"%s has no gyroscope; its calibration is written by hand",
				role);
	if (sensor_tapped(sensor))
		return rpc_fail(err, RPC_BUSY, "", "%s is being recorded or calibrated",
				role);
	turn = sense->turn;
	sensor_set_tap(sensor, &tap);
	r = task_sleep(MEASURE_NS);
	if (sense->turn != turn) /* freed, or the tap taken away */
		return r < 0 ? r
			     : rpc_fail(err, RPC_REFUSED, "", "%s was swapped meanwhile",
					role);
	sensor_set_tap(sensor, NULL);
	if (r == 0)
		r = judge(found, role, err);
	return r < 0 ? r : keep(sense, found, ret, err);
}

int calibrate_register(struct senses *s, struct rpc *rpc)
{
	static const struct rpc_method table[] = {
		{"drivers.calibrate",
		 "Find and keep the offset of a gyroscope, the robot standing still.",
		 true, calibrate, NULL},
	};

	return rpc_register_all(rpc, table, ARRAY_LEN(table), s);
}
