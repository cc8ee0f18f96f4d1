/* Samples in, attitude out. */
#include "daemon/fusion/attitude.h"

#include <errno.h>
#include <math.h>

#define GRAVITY_M_S2 9.80665
#define GAP_NS (500 * NS_PER_MS)
#define OLD_RUN 20
/* So long after trouble the estimate is degraded: the inclination has found back by then. */
#define TROUBLE_NS (3 * NS_PER_S)
/* The smallest full scales in use, 250 deg/s and 2 g: beyond them a number that repeats is a limit. */
#define GYRO_LARGE 4.3F
#define ACCEL_LARGE 19.0F
/* Turning so fast, a field that stays the same to the last bit is none: at rest a coarse one may. */
#define TURNING_RAD_S (5 * M_PI / 180)

void attitude_init(struct attitude *a, const struct vqf_params *params, double imu_hz,
		   double mag_hz)
{
	struct vqf_rates nominal = {1 / imu_hz, 1 / imu_hz, 1 / mag_hz};

	*a = (struct attitude){
		.gyro.nominal_s = nominal.gyr_s,
		.accel.nominal_s = nominal.acc_s,
		.mag.nominal_s = nominal.mag_s,
	};
	vqf_init(&a->vqf, params, nominal);
}

static struct attitude_input *input_of(struct attitude *a, enum chan chan)
{
	if (chan == CHAN_GYRO)
		return &a->gyro;
	if (chan == CHAN_ACCEL)
		return &a->accel;
	if (chan == CHAN_MAG)
		return &a->mag;
	return NULL;
}

/*
 * Has time gone back? One sample may be late; many that are all too old, but follow one another, are
 * right, and it was the last one taken that was wrong.
 */
static bool has_gone_back(struct attitude_input *in, int64_t t_ns)
{
	in->old_run = in->old_run > 0 && t_ns > in->old_ns ? in->old_run + 1 : 1;
	in->old_ns = t_ns;
	return in->old_run > OLD_RUN;
}

static int check(struct attitude_input *in, const struct sample *s)
{
	double limit = chan_info[s->chan].limit;

	for (int i = 0; i < 3; i++)
		if (!isfinite(s->v[i]) || fabs((double)s->v[i]) > limit)
			return -ERANGE;
	if (in->seen && s->t_ns <= in->t_ns && !has_gone_back(in, s->t_ns))
		return -EINVAL;
	in->old_run = 0;
	return 0;
}

/* Take over a sample. Was there a gap before it? */
static bool take(struct attitude_input *in, const struct sample *s)
{
	/* Unsigned: the difference of two valid times may overflow, and time gone back is a gap. */
	uint64_t dt_ns = (uint64_t)s->t_ns - (uint64_t)in->t_ns;
	bool first = !in->seen;
	bool gap = !first && dt_ns > GAP_NS;

	for (int i = 0; i < 3; i++)
		in->v[i] = (double)s->v[i];
	in->dt_s = first || gap ? in->nominal_s : (double)dt_ns / NS_PER_S;
	in->t_ns = s->t_ns;
	in->seen = true;
	return gap;
}

static void use_accel(struct attitude *a)
{
	a->accel.waiting = false;
	vqf_accel(&a->vqf, a->accel.v, a->accel.dt_s);
}

static void use_mag(struct attitude *a)
{
	a->mag.waiting = false;
	vqf_mag(&a->vqf, a->mag.v, a->mag.dt_s);
}

/* Use what waits for the orientation at its time; the acceleration first, as it levels the field. */
static void use_waiting(struct attitude *a)
{
	if (a->accel.waiting && a->accel.t_ns <= a->gyro.t_ns)
		use_accel(a);
	if (a->mag.waiting && a->mag.t_ns <= a->gyro.t_ns)
		use_mag(a);
}

static void trouble(struct attitude *a)
{
	a->trouble_ns = a->gyro.t_ns;
	a->troubled = true;
}

static bool is_doubtful(struct attitude_input *in, const struct sample *s)
{
	return doubt_sample(&in->doubt, s->v, in->dt_s,
			    s->chan == CHAN_GYRO ? GYRO_LARGE : ACCEL_LARGE,
			    in->frozen_s > 0 ? in->frozen_s : DOUBT_FROZEN_S);
}

/* A magnetometer that hangs would turn the heading with the robot. */
static bool is_frozen_mag(struct attitude *a, const struct sample *s)
{
	struct attitude_input *mag = &a->mag;
	const double *rate = a->vqf.rate;
	double frozen_s = mag->frozen_s > 0 ? mag->frozen_s : DOUBT_FROZEN_S;
	bool turning = vec_dot(rate, rate) > TURNING_RAD_S * TURNING_RAD_S;
	bool repeats = doubt_sample(&mag->doubt, s->v, mag->dt_s, HUGE_VALF, frozen_s);
	bool frozen = repeats && (mag->frozen_s > 0 || turning);

	a->mag_frozen = repeats && (frozen || a->mag_frozen);
	return frozen;
}

void attitude_expect(struct attitude *a, const struct attitude_repeats *repeats)
{
	a->gyro.frozen_s = repeats->gyro_s;
	a->accel.frozen_s = repeats->accel_s;
	a->mag.frozen_s = repeats->mag_s;
}

bool attitude_frozen(const struct attitude *a)
{
	return a->gyro.doubt.frozen || a->accel.doubt.frozen;
}

bool attitude_mag_frozen(const struct attitude *a)
{
	return a->mag_frozen;
}

static struct vqf_rates nominal(const struct attitude *a)
{
	return (struct vqf_rates){a->gyro.nominal_s, a->accel.nominal_s,
				  a->mag.nominal_s};
}

void attitude_retune(struct attitude *a, const struct vqf_params *params)
{
	vqf_retune(&a->vqf, params, nominal(a));
}

void attitude_imu_changed(struct attitude *a, double hz, bool another)
{
	trouble(a);
	a->gyro = (struct attitude_input){.nominal_s = 1 / hz};
	a->accel = a->gyro;
	vqf_restart(&a->vqf);
	vqf_retune(&a->vqf, a->vqf.params, nominal(a));
	if (another)
		vqf_forget_imu(&a->vqf, nominal(a));
}

void attitude_mag_changed(struct attitude *a, double hz, bool another)
{
	a->mag = (struct attitude_input){.nominal_s = 1 / hz};
	vqf_retune(&a->vqf, a->vqf.params, nominal(a));
	if (another)
		vqf_forget_mag(&a->vqf, nominal(a));
}

void attitude_mag_switched(struct attitude *a, double hz)
{
	a->mag = (struct attitude_input){.nominal_s = 1 / hz};
	a->vqf.lag = (struct maglag){0};
	vqf_retune(&a->vqf, a->vqf.params, nominal(a));
}

int attitude_feed(struct attitude *a, const struct sample *s)
{
	struct attitude_input *in = input_of(a, s->chan);
	bool gap;
	int r;

	if (!in)
		return 0;
	r = check(in, s);
	if (r < 0) {
		a->refused++;
		trouble(a);
		return r;
	}

	/* One that still waits when the next comes is not lost, even if the gyroscope is silent. */
	if (a->accel.waiting && in == &a->accel)
		use_accel(a);
	if (a->mag.waiting && in == &a->mag)
		use_mag(a);

	gap = take(in, s);
	if (gap && in != &a->mag)
		vqf_restart(&a->vqf);
	if (in == &a->mag && is_frozen_mag(a, s)) {
		trouble(a);
		return 0;
	}
	if (in != &a->mag && (gap || is_doubtful(in, s)))
		trouble(a);
	if (in == &a->gyro)
		vqf_gyro(&a->vqf, in->v, in->dt_s);
	else
		in->waiting = true;
	use_waiting(a);
	return 0;
}

static void put_quat(struct quat q, float ret[4])
{
	ret[0] = (float)q.w;
	ret[1] = (float)q.x;
	ret[2] = (float)q.y;
	ret[3] = (float)q.z;
}

void attitude_put(struct quat q, struct estimate_attitude *ret)
{
	double sin_pitch = 2 * (q.w * q.y - q.z * q.x);

	put_quat(q, ret->quat_9d);
	ret->roll_rad = (float)atan2(2 * (q.w * q.x + q.y * q.z),
				     1 - 2 * (q.x * q.x + q.y * q.y));
	ret->pitch_rad = (float)asin(fmin(fmax(sin_pitch, -1), 1));
	ret->yaw_rad = (float)atan2(2 * (q.w * q.z + q.x * q.y),
				    1 - 2 * (q.y * q.y + q.z * q.z));
}

/* Times may be any: what is not within the time before @now_ns, on either side of it, is not. */
static bool is_within(int64_t t_ns, int64_t now_ns, int64_t time_ns)
{
	uint64_t ago_ns = (uint64_t)now_ns - (uint64_t)t_ns;

	return ago_ns <= (uint64_t)time_ns || 0 - ago_ns <= (uint64_t)time_ns;
}

static bool is_degraded(const struct attitude *a)
{
	return (a->troubled && is_within(a->trouble_ns, a->gyro.t_ns, TROUBLE_NS)) ||
	       !is_within(a->accel.t_ns, a->gyro.t_ns, GAP_NS);
}

/* Does the field count just now? */
static bool has_mag(const struct attitude *a)
{
	int64_t late_ns = (int64_t)(3 * a->mag.nominal_s * NS_PER_S);

	return a->mag.seen &&
	       is_within(a->mag.t_ns, a->gyro.t_ns, late_ns > GAP_NS ? late_ns : GAP_NS);
}

int attitude_estimate(const struct attitude *a, struct estimate_attitude *ret)
{
	const struct vqf *vqf = &a->vqf;
	struct quat q = vqf_quat_9d(vqf);
	double axes[9];

	if (!a->gyro.seen || !a->accel.seen)
		return -EAGAIN;
	quat_matrix(q, axes);
	*ret = (struct estimate_attitude){
		.t_ns = a->gyro.t_ns,
		.up_accel = (float)(vec_dot(axes + 6, a->accel.v) - GRAVITY_M_S2),
		.heading_sigma = (float)vqf->heading_sigma.rad,
		.gyro_bias_sigma = (float)bias_sigma_rad_s(&vqf->bias),
		.at_rest = vqf->rest.at_rest,
		.disturbed = vqf->field.disturbed,
		.degraded = is_degraded(a),
		.used = CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_ACCEL),
	};
	for (int i = 0; i < 3; i++) {
		ret->linear_accel[i] =
			(float)(a->accel.v[i] - GRAVITY_M_S2 * axes[6 + i]);
		ret->rate[i] = (float)(a->gyro.v[i] - vqf->bias.rad_s[i]);
		ret->gyro_bias[i] = (float)vqf->bias.rad_s[i];
	}
	put_quat(vqf_quat_6d(vqf), ret->quat_6d);
	attitude_put(q, ret);
	if (has_mag(a) && vqf_rejects_mag(vqf))
		ret->rejected |= CHAN_BIT(CHAN_MAG);
	else if (has_mag(a))
		ret->used |= CHAN_BIT(CHAN_MAG);
	return 0;
}
