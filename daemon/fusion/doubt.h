/*
 * Samples that look right one by one but cannot be: a sensor that repeats itself. Real sensors have noise, so
 * axes that all stay the same to the last bit for longer than chance allows are frozen, and one that repeats the
 * largest number seen yet is at the end of its range.
 */
#ifndef DAEMON_FUSION_DOUBT_H
#define DAEMON_FUSION_DOUBT_H
#include <stdbool.h>
#include <stdint.h>

/* Of a sensor of which nothing is known: no motion sensor repeats three axes for so long (ours). */
#define DOUBT_FROZEN_S 0.5

/* Zero to start with. */
struct doubt {
	float last[3];
	double same_s[3]; /* how long each axis has repeated it */
	unsigned same[3]; /* and how often */
	float peak;       /* the largest number that was seen */
	bool frozen;      /* the newest sample is */
};

/*
 * Take a look at the next sample, @dt_s after the last one; of a channel with one number v[1] and v[2] are always the
 * same. A number is large beyond @large. Is it frozen (for @frozen_s, INFINITY: never) or clipped (three times in a row)?
 */
bool doubt_sample(struct doubt *d, const float v[3], double dt_s, float large,
		  double frozen_s);

#endif
