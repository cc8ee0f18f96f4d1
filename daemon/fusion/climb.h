/*
 * Height and vertical speed from a measured height and the vertical acceleration: a two-state filter with the
 * constant gains of its steady state.
 */
#ifndef DAEMON_FUSION_CLIMB_H
#define DAEMON_FUSION_CLIMB_H
#include <math.h>

struct climb {
	double height_m, speed_m_s;
};

struct climb_gains {
	double height; /* of the error, 0..1 */
	double speed;  /* of the error, 1/s */
};

/*
 * The gains for a height measured every @dt_s, with the blend time @tau_s, both above 0. They are those
 * of the discrete steady state (P. R. Kalata, "The tracking index", IEEE Trans. AES-20, 1984), with the
 * index (dt/tau)^2: acceleration noise over height noise is 1/tau^2. Stable for any dt.
 */
static inline struct climb_gains climb_gains(double dt_s, double tau_s)
{
	double index = dt_s * dt_s / (tau_s * tau_s);
	double r = (4 + index - sqrt(8 * index + index * index)) / 4;
	double height = 1 - r * r;

	return (struct climb_gains){height,
				    (2 * (2 - height) - 4 * sqrt(1 - height)) / dt_s};
}

/* @dt_s pass, with the acceleration @accel_m_s2 upwards. */
static inline void climb_predict(struct climb *c, double accel_m_s2, double dt_s)
{
	c->height_m += c->speed_m_s * dt_s + accel_m_s2 * dt_s * dt_s / 2;
	c->speed_m_s += accel_m_s2 * dt_s;
}

/* The height is measured. */
static inline void climb_correct(struct climb *c, double height_m,
				 struct climb_gains gains)
{
	double error = height_m - c->height_m;

	c->height_m += gains.height * error;
	c->speed_m_s += gains.speed * error;
}

#endif
