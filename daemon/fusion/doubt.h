/*
 * Samples that look right one by one but cannot be: a sensor that repeats itself. Real sensors have noise, so
 * three axes that stay the same to the last bit are frozen, and one that repeats the largest number
 * seen yet is at the end of its range.
 */
#ifndef DAEMON_FUSION_DOUBT_H
#define DAEMON_FUSION_DOUBT_H
#include <stdbool.h>
#include <stdint.h>

/* Zero to start with. */
struct doubt {
	float last[3];
	double same_s[3]; /* how long each axis has repeated it */
	unsigned same[3]; /* and how often */
	float peak;       /* the largest number that was seen */
};

/*
 * Take a look at the next sample, @dt_s after the last one. A number is large beyond @large. Is it frozen (for
 * half a second) or clipped (three times in a row)?
 */
bool doubt_sample(struct doubt *d, const float v[3], double dt_s, float large);

#endif
