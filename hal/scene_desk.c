/*
 * A robot on a desk that somebody plays with. Position and angles are smooth functions of time made
 * from a table of moves; what the sensor feels follows from their derivatives, so that accelerometer
 * and gyroscope tell of the same motion.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "hal/scene.h"

#define GRAVITY_MS2 9.80665
#define CYCLE_S 12.0
#define TAU 6.283185307179586

/* The earth's field as in Tokyo: 30 uT to the north, 35 uT down. */
static const double field_t[3] = {0, 30e-6, -35e-6};

/* Per sample, as an MPU-6050 at 100 Hz bandwidth has; its bias after the factory's trim is larger. */
#define ACCEL_NOISE_MS2 0.04
#define GYRO_NOISE_RADS 0.0009
#define GYRO_BIAS_RADS 0.005
#define MAG_NOISE_T 0.3e-6
#define TEMP_C 25.0
#define TEMP_NOISE_C 0.02

/* Slow changes around the values of a still room: how far, and how long a full swing takes. */
#define PRESSURE_SWING_PA 40
#define PRESSURE_SWING_S 1800
#define PRESSURE_PA_PER_M 12.0 /* less, the higher */
#define TEMP_SWING_C 0.5
#define TEMP_SWING_S 900
#define HUMIDITY_SWING 0.03
#define HUMIDITY_SWING_S 1300
/* Somebody comes as near as this and goes again. */
#define PERSON_NEAR_M 0.4
#define PERSON_FAR_M 2.0
#define PERSON_S 30
/* Two lithium cells: half empty after an hour. */
#define BATTERY_V 7.9
#define BATTERY_V_PER_S (0.5 / 3600)
#define BATTERY_OHM 0.2
#define IDLE_A 0.4

#define TOUCH_FIRST_NS (1500 * NS_PER_MS)
#define TOUCH_EVERY_NS (7 * NS_PER_S)
#define TOUCH_LENGTH_NS (400 * NS_PER_MS)
#define TOUCH_JITTER_NS (700 * NS_PER_MS)

/* Position in m and angles in rad: yaw, then pitch, then roll turn the body's axes. */
enum axis { EAST, NORTH, UP, ROLL, PITCH, YAW, AXES };

/* One move of one axis. */
struct move {
	enum axis axis;
	double start_s, length_s;
	double size;    /* m or rad: how far, or the amplitude */
	double rate_hz; /* of a swing; 0: a step that stays */
};

/* One cycle; the steps of each axis add up to 0. */
static const struct move moves[] = {
	/* picked up, and held by a hand that is never quite still */
	{UP, 2.2, 0.9, 0.25, 0},
	{NORTH, 2.2, 0.9, 0.10, 0},
	{ROLL, 2.3, 4.1, 0.02, 1.1},
	{PITCH, 2.3, 4.1, 0.015, 1.7},
	{EAST, 2.3, 4.1, 0.004, 0.9},
	/* tilted by 37 degrees */
	{ROLL, 2.8, 0.6, 0.60, 0},
	{PITCH, 2.8, 0.6, 0.25, 0},
	/* shaken: 30 m/s^2 and 4 rad/s */
	{EAST, 3.5, 1.2, 0.030, 5},
	{YAW, 3.5, 1.2, 0.12, 5},
	/* upright again, and put down with a small jolt */
	{ROLL, 4.9, 0.6, -0.60, 0},
	{PITCH, 4.9, 0.6, -0.25, 0},
	{UP, 5.6, 0.9, -0.25, 0},
	{NORTH, 5.6, 0.9, -0.10, 0},
	{UP, 6.46, 0.12, 0.0004, 25},
};

/* A function's value with its first and second derivative by time. */
struct jet {
	double v, d1, d2;
};

struct desk {
	struct scene scene;
	struct gpio_board *board; /* NULL: nobody touches */
	char touch_line[32];
	struct timer touch;
	int64_t start_ns;
	int64_t touch_ns; /* when the hand comes or goes next */
	uint64_t touches; /* that are over */
	bool touched;
	uint64_t seed, random;
	double gyro_bias_rads[3];
};

static struct desk *desk_of(const struct scene *s)
{
	return container_of(s, struct desk, scene);
}

static struct jet jet_add(struct jet a, struct jet b)
{
	return (struct jet){a.v + b.v, a.d1 + b.d1, a.d2 + b.d2};
}

static struct jet jet_mul(struct jet a, struct jet b)
{
	return (struct jet){
		a.v * b.v,
		a.d1 * b.v + a.v * b.d1,
		a.d2 * b.v + 2 * a.d1 * b.d1 + a.v * b.d2,
	};
}

/* From 0 to @size with velocity and acceleration 0 at both ends (minimum jerk). */
static struct jet ramp(double t_s, double start_s, double length_s, double size)
{
	double u = fmin(fmax((t_s - start_s) / length_s, 0), 1);
	double v = 1 - u;

	return (struct jet){
		size * u * u * u * (10 - 15 * u + 6 * u * u),
		size * 30 * u * u * v * v / length_s,
		size * 60 * u * v * (v - u) / (length_s * length_s),
	};
}

/* A sine that grows and fades within its length. */
static struct jet swing(double t_s, const struct move *m)
{
	const double edge_s = 0.15 * m->length_s;
	double end_s = m->start_s + m->length_s;
	struct jet rise = ramp(t_s, m->start_s, edge_s, m->size);
	struct jet fall =
		jet_add((struct jet){1, 0, 0}, ramp(t_s, end_s - edge_s, edge_s, -1));
	double w = TAU * m->rate_hz;
	double a = w * (t_s - m->start_s);
	struct jet sine = {sin(a), w * cos(a), -w * w * sin(a)};

	return jet_mul(jet_mul(rise, fall), sine);
}

static void trajectory(const struct desk *d, int64_t t_ns, struct jet ret[AXES])
{
	double t_s = fmod((double)(t_ns - d->start_ns) / (double)NS_PER_S, CYCLE_S);

	memset(ret, 0, AXES * sizeof(*ret));
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		const struct move *m = &moves[i];
		struct jet part = m->rate_hz > 0
					  ? swing(t_s, m)
					  : ramp(t_s, m->start_s, m->length_s, m->size);

		ret[m->axis] = jet_add(ret[m->axis], part);
	}
}

/* Body to earth: yaw * pitch * roll. */
static void orientation(const struct jet at[AXES], double ret_quat[4])
{
	double cr = cos(at[ROLL].v / 2);
	double sr = sin(at[ROLL].v / 2);
	double cp = cos(at[PITCH].v / 2);
	double sp = sin(at[PITCH].v / 2);
	double cy = cos(at[YAW].v / 2);
	double sy = sin(at[YAW].v / 2);

	ret_quat[0] = cr * cp * cy + sr * sp * sy;
	ret_quat[1] = sr * cp * cy - cr * sp * sy;
	ret_quat[2] = cr * sp * cy + sr * cp * sy;
	ret_quat[3] = cr * cp * sy - sr * sp * cy;
}

/* The earth vector @v seen from the body: turned back by yaw, then pitch, then roll. */
static void to_body(const struct jet at[AXES], const double v[3], double ret[3])
{
	double cr = cos(at[ROLL].v);
	double sr = sin(at[ROLL].v);
	double cp = cos(at[PITCH].v);
	double sp = sin(at[PITCH].v);
	double cy = cos(at[YAW].v);
	double sy = sin(at[YAW].v);
	double x = cy * v[0] + sy * v[1];
	double y = -sy * v[0] + cy * v[1];
	double z = sp * x + cp * v[2];

	ret[0] = cp * x - sp * v[2];
	ret[1] = cr * y + sr * z;
	ret[2] = -sr * y + cr * z;
}

/* The rate of the body about its own axes, from the rates of the angles. */
static void body_rate(const struct jet at[AXES], double ret[3])
{
	double cr = cos(at[ROLL].v);
	double sr = sin(at[ROLL].v);
	double cp = cos(at[PITCH].v);
	double sp = sin(at[PITCH].v);

	ret[0] = at[ROLL].d1 - at[YAW].d1 * sp;
	ret[1] = at[PITCH].d1 * cr + at[YAW].d1 * cp * sr;
	ret[2] = -at[PITCH].d1 * sr + at[YAW].d1 * cp * cr;
}

/* splitmix64 (Steele, Lea, Flood 2014): any seed is a good one. */
static uint64_t scramble(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* About normal, mean 0, deviation 1: four uniform numbers of variance 1/12 added. */
static double noise(struct desk *d)
{
	uint64_t x;
	double sum = 0;

	d->random += UINT64_C(0x9e3779b97f4a7c15);
	x = scramble(d->random);
	for (int i = 0; i < 4; i++, x >>= 16)
		sum += (double)(x & 0xffff) / 0xffff - 0.5;
	return sum * sqrt(3.0);
}

/* Touches do not draw from the noise, so that they come alike at any sample rate. */
static int64_t touch_jitter_ns(const struct desk *d)
{
	int64_t span_ns = 2 * TOUCH_JITTER_NS + 1;

	if (d->touches == 0)
		return 0;
	return (int64_t)(scramble(d->seed + d->touches) % (uint64_t)span_ns) -
	       TOUCH_JITTER_NS;
}

static int64_t next_touch_ns(const struct desk *d)
{
	return d->start_ns + TOUCH_FIRST_NS + (int64_t)d->touches * TOUCH_EVERY_NS +
	       touch_jitter_ns(d);
}

/* The hand comes or goes. */
static void desk_touch(struct timer *t)
{
	struct desk *d = container_of(t, struct desk, touch);
	int64_t t_ns = d->touch_ns;

	d->touched = !d->touched;
	if (!d->touched)
		d->touches++;
	d->touch_ns = d->touched ? t_ns + TOUCH_LENGTH_NS : next_touch_ns(d);
	timer_arm(t, d->touch_ns);
	/* Cannot fail: the line has been there since the desk was made. */
	(void)gpio_board_drive(d->board, d->touch_line, d->touched, t_ns);
}

static void desk_start(struct scene *s)
{
	struct desk *d = desk_of(s);

	d->start_ns = rt_now();
	d->touches = 0;
	d->touched = false;
	d->touch_ns = next_touch_ns(d);
	if (d->board)
		timer_arm(&d->touch, d->touch_ns);
}

static void desk_stop(struct scene *s)
{
	timer_disarm(&desk_of(s)->touch);
}

static int64_t desk_next_ns(struct scene *s, int64_t last_ns, int64_t period_ns)
{
	(void)s;
	return last_ns + period_ns;
}

static void desk_measure(struct scene *s, int64_t t_ns, struct scene_motion *ret)
{
	struct desk *d = desk_of(s);
	struct jet at[AXES];
	double force_ms2[3];

	trajectory(d, t_ns, at);
	for (int i = 0; i < 3; i++)
		force_ms2[i] = at[EAST + i].d2;
	force_ms2[2] += GRAVITY_MS2;
	to_body(at, force_ms2, ret->accel_ms2);
	to_body(at, field_t, ret->mag_t);
	body_rate(at, ret->gyro_rads);
	for (int i = 0; i < 3; i++) {
		ret->accel_ms2[i] += ACCEL_NOISE_MS2 * noise(d);
		ret->gyro_rads[i] += d->gyro_bias_rads[i] + GYRO_NOISE_RADS * noise(d);
		ret->mag_t[i] += MAG_NOISE_T * noise(d);
	}
	ret->temp_c = TEMP_C + TEMP_NOISE_C * noise(d);
}

static double swing_of(double t_s, double size, double length_s)
{
	return size * sin(TAU * t_s / length_s);
}

static void desk_ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	const struct desk *d = desk_of(s);
	double t_s = (double)(t_ns - d->start_ns) / (double)NS_PER_S;
	struct jet at[AXES];

	trajectory(d, t_ns, at);
	*ret = scene_still_room;
	ret->pressure_pa += swing_of(t_s, PRESSURE_SWING_PA, PRESSURE_SWING_S) -
			    PRESSURE_PA_PER_M * at[UP].v;
	ret->temp_c += swing_of(t_s, TEMP_SWING_C, TEMP_SWING_S);
	ret->humidity += swing_of(t_s, HUMIDITY_SWING, HUMIDITY_SWING_S);
	to_body(at, field_t, ret->mag_t);
	ret->distance_m = (PERSON_FAR_M + PERSON_NEAR_M) / 2 +
			  (PERSON_FAR_M - PERSON_NEAR_M) / 2 * cos(TAU * t_s / PERSON_S);
	ret->supply_a = IDLE_A;
	ret->supply_v = BATTERY_V - BATTERY_V_PER_S * fmin(fmax(t_s, 0), 7200) -
			BATTERY_OHM * ret->supply_a;
}

static void desk_free(struct scene *s)
{
	struct desk *d = desk_of(s);

	assert(!timer_armed(&d->touch));
	free(d);
}

static const struct scene_ops desk_ops = {
	.start = desk_start,
	.stop = desk_stop,
	.next_ns = desk_next_ns,
	.measure = desk_measure,
	.ambient = desk_ambient,
	.free = desk_free,
};

int scene_desk_new(const struct scene_desk_conf *conf, struct scene **ret)
{
	struct desk *d = calloc(1, sizeof(*d));
	int r = 0;

	if (!d)
		return -ENOMEM;
	d->scene.ops = &desk_ops;
	d->touch.fn = desk_touch;
	d->seed = d->random = conf->seed;
	for (int i = 0; i < 3; i++)
		d->gyro_bias_rads[i] = GYRO_BIAS_RADS * noise(d);
	if (conf->touch_line) {
		r = gpio_board_drive(conf->board, conf->touch_line, false, 0);
		if (r < 0)
			goto free_desk;
		d->board = conf->board;
		(void)snprintf(d->touch_line, sizeof(d->touch_line), "%s",
			       conf->touch_line);
	}
	*ret = &d->scene;
	return 0;

free_desk:
	free(d);
	return r;
}

void scene_desk_pose(const struct scene *s, int64_t t_ns, struct scene_pose *ret)
{
	struct jet at[AXES];

	trajectory(desk_of(s), t_ns, at);
	for (int i = 0; i < 3; i++)
		ret->position_m[i] = at[EAST + i].v;
	orientation(at, ret->quat);
}
