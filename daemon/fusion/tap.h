/*
 * Taps: knocks that are strong and short, counted in series (a double tap counts 2). The scheme is that of
 * tap detectors in accelerometers (Analog Devices ADXL345, ST AN5272): beyond a threshold of 2 to 3 g, back
 * below it within 10 to 20 ms, with a latency and a window between the taps of a series.
 */
#ifndef DAEMON_FUSION_TAP_H
#define DAEMON_FUSION_TAP_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"

struct tapped_conf {
	float accel_m_s2;  /* away from the short-time mean */
	int64_t length_ns; /* a longer knock is no tap */
	int64_t apart_ns;  /* sooner after a tap it is its echo */
	int64_t window_ns; /* later it is a new series; and so long the count is shown */
};

extern const struct conf_field tapped_fields[];

/* Zero to start with. */
struct tap {
	float mean[3]; /* of the acceleration, without knocks */
	int64_t t_ns;  /* of the last sample */
	bool seen;
	bool knocked;      /* beyond the threshold just now */
	int64_t knock_ns;  /* since when */
	int64_t tapped_ns; /* the last tap */
	unsigned count;    /* of the series; 0: none */
};

/* One acceleration, later than the last one. */
void tap_feed(struct tap *t, const struct tapped_conf *conf, int64_t t_ns,
	      const float accel[3]);

/* How many taps the series has at @t_ns; 0 when the last one is too long ago. */
unsigned tap_count(const struct tap *t, const struct tapped_conf *conf, int64_t t_ns);

#endif
