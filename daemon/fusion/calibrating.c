/* Gathering measurements in all directions. */
#include "daemon/fusion/calibrating.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GRAVITY_MS2 9.80665

/* Still: for so long no measurement is farther from the first one. Hands shake more, motors do not when they stand. */
#define STILL_NS INT64_C(500000000)
#define STILL_MS2 0.4
/* Another position than those that there are: by so much of the vector's length (15 degrees). */
#define ACCEL_APART_MS2 2.6
/* The earth's field is 22 to 67 uT (IGRF); a measurement counts when it is so far from all others. */
#define MAG_APART_T 4e-6
#define MAG_POINTS_MIN 60
#define MAG_FIELD_MIN_T 10e-6
#define MAG_FIELD_MAX_T 200e-6

/* A side of the cube around the sphere is four cells, one for each quarter. */
#define QUARTERS 4
#define CELLS (CALIBRATING_SIDES * QUARTERS)
#define CELLS_MIN 18
#define QUARTERS_MIN 2

#define RESIDUAL_MAX 0.05
/* Data sheets promise 0.08 g and 3 % (PS-MPU-6000A, table 6.2), and soldering adds some. */
#define ACCEL_OFFSET_MAX_MS2 3.0
#define ACCEL_SCALE_OFF_MAX 0.15

void calibrating_init(struct calibrating *c, enum chan chan)
{
	memset(c, 0, sizeof(*c));
	c->chan = chan;
}

static double apart(const float a[3], const float b[3])
{
	double squares = 0;

	for (int i = 0; i < 3; i++)
		squares += pow((double)a[i] - (double)b[i], 2);
	return sqrt(squares);
}

static void take(struct calibrating *c, const float v[3], double least)
{
	if (c->n == CALIBRATING_POINTS)
		return;
	for (unsigned k = 0; k < c->n; k++)
		if (apart(v, c->points[k].v) < least)
			return;
	memcpy(c->points[c->n++].v, v, sizeof(c->points->v));
}

/* The mean of half a second in which it did not move. */
static void feed_accel(struct calibrating *c, const struct sample *s)
{
	float mean[3];

	if (c->count == 0 || apart(s->v, c->first) > STILL_MS2) {
		c->since_ns = s->t_ns;
		c->count = 0;
		memcpy(c->first, s->v, sizeof(c->first));
		memset(c->sum, 0, sizeof(c->sum));
	}
	c->count++;
	for (int i = 0; i < 3; i++)
		c->sum[i] += (double)s->v[i];
	if (s->t_ns - c->since_ns < STILL_NS)
		return;
	for (int i = 0; i < 3; i++)
		mean[i] = (float)(c->sum[i] / c->count);
	take(c, mean, ACCEL_APART_MS2);
	c->count = 0;
}

void calibrating_feed(struct calibrating *c, const struct sample *s)
{
	if (s->chan != c->chan || !isfinite(s->v[0] + s->v[1] + s->v[2]))
		return;
	if (c->chan == CHAN_ACCEL)
		feed_accel(c, s);
	else
		take(c, s->v, MAG_APART_T);
}

/* Which side of the cube, and which quarter of it, @d points to. */
static int cell_of(const double d[3])
{
	int axis = 0;

	for (int i = 1; i < 3; i++)
		if (fabs(d[i]) > fabs(d[axis]))
			axis = i;
	return (2 * axis + (d[axis] < 0)) * QUARTERS + 2 * (d[(axis + 1) % 3] < 0) +
	       (d[(axis + 2) % 3] < 0);
}

static bool look_accel(const struct calibrating *c, struct calibrating_state *ret)
{
	unsigned sides = 0;

	ret->missing = 0;
	for (unsigned k = 0; k < c->n; k++) {
		double d[3];

		for (int i = 0; i < 3; i++)
			d[i] = (double)c->points[k].v[i];
		ret->missing |= 1U << cell_of(d) / QUARTERS;
	}
	ret->missing = ((1U << CALIBRATING_SIDES) - 1) & ~ret->missing;
	for (int side = 0; side < CALIBRATING_SIDES; side++)
		sides += !(ret->missing >> side & 1);
	ret->coverage = (double)sides / CALIBRATING_SIDES;
	return sides == CALIBRATING_SIDES &&
	       ellipsoid_fit(c->points, c->n, ELLIPSOID_ALONG_AXES, GRAVITY_MS2,
			     &ret->best) == 0;
}

static bool look_mag(const struct calibrating *c, struct calibrating_state *ret)
{
	unsigned quarters[CALIBRATING_SIDES] = {0};
	bool seen[CELLS] = {false};
	unsigned cells = 0;

	ret->missing = (1U << CALIBRATING_SIDES) - 1;
	if (c->n < MAG_POINTS_MIN ||
	    ellipsoid_fit(c->points, c->n, ELLIPSOID_ANY, 0, &ret->best) < 0)
		return false;
	for (unsigned k = 0; k < c->n; k++) {
		double d[3];

		ellipsoid_direction(&ret->best, c->points[k].v, d);
		seen[cell_of(d)] = true;
	}
	for (int i = 0; i < CELLS; i++) {
		cells += seen[i];
		quarters[i / QUARTERS] += seen[i];
	}
	for (int side = 0; side < CALIBRATING_SIDES; side++)
		if (quarters[side] >= QUARTERS_MIN)
			ret->missing &= ~(1U << side);
	ret->coverage = (double)cells / CELLS;
	return cells >= CELLS_MIN && ret->missing == 0;
}

bool calibrating_look(const struct calibrating *c, struct calibrating_state *ret)
{
	*ret = (struct calibrating_state){0};
	return c->chan == CHAN_ACCEL ? look_accel(c, ret) : look_mag(c, ret);
}

const char *calibrating_sides(unsigned missing, char buf[CALIBRATING_SIDES_MAX])
{
	size_t len = 0;

	buf[0] = '\0';
	for (int side = 0; side < CALIBRATING_SIDES; side++)
		if (missing >> side & 1)
			len += (size_t)snprintf(buf + len, CALIBRATING_SIDES_MAX - len,
						"%s%c%c", len ? " " : "", "+-"[side % 2],
						"xyz"[side / 2]);
	return buf;
}

static const char *doubt_accel(const struct ellipsoid *e)
{
	for (int i = 0; i < 3; i++) {
		if (fabs(e->offset[i]) > ACCEL_OFFSET_MAX_MS2)
			return "an offset above 3 m/s^2, which no accelerometer has";
		if (fabs(e->matrix[i][i] - 1) > ACCEL_SCALE_OFF_MAX)
			return "a sensitivity that is off by more than 15 %, which no "
			       "accelerometer is";
	}
	return NULL;
}

const char *calibrating_doubt(enum chan chan, const struct ellipsoid *e)
{
	if (e->residual > RESIDUAL_MAX)
		return chan == CHAN_ACCEL
			       ? "the positions do not agree; was it moved?"
			       : "the measurements do not agree; is there iron or a "
				 "motor nearby?";
	if (chan == CHAN_ACCEL)
		return doubt_accel(e);
	if (e->radius < MAG_FIELD_MIN_T || e->radius > MAG_FIELD_MAX_T)
		return "the field is not the earth's (22 to 67 uT)";
	return NULL;
}
