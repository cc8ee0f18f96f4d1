/* A body that is turned and measured without noise, so that its right attitude is known. */
#ifndef TESTS_UNIT_FUSION_ATTITUDE_RIG_H
#define TESTS_UNIT_FUSION_ATTITUDE_RIG_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/fusion/attitude.h"

#define DEG (M_PI / 180)
#define GRAVITY 9.80665
#define RATE_HZ 200

enum { STEP_NS = 1000000000 / RATE_HZ };

/* The field in Berlin: 49 uT, 67 degrees below the horizon, to the north. */
static const double earth_field[3] = {0, 19e-6, -45e-6};

/* A body that is turned and measured without noise. */
struct body {
	struct attitude attitude;
	struct quat q; /* the truth, body -> earth */
	int64_t t_ns;
	double bias[3];   /* of its gyroscope, rad/s */
	double magnet[3]; /* added to the field, body axes, T */
	int mag_late;     /* by so many samples */
	struct quat past[8];
};

static inline void start(struct body *b)
{
	*b = (struct body){.q = QUAT_IDENTITY};
	attitude_init(&b->attitude, &vqf_params_default, RATE_HZ, RATE_HZ);
}

static inline struct sample sample(enum chan chan, int64_t t_ns, const double v[3])
{
	return (struct sample){t_ns, chan, {(float)v[0], (float)v[1], (float)v[2]}};
}

static inline void feed(struct body *b, enum chan chan, const double v[3])
{
	struct sample s = sample(chan, b->t_ns, v);

	cr_assert(eq(int, attitude_feed(&b->attitude, &s), 0));
}

static inline struct quat turned(struct quat q, const double rate[3], double dt_s)
{
	double norm = sqrt(vec_dot(rate, rate));
	double s = norm > 0 ? sin(norm * dt_s / 2) / norm : 0;
	struct quat d = {cos(norm * dt_s / 2), s * rate[0], s * rate[1], s * rate[2]};

	return quat_normalise(quat_mul(q, d));
}

/* Turn with @rate for @seconds, measuring all the while; without the magnetometer if @mag is false. */
static inline void run(struct body *b, const double rate[3], double seconds, bool mag)
{
	static const double gravity[3] = {0, 0, GRAVITY};

	for (int i = 0; i < (int)(seconds * RATE_HZ); i++) {
		double gyro[3];
		double accel[3];
		double field[3];

		b->t_ns += STEP_NS;
		b->q = turned(b->q, rate, 1.0 / RATE_HZ);
		memmove(b->past + 1, b->past, sizeof(b->past) - sizeof(b->past[0]));
		b->past[0] = b->q;
		quat_rotate(quat_conj(b->q), gravity, accel);
		quat_rotate(quat_conj(b->past[b->mag_late]), earth_field, field);
		for (int k = 0; k < 3; k++) {
			gyro[k] = rate[k] + b->bias[k];
			field[k] += b->magnet[k];
		}
		feed(b, CHAN_ACCEL, accel);
		if (mag)
			feed(b, CHAN_MAG, field);
		feed(b, CHAN_GYRO, gyro);
	}
}

static inline struct estimate_attitude estimate(const struct body *b)
{
	struct estimate_attitude e;

	cr_assert(eq(int, attitude_estimate(&b->attitude, &e), 0));
	return e;
}

static inline struct quat quat_from(const float q[4])
{
	return (struct quat){(double)q[0], (double)q[1], (double)q[2], (double)q[3]};
}

static inline double error_deg(struct quat a, struct quat b)
{
	struct quat e = quat_mul(a, quat_conj(b));

	return 2 * atan2(sqrt(e.x * e.x + e.y * e.y + e.z * e.z), fabs(e.w)) / DEG;
}

static const double still[3] = {0, 0, 0};

#endif
