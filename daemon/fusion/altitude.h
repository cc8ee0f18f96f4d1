/*
 * Height above the start point and vertical speed, from pressure, of one barometer or several (baros.h), and vertical
 * acceleration.
 */
#ifndef DAEMON_FUSION_ALTITUDE_H
#define DAEMON_FUSION_ALTITUDE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"

struct altitude;
struct sample;
struct vote_result;

/* How far off a good barometer may be, m: BMP280, +-12 Pa between two places (data sheet, table 2), and warmth (ours). */
#define ALTITUDE_TOLERANCE_M 2.0F

/*
 * Start a filter at height 0. @tau_s is the blend time: faster than that the accelerometer
 * is believed, slower the barometer. 0.1 to 60 s.
 * Returns a filter the caller frees with altitude_free(), or NULL when out of memory.
 */
struct altitude *altitude_new(float tau_s) MALLOC_LIKE;
void altitude_free(struct altitude *a); /* NULL is fine */

/* Another blend time, and tolerance among barometers, from now on. What is known stays. */
void altitude_retune(struct altitude *a, float tau_s, float tolerance_m);

/*
 * There is a barometer @which, from 0 on (below BAROS_MAX); baros_expect() has the arguments. Without any there is
 * number 0 of 10 Hz. With @another, of one in use: its next pressure is taken to be that of the present height, as two
 * barometers differ by metres; while none is known it is that of the start point.
 */
void altitude_baro(struct altitude *a, unsigned which, double hz, double frozen_s,
		   bool another);

/*
 * Feed one sample of the barometer @which, oldest first; channels other than pressure are ignored. After 5 s without
 * one the height is found anew, still above the same start point.
 * Returns 0; -EINVAL for a sample older than its last one, unless by so much that time has gone back,
 * which is as a gap; -ERANGE for one that is no air pressure. Both are
 * then dropped.
 */
int altitude_feed(struct altitude *a, unsigned which, const struct sample *s) MUST_CHECK;

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

/*
 * Is the height not what it should be? Within the last 3 s samples were refused or missing, or two barometers
 * contradicted each other; none has been used for a second (three periods of a slow one); or it is not known.
 */
bool altitude_degraded(const struct altitude *a);

/* The time of the newest sample or acceleration, whether anything is known or not. */
int64_t altitude_newest_ns(const struct altitude *a);

/* Which barometers the height rests on, as the newest sample left it. */
const struct vote_result *altitude_sources(const struct altitude *a);

/* Vertical speed, m/s, up positive. NaN as the height. */
float altitude_speed_m_s(const struct altitude *a);

#endif
