/* Free fall and falls. */
#include "daemon/fusion/fall.h"

#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"

#define DEG 0.017453292519943295
#define GRAVITY_M_S2 9.80665
/* An impact is judged by the attitudes of this time. */
#define JUDGE_NS (100 * NS_PER_MS)

const struct conf_field free_fall_fields[] = {
	CONF_REAL(free_fall_conf, accel_m_s2, 0.4 * GRAVITY_M_S2, 0.5, 8, "m/s^2",
		  "Falling, it feels less than this (0.3 to 0.6 g, ADXL345)."),
	CONF_REAL(free_fall_conf, hysteresis_m_s2, 0.2 * GRAVITY_M_S2, 0, 8, "m/s^2",
		  "The fall ends when it feels more by this (ours)."),
	CONF_DURATION_NS(free_fall_conf, after_ns, 100 * NS_PER_MS, 10 * NS_PER_MS,
			 NS_PER_S, "For so long: 100 ms are 5 cm (100 to 350, ADXL345)."),
	CONF_REAL(free_fall_conf, calm, 0.25, 0.01, 1, "",
		  "Not if before it the share of strong samples was higher (ours)."),
	CONF_END,
};

const struct conf_field fallen_fields[] = {
	CONF_REAL(fallen_conf, impact_m_s2, 2.5 * GRAVITY_M_S2, 12, 160, "m/s^2",
		  "An impact is stronger than this (2.5 to 3 g)."),
	CONF_DURATION_NS(fallen_conf, within_ns, 1 * NS_PER_S, 10 * NS_PER_MS,
			 10 * NS_PER_S, "An impact so soon after free fall is a fall."),
	CONF_REAL(fallen_conf, lean_rad, 45 * DEG, 5 * DEG, 180 * DEG, "rad",
		  "Toppled: an impact while it leans so far (ours)."),
	CONF_DURATION_NS(fallen_conf, topple_ns, 2 * NS_PER_S, 0, 10 * NS_PER_S,
			 "Toppled: so soon after it began to move (ours)."),
	CONF_REAL(fallen_conf, upright_rad, 25 * DEG, 1 * DEG, 180 * DEG, "rad",
		  "Over when it leans less from how it stood (ours)."),
	CONF_DURATION_NS(fallen_conf, upright_ns, 1 * NS_PER_S, 0, 60 * NS_PER_S,
			 "And is still for so long (ours)."),
	CONF_END,
};

void fall_feed(struct fall *f, const struct free_fall_conf *conf, float impact_m_s2,
	       int64_t t_ns, float accel, float shake)
{
	float limit = conf->accel_m_s2 + (f->free_fall ? conf->hysteresis_m_s2 : 0);
	bool was = f->weightless.on;

	held_update(&f->weightless, accel < limit, t_ns);
	if (f->weightless.on && !was)
		f->calm = shake < conf->calm;
	f->free_fall = f->calm && held_for(&f->weightless, t_ns, conf->after_ns);
	if (f->free_fall)
		f->after = (struct held){.since_ns = t_ns, .on = true};
	if (accel > impact_m_s2)
		f->hit = (struct held){.since_ns = t_ns, .on = true};
}

static bool within(const struct held *h, int64_t t_ns, int64_t time_ns)
{
	return h->on && !held_for(h, t_ns, time_ns);
}

bool fall_recent(const struct fall *f, const struct fallen_conf *conf, int64_t t_ns)
{
	return within(&f->after, t_ns, conf->within_ns) ||
	       within(&f->fallen, t_ns, conf->within_ns);
}

static float angle(const float a[3], const float b[3])
{
	return acosf(fmaxf(-1, fminf(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
}

static bool has_toppled(const struct fallen_conf *conf, const struct lift *lift,
			const float up[3], int64_t t_ns)
{
	return lift->stood && within(&lift->moving, t_ns, conf->topple_ns) &&
	       angle(up, lift->base_up) > conf->lean_rad;
}

static bool stands_again(const struct fall *f, const struct fallen_conf *conf,
			 const struct lift *lift, const float up[3], int64_t t_ns)
{
	return held_for(&lift->still, t_ns, conf->upright_ns) &&
	       (!f->stood || angle(up, f->stood_up) < conf->upright_rad);
}

bool fall_update(struct fall *f, const struct fallen_conf *conf, const struct lift *lift,
		 const float up[3], int64_t t_ns)
{
	if (f->fallen.on) {
		f->fallen.on = !stands_again(f, conf, lift, up, t_ns);
		return false;
	}
	if (!within(&f->hit, t_ns, JUDGE_NS))
		return false;
	if (!within(&f->after, t_ns, conf->within_ns) &&
	    !has_toppled(conf, lift, up, t_ns))
		return false;
	held_update(&f->fallen, true, t_ns);
	memcpy(f->stood_up, lift->base_up, sizeof(f->stood_up));
	f->stood = lift->stood;
	return true;
}
