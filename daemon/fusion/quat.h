/* Small arithmetic of quaternions (Hamilton, w first) and of vectors as double[3]. */
#ifndef DAEMON_FUSION_QUAT_H
#define DAEMON_FUSION_QUAT_H
#include <math.h>

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

/* A turn about the vertical, rad, counter-clockwise seen from above. */
static inline struct quat quat_about_up(double angle_rad)
{
	return (struct quat){cos(angle_rad / 2), 0, 0, sin(angle_rad / 2)};
}

/* Three rows: the earth's axes seen from the sensor. */
static inline void quat_matrix(struct quat q, double ret[3][3])
{
	double xx = 2 * q.x * q.x;
	double yy = 2 * q.y * q.y;
	double zz = 2 * q.z * q.z;
	double xy = 2 * q.x * q.y;
	double xz = 2 * q.x * q.z;
	double yz = 2 * q.y * q.z;
	double wx = 2 * q.w * q.x;
	double wy = 2 * q.w * q.y;
	double wz = 2 * q.w * q.z;

	ret[0][0] = 1 - yy - zz;
	ret[0][1] = xy - wz;
	ret[0][2] = xz + wy;
	ret[1][0] = xy + wz;
	ret[1][1] = 1 - xx - zz;
	ret[1][2] = yz - wx;
	ret[2][0] = xz - wy;
	ret[2][1] = yz + wx;
	ret[2][2] = 1 - xx - yy;
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

static inline double vec_dot(const double a[3], const double b[3])
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

#endif
