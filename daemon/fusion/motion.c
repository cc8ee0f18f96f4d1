/* Motion events, put together. */
#include "daemon/fusion/motion.h"

#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"

#define DEG 0.017453292519943295
#define GAP_NS (500 * NS_PER_MS)

static const struct conf_field moving_fields[] = {
	CONF_REAL(moving_conf, rate_rad_s, 3 * DEG, 0.5 * DEG, 360 * DEG, "rad/s",
		  "Turning faster than this is motion (x-io Fusion: 3 deg/s)."),
	CONF_REAL(moving_conf, accel_m_s2, 0.5, 0.05, 20, "m/s^2",
		  "Accelerating more than this is motion (VQF: 0.5 m/s^2)."),
	CONF_DURATION_NS(moving_conf, after_ns, 300 * NS_PER_MS, 0, 10 * NS_PER_S,
			 "For so long: a knock is shorter (ours)."),
	CONF_DURATION_NS(moving_conf, gap_ns, 500 * NS_PER_MS, 0, 10 * NS_PER_S,
			 "It ends when there was none of it for so long (ours)."),
	CONF_END,
};

static const struct conf_field tilted_fields[] = {
	CONF_REAL(angle_conf, angle_rad, 30 * DEG, 1 * DEG, 180 * DEG, "rad",
		  "Leaning more than this it is tilted (ours)."),
	CONF_REAL(angle_conf, hysteresis_rad, 5 * DEG, 0, 90 * DEG, "rad",
		  "Until it leans less by this (ours)."),
	CONF_END,
};

static const struct conf_field upside_down_fields[] = {
	CONF_REAL(angle_conf, angle_rad, 150 * DEG, 90 * DEG, 180 * DEG, "rad",
		  "Leaning more than this it is upside down (ours)."),
	CONF_REAL(angle_conf, hysteresis_rad, 10 * DEG, 0, 90 * DEG, "rad",
		  "Until it leans less by this (ours)."),
	CONF_END,
};

const struct conf_field motion_fields[] = {
	CONF_TABLE(motion_conf, moving, moving_fields, "When motion.moving is true."),
	CONF_TABLE(motion_conf, picked_up, picked_up_fields, "Lifted off its place."),
	CONF_TABLE(motion_conf, put_down, put_down_fields, "And back again."),
	CONF_TABLE(motion_conf, tapped, tapped_fields,
		   "Knocks that motion.tapped counts."),
	CONF_TABLE(motion_conf, shaken, shaken_fields, "Shaken hard."),
	CONF_TABLE(motion_conf, tilted, tilted_fields, "Leaning."),
	CONF_TABLE(motion_conf, upside_down, upside_down_fields, "On its head."),
	CONF_TABLE(motion_conf, free_fall, free_fall_fields, "Falling, just now."),
	CONF_TABLE(motion_conf, fallen, fallen_fields, "Fell or toppled."),
	CONF_END,
};

void motion_init(struct motion *m, const struct motion_conf *conf)
{
	*m = (struct motion){.conf = conf};
	shake_init(&m->shake);
}

/* Is @t_ns more than half a second away from @last_ns? They may be any times. */
static bool is_gap(int64_t last_ns, int64_t t_ns)
{
	uint64_t dt_ns = (uint64_t)t_ns - (uint64_t)last_ns;

	return dt_ns > GAP_NS && 0 - dt_ns > GAP_NS;
}

/* Forget what was about to happen; what lasts stays. */
static void forget(struct motion *m)
{
	shake_init(&m->shake);
	m->tap = (struct tap){0};
	m->fall.weightless.on = m->fall.free_fall = false;
	m->fall.after.on = m->fall.hit.on = false;
	lift_forget(&m->lift);
	m->active.on = false;
}

void motion_restart(struct motion *m)
{
	forget(m);
	m->sampled = m->updated = false;
}

void motion_sample(struct motion *m, const struct sample *s)
{
	const struct motion_conf *conf = m->conf;
	float norm = hypotf(hypotf(s->v[0], s->v[1]), s->v[2]);
	float share;

	if (s->chan != CHAN_ACCEL || !isfinite(norm) || s->t_ns < 0)
		return;
	if (m->sampled && is_gap(m->sample_ns, s->t_ns))
		forget(m);
	else if (m->sampled && s->t_ns <= m->sample_ns)
		return;
	share = shake_share(&m->shake, s->t_ns);
	fall_feed(&m->fall, &conf->free_fall, conf->fallen.impact_m_s2, s->t_ns, norm,
		  share);
	shake_feed(&m->shake, &conf->shaken, s->t_ns, norm);
	/* The impact at the end of a fall is no tap. */
	if (fall_recent(&m->fall, &conf->fallen, s->t_ns))
		m->tap = (struct tap){0};
	else
		tap_feed(&m->tap, &conf->tapped, s->t_ns, s->v);
	m->sample_ns = s->t_ns;
	m->sampled = true;
}

/* Earth's up in body axes: the third row of the rotation matrix of @q (w x y z). */
static void up_in_body(const float q[4], float ret[3])
{
	ret[0] = 2 * (q[1] * q[3] - q[0] * q[2]);
	ret[1] = 2 * (q[2] * q[3] + q[0] * q[1]);
	ret[2] = 1 - 2 * (q[1] * q[1] + q[2] * q[2]);
}

static float norm(const float v[3])
{
	return hypotf(hypotf(v[0], v[1]), v[2]);
}

static bool is_moving(struct motion *m, const struct estimate_attitude *a)
{
	const struct moving_conf *conf = &m->conf->moving;
	bool active = norm(a->rate) > conf->rate_rad_s ||
		      norm(a->linear_accel) > conf->accel_m_s2;

	if (active)
		m->active_ns = a->t_ns;
	held_update(&m->active,
		    active || (m->active.on && a->t_ns - m->active_ns <= conf->gap_ns),
		    a->t_ns);
	/* Measured up to the last activity: the pause that follows a knock is no motion. */
	return held_for(&m->active, m->active_ns, conf->after_ns);
}

static bool is_beyond(bool was, float angle, const struct angle_conf *conf)
{
	return held_above(was, angle, conf->angle_rad, conf->hysteresis_rad);
}

struct estimate_motion motion_update(struct motion *m, const struct estimate_attitude *a)
{
	const struct motion_conf *conf = m->conf;
	struct estimate_motion *now = &m->now;
	float dt_s = 0;
	float up[3];

	if (m->updated && is_gap(m->t_ns, a->t_ns))
		forget(m);
	else if (m->updated && a->t_ns <= m->t_ns)
		return *now;
	else if (m->updated)
		dt_s = (float)(a->t_ns - m->t_ns) * 1e-9f;
	m->t_ns = now->t_ns = a->t_ns;
	m->updated = true;

	up_in_body(a->quat_6d, up);
	lift_feed(&m->lift, &conf->picked_up, &conf->put_down, a, up, dt_s);
	if (fall_update(&m->fall, &conf->fallen, &m->lift, up, a->t_ns))
		lift_drop(&m->lift);
	now->still = a->at_rest;
	now->moving = is_moving(m, a);
	now->picked_up = m->lift.picked_up;
	now->put_down = lift_put_down(&m->lift, &conf->put_down, a->t_ns);
	now->taps = tap_count(&m->tap, &conf->tapped, a->t_ns);
	now->shaken = shake_update(&m->shake, &conf->shaken, a->t_ns);
	now->free_fall = m->fall.free_fall;
	now->fallen = m->fall.fallen.on;
	now->tilt_rad = acosf(fmaxf(-1, fminf(1, up[2])));
	now->tilted = is_beyond(now->tilted, now->tilt_rad, &conf->tilted);
	now->upside_down = is_beyond(now->upside_down, now->tilt_rad, &conf->upside_down);
	return *now;
}
