/* Height above the start point and vertical speed, from pressure and vertical acceleration. */
#ifndef DAEMON_FUSION_ALTITUDE_H
#define DAEMON_FUSION_ALTITUDE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"

struct altitude;
struct sample;

/*
 * Start a filter at height 0. @tau_s is the blend time: faster than that the accelerometer
 * is believed, slower the barometer. 0.1 to 60 s.
 * Returns a filter the caller frees with altitude_free(), or NULL when out of memory.
 */
struct altitude *altitude_new(float tau_s) MALLOC_LIKE;
void altitude_free(struct altitude *a); /* NULL is fine */

/* Another blend time, from now on. What is known stays. */
void altitude_retune(struct altitude *a, float tau_s);

/*
 * The next pressure comes from another barometer, and two of them differ by metres: it is taken to be that
 * of the present height. While none is known it is that of the start point.
 */
void altitude_baro_changed(struct altitude *a);

/*
 * Feed one sample, oldest first; channels other than pressure are ignored. After 5 s without one the
 * height is found anew, still above the same start point.
 * Returns 0; -EINVAL for a sample older than the last one, unless by so much that time has gone back,
 * which is as a gap; -ERANGE for one that is no air pressure. Both are
 * then dropped.
 */
int altitude_feed(struct altitude *a, const struct sample *s) MUST_CHECK;

/*
 * Feed the acceleration along earth's up, without gravity, m/s^2, of the moment @t_ns; without any the
 * barometer stands alone. What it shows @at_rest is its offset, and is learnt. One that is not newer than
 * the last one, or not finite, is dropped.
 */
void altitude_accel(struct altitude *a, int64_t t_ns, float up_accel, bool at_rest);

/* Metres above the start, up positive. NaN until the first pressure sample, and when none came for 5 s. */
float altitude_m(const struct altitude *a);

/* The time of both, that of the newest sample or acceleration; 0 while they are not known. */
int64_t altitude_time_ns(const struct altitude *a);

/* Vertical speed, m/s, up positive. NaN as the height. */
float altitude_speed_m_s(const struct altitude *a);

#endif
