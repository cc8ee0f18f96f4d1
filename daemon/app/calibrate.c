/* Calibrating a gyroscope at rest, an accelerometer on its sides, a magnetometer by turning it. */
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

/* Of what is turned about: one request; how long one may wait for the next; and in all, unless it is said. */
#define LISTEN_NS NS_PER_S
#define PAUSE_NS (5 * NS_PER_S)
#define TURN_S 120
#define TURN_S_MIN 5
#define TURN_S_MAX 600

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
		if (out[i].chan == CHAN_GYRO &&
		    isfinite(out[i].v[0] + out[i].v[1] + out[i].v[2]))
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

/* A request: whose, what. */
struct wish {
	const char *role;
	struct sense *sense;
	enum chan chan;
	double most_s;
};

/* As they are named to people. */
static const struct organ {
	enum chan chan;
	const char *name;
} organs[] = {
	{CHAN_GYRO, "gyroscope"},
	{CHAN_ACCEL, "accelerometer"},
	{CHAN_MAG, "magnetometer"},
};

static const struct organ *organ_of(enum chan chan)
{
	for (size_t i = 0; i < ARRAY_LEN(organs); i++)
		if (organs[i].chan == chan)
			return &organs[i];
	return NULL;
}

/* What was found, for whoever asked. */
static cJSON *make_answer(const struct wish *w, bool done, unsigned measurements)
{
	cJSON *ret = cJSON_CreateObject();

	cJSON_AddStringToObject(ret, "role", w->role);
	cJSON_AddStringToObject(ret, "channel", chan_info[w->chan].name);
	cJSON_AddBoolToObject(ret, "done", done);
	cJSON_AddNumberToObject(ret, "measurements", measurements);
	return ret;
}

/* Keep it, use it. *@ret_path, borrowed, is the file. Suspends. */
static int keep(const struct wish *w, const struct calibration_chan *found,
		bool with_matrix, unsigned measurements, const char **ret_path,
		struct rpc_error *err)
{
	/* A copy: the configuration may change while the file is written. */
	const struct device_conf d = w->sense->conf->sensor.device;
	unsigned turn = w->sense->turn;
	int r = calibrations_keep(w->sense->senses->calibrations, &d, w->chan, found,
				  with_matrix, ret_path);

	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return rpc_fail(err, RPC_REFUSED, "", "%s: not written: %s", *ret_path,
				r == -EBADMSG ? "what is there is no such file"
					      : strerror(-r));
	/* Meanwhile another chip may have taken the role, which it is not for. */
	if (w->sense->turn == turn)
		sense_recalibrate(w->sense);
	LOG(NOTICE, "%s: %s calibrated from %u measurements", w->role,
	    organ_of(w->chan)->name, measurements);
	return 0;
}

/* Let @tap see what comes from the chip, which nobody taps, for @ns. Suspends. */
static int listen(const struct wish *w, const struct sensor_tap *tap, int64_t ns,
		  struct rpc_error *err)
{
	struct sense *sense = w->sense;
	struct sensor *sensor = sense->sensor;
	unsigned turn = sense->turn;
	int r;

	sensor_set_tap(sensor, tap);
	r = task_sleep(ns);
	if (sense->turn != turn) /* freed, or the tap taken away */
		return r < 0 ? r
			     : rpc_fail(err, RPC_REFUSED, "", "%s was swapped meanwhile",
					w->role);
	sensor_set_tap(sensor, NULL);
	return r;
}

static int calibrate_gyro(const struct wish *w, cJSON **ret, struct rpc_error *err)
{
	struct spread found = {0};
	const struct sensor_tap tap = {.raw = on_raw, .arg = &found};
	struct calibration_chan k = {0};
	const char *path = NULL;
	int r = listen(w, &tap, MEASURE_NS, err);

	if (r == 0)
		r = judge(&found, w->role, err);
	for (int i = 0; i < AXES; i++)
		k.offset[i] = (float)found.mean[i];
	if (r == 0)
		r = keep(w, &k, false, found.n, &path, err);
	if (r < 0)
		return r;
	*ret = make_answer(w, true, found.n);
	cJSON_AddItemToObject(*ret, "gyro_offset",
			      cJSON_CreateFloatArray(k.offset, AXES));
	cJSON_AddStringToObject(*ret, "file", path);
	return 0;
}

static void on_turned(void *arg, const struct sensor_raw *what)
{
	struct sample out[DRIVER_SAMPLES];
	int n = what->conf->chip->decode(what->conf->settings, what->trim, what->raw,
					 what->len, what->t_ns, out);

	for (int i = 0; i < n; i++)
		calibrating_feed(arg, &out[i]);
}

/* It covers all directions: is it believable? Suspends. */
static int finish(struct calibrate *c, const struct wish *w,
		  const struct calibrating_state *now, cJSON **ret, struct rpc_error *err)
{
	const char *doubt = calibrating_doubt(w->chan, &now->best);
	unsigned n = c->found.n;
	struct calibration_chan k;
	cJSON *matrix;
	const char *path = NULL;
	int r;

	c->sense = NULL;
	if (doubt)
		return rpc_fail(err, RPC_REFUSED, "",
				"%s: %s (residual %.1f %%); nothing was kept", w->role,
				doubt, now->best.residual * 100);
	for (int i = 0; i < AXES; i++) {
		k.offset[i] = (float)now->best.offset[i];
		for (int j = 0; j < AXES; j++)
			k.matrix[i][j] = (float)now->best.matrix[i][j];
	}
	r = keep(w, &k, true, n, &path, err);
	if (r < 0)
		return r;
	*ret = make_answer(w, true, n);
	cJSON_AddNumberToObject(*ret, "coverage", now->coverage);
	cJSON_AddNumberToObject(*ret, "residual", now->best.residual);
	cJSON_AddItemToObject(*ret, "offset", cJSON_CreateFloatArray(k.offset, AXES));
	matrix = cJSON_AddArrayToObject(*ret, "matrix");
	for (int i = 0; i < AXES; i++)
		cJSON_AddItemToArray(matrix, cJSON_CreateFloatArray(k.matrix[i], AXES));
	cJSON_AddStringToObject(*ret, "file", path);
	return 0;
}

/* A second more of turning it about. Suspends. */
static int calibrate_by_turning(struct calibrate *c, const struct wish *w, cJSON **ret,
				struct rpc_error *err)
{
	const struct sensor_tap tap = {.raw = on_turned, .arg = &c->found};
	char sides[CALIBRATING_SIDES_MAX];
	struct calibrating_state now;
	int r;

	if (c->sense && (c->sense != w->sense || c->found.chan != w->chan) &&
	    rt_now() - c->asked_ns < PAUSE_NS)
		return rpc_fail(err, RPC_BUSY, "", "%s is being calibrated",
				c->sense->conf->role);
	if (c->sense != w->sense || c->turn != w->sense->turn ||
	    c->found.chan != w->chan || rt_now() - c->asked_ns >= PAUSE_NS) {
		calibrating_init(&c->found, w->chan);
		c->sense = w->sense;
		c->turn = w->sense->turn;
		c->began_ns = rt_now();
	}
	c->asked_ns = rt_now();
	r = listen(w, &tap, LISTEN_NS, err);
	c->asked_ns = rt_now();
	if (r < 0)
		return r;
	if (calibrating_look(&c->found, &now))
		return finish(c, w, &now, ret, err);
	calibrating_sides(now.missing, sides);
	if ((double)(rt_now() - c->began_ns) >= w->most_s * NS_PER_S) {
		c->sense = NULL;
		rpc_fail(err, RPC_REFUSED, "",
			 "%s: %.0f %% of all directions after %.0f s, which is too "
			 "little: missing %s of the chip; nothing was kept",
			 w->role, now.coverage * 100, w->most_s, sides);
		rpc_hint(err,
			 w->chan == CHAN_ACCEL
				 ? "put it on each of its six sides, for a second each"
				 : "turn it slowly so that each side has been up, "
				   "down and around");
		return -EINVAL;
	}
	*ret = make_answer(w, false, c->found.n);
	cJSON_AddNumberToObject(*ret, "coverage", now.coverage);
	cJSON_AddStringToObject(*ret, "missing", sides);
	return 0;
}

static int no_channel(const char *name, struct rpc_error *err)
{
	const char *names[ARRAY_LEN(organs)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(organs); i++)
		names[i] = chan_info[organs[i].chan].name;
	near = nearest_name(name, names, ARRAY_LEN(names));
	rpc_fail(err, RPC_INVALID_PARAMS, "params.channel",
		 "\"%.40s\" is not measured; gyro, accel, mag", name);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return -EINVAL;
}

static int read_wish(struct senses *s, const cJSON *params, struct wish *ret,
		     struct rpc_error *err)
{
	const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(params, "seconds");
	const char *role =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "role"));
	const char *name =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "channel"));
	int chan = name ? chan_by_name(name) : CHAN_GYRO;
	const struct organ *organ = chan < 0 ? NULL : organ_of((enum chan)chan);

	ret->role = role;
	ret->sense = role ? find(s, role) : NULL;
	ret->most_s = seconds ? cJSON_GetNumberValue(seconds) : TURN_S;
	if (!ret->sense)
		return no_role(s, role ? role : "", err);
	if (!organ)
		return no_channel(name, err);
	ret->chan = organ->chan;
	if (!(sensor_chans(ret->sense->sensor) & CHAN_BIT(chan)))
		return rpc_fail(err, RPC_REFUSED, "params.role",
				"%s has no %s; the calibration of what is no gyroscope, "
				"accelerometer or magnetometer is written by hand",
				role, organ->name);
	if (!(ret->most_s >= TURN_S_MIN && ret->most_s <= TURN_S_MAX))
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.seconds",
				"not a number of seconds from %d to %d", TURN_S_MIN,
				TURN_S_MAX);
	if (sensor_tapped(ret->sense->sensor))
		return rpc_fail(err, RPC_BUSY, "", "%s is being recorded or calibrated",
				role);
	return 0;
}

static int calibrate(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	struct calibrate *c = arg;
	struct wish w = {0};
	int r = read_wish(c->senses, params, &w, err);

	if (r < 0 || !w.sense)
		return r;
	return w.chan == CHAN_GYRO ? calibrate_gyro(&w, ret, err)
				   : calibrate_by_turning(c, &w, ret, err);
}

int calibrate_register(struct calibrate *c, struct rpc *rpc)
{
	static const struct rpc_method table[] = {
		{"drivers.calibrate",
		 "Find and keep the offset of a gyroscope, the robot standing still; or, "
		 "asked again until it is done, what is wrong with an accelerometer or "
		 "magnetometer that is turned about.",
		 true, calibrate, NULL},
	};

	return rpc_register_all(rpc, table, ARRAY_LEN(table), c);
}
