/*
 * Picked up and put down. No standard exists; the definition is ours: what stood still moves for some time,
 * and either rises or leans away from how it stood. It is put down when it is still again and leans as it
 * stood; if it is still for long, however it leans, that is its new place.
 */
#ifndef DAEMON_FUSION_LIFT_H
#define DAEMON_FUSION_LIFT_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/base/estimate.h"
#include "daemon/fusion/held.h"

struct picked_up_conf {
	int64_t after_ns; /* it moves, or leans, at least for so long */
	float speed_m_s;  /* upwards */
	float height_m;
	float lean_rad;
};

struct put_down_conf {
	int64_t after_ns;  /* still for so long ... */
	float lean_rad;    /* ... and leaning at most so far from how it stood */
	int64_t settle_ns; /* still for so long, however it leans */
	int64_t shown_ns;  /* how long put_down stays true */
};

extern const struct conf_field picked_up_fields[];
extern const struct conf_field put_down_fields[];

/* Zero to start with. */
struct lift {
	struct held moving, still;
	struct held leaning;       /* away from how it stood */
	float speed_m_s, height_m; /* upwards, since it was still */
	float base_up[3];          /* earth's up in body axes while it stood */
	bool stood;                /* base_up is known */
	bool picked_up;
	struct held put_down; /* since it was put down; off when that was never */
};

/* Feed an attitude, @dt_s after the last one, with earth's @up in body axes. */
void lift_feed(struct lift *l, const struct picked_up_conf *up_conf,
	       const struct put_down_conf *down_conf, const struct estimate_attitude *a,
	       const float up[3], float dt_s);

/* There was a gap in time: forget for how long it has moved or been still. What lasts stays. */
void lift_forget(struct lift *l);

/* It fell: it is in nobody's hands. */
void lift_drop(struct lift *l);

/* Was it put down just now? */
bool lift_put_down(const struct lift *l, const struct put_down_conf *conf, int64_t t_ns);

#endif
