/* Ellipsoids with known centre and shape come out; what is none is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"
#include "daemon/fusion/calibrating.h"
#include "tests/seed.h"

#define FIELD_T 46e-6

static uint64_t state;

/* xorshift64*: Vigna, 2016. Above -1, below 1. */
static double uniform(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (double)(int64_t)(state * UINT64_C(0x2545f4914f6cdd1d)) / 0x1p63;
}

/* A direction, all equally likely. */
static void direction(double d[3])
{
	double z = uniform();
	double angle = M_PI * uniform();

	d[0] = sqrt(1 - z * z) * cos(angle);
	d[1] = sqrt(1 - z * z) * sin(angle);
	d[2] = z;
}

/* What a sensor shows of the vector @true: shape * true + offset, with noise. */
struct sensor_error {
	double shape[3][3], offset[3], noise;
};

static void measure(const struct sensor_error *e, const double v[3], float ret[3])
{
	for (int i = 0; i < 3; i++) {
		double x = e->offset[i] + e->noise * uniform();

		for (int j = 0; j < 3; j++)
			x += e->shape[i][j] * v[j];
		ret[i] = (float)x;
	}
}

/* Symmetric, so that the matrix that is found is its inverse. */
static const struct sensor_error compass = {
	.shape = {{1.10, 0.08, -0.05}, {0.08, 0.92, 0.04}, {-0.05, 0.04, 1.02}},
	.offset = {120e-6, -75e-6, 33e-6},
	.noise = 0.5e-6,
};

static void check_inverse(const struct ellipsoid *e, const struct sensor_error *error,
			  double within)
{
	double ratio = 0;

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			double x = 0;

			for (int k = 0; k < 3; k++)
				x += e->matrix[i][k] * error->shape[k][j];
			if (i == 0 && j == 0)
				ratio = x;
			cr_expect(fabs(x / ratio - (i == j)) < within, "[%d][%d]: %g", i,
				  j, x);
		}
}

Test(ellipsoid, finds_hard_and_soft_iron)
{
	static struct ellipsoid_point p[400];
	struct ellipsoid e;

	state = test_seed(7);
	for (size_t k = 0; k < ARRAY_LEN(p); k++) {
		double d[3];

		direction(d);
		for (int i = 0; i < 3; i++)
			d[i] *= FIELD_T;
		measure(&compass, d, p[k].v);
	}
	cr_assert(eq(int, ellipsoid_fit(p, ARRAY_LEN(p), ELLIPSOID_ANY, 0, &e), 0));
	for (int i = 0; i < 3; i++)
		cr_expect(fabs(e.offset[i] - compass.offset[i]) < 0.2e-6, "%g",
			  e.offset[i]);
	check_inverse(&e, &compass, 0.01);
	cr_expect(e.residual > 0.001 && e.residual < 0.012, "%g", e.residual);
	cr_expect(fabs(e.radius - FIELD_T) < 2e-6, "%g", e.radius);
}

Test(ellipsoid, is_exact_without_noise)
{
	struct sensor_error exact = compass;
	static struct ellipsoid_point p[60];
	struct ellipsoid e;

	exact.noise = 0;
	state = 3;
	for (size_t k = 0; k < ARRAY_LEN(p); k++) {
		double d[3];

		direction(d);
		for (int i = 0; i < 3; i++)
			d[i] *= FIELD_T;
		measure(&exact, d, p[k].v);
	}
	cr_assert(eq(int, ellipsoid_fit(p, ARRAY_LEN(p), ELLIPSOID_ANY, FIELD_T, &e), 0));
	check_inverse(&e, &exact, 1e-4);
	cr_expect(e.residual < 1e-5, "%g", e.residual);
	cr_expect(fabs(e.matrix[0][0] * exact.shape[0][0] +
		       e.matrix[0][1] * exact.shape[1][0] +
		       e.matrix[0][2] * exact.shape[2][0] - 1) < 1e-4,
		  "the radius was given");
}

Test(ellipsoid, refuses_what_is_none)
{
	static struct ellipsoid_point p[100];
	struct ellipsoid e;

	cr_expect(eq(int, ellipsoid_fit(p, 0, ELLIPSOID_ANY, 0, &e), -ERANGE));
	cr_expect(eq(int, ellipsoid_fit(p, ARRAY_LEN(p), ELLIPSOID_ANY, 0, &e), -ERANGE),
		  "all the same");
	state = 5;
	for (size_t k = 0; k < ARRAY_LEN(p); k++) {
		double angle = M_PI * uniform();

		p[k] = (struct ellipsoid_point){
			{(float)cos(angle), (float)sin(angle), 0.5f}};
	}
	cr_expect(eq(int, ellipsoid_fit(p, ARRAY_LEN(p), ELLIPSOID_ANY, 0, &e), -ERANGE),
		  "turned about one axis only");
	for (size_t k = 0; k < ARRAY_LEN(p); k++)
		for (int i = 0; i < 3; i++)
			p[k].v[i] = (float)uniform() * (i == 0 ? 20 : 1);
	cr_expect(eq(int, ellipsoid_fit(p, ARRAY_LEN(p), ELLIPSOID_ANY, 0, &e), -ERANGE),
		  "a rod");
	cr_expect(eq(int, ellipsoid_fit(p, 8, ELLIPSOID_ANY, 0, &e), -ERANGE), "too few");
}

static struct calibrating c;

static void lie(const double d[3], const struct sensor_error *e, int64_t *t_ns, int n)
{
	struct sample s = {.chan = CHAN_ACCEL};

	for (int i = 0; i < n; i++, *t_ns += INT64_C(10000000)) {
		s.t_ns = *t_ns;
		measure(e, d, s.v);
		calibrating_feed(&c, &s);
	}
}

Test(calibrating, an_accelerometer_lies_on_its_six_sides)
{
	static const struct sensor_error off = {
		.shape = {{1.02, 0, 0}, {0, 0.97, 0}, {0, 0, 1.01}},
		.offset = {0.4, -0.3, 0.8},
		.noise = 0.05,
	};
	struct calibrating_state now;
	char sides[CALIBRATING_SIDES_MAX];
	int64_t t_ns = 0;

	state = test_seed(11);
	calibrating_init(&c, CHAN_ACCEL);
	for (int side = 0; side < 6; side++) {
		double d[3] = {0};

		d[side / 2] = side % 2 ? -9.80665 : 9.80665;
		cr_expect(not(calibrating_look(&c, &now)));
		cr_expect(eq(int, (int)lround(now.coverage * 6), side));
		lie(d, &off, &t_ns, 40);
		cr_expect(eq(uint, c.n, (unsigned)side), "not for long enough yet");
		lie(d, &off, &t_ns, 40);
		cr_expect(eq(uint, c.n, (unsigned)side + 1));
		if (side == 3) {
			cr_expect(not(calibrating_look(&c, &now)));
			cr_expect(eq(str, (char *)calibrating_sides(now.missing, sides),
				     "+z -z"));
		}
	}
	cr_assert(calibrating_look(&c, &now));
	cr_expect(calibrating_doubt(CHAN_ACCEL, &now.best) == NULL);
	for (int i = 0; i < 3; i++) {
		cr_expect(fabs(now.best.offset[i] - off.offset[i]) < 0.02, "%g",
			  now.best.offset[i]);
		cr_expect(fabs(now.best.matrix[i][i] * off.shape[i][i] - 1) < 0.002);
	}
}

Test(calibrating, an_accelerometer_that_is_moved_gives_nothing)
{
	struct sample s = {.chan = CHAN_ACCEL};

	calibrating_init(&c, CHAN_ACCEL);
	for (int i = 0; i < 1000; i++) {
		s.t_ns = i * INT64_C(10000000);
		s.v[0] = (float)sin(i * 0.1);
		s.v[2] = 9.8f;
		calibrating_feed(&c, &s);
	}
	cr_expect(eq(uint, c.n, 0));
	s.v[0] = NAN;
	calibrating_feed(&c, &s);
	s.chan = CHAN_MAG;
	calibrating_feed(&c, &s);
	cr_expect(eq(uint, c.n, 0));
}

/* @turns: how far up and down it is tilted, 1 for all the way. */
static bool turn(double tilt, struct calibrating_state *now)
{
	calibrating_init(&c, CHAN_MAG);
	for (int i = 0; i < 3000; i++) {
		struct sample s = {.t_ns = i * INT64_C(10000000), .chan = CHAN_MAG};
		double z = tilt * sin(i * 0.0021);
		double r = sqrt(1 - z * z);
		const double field[3] = {FIELD_T * r * cos(i * 0.03),
					 FIELD_T * r * sin(i * 0.03), FIELD_T * z};

		measure(&compass, field, s.v);
		calibrating_feed(&c, &s);
	}
	return calibrating_look(&c, now);
}

Test(calibrating, a_magnetometer_is_turned_through_all_directions)
{
	struct calibrating_state now;

	state = test_seed(13);
	cr_assert(turn(1, &now));
	cr_expect(now.coverage > 0.9, "%g", now.coverage);
	cr_expect(calibrating_doubt(CHAN_MAG, &now.best) == NULL);
	for (int i = 0; i < 3; i++)
		cr_expect(fabs(now.best.offset[i] - compass.offset[i]) < 1e-6, "%g",
			  now.best.offset[i]);
	check_inverse(&now.best, &compass, 0.02);
}

/* A robot that only turns on the floor. */
Test(calibrating, a_magnetometer_that_is_not_tilted_covers_too_little)
{
	struct calibrating_state now;
	char sides[CALIBRATING_SIDES_MAX];

	state = test_seed(17);
	cr_expect(not(turn(0.02, &now)));
	cr_expect(strstr(calibrating_sides(now.missing, sides), "+z") != NULL, "%s",
		  sides);
}

Test(calibrating, doubts_what_cannot_be)
{
	struct ellipsoid e = {.matrix = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
			      .radius = 9.80665};

	cr_expect(calibrating_doubt(CHAN_ACCEL, &e) == NULL);
	e.offset[1] = 4;
	cr_expect(calibrating_doubt(CHAN_ACCEL, &e) != NULL);
	e.offset[1] = 0;
	e.matrix[2][2] = 1.3;
	cr_expect(calibrating_doubt(CHAN_ACCEL, &e) != NULL);
	e.residual = 0.1;
	cr_expect(strstr(calibrating_doubt(CHAN_MAG, &e), "iron") != NULL);
	e.residual = 0;
	cr_expect(strstr(calibrating_doubt(CHAN_MAG, &e), "earth") != NULL, "9.8 T");
	e.radius = FIELD_T;
	cr_expect(calibrating_doubt(CHAN_MAG, &e) == NULL);
}
