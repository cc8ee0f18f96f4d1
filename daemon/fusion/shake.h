/*
 * Shaken: the acceleration is strong in most samples of the last half second. The rule and its numbers are
 * those of Square's "seismic"; hysteresis and hold time are ours.
 */
#ifndef DAEMON_FUSION_SHAKE_H
#define DAEMON_FUSION_SHAKE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"
#include "daemon/fusion/held.h"

struct shaken_conf {
	float accel_m_s2; /* stronger than this is strong */
	float share;      /* of strong samples, 0..1 */
	float hysteresis; /* it ends at so much less */
	int64_t after_ns; /* the share must be so for so long */
};

extern const struct conf_field shaken_fields[];

#define SHAKE_BUCKETS 20

/* Part of the window in which strong samples are counted. */
struct shake_bucket {
	int64_t index; /* time divided by the bucket's length; -1: unused */
	unsigned samples, strong;
};

struct shake {
	struct shake_bucket buckets[SHAKE_BUCKETS];
	struct held much; /* the share is high enough */
	bool on;
};

void shake_init(struct shake *s);

/* One acceleration's magnitude, m/s^2. Times before 0 are left out. */
void shake_feed(struct shake *s, const struct shaken_conf *conf, int64_t t_ns,
		float accel);

/* The share of strong samples in the half second up to @t_ns; 0 when less than half of it was seen. */
float shake_share(const struct shake *s, int64_t t_ns);

/* Is it being shaken at @t_ns? */
bool shake_update(struct shake *s, const struct shaken_conf *conf, int64_t t_ns);

#endif
