/*
 * Fuzz target: random streams of samples of two sensors of each kind through all of fusion. Whatever comes, the estimates stay finite,
 * and a healthy sensor afterwards brings them back.
 *
 * Six bytes make one sample: a byte for the sensor, the channel and how it differs from a healthy one, one for
 * the time since the last one, and four for a number.
 */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/fusion/altitude.h"
#include "daemon/fusion/imus.h"
#include "daemon/fusion/motion.h"

enum { RECORD = 6 };

static const enum chan chans[] = {CHAN_GYRO, CHAN_ACCEL, CHAN_MAG, CHAN_PRESSURE};

struct fusion {
	struct motion_conf conf;
	struct imus imus;
	struct motion motion;
	struct altitude *altitude;
	int64_t t_ns;
};

static void check(struct fusion *f)
{
	struct estimate_attitude a;
	struct estimate_motion m;
	float norm = 0;

	if (imus_estimate(&f->imus, &a) < 0)
		return;
	for (int i = 0; i < 4; i++) {
		assert(isfinite(a.quat_6d[i]));
		norm += a.quat_9d[i] * a.quat_9d[i];
	}
	assert(fabsf(norm - 1) < 1e-3F);
	for (int i = 0; i < 3; i++)
		assert(isfinite(a.linear_accel[i]) && isfinite(a.gyro_bias[i]) &&
		       isfinite(a.rate[i]));
	assert(isfinite(a.gyro_bias_sigma) && isfinite(a.yaw_rad));
	m = motion_update(&f->motion, &a);
	assert(isfinite(m.tilt_rad));
	altitude_accel(f->altitude, a.t_ns, a.up_accel, a.at_rest);
	assert(!isinf(altitude_m(f->altitude)) &&
	       !isinf(altitude_speed_m_s(f->altitude)));
}

static void feed(struct fusion *f, unsigned which, const struct sample *s)
{
	if (s->chan == CHAN_MAG)
		(void)!imus_feed_mag(&f->imus, which, s);
	else if (imus_feed(&f->imus, which, s) == 0 && which == f->imus.used)
		motion_sample(&f->motion, s);
	if (altitude_feed(f->altitude, which, s) == 0)
		check(f);
}

static struct sample healthy(enum chan chan, int64_t t_ns)
{
	switch (chan) {
	case CHAN_ACCEL:
		return (struct sample){t_ns, chan, {0, 0, 9.81F}};
	case CHAN_MAG:
		return (struct sample){t_ns, chan, {0, 19e-6F, -45e-6F}};
	case CHAN_PRESSURE:
		return (struct sample){t_ns, chan, {99000}};
	default:
		return (struct sample){t_ns, chan, {0}};
	}
}

static void feed_record(struct fusion *f, const uint8_t *b)
{
	struct sample s = healthy(chans[b[0] & 3], 0);
	float number;

	memcpy(&number, b + 2, sizeof(number));
	/* Mostly some milliseconds; seldom hours, or back. */
	if (b[1] == 255)
		memcpy(&f->t_ns, "\xff\xff\xff\xff\xff\xff\xff\x7f", sizeof(f->t_ns));
	else if (b[1] >= 250)
		f->t_ns = (int64_t)(b[1] - 250) * 3600 * NS_PER_S;
	else if (f->t_ns < INT64_MAX - NS_PER_S)
		f->t_ns += (b[1] - 10) * NS_PER_MS;
	s.t_ns = f->t_ns;
	if (b[0] & 4)
		s.v[b[0] >> 4 & 1] = number;
	if (b[0] & 8)
		s.v[2] += (float)(int8_t)b[2];
	feed(f, b[0] >> 5 & 1, &s);
}

static void expect_recovery(struct fusion *f)
{
	struct estimate_attitude a;

	f->t_ns = 3600 * NS_PER_S;
	for (int i = 0; i < 200 * 30; i++) {
		f->t_ns += 5 * NS_PER_MS;
		for (int k = 0; k < 4; k++) {
			struct sample s = healthy(chans[k], f->t_ns);

			/* Not twice the same, as that is doubtful. */
			s.v[0] += k < 2 ? 0.0001F * (float)(i % 7) : 0;
			feed(f, 0, &s);
			if (i % 4 == 0)
				feed(f, 1, &s);
		}
	}
	assert(imus_estimate(&f->imus, &a) == 0);
	/* The second one has but every fourth sample. */
	assert(f->t_ns - a.t_ns <= 15 * NS_PER_MS);
	assert(!a.degraded && a.at_rest);
	assert(fabsf(a.roll_rad) < 0.02F && fabsf(a.pitch_rad) < 0.02F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct imu_nominal nominal[] = {{.hz = 200}, {.hz = 50}};
	struct fusion f = {.altitude = altitude_new(1)};

	assert(f.altitude);
	conf_defaults(motion_fields, &f.conf);
	imus_init(&f.imus, &vqf_params_default, 2, nominal, 2, nominal);
	altitude_baro(f.altitude, 0, 200, 0.5, false);
	altitude_baro(f.altitude, 1, 50, (double)INFINITY, false);
	motion_init(&f.motion, &f.conf);
	for (; len >= RECORD; data += RECORD, len -= RECORD)
		feed_record(&f, data);
	/* That takes long: of some streams only. */
	if (len == 1)
		expect_recovery(&f);
	altitude_free(f.altitude);
	return 0;
}
