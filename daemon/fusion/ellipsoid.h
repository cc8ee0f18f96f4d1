/*
 * The ellipsoid on which the measurements of a constant vector lie when the sensor is turned about: a magnetometer's
 * of the earth's field, an accelerometer's of gravity. Its centre is the sensor's offset (hard iron), its shape the
 * sensitivities, and what bends the field (soft iron); see ellipsoid.c for where the method is from. Pure.
 */
#ifndef DAEMON_FUSION_ELLIPSOID_H
#define DAEMON_FUSION_ELLIPSOID_H
#include <stddef.h>

#include "daemon/base/macros.h"

enum ellipsoid_shape {
	ELLIPSOID_ALONG_AXES, /* sensitivities only: 6 numbers; at least 6 measurements */
	ELLIPSOID_ANY,        /* and each axis may see the others: 9 numbers */
};

struct ellipsoid_point {
	float v[3];
};

struct ellipsoid {
	double offset[3]; /* its centre, in the unit of the measurements */
	/*
	 * Symmetric: matrix * (measured - offset) lies on a sphere of `radius`. Symmetric, as how the sensor as a
	 * whole is turned cannot be told from such measurements.
	 */
	double matrix[3][3];
	double radius;
	double residual; /* of the measurements, root of the mean square, as a part of the radius */
};

/*
 * Fit one to the @n measurements @p. @radius: what the vector really is, or 0: not known; then the ellipsoid's volume
 * stays. Returns 0; or -ERANGE: they are too few, or lie on a plane, or on no ellipsoid, or on one that is three times as
 * long as it is wide.
 */
int ellipsoid_fit(const struct ellipsoid_point *p, size_t n, enum ellipsoid_shape shape,
		  double radius, struct ellipsoid *ret) MUST_CHECK;

/* The direction of a measurement @v, as a vector of length 1 or nearly. */
void ellipsoid_direction(const struct ellipsoid *e, const float v[3], double ret[3]);

#endif
