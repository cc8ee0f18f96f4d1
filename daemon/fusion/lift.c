/* Picked up and put down. */
#include "daemon/fusion/lift.h"

#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"

#define DEG 0.017453292519943295
/* An accelerometer alone does not hold a speed any longer. */
#define LEAK_S 2.0f

const struct conf_field picked_up_fields[] = {
	CONF_DURATION_NS(picked_up_conf, after_ns, 300 * NS_PER_MS, 0, 5 * NS_PER_S,
			 "It must move, or lean, for so long: a push is shorter (ours)."),
	CONF_REAL(picked_up_conf, speed_m_s, 0.15, 0.02, 5, "m/s",
		  "Rising faster than this is being lifted (ours)."),
	CONF_REAL(picked_up_conf, height_m, 0.05, 0.01, 2, "m",
		  "So far above its place it is lifted (ours)."),
	CONF_REAL(picked_up_conf, lean_rad, 12 * DEG, 1 * DEG, 180 * DEG, "rad",
		  "Leaning so far from how it stood it is lifted (ours)."),
	CONF_END,
};

const struct conf_field put_down_fields[] = {
	CONF_DURATION_NS(put_down_conf, after_ns, 1 * NS_PER_S, 0, 60 * NS_PER_S,
			 "It must be still for so long (ours)."),
	CONF_REAL(put_down_conf, lean_rad, 15 * DEG, 1 * DEG, 180 * DEG, "rad",
		  "And lean at most so far from how it stood (ours)."),
	CONF_DURATION_NS(put_down_conf, settle_ns, 5 * NS_PER_S, 0, 600 * NS_PER_S,
			 "Still for so long it is put down however it leans (ours)."),
	CONF_DURATION_NS(put_down_conf, shown_ns, 1 * NS_PER_S, 0, 60 * NS_PER_S,
			 "How long motion.put_down stays true (ours)."),
	CONF_END,
};

static float lean(const struct lift *l, const float up[3])
{
	float cosine =
		up[0] * l->base_up[0] + up[1] * l->base_up[1] + up[2] * l->base_up[2];

	return acosf(fmaxf(-1, fminf(1, cosine)));
}

static void integrate(struct lift *l, float up_accel, float dt_s)
{
	if (l->still.on) {
		l->speed_m_s = l->height_m = 0;
		return;
	}
	l->speed_m_s = (l->speed_m_s + up_accel * dt_s) * (1 - dt_s / LEAK_S);
	l->height_m += l->speed_m_s * dt_s;
}

static bool is_lifted(struct lift *l, const struct picked_up_conf *conf,
		      const float up[3], int64_t t_ns)
{
	held_update(&l->leaning, lean(l, up) > conf->lean_rad, t_ns);
	if (!l->stood || !held_for(&l->moving, t_ns, conf->after_ns))
		return false;
	return l->speed_m_s > conf->speed_m_s || l->height_m > conf->height_m ||
	       held_for(&l->leaning, t_ns, conf->after_ns);
}

static bool stands(const struct lift *l, const struct put_down_conf *conf,
		   const float up[3], int64_t t_ns)
{
	if (held_for(&l->still, t_ns, conf->settle_ns))
		return true;
	return held_for(&l->still, t_ns, conf->after_ns) &&
	       (!l->picked_up || lean(l, up) <= conf->lean_rad);
}

void lift_feed(struct lift *l, const struct picked_up_conf *up_conf,
	       const struct put_down_conf *down_conf, const struct estimate_attitude *a,
	       const float up[3], float dt_s)
{
	held_update(&l->moving, !a->at_rest, a->t_ns);
	held_update(&l->still, a->at_rest, a->t_ns);
	integrate(l, a->up_accel, dt_s);
	if (is_lifted(l, up_conf, up, a->t_ns)) {
		l->picked_up = true;
		l->put_down.on = false;
	}
	if (stands(l, down_conf, up, a->t_ns)) {
		if (l->picked_up)
			held_update(&l->put_down, true, a->t_ns);
		l->picked_up = false;
		memcpy(l->base_up, up, sizeof(l->base_up));
		l->stood = true;
	}
}

void lift_forget(struct lift *l)
{
	l->moving.on = l->still.on = l->leaning.on = l->put_down.on = false;
	l->speed_m_s = l->height_m = 0;
}

void lift_drop(struct lift *l)
{
	l->picked_up = false;
	l->stood = false;
}

bool lift_put_down(const struct lift *l, const struct put_down_conf *conf, int64_t t_ns)
{
	return l->put_down.on && !held_for(&l->put_down, t_ns, conf->shown_ns);
}
