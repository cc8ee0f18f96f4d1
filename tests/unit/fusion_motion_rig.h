/*
 * A robot with a position and an orientation that is moved; what its sensor measures follows from both,
 * with noise, and saturates at 16 g. Which motion events were seen is kept.
 */
#ifndef TESTS_UNIT_FUSION_MOTION_RIG_H
#define TESTS_UNIT_FUSION_MOTION_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/motion.h"

#define DEG (M_PI / 180)
#define TAU (2 * M_PI)
#define GRAVITY 9.80665
#define FULL_SCALE (16 * GRAVITY)
#define ACCEL_NOISE 0.04 /* m/s^2, as of an MPU-6050 */
#define GYRO_NOISE 0.001 /* rad/s */
#define RATE_HZ 200
#define DT_S (1.0 / RATE_HZ)

enum { STEP_NS = 1000000000 / RATE_HZ };

enum event {
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
	EVENTS,
};

#define BIT(e) (1u << (e))

struct robot {
	struct motion_conf conf;
	struct attitude attitude;
	struct motion motion;
	struct estimate_motion now;
	struct quat q; /* the truth, body -> earth */
	int64_t t_ns;
	uint64_t random;
	unsigned seen; /* BIT()s of the events since it was last cleared */
	unsigned taps; /* the highest count since then */
};

static inline void start(struct robot *r, uint64_t seed)
{
	*r = (struct robot){.q = QUAT_IDENTITY, .random = seed};
	conf_defaults(motion_fields, &r->conf);
	attitude_init(&r->attitude, &vqf_params_default, RATE_HZ, RATE_HZ);
	motion_init(&r->motion, &r->conf);
}

/* -1 to 1, by xorshift64* (Vigna 2016). */
static inline double noise(struct robot *r)
{
	r->random ^= r->random >> 12;
	r->random ^= r->random << 25;
	r->random ^= r->random >> 27;
	return (double)(int64_t)(r->random * UINT64_C(0x2545f4914f6cdd1d)) * 0x1p-63;
}

static inline void look(struct robot *r)
{
	const struct estimate_motion *m = &r->now;
	const bool on[EVENTS] = {
		m->still,  m->moving, m->picked_up,   m->put_down,  m->taps > 0,
		m->shaken, m->tilted, m->upside_down, m->free_fall, m->fallen,
	};

	for (int e = 0; e < EVENTS; e++)
		r->seen |= on[e] ? BIT(e) : 0;
	if (m->taps > r->taps)
		r->taps = m->taps;
}

static inline void feed(struct robot *r, enum chan chan, const double v[3])
{
	struct sample s = {r->t_ns, chan, {(float)v[0], (float)v[1], (float)v[2]}};

	cr_assert(eq(int, attitude_feed(&r->attitude, &s), 0));
	motion_sample(&r->motion, &s);
}

/* One sample: turning with @rate (body axes), accelerating by @accel (earth axes). */
static inline void step(struct robot *r, const double rate[3], const double accel[3])
{
	const double force[3] = {accel[0], accel[1], accel[2] + GRAVITY};
	double angle = sqrt(vec_dot(rate, rate)) * DT_S;
	double s = angle > 0 ? sin(angle / 2) / angle * DT_S : 0;
	struct estimate_attitude a;
	double felt[3];
	double gyro[3];

	r->t_ns += STEP_NS;
	r->q = quat_normalise(quat_mul(r->q, (struct quat){cos(angle / 2), s * rate[0],
							   s * rate[1], s * rate[2]}));
	quat_rotate(quat_conj(r->q), force, felt);
	for (int i = 0; i < 3; i++) {
		felt[i] += ACCEL_NOISE * noise(r);
		felt[i] = fmin(fmax(felt[i], -FULL_SCALE), FULL_SCALE);
		gyro[i] = rate[i] + GYRO_NOISE * noise(r);
	}
	feed(r, CHAN_ACCEL, felt);
	feed(r, CHAN_GYRO, gyro);
	cr_assert(eq(int, attitude_estimate(&r->attitude, &a), 0));
	r->now = motion_update(&r->motion, &a);
	look(r);
}

static const double none[3] = {0, 0, 0};

static inline void stand(struct robot *r, double seconds)
{
	for (double t = 0; t < seconds; t += DT_S)
		step(r, none, none);
}

/* The speed, and its derivative, of a minimum-jerk move by 1 within a time of 1. */
static inline double speed_at(double u)
{
	return 30 * u * u * (1 - u) * (1 - u);
}

static inline double accel_at(double u)
{
	return 60 * u * (1 - u) * (1 - 2 * u);
}

/* Move by @way_m (earth axes) and turn by @turn_rad (body axes) in @seconds, smoothly. */
static inline void carry(struct robot *r, const double way_m[3], const double turn_rad[3],
			 double seconds)
{
	for (double t = 0; t < seconds; t += DT_S) {
		double v = speed_at(t / seconds) / seconds;
		double a = accel_at(t / seconds) / (seconds * seconds);

		step(r, (double[]){turn_rad[0] * v, turn_rad[1] * v, turn_rad[2] * v},
		     (double[]){way_m[0] * a, way_m[1] * a, way_m[2] * a});
	}
}

static inline void lift(struct robot *r, double height_m)
{
	carry(r, (double[]){0.1, 0, height_m}, none, 0.8);
}

/* Back to the table, with the small knock of arriving there. */
static inline void lower(struct robot *r, double height_m)
{
	carry(r, (double[]){-0.1, 0, -height_m}, none, 0.8);
	step(r, none, (double[]){0, 0, 5});
	step(r, none, (double[]){0, 0, -3});
}

static inline void lean(struct robot *r, double angle_rad, double seconds)
{
	carry(r, none, (double[]){angle_rad, 0, 0}, seconds);
}

/* To and fro at 5 Hz. */
static inline void shake(struct robot *r, double accel, double seconds)
{
	for (double t = 0; t < seconds; t += DT_S)
		step(r, none, (double[]){accel * sin(TAU * 5 * t), 0, 0});
}

/* A finger: 10 ms of @accel, and the table's answer. */
static inline void knock(struct robot *r, double accel)
{
	step(r, none, (double[]){0, 0, -accel});
	step(r, none, (double[]){0, 0, -accel / 2});
	step(r, none, (double[]){0, 0, accel / 4});
}

/* Fall freely, turning slowly, and stop within 15 ms. */
static inline void drop(struct robot *r, double height_m)
{
	const double turn[3] = {0.3, 0.2, 0};
	double speed = 0;

	for (double h = height_m; h > 0; h -= speed * DT_S) {
		step(r, turn, (double[]){0, 0, -GRAVITY});
		speed += GRAVITY * DT_S;
	}
	for (int i = 0; i < 3; i++)
		step(r, none, (double[]){0, 0, speed / (3 * DT_S)});
}

/* Turn over an edge, faster and faster as a falling pole does, and hit the table. */
static inline void topple(struct robot *r)
{
	double angle = 2 * DEG;
	double rate = 0;

	while (angle < 90 * DEG) {
		/* A pole of 15 cm about its foot: 3 g / (2 L) sin(angle); the sensor at the top. */
		double accel = 1.5 * GRAVITY / 0.15 * sin(angle);
		double along = accel * 0.15;
		double inward = rate * rate * 0.15;

		rate += accel * DT_S;
		angle += rate * DT_S;
		step(r, (double[]){rate, 0, 0},
		     (double[]){0, -along * cos(angle) + inward * sin(angle),
				-along * sin(angle) - inward * cos(angle)});
	}
	step(r, none, (double[]){0, 0, rate * 0.15 / (2 * DT_S)});
	step(r, none, (double[]){0, 0, rate * 0.15 / (2 * DT_S)});
}

/* Taken up, shaken, and put back. */
static inline void play_shake(struct robot *r)
{
	lift(r, 0.2);
	shake(r, 30, 1.2);
	lower(r, 0.2);
	stand(r, 4);
}

#endif
