/* What fusion concludes, as values of the world. */
#include "daemon/app/conclusions.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/conclusions_values.h"
#include "daemon/app/verdicts.h"
#include "daemon/base/log.h"
#include "daemon/fusion/altitude.h"
#include "daemon/fusion/baros.h"
#include "daemon/fusion/imus.h"
#include "daemon/fusion/motion.h"
#include "drivers/core/noise.h"

/* A value must not be stale while another source takes over. */
#define SPARE_STALE_NS (500 * NS_PER_MS)

struct conclusions {
	const struct conf_fusion *conf;
	struct imus imus;
	struct motion motion;
	struct altitude *altitude; /* NULL: not configured */
	struct trial *trial;
	uint64_t refused; /* samples that the altitude did not take */
	bool attitude_degraded;
	/* Of several sources, NULL: there is but one of each kind. */
	struct verdicts *attitude_sources, *altitude_sources;
	uint32_t down_imus, down_mags, down_baros; /* those that do not run, bit by bit */
	/* How old what each of them shows may grow, ns; 0: as old as it likes. */
	int64_t stale_imus[IMUS_MAX], stale_baros[BAROS_MAX];
	bool frozen_imu, frozen_mag, frozen_baro; /* without verdicts: it was told */
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
	int64_t ns =
		d && d->chip && d->chip->period_ns ? d->chip->period_ns(d->settings) : 0;

	return ns > 0 ? 1e9 / (double)ns : 100;
}

/* How long @chan of @s may repeat itself, s; 0: not known. */
static double repeat_s(const struct conf_sensor *s, enum chan chan)
{
	double frozen_s = s ? noise_frozen_s(&s->sensor, chan) : (double)NAN;

	return isnan(frozen_s) ? 0 : frozen_s;
}

static struct imu_nominal nominal_of(const struct conclusions *k,
				     const struct conf_sensor *s, bool imu)
{
	return (struct imu_nominal){
		.hz = imu && k->trial ? trial_rate_hz(k->trial) : rate_hz(s),
		.repeats = {repeat_s(s, CHAN_GYRO), repeat_s(s, CHAN_ACCEL),
			    repeat_s(s, CHAN_MAG)},
	};
}

/* There is a barometer @which, as @s says. */
static void expect_baro(struct conclusions *k, unsigned which,
			const struct conf_sensor *s, bool another)
{
	double frozen_s = repeat_s(s, CHAN_PRESSURE);

	/* Of one that is not known nothing can be said: it may be coarse. */
	altitude_baro(k->altitude, which, rate_hz(s),
		      frozen_s > 0 ? frozen_s : (double)INFINITY, another);
}

static int64_t own_stale_ns(const struct conf_sensor *s)
{
	return s ? s->sensor.stale_after_ns : 0;
}

/* How old what is made of @n sensors may grow: as what the slowest shows, as it may be the only one that is left. */
static int64_t stale_after_ns(const int64_t *each, unsigned n)
{
	int64_t ns = n > 1 ? SPARE_STALE_NS : 0;

	for (unsigned i = 0; i < n; i++) {
		if (each[i] == 0)
			return 0;
		if (each[i] > ns)
			ns = each[i];
	}
	return ns;
}

/* The values from @first to before @end, which @source concludes and which turn stale after @stale_ns. */
static int add_values(struct conclusions *k, struct world *world, enum conclusion first,
		      enum conclusion end, const char *source, int64_t stale_ns)
{
	for (enum conclusion i = first; i < end; i++) {
		struct value_info info = conclusion_infos[i];
		int r;

		info.typed = true;
		info.source = source;
		info.stale_after_ns = stale_ns;
		r = world_add(world, &info, &k->values[i]);
		if (r < 0) {
			LOG(ERR, "%s: %s cannot be made: %s", source, info.name,
			    strerror(-r));
			return r;
		}
	}
	return 0;
}

/* The sources of the attitude by name: a magnetometer is ROLE.mag, as one role may be both. */
static int add_attitude_sources(struct conclusions *k, struct world *world)
{
	const struct conf_attitude *conf = &k->conf->attitude;
	char mags[IMUS_MAX][NAME_MAX_LEN + sizeof(".mag")];
	const char *names[2 * IMUS_MAX];
	unsigned n = 0;

	if (conf->imu.n < 2 && conf->mag.n < 2)
		return 0;
	for (unsigned i = 0; i < conf->imu.n; i++)
		names[n++] = conf->imu.role[i];
	for (unsigned i = 0; i < conf->mag.n; i++) {
		snprintf(mags[i], sizeof(mags[i]), "%s.mag", conf->mag.role[i]);
		names[n++] = mags[i];
	}
	return verdicts_new(NULL, world, "attitude", "fusion.attitude", names, n,
			    &k->attitude_sources);
}

static int add_attitude(struct conclusions *k, const struct config *c,
			struct world *world)
{
	const struct conf_attitude *conf = &c->fusion.attitude;
	struct imu_nominal imus[IMUS_MAX];
	struct imu_nominal mags[IMUS_MAX];
	int r;

	if (conf->imu.n == 0)
		return 0;
	for (unsigned i = 0; i < conf->imu.n; i++) {
		const struct conf_sensor *s = sensor_of(c, conf->imu.role[i]);

		imus[i] = nominal_of(k, s, true);
		k->stale_imus[i] = own_stale_ns(s);
	}
	for (unsigned i = 0; i < conf->mag.n; i++)
		mags[i] = nominal_of(k, sensor_of(c, conf->mag.role[i]), false);
	imus_init(&k->imus, &conf->vqf, conf->imu.n, imus, conf->mag.n, mags);
	motion_init(&k->motion, &c->fusion.motion);
	r = add_values(k, world, 0, ATTITUDE_COUNT, "fusion.attitude",
		       stale_after_ns(k->stale_imus, conf->imu.n));
	return r < 0 ? r : add_attitude_sources(k, world);
}

static int add_altitude(struct conclusions *k, const struct config *c,
			struct world *world)
{
	const struct conf_altitude *conf = &c->fusion.altitude;
	const char *names[BAROS_MAX];
	int r;

	if (conf->pressure.n == 0)
		return 0;
	k->altitude = altitude_new((float)conf->tau_s);
	if (!k->altitude)
		return -ENOMEM;
	altitude_retune(k->altitude, (float)conf->tau_s, (float)conf->tolerance_m);
	for (unsigned i = 0; i < conf->pressure.n; i++) {
		const struct conf_sensor *s = sensor_of(c, conf->pressure.role[i]);

		names[i] = conf->pressure.role[i];
		expect_baro(k, i, s, false);
		k->stale_baros[i] = own_stale_ns(s);
	}
	r = add_values(k, world, ATTITUDE_COUNT, CONCLUSION_COUNT, "fusion.altitude",
		       stale_after_ns(k->stale_baros, conf->pressure.n));
	if (r < 0 || conf->pressure.n < 2)
		return r;
	return verdicts_new(NULL, world, "altitude", "fusion.altitude", names,
			    conf->pressure.n, &k->altitude_sources);
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
	if (!k)
		return;
	altitude_free(k->altitude);
	verdicts_free(k->attitude_sources);
	verdicts_free(k->altitude_sources);
	free(k);
}

static int index_of(const struct conf_roles *roles, const char *role)
{
	for (unsigned i = 0; i < roles->n; i++)
		if (strcmp(roles->role[i], role) == 0)
			return (int)i;
	return -1;
}

struct conclusions_feeds conclusions_feeds(const struct conclusions *k, const char *role)
{
	const struct conf_attitude *attitude = &k->conf->attitude;

	return (struct conclusions_feeds){
		.imu = index_of(&attitude->imu, role),
		.mag = attitude->imu.n > 0 ? index_of(&attitude->mag, role) : -1,
		.baro = index_of(&k->conf->altitude.pressure, role),
	};
}

bool conclusions_want(const struct conclusions_feeds *f)
{
	return f->imu >= 0 || f->mag >= 0 || f->baro >= 0;
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
	const struct conclusions_feeds f = conclusions_feeds(k, s->role);
	struct imu_nominal nominal;

	if (f.imu >= 0) {
		nominal = nominal_of(k, s, true);
		imus_imu_changed(&k->imus, (unsigned)f.imu, &nominal, another);
		if ((unsigned)f.imu == k->imus.used)
			motion_restart(&k->motion);
		k->stale_imus[f.imu] = own_stale_ns(s);
		set_stale_after(k, 0, ATTITUDE_COUNT,
				stale_after_ns(k->stale_imus, k->conf->attitude.imu.n));
	}
	if (f.mag >= 0) {
		nominal = nominal_of(k, s, false);
		imus_mag_changed(&k->imus, (unsigned)f.mag, &nominal, another);
	}
	if (f.baro >= 0) {
		expect_baro(k, (unsigned)f.baro, s, another);
		k->stale_baros[f.baro] = own_stale_ns(s);
		set_stale_after(
			k, ATTITUDE_COUNT, CONCLUSION_COUNT,
			stale_after_ns(k->stale_baros, k->conf->altitude.pressure.n));
	}
}

void conclusions_retune(struct conclusions *k)
{
	const struct conf_altitude *altitude = &k->conf->altitude;

	if (k->conf->attitude.imu.n > 0)
		imus_retune(&k->imus, &k->conf->attitude.vqf);
	if (k->altitude)
		altitude_retune(k->altitude, (float)altitude->tau_s,
				(float)altitude->tolerance_m);
}

/* @n notes with those of @down silent. Does anybody know anything? */
static bool with_down(struct vote_note *notes, unsigned n, uint32_t down)
{
	bool known = false;

	for (unsigned i = 0; i < n; i++) {
		if (down & UINT32_C(1) << i)
			notes[i].verdict = VOTE_SILENT;
		known = known || notes[i].verdict == VOTE_USED;
	}
	return known;
}

static void tell_lone_attitude(struct conclusions *k)
{
	const struct conf_attitude *conf = &k->conf->attitude;
	const struct attitude *a = &k->imus.imu[0].attitude;

	verdict_lone("attitude", conf->imu.role[0], attitude_frozen(a), &k->frozen_imu);
	if (conf->mag.n > 0)
		verdict_lone("attitude", conf->mag.role[0], attitude_mag_frozen(a),
			     &k->frozen_mag);
}

static void tell_attitude(struct conclusions *k)
{
	const struct imus *s = &k->imus;
	struct vote_note notes[2 * IMUS_MAX];
	bool known;

	if (!k->attitude_sources) {
		tell_lone_attitude(k);
		return;
	}
	if (!s->chosen)
		return;
	memcpy(notes, s->verdict, s->n * sizeof(*notes));
	memcpy(notes + s->n, s->mag_verdict, s->n_mags * sizeof(*notes));
	known = with_down(notes, s->n, k->down_imus);
	(void)with_down(notes + s->n, s->n_mags, k->down_mags);
	verdicts_tell(k->attitude_sources, notes, known, !s->contradicted);
}

static void tell_altitude(struct conclusions *k)
{
	const struct vote_result *r = altitude_sources(k->altitude);
	struct vote_note notes[VOTE_MAX];
	unsigned n = k->conf->altitude.pressure.n;
	bool known;

	if (!k->altitude_sources) {
		verdict_lone("altitude", k->conf->altitude.pressure.role[0],
			     r->verdict[0] == VOTE_FROZEN, &k->frozen_baro);
		return;
	}
	vote_notes(r, n, "m", notes);
	known = with_down(notes, n, k->down_baros);
	verdicts_tell(k->altitude_sources, notes, known, r->majority);
}

static void set_down(uint32_t *mask, int which, bool down)
{
	uint32_t bit = which >= 0 ? UINT32_C(1) << which : 0;

	*mask = down ? *mask | bit : *mask & ~bit;
}

void conclusions_health(struct conclusions *k, const struct conclusions_feeds *f,
			bool runs)
{
	set_down(&k->down_imus, f->imu, !runs);
	set_down(&k->down_mags, f->mag, !runs);
	set_down(&k->down_baros, f->baro, !runs);
	/* Who comes is told with its first samples; of the last one that goes nobody else tells. */
	if (runs)
		return;
	tell_attitude(k);
	if (f->baro >= 0)
		tell_altitude(k);
}

void conclusions_feed(struct conclusions *k, const struct conclusions_feeds *f,
		      const struct sample *s)
{
	if (f->imu >= 0 && imus_feed(&k->imus, (unsigned)f->imu, s) == 0 &&
	    (unsigned)f->imu == k->imus.used)
		motion_sample(&k->motion, s);
	if (f->mag >= 0)
		(void)!imus_feed_mag(&k->imus, (unsigned)f->mag, s);
	if (f->baro >= 0 && altitude_feed(k->altitude, (unsigned)f->baro, s) < 0)
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
	bool mag = k->conf->attitude.mag.n > 0;

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

	if (imus_estimate(&k->imus, &a) < 0)
		return;
	if (k->trial)
		trial_score(k->trial, &a);
	m = motion_update(&k->motion, &a);
	set_attitude(k, &a);
	set_motion(k, &m);
	k->attitude_degraded = a.degraded;
	/* Where up is may be wrong then, and with it what is up and down: the barometer stands alone. */
	if (k->altitude && k->conf->altitude.imu[0] && !a.degraded)
		altitude_accel(k->altitude, a.t_ns, a.up_accel, a.at_rest);
}

static void draw_altitude(struct conclusions *k)
{
	float height_m = altitude_m(k->altitude);
	int64_t t_ns = altitude_time_ns(k->altitude);
	bool degraded = altitude_degraded(k->altitude);

	if (k->conf->altitude.imu[0])
		degraded = degraded || k->attitude_degraded;
	set(k, HEIGHT_DEGRADED, datum_bool(degraded), altitude_newest_ns(k->altitude));
	/* Left alone they turn stale. */
	if (isnan(height_m))
		return;
	set(k, HEIGHT, datum_number((double)height_m), t_ns);
	set(k, CLIMB, datum_number((double)altitude_speed_m_s(k->altitude)), t_ns);
}

void conclusions_draw(struct conclusions *k, const struct conclusions_feeds *f)
{
	/* One that stands by adds nothing. */
	bool spare = f->imu >= 0 && (unsigned)f->imu != k->imus.used && f->mag < 0;

	if (k->conf->attitude.imu.n > 0) {
		tell_attitude(k);
		if (!spare)
			draw_attitude(k);
	}
	if (k->altitude) {
		if (f->baro >= 0)
			tell_altitude(k);
		draw_altitude(k);
	}
}
