/*
 * The attitude of the robot, from samples as drivers deliver them: the orientation filter (vqf.h) with
 * real sample times, checks of what comes in, and results ready for use.
 */
#ifndef DAEMON_FUSION_ATTITUDE_H
#define DAEMON_FUSION_ATTITUDE_H
#include <stdbool.h>

#include "daemon/base/estimate.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"
#include "daemon/fusion/doubt.h"
#include "daemon/fusion/vqf.h"

/* A source of samples of one channel. */
struct attitude_input {
	double v[3];      /* the newest sample, SI */
	int64_t t_ns;     /* its time */
	double dt_s;      /* since the one before it */
	double nominal_s; /* time between samples, as configured */
	double frozen_s;  /* repeating itself for so long it is frozen; 0: not known */
	bool seen;
	bool waiting;     /* newer than the gyroscope: used after its next sample */
	int64_t old_ns;   /* the time of the last sample that was refused as old */
	unsigned old_run; /* so many of them followed one another */
	struct doubt doubt;
};

struct attitude {
	struct vqf vqf;
	struct attitude_input gyro, accel, mag;
	uint64_t refused;   /* samples that attitude_feed() did not take */
	int64_t trouble_ns; /* when something was wrong with the samples, if ... */
	bool troubled;      /* ... it ever was */
	bool mag_frozen; /* the field is, or was left out, and has been the same ever since */
};

/*
 * Start a filter for sensors with the rates @imu_hz and @mag_hz, both above 0; real time stamps are
 * used as well, but they are expected to be near. @params must stay. There is no need of a fini.
 */
void attitude_init(struct attitude *a, const struct vqf_params *params, double imu_hz,
		   double mag_hz);

/*
 * How long the sensors may repeat themselves to the last bit by chance, s; INFINITY: for ever, and 0: that is not
 * known, as at the start. Then it is 0.5 s, for a magnetometer only while the robot turns.
 */
struct attitude_repeats {
	double gyro_s, accel_s, mag_s;
};
void attitude_expect(struct attitude *a, const struct attitude_repeats *repeats);

/*
 * Other parameters for a filter in use: what it has learnt stays, and the attitude does not jump. @params
 * must stay; it may be what the filter has been using all along, with new contents.
 */
void attitude_retune(struct attitude *a, const struct vqf_params *params);

/*
 * The accelerometer and gyroscope, or the magnetometer, are set up anew, to @hz; with @another it is
 * another chip, or sits otherwise. The orientation is kept and then corrected as fast as at the start; of
 * another chip the bias, or the field, is learnt anew. Until samples come there is no estimate, and then it
 * is degraded for a while.
 */
void attitude_imu_changed(struct attitude *a, double hz, bool another);
void attitude_mag_changed(struct attitude *a, double hz, bool another);

/*
 * From now on another magnetometer is fed, with @hz. It is calibrated as the one before and sees the same field, so
 * the heading is led over to its heading as slowly as it always follows the field.
 */
void attitude_mag_switched(struct attitude *a, double hz);

/*
 * Feed a sample, oldest first within each channel; within a burst the order of the channels does not
 * matter. Channels other than gyro, accel and mag are ignored. After a gap of half a second in
 * gyro or accel the orientation is found anew, the bias is kept.
 *
 * Returns 0; -EINVAL for a sample that is not newer than the last one of its channel; -ERANGE for one that
 * is not finite or beyond its channel's limit. A refused sample changes nothing but the counter, and that
 * the estimate is degraded. Old samples that follow one another for long (20 of them) mean that time
 * itself has gone back: that is a gap.
 */
int attitude_feed(struct attitude *a, const struct sample *s) MUST_CHECK;

/*
 * Does the gyroscope or the accelerometer, or the magnetometer, repeat itself just now? Of a magnetometer whose noise is
 * not known that is said when the robot has turned, and holds until its field changes.
 */
bool attitude_frozen(const struct attitude *a);
bool attitude_mag_frozen(const struct attitude *a);

/* Let @q be the orientation of @ret, with the angles that it means. */
void attitude_put(struct quat q, struct estimate_attitude *ret);

/* Where we are. Returns 0, or -EAGAIN until both a rate and an acceleration were fed. */
int attitude_estimate(const struct attitude *a, struct estimate_attitude *ret) MUST_CHECK;

#endif
