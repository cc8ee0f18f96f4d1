/*
 * Free fall and falls.
 *
 * Free fall: almost no acceleration for some time (ADXL345, LSM6DSOX: 0.3 to 0.6 g for 100 to 350 ms). A hand
 * that swings it makes that too, but not without strong acceleration just before, so
 * where there was much of it, there is no fall (ours).
 *
 * Fallen: an impact soon after free fall; or, ours, an impact while it leans far from how it stood and has
 * moved only for a moment: it toppled. It ends when it is still and leans as it stood before.
 */
#ifndef DAEMON_FUSION_FALL_H
#define DAEMON_FUSION_FALL_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/fusion/held.h"
#include "daemon/fusion/lift.h"

struct free_fall_conf {
	float accel_m_s2;      /* less than this is as good as none ... */
	float hysteresis_m_s2; /* ... until it is more by this */
	int64_t after_ns;      /* for so long */
	float calm;            /* the share of strong samples before it is below this */
};

struct fallen_conf {
	float impact_m_s2;
	int64_t within_ns;  /* after free fall */
	float lean_rad;     /* toppled: so far from how it stood ... */
	int64_t topple_ns;  /* ... within so long after it began to move */
	float upright_rad;  /* it is over when it leans less than this ... */
	int64_t upright_ns; /* ... and is still for so long */
};

extern const struct conf_field free_fall_fields[];
extern const struct conf_field fallen_fields[];

/* Zero to start with. */
struct fall {
	struct held weightless;
	bool calm;         /* it was calm before */
	bool free_fall;    /* just now */
	struct held after; /* since the last free fall */
	struct held hit;   /* since the last impact */
	float stood_up[3]; /* earth's up in body axes before it fell */
	bool stood;        /* that is known */
	struct held fallen;
};

/* One acceleration's magnitude, m/s^2; @shake is the share of strong ones up to now. */
void fall_feed(struct fall *f, const struct free_fall_conf *conf, float impact_m_s2,
	       int64_t t_ns, float accel, float shake);

/* Does it fall, or has it fallen just now? Its impacts are no taps. */
bool fall_recent(const struct fall *f, const struct fallen_conf *conf, int64_t t_ns);

/* Judge the last samples at @t_ns by how it stands, or stood. Returns whether it fell now. */
bool fall_update(struct fall *f, const struct fallen_conf *conf, const struct lift *lift,
		 const float up[3], int64_t t_ns);

#endif
