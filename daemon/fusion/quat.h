/* Small arithmetic of quaternions (Hamilton, w first) and of vectors as double[3]. */
#ifndef DAEMON_FUSION_QUAT_H
#define DAEMON_FUSION_QUAT_H
#include <math.h>
#include <stddef.h>

/* A rotation of sensor axes into earth axes, when nothing else is said; of length 1. */
struct quat {
	double w, x, y, z;
};

#define QUAT_IDENTITY ((struct quat){1, 0, 0, 0})

/* First @b, then @a. */
static inline struct quat quat_mul(struct quat a, struct quat b)
{
	return (struct quat){
		a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
		a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
		a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
		a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
	};
}

/* The way back. */
static inline struct quat quat_conj(struct quat q)
{
	return (struct quat){q.w, -q.x, -q.y, -q.z};
}

static inline struct quat quat_normalise(struct quat q)
{
	double s = 1 / sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);

	return (struct quat){q.w * s, q.x * s, q.y * s, q.z * s};
}

/* The same when @q is of length 1 but for rounding: one step of Newton's method. */
static inline struct quat quat_renormalise(struct quat q)
{
	double s = 1.5 - 0.5 * (q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);

	return (struct quat){q.w * s, q.x * s, q.y * s, q.z * s};
}

/* A turn about the vertical, rad, counter-clockwise seen from above. */
static inline struct quat quat_about_up(double angle_rad)
{
	return (struct quat){cos(angle_rad / 2), 0, 0, sin(angle_rad / 2)};
}

/* Three rows of three: the earth's axes seen from the sensor. */
static inline void quat_matrix(struct quat q, double ret[9])
{
	double x = 2 * q.x;
	double y = 2 * q.y;
	double z = 2 * q.z;
	double xx = x * q.x;
	double yy = y * q.y;
	double zz = z * q.z;

	ret[0] = 1 - yy - zz;
	ret[1] = x * q.y - z * q.w;
	ret[2] = x * q.z + y * q.w;
	ret[3] = x * q.y + z * q.w;
	ret[4] = 1 - xx - zz;
	ret[5] = y * q.z - x * q.w;
	ret[6] = x * q.z - y * q.w;
	ret[7] = y * q.z + x * q.w;
	ret[8] = 1 - xx - yy;
}

/* @v turned by @q. */
static inline void quat_rotate(struct quat q, const double v[3], double ret[3])
{
	double tx = 2 * (q.y * v[2] - q.z * v[1]);
	double ty = 2 * (q.z * v[0] - q.x * v[2]);
	double tz = 2 * (q.x * v[1] - q.y * v[0]);
	double x = v[0] + q.w * tx + q.y * tz - q.z * ty;
	double y = v[1] + q.w * ty + q.z * tx - q.x * tz;
	double z = v[2] + q.w * tz + q.x * ty - q.y * tx;

	ret[0] = x;
	ret[1] = y;
	ret[2] = z;
}

static inline void vec_cross(const double a[3], const double b[3], double ret[3])
{
	ret[0] = a[1] * b[2] - a[2] * b[1];
	ret[1] = a[2] * b[0] - a[0] * b[2];
	ret[2] = a[0] * b[1] - a[1] * b[0];
}

static inline double vec_dot(const double a[3], const double b[3])
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* @v turned by a matrix of three rows of three. */
static inline void vec_turn(const double *matrix, const double v[3], double ret[3])
{
	for (size_t i = 0; i < 3; i++)
		ret[i] = vec_dot(matrix + 3 * i, v);
}

#endif
