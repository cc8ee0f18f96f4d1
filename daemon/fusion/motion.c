/*
 * Motion events.
 *
 * Shaken: the rule of Square's "seismic": the acceleration exceeds 13 m/s^2 in at least three quarters
 * of the samples of the last 0.5 s, of which at least half must be filled.
 *
 * Picked up, ours, as no standard exists: it stood still, then moved for 0.3 s, and either rises
 * (faster than 0.15 m/s or by more than 5 cm) or leans 12 degrees away from how it stood. Put down:
 * still for 1 s. Vertical speed is integrated from the moment it moved and leaks away with 2 s, since
 * an accelerometer alone does not hold it longer.
 */
#include "daemon/fusion/motion.h"

#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"

#define SHAKE_ACCEL 13.0f /* m/s^2 */
#define SHAKE_SHARE 0.75f
#define BUCKET_NS (50 * NS_PER_MS)
#define LIFT_AFTER_NS (300 * NS_PER_MS)
#define LIFT_SPEED 0.15f          /* m/s */
#define LIFT_HEIGHT 0.05f         /* m */
#define LIFT_LEAN_COS 0.97814760f /* cos 12 deg */
#define LIFT_LEAK_S 2.0f          /* s */
#define DOWN_AFTER_NS (1 * NS_PER_S)
#define TILT_ON 0.52359878f    /* 30 deg */
#define TILT_OFF 0.43633231f   /* 25 deg */
#define UPSIDE_ON 2.61799388f  /* 150 deg */
#define UPSIDE_OFF 2.44346095f /* 140 deg */

void motion_init(struct motion *m)
{
	memset(m, 0, sizeof(*m));
	for (int i = 0; i < MOTION_BUCKETS; i++)
		m->buckets[i].index = -1;
	m->moving_since = m->still_since = TIME_NEVER;
}

void motion_sample(struct motion *m, const struct sample *s)
{
	int64_t index = s->t_ns / BUCKET_NS;
	struct motion_bucket *b = &m->buckets[index % MOTION_BUCKETS];
	float norm = hypotf(hypotf(s->v[0], s->v[1]), s->v[2]);

	if (s->chan != CHAN_ACCEL || !isfinite(norm) || index < 0)
		return;
	if (b->index != index)
		*b = (struct motion_bucket){.index = index};
	b->samples++;
	if (norm > SHAKE_ACCEL)
		b->strong++;
}

/* Counted over the window that ends at @t_ns. */
static bool is_shaken(const struct motion *m, int64_t t_ns)
{
	unsigned samples = 0, strong = 0, filled = 0;

	for (int i = 0; i < MOTION_BUCKETS; i++) {
		const struct motion_bucket *b = &m->buckets[i];

		if (b->index < 0 || b->index <= t_ns / BUCKET_NS - MOTION_BUCKETS)
			continue;
		samples += b->samples;
		strong += b->strong;
		filled++;
	}
	return filled >= MOTION_BUCKETS / 2 && samples >= 4 &&
	       (float)strong >= SHAKE_SHARE * (float)samples;
}

/* Earth's up in body axes: the third row of the rotation matrix of @q (w x y z). */
static void up_in_body(const float q[4], float ret[3])
{
	ret[0] = 2 * (q[1] * q[3] - q[0] * q[2]);
	ret[1] = 2 * (q[2] * q[3] + q[0] * q[1]);
	ret[2] = 1 - 2 * (q[1] * q[1] + q[2] * q[2]);
}

static void integrate(struct motion *m, const struct estimate_attitude *a, float dt)
{
	float keep = 1 - dt / LIFT_LEAK_S;

	m->up_speed = (m->up_speed + a->up_accel * dt) * keep;
	m->lift += m->up_speed * dt;
}

static bool is_lifted(const struct motion *m, const float up[3])
{
	float lean =
		up[0] * m->base_up[0] + up[1] * m->base_up[1] + up[2] * m->base_up[2];

	return m->up_speed > LIFT_SPEED || m->lift > LIFT_HEIGHT || lean < LIFT_LEAN_COS;
}

/* Keep book of since when it moves or is still. */
static void track(struct motion *m, const struct estimate_attitude *a)
{
	if (a->at_rest) {
		if (m->still_since == TIME_NEVER)
			m->still_since = a->t_ns;
		m->moving_since = TIME_NEVER;
		m->up_speed = m->lift = 0;
	} else {
		if (m->moving_since == TIME_NEVER)
			m->moving_since = a->t_ns;
		m->still_since = TIME_NEVER;
	}
}

static bool held(int64_t since, int64_t now, int64_t for_ns)
{
	return since != TIME_NEVER && now - since >= for_ns;
}

static bool hysteresis(bool was, float x, float on, float off)
{
	return was ? x > off : x > on;
}

struct estimate_motion motion_update(struct motion *m, const struct estimate_attitude *a)
{
	float up[3];
	float dt = m->t_ns ? (float)(a->t_ns - m->t_ns) * 1e-9f : 0;

	m->t_ns = a->t_ns;
	up_in_body(a->quat_6d, up);
	track(m, a);
	if (!a->at_rest)
		integrate(m, a, fminf(dt, 0.1f));
	if (m->stood && held(m->moving_since, a->t_ns, LIFT_AFTER_NS) && is_lifted(m, up))
		m->now.picked_up = true;
	if (held(m->still_since, a->t_ns, DOWN_AFTER_NS)) {
		m->now.picked_up = false;
		memcpy(m->base_up, up, sizeof(up));
		m->stood = true;
	}
	m->now.t_ns = a->t_ns;
	m->now.still = a->at_rest;
	m->now.shaken = is_shaken(m, a->t_ns);
	m->now.tilt_rad = acosf(fmaxf(-1, fminf(1, up[2])));
	m->now.tilted = hysteresis(m->now.tilted, m->now.tilt_rad, TILT_ON, TILT_OFF);
	m->now.upside_down =
		hysteresis(m->now.upside_down, m->now.tilt_rad, UPSIDE_ON, UPSIDE_OFF);
	return m->now;
}
