/*
 * Least squares of the quadric u'Au + 2b'u = 1, which is linear in A and b (Li and Griffiths, "Least squares ellipsoid
 * specific fitting", GMP 2004, without its constraint, which the check of the eigenvalues replaces); centre and symmetric
 * square root of A as in Renaudin, Afzal, Lachapelle, "Complete triaxis magnetometer calibration in the magnetic
 * domain", Journal of Sensors 2010, 967245, section 3. For accelerometers: Frosio, Pedersini, Borghese,
 * "Autocalibration of MEMS accelerometers", IEEE Trans. Instrum. Meas. 58(6), 2009. The squares are algebraic, not of
 * distances; with noise of some percent of the radius that makes no difference to speak of.
 */
#include "daemon/fusion/ellipsoid.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define TERMS 9
#define STRETCH_MAX 3.0
#define PIVOT_MIN 1e-7 /* of the greatest, which is about 1 */
#define SWEEPS 12

/* What is fitted, in coordinates in which all is about 1: u = (v - mean) / scale. */
struct frame {
	double mean[3], scale;
};

static struct frame frame_of(const struct ellipsoid_point *p, size_t n)
{
	struct frame f = {0};
	double squares = 0;

	for (size_t k = 0; k < n; k++)
		for (int i = 0; i < 3; i++)
			f.mean[i] += (double)p[k].v[i] / (double)n;
	for (size_t k = 0; k < n; k++)
		for (int i = 0; i < 3; i++)
			squares += pow((double)p[k].v[i] - f.mean[i], 2);
	f.scale = sqrt(squares / (double)n);
	return f;
}

/* The terms of the quadric: b's and A's diagonal first, which are all there are along the axes. */
static void terms_of(const struct frame *f, const float v[3], double ret[TERMS])
{
	double u[3];

	for (int i = 0; i < 3; i++)
		u[i] = ((double)v[i] - f->mean[i]) / f->scale;
	for (int i = 0; i < 3; i++) {
		ret[i] = u[i] * u[i];
		ret[3 + i] = 2 * u[i];
		ret[6 + i] = 2 * u[(i + 1) % 3] * u[(i + 2) % 3];
	}
}

/* Gauss with partial pivoting; the solution replaces the right side. -ERANGE: there is not just one. */
static int solve(double m[TERMS][TERMS + 1], int n)
{
	for (int c = 0; c < n; c++) {
		int best = c;

		for (int r = c + 1; r < n; r++)
			if (fabs(m[r][c]) > fabs(m[best][c]))
				best = r;
		if (!(fabs(m[best][c]) > PIVOT_MIN))
			return -ERANGE;
		for (int k = 0; k <= n; k++) {
			double x = m[c][k];

			m[c][k] = m[best][k];
			m[best][k] = x;
		}
		for (int r = 0; r < n; r++) {
			double part = m[r][c] / m[c][c];

			for (int k = c; r != c && k <= n; k++)
				m[r][k] -= part * m[c][k];
		}
	}
	for (int r = 0; r < n; r++)
		m[r][n] /= m[r][r];
	return 0;
}

/* A and b of the quadric. */
static int fit_quadric(const struct frame *f, const struct ellipsoid_point *p, size_t n,
		       int terms, double a[3][3], double b[3])
{
	double m[TERMS][TERMS + 1] = {0};
	int r;

	for (size_t k = 0; k < n; k++) {
		double t[TERMS + 1];

		terms_of(f, p[k].v, t);
		for (int i = 0; i < terms; i++) {
			for (int j = 0; j < terms; j++)
				m[i][j] += t[i] * t[j] / (double)n;
			m[i][terms] += t[i] / (double)n;
		}
	}
	r = solve(m, terms);
	for (int i = 0; r == 0 && i < 3; i++) {
		int j = (i + 1) % 3;
		int k = (i + 2) % 3;

		a[i][i] = m[i][terms];
		b[i] = m[3 + i][terms];
		a[j][k] = a[k][j] = terms == TERMS ? m[6 + i][terms] : 0;
	}
	return r;
}

/* Turn @a in one plane so that a[p][q] is 0, and @v with it: Jacobi, 1846; by no more than 45 degrees, so that it converges. */
static void rotate(double a[3][3], double v[3][3], int p, int q)
{
	double off = a[q][q] - a[p][p];
	double theta = 0.5 * atan2(copysign(2 * a[p][q], off * a[p][q]), fabs(off));
	double c = cos(theta);
	double s = sin(theta);

	for (int k = 0; k < 3; k++) {
		double x = a[k][p];
		double y = a[k][q];

		a[k][p] = c * x - s * y;
		a[k][q] = s * x + c * y;
	}
	for (int k = 0; k < 3; k++) {
		double x = a[p][k];
		double y = a[q][k];
		double u = v[k][p];
		double w = v[k][q];

		a[p][k] = c * x - s * y;
		a[q][k] = s * x + c * y;
		v[k][p] = c * u - s * w;
		v[k][q] = s * u + c * w;
	}
}

/* The symmetric root of @a, and the third root of its determinant. -ERANGE: it is no ellipsoid, or too long a one. */
static int root_of(double a[3][3], double ret[3][3], double *ret_mean)
{
	double v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
	double least = (double)INFINITY;
	double most = 0;

	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (int p = 0; p < 3; p++)
			rotate(a, v, p, (p + 1) % 3);
	for (int i = 0; i < 3; i++) {
		least = fmin(least, a[i][i]);
		most = fmax(most, a[i][i]);
	}
	if (!(least > 0) || sqrt(most / least) > STRETCH_MAX)
		return -ERANGE;
	*ret_mean = cbrt(sqrt(a[0][0] * a[1][1] * a[2][2]));
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			ret[i][j] = 0;
			for (int k = 0; k < 3; k++)
				ret[i][j] += v[i][k] * sqrt(a[k][k]) * v[j][k];
		}
	return 0;
}

/* The centre o = -b/A, and A so that (u-o)'A(u-o) = 1. */
static int to_centre(double a[3][3], const double b[3], double ret[3])
{
	double m[TERMS][TERMS + 1] = {0};
	double k = 1;
	int r;

	for (int i = 0; i < 3; i++) {
		memcpy(m[i], a[i], sizeof(a[i]));
		m[i][3] = -b[i];
	}
	r = solve(m, 3);
	if (r < 0)
		return r;
	for (int i = 0; i < 3; i++) {
		ret[i] = m[i][3];
		k -= b[i] * ret[i];
	}
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			a[i][j] /= k;
	return 0;
}

void ellipsoid_direction(const struct ellipsoid *e, const float v[3], double ret[3])
{
	for (int i = 0; i < 3; i++) {
		ret[i] = 0;
		for (int j = 0; j < 3; j++)
			ret[i] += e->matrix[i][j] * ((double)v[j] - e->offset[j]) /
				  e->radius;
	}
}

static double residual_of(const struct ellipsoid *e, const struct ellipsoid_point *p,
			  size_t n)
{
	double squares = 0;

	for (size_t k = 0; k < n; k++) {
		double d[3];

		ellipsoid_direction(e, p[k].v, d);
		squares += pow(hypot(hypot(d[0], d[1]), d[2]) - 1, 2);
	}
	return sqrt(squares / (double)n);
}

int ellipsoid_fit(const struct ellipsoid_point *p, size_t n, enum ellipsoid_shape shape,
		  double radius, struct ellipsoid *ret)
{
	int terms = shape == ELLIPSOID_ANY ? TERMS : 6;
	struct ellipsoid e = {0};
	double a[3][3], b[3], o[3] = {0}, root[3][3] = {0}, mean = 1;
	struct frame f;
	int r;

	if (n < (size_t)terms)
		return -ERANGE;
	f = frame_of(p, n);
	if (!(f.scale > 0))
		return -ERANGE;
	r = fit_quadric(&f, p, n, terms, a, b);
	if (r == 0)
		r = to_centre(a, b, o);
	if (r == 0)
		r = root_of(a, root, &mean);
	if (r < 0)
		return r;
	/* The root makes a sphere of 1; of @radius, or of the ellipsoid's own volume. */
	e.radius = radius > 0 ? radius : f.scale / mean;
	for (int i = 0; i < 3; i++) {
		e.offset[i] = f.mean[i] + f.scale * o[i];
		for (int j = 0; j < 3; j++)
			e.matrix[i][j] = root[i][j] * e.radius / f.scale;
	}
	e.residual = residual_of(&e, p, n);
	*ret = e;
	return 0;
}
