/* What fusion concludes, as values of the world. */
#include "daemon/app/conclusions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/fusion/altitude.h"
#include "daemon/fusion/attitude.h"
#include "daemon/fusion/motion.h"

enum conclusion {
	QUATERNION,
	ROLL,
	PITCH,
	YAW,
	HEADING_SIGMA,
	LINEAR_ACCEL,
	QUATERNION_6D,
	GYRO_BIAS,
	GYRO_BIAS_SIGMA,
	DISTURBED,
	DEGRADED,
	STILL,
	MOVING,
	PICKED_UP,
	PUT_DOWN,
	TAPPED,
	SHAKEN,
	TILTED,
	UPSIDE_DOWN,
	FREE_FALL,
	FALLEN,
	ATTITUDE_COUNT, /* those above need an attitude */
	HEIGHT = ATTITUDE_COUNT,
	CLIMB,
	CONCLUSION_COUNT,
};

static const struct value_info infos[CONCLUSION_COUNT] = {
	[QUATERNION] = {.name = "attitude.quaternion",
			.type = DATUM_QUAT,
			.help = "Body to earth (east, north, up), w x y z."},
	[ROLL] = {.name = "attitude.roll",
		  .unit = "rad",
		  .type = DATUM_NUMBER,
		  .help = "About x, -pi to pi."},
	[PITCH] = {.name = "attitude.pitch",
		   .unit = "rad",
		   .type = DATUM_NUMBER,
		   .help = "About y, nose down positive."},
	[YAW] = {.name = "attitude.yaw",
		 .unit = "rad",
		 .type = DATUM_NUMBER,
		 .help = "About z; without magnetometer it has no origin and drifts."},
	[HEADING_SIGMA] = {.name = "attitude.heading_sigma",
			   .unit = "rad",
			   .type = DATUM_NUMBER,
			   .help = "How well yaw is known: its standard deviation; "
				   "unset without a magnetometer."},
	[LINEAR_ACCEL] = {.name = "attitude.linear_accel",
			  .unit = "m/s^2",
			  .type = DATUM_VEC3,
			  .help = "Acceleration without gravity, body axes."},
	[QUATERNION_6D] = {.name = "attitude.quaternion_6d",
			   .type = DATUM_QUAT,
			   .help = "The same without the magnetometer: heading drifts."},
	[GYRO_BIAS] = {.name = "attitude.gyro_bias",
		       .unit = "rad/s",
		       .type = DATUM_VEC3,
		       .help = "What the gyroscope shows at rest, body axes."},
	[GYRO_BIAS_SIGMA] = {.name = "attitude.gyro_bias_sigma",
			     .unit = "rad/s",
			     .type = DATUM_NUMBER,
			     .help = "How well that is known: its standard deviation."},
	[DISTURBED] = {.name = "attitude.disturbed",
		       .type = DATUM_BOOL,
		       .help = "The magnetic field is not, or not yet, the earth's."},
	[DEGRADED] = {.name = "attitude.degraded",
		      .type = DATUM_BOOL,
		      .help = "Samples were missing, wrong or clipped just now."},
	[STILL] = {.name = "motion.still",
		   .type = DATUM_BOOL,
		   .help = "The robot does not move."},
	[MOVING] = {.name = "motion.moving",
		    .type = DATUM_BOOL,
		    .help = "The robot moves, with short pauses."},
	[PICKED_UP] = {.name = "motion.picked_up",
		       .type = DATUM_BOOL,
		       .help = "Lifted off its place, until it stands again."},
	[PUT_DOWN] = {.name = "motion.put_down",
		      .type = DATUM_BOOL,
		      .help = "Put down, just now."},
	[TAPPED] = {.name = "motion.tapped",
		    .type = DATUM_NUMBER,
		    .help = "How often it was tapped in a row, just now; 0: not."},
	[SHAKEN] = {.name = "motion.shaken",
		    .type = DATUM_BOOL,
		    .help = "Shaken hard, just now."},
	[TILTED] = {.name = "motion.tilted", .type = DATUM_BOOL, .help = "Leans."},
	[UPSIDE_DOWN] = {.name = "motion.upside_down",
			 .type = DATUM_BOOL,
			 .help = "Leans so far that it is on its head."},
	[FREE_FALL] = {.name = "motion.free_fall",
		       .type = DATUM_BOOL,
		       .help = "It falls, just now."},
	[FALLEN] = {.name = "motion.fallen",
		    .type = DATUM_BOOL,
		    .help = "It fell or toppled, until it stands again."},
	[HEIGHT] = {.name = "altitude.height",
		    .unit = "m",
		    .type = DATUM_NUMBER,
		    .help = "Above the place where it was switched on."},
	[CLIMB] = {.name = "altitude.speed",
		   .unit = "m/s",
		   .type = DATUM_NUMBER,
		   .help = "Upwards."},
};

struct conclusions {
	const struct conf_fusion *conf;
	struct attitude attitude;
	struct motion motion;
	struct altitude *altitude; /* NULL: not configured */
	struct trial *trial;
	uint64_t refused; /* samples that the altitude did not take */
	struct value *values[CONCLUSION_COUNT];
};

static const struct conf_sensor *sensor_of(const struct config *c, const char *role)
{
	for (size_t i = 0; i < c->n_sensors; i++)
		if (strcmp(c->sensors[i].role, role) == 0)
			return &c->sensors[i];
	return NULL;
}

/* How often the sensor @s measures, Hz; 100 when it has no period of its own. NULL is fine. */
static double rate_hz(const struct conf_sensor *s)
{
	const struct device_conf *d = s ? &s->sensor.device : NULL;

	if (!d || !d->chip || !d->chip->period_ns)
		return 100;
	return 1e9 / (double)d->chip->period_ns(d->settings);
}

static double imu_hz(const struct conclusions *k, const struct conf_sensor *imu)
{
	return k->trial ? trial_rate_hz(k->trial) : rate_hz(imu);
}

/* The values from @first to before @end, which @source concludes from the sensor @role. */
static int add_values(struct conclusions *k, const struct config *c, struct world *world,
		      enum conclusion first, enum conclusion end, const char *source,
		      const char *role)
{
	const struct conf_sensor *sensor = sensor_of(c, role);

	for (enum conclusion i = first; i < end; i++) {
		struct value_info info = infos[i];
		int r;

		info.typed = true;
		info.source = source;
		info.stale_after_ns = sensor ? sensor->sensor.stale_after_ns : 0;
		r = world_add(world, &info, &k->values[i]);
		if (r < 0) {
			LOG(ERR, "%s: %s cannot be made: %s", source, info.name,
			    strerror(-r));
			return r;
		}
	}
	return 0;
}

static int add_attitude(struct conclusions *k, const struct config *c,
			struct world *world)
{
	const struct conf_attitude *conf = &c->fusion.attitude;

	if (!conf->imu[0])
		return 0;
	attitude_init(&k->attitude, &conf->vqf, imu_hz(k, sensor_of(c, conf->imu)),
		      rate_hz(sensor_of(c, conf->mag)));
	motion_init(&k->motion, &c->fusion.motion);
	return add_values(k, c, world, 0, ATTITUDE_COUNT, "fusion.attitude", conf->imu);
}

static int add_altitude(struct conclusions *k, const struct config *c,
			struct world *world)
{
	const struct conf_altitude *conf = &c->fusion.altitude;

	if (!conf->pressure[0])
		return 0;
	k->altitude = altitude_new((float)conf->tau_s);
	if (!k->altitude)
		return -ENOMEM;
	return add_values(k, c, world, ATTITUDE_COUNT, CONCLUSION_COUNT,
			  "fusion.altitude", conf->pressure);
}

int conclusions_new(const struct config *c, struct trial *trial, struct world *world,
		    struct conclusions **ret)
{
	struct conclusions *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->conf = &c->fusion;
	k->trial = trial;
	r = add_attitude(k, c, world);
	if (r == 0)
		r = add_altitude(k, c, world);
	if (r < 0) {
		conclusions_free(k);
		return r;
	}
	*ret = k;
	return 0;
}

void conclusions_free(struct conclusions *k)
{
	if (k)
		altitude_free(k->altitude);
	free(k);
}

bool conclusions_want(const struct conclusions *k, const char *role)
{
	const struct conf_attitude *attitude = &k->conf->attitude;

	if (attitude->imu[0] &&
	    (strcmp(role, attitude->imu) == 0 || strcmp(role, attitude->mag) == 0))
		return true;
	return k->altitude && strcmp(role, k->conf->altitude.pressure) == 0;
}

/* How old the values from @first to before @end may grow follows the sensor that they come from. */
static void set_stale_after(struct conclusions *k, enum conclusion first,
			    enum conclusion end, int64_t ns)
{
	for (enum conclusion i = first; i < end; i++)
		value_set_stale_after(k->values[i], ns);
}

void conclusions_sensor_changed(struct conclusions *k, const struct conf_sensor *s,
				bool another)
{
	const struct conf_attitude *attitude = &k->conf->attitude;
	int64_t stale_ns = s->sensor.stale_after_ns;

	if (attitude->imu[0] && strcmp(s->role, attitude->imu) == 0) {
		attitude_imu_changed(&k->attitude, imu_hz(k, s), another);
		motion_restart(&k->motion);
		set_stale_after(k, 0, ATTITUDE_COUNT, stale_ns);
	}
	if (attitude->imu[0] && strcmp(s->role, attitude->mag) == 0)
		attitude_mag_changed(&k->attitude, rate_hz(s), another);
	if (k->altitude && strcmp(s->role, k->conf->altitude.pressure) == 0) {
		if (another)
			altitude_baro_changed(k->altitude);
		set_stale_after(k, ATTITUDE_COUNT, CONCLUSION_COUNT, stale_ns);
	}
}

void conclusions_retune(struct conclusions *k)
{
	if (k->conf->attitude.imu[0])
		attitude_retune(&k->attitude, &k->conf->attitude.vqf);
	if (k->altitude)
		altitude_retune(k->altitude, (float)k->conf->altitude.tau_s);
}

void conclusions_feed(struct conclusions *k, const struct sample *s)
{
	if (k->conf->attitude.imu[0]) {
		if (attitude_feed(&k->attitude, s) == 0)
			motion_sample(&k->motion, s);
	}
	if (k->altitude && altitude_feed(k->altitude, s) < 0)
		k->refused++;
}

static void set(struct conclusions *k, enum conclusion which, struct datum d,
		int64_t t_ns)
{
	value_set_at(k->values[which], &d, t_ns);
}

static struct datum quat_of(const float q[4])
{
	return datum_quat((double)q[0], (double)q[1], (double)q[2], (double)q[3]);
}

static struct datum vec3_of(const float v[3])
{
	return datum_vec3((double)v[0], (double)v[1], (double)v[2]);
}

static void set_attitude(struct conclusions *k, const struct estimate_attitude *a)
{
	/* Also while it is silent: then the heading is known less and less. */
	bool mag = k->conf->attitude.mag[0] != '\0';

	set(k, QUATERNION, quat_of(a->quat_9d), a->t_ns);
	set(k, QUATERNION_6D, quat_of(a->quat_6d), a->t_ns);
	set(k, ROLL, datum_number((double)a->roll_rad), a->t_ns);
	set(k, PITCH, datum_number((double)a->pitch_rad), a->t_ns);
	set(k, YAW, datum_number((double)a->yaw_rad), a->t_ns);
	if (mag)
		set(k, HEADING_SIGMA, datum_number((double)a->heading_sigma), a->t_ns);
	set(k, LINEAR_ACCEL, vec3_of(a->linear_accel), a->t_ns);
	set(k, GYRO_BIAS, vec3_of(a->gyro_bias), a->t_ns);
	set(k, GYRO_BIAS_SIGMA, datum_number((double)a->gyro_bias_sigma), a->t_ns);
	set(k, DISTURBED, datum_bool(mag && a->disturbed), a->t_ns);
	set(k, DEGRADED, datum_bool(a->degraded), a->t_ns);
}

static void set_motion(struct conclusions *k, const struct estimate_motion *m)
{
	set(k, STILL, datum_bool(m->still), m->t_ns);
	set(k, MOVING, datum_bool(m->moving), m->t_ns);
	set(k, PICKED_UP, datum_bool(m->picked_up), m->t_ns);
	set(k, PUT_DOWN, datum_bool(m->put_down), m->t_ns);
	set(k, TAPPED, datum_number(m->taps), m->t_ns);
	set(k, SHAKEN, datum_bool(m->shaken), m->t_ns);
	set(k, TILTED, datum_bool(m->tilted), m->t_ns);
	set(k, UPSIDE_DOWN, datum_bool(m->upside_down), m->t_ns);
	set(k, FREE_FALL, datum_bool(m->free_fall), m->t_ns);
	set(k, FALLEN, datum_bool(m->fallen), m->t_ns);
}

static void draw_attitude(struct conclusions *k)
{
	struct estimate_attitude a;
	struct estimate_motion m;

	if (attitude_estimate(&k->attitude, &a) < 0)
		return;
	if (k->trial)
		trial_score(k->trial, &a);
	m = motion_update(&k->motion, &a);
	set_attitude(k, &a);
	set_motion(k, &m);
	if (k->altitude && k->conf->altitude.imu[0])
		altitude_accel(k->altitude, a.t_ns, a.up_accel, a.at_rest);
}

static void draw_altitude(struct conclusions *k)
{
	float height_m = altitude_m(k->altitude);
	int64_t t_ns = altitude_time_ns(k->altitude);

	/* Left alone they turn stale. */
	if (isnan(height_m))
		return;
	set(k, HEIGHT, datum_number((double)height_m), t_ns);
	set(k, CLIMB, datum_number((double)altitude_speed_m_s(k->altitude)), t_ns);
}

void conclusions_draw(struct conclusions *k)
{
	if (k->conf->attitude.imu[0])
		draw_attitude(k);
	if (k->altitude)
		draw_altitude(k);
}
