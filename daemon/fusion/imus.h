/*
 * One attitude from one motion sensor or several, and from one magnetometer or several.
 *
 * Each motion sensor has a filter of its own (attitude.h), and with it its own bias, so that the next one is ready at
 * any time; one of them is in use, the others stand by. Their rates and accelerations vote (vote.h), low-pass
 * filtered, as they are not measured at the same moments. When the one in use falls silent, is frozen, or is outvoted,
 * the first one of the configuration that is neither takes its place: from the orientation that was put out, as
 * the two filters were related before anything was wrong, so that nothing jumps; what they differ by is then led over.
 * It stays until it fails itself.
 *
 * The magnetometer in use is fed to all filters, and is chosen in the same manner.
 *
 * One filter for the mean of several sensors would be cheaper, but its bias would change with who is in it.
 */
#ifndef DAEMON_FUSION_IMUS_H
#define DAEMON_FUSION_IMUS_H
#include <stdbool.h>

#include "daemon/fusion/attitude.h"
#include "daemon/fusion/vote.h"

enum { IMUS_MAX = 4 }; /* of motion sensors, and of magnetometers; at most VOTE_MAX */

/* What is known of a sensor beforehand. */
struct imu_nominal {
	double hz;
	struct attitude_repeats repeats; /* of a magnetometer only that */
};

struct imu_source {
	struct attitude attitude;
	struct imu_nominal nominal;
	double rate_rad_s[3]; /* less the bias, low-pass filtered */
	double accel_m_s2[3]; /* the same */
	/* From what it shows to what is put out, 9D and 6D: [0] of the last look, [1] of the one before. */
	struct quat apart[2][2];
	unsigned looks; /* that have filled in apart, up to 2 */
};

struct mag_source {
	struct imu_nominal nominal;
	double field_t[3]; /* low-pass filtered */
	int64_t t_ns;
	struct doubt doubt;
	bool seen;
};

struct imus {
	struct imu_source imu[IMUS_MAX];
	struct mag_source mag[IMUS_MAX];
	unsigned n, n_mags;
	unsigned used, used_mag; /* index */
	struct vote rates, accels, fields;
	struct vote_note verdict[IMUS_MAX], mag_verdict[IMUS_MAX];
	bool contradicted; /* without a majority */
	bool begun;
	bool chosen; /* the verdicts are there */
	int64_t begun_ns, judged_ns, looked_ns;
	/* What is put out is the filter's orientation and then this turn, 9D and 6D. */
	struct quat shift[2];
	int64_t shift_ns;
	bool shifted;
};

/* Begin with @n motion sensors, one at least, and @n_mags magnetometers. @params must stay. */
void imus_init(struct imus *s, const struct vqf_params *params, unsigned n,
	       const struct imu_nominal *imus, unsigned n_mags,
	       const struct imu_nominal *mags);

/* Other parameters: attitude_retune(). */
void imus_retune(struct imus *s, const struct vqf_params *params);

/* A sensor is set up anew, with @another it is another chip: attitude_imu_changed(). */
void imus_imu_changed(struct imus *s, unsigned which, const struct imu_nominal *nominal,
		      bool another);
void imus_mag_changed(struct imus *s, unsigned which, const struct imu_nominal *nominal,
		      bool another);

/*
 * Feed a sample of the motion sensor, or of the magnetometer, @which; returns what attitude_feed() does. A motion sensor
 * may have a magnetometer of its own, which counts when there are no others.
 */
int imus_feed(struct imus *s, unsigned which, const struct sample *x) MUST_CHECK;
int imus_feed_mag(struct imus *s, unsigned which, const struct sample *x) MUST_CHECK;

/* The attitude, as attitude_estimate(); it is degraded also while two sensors contradict each other. */
int imus_estimate(struct imus *s, struct estimate_attitude *ret) MUST_CHECK;

#endif
