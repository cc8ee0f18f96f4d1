/* One attitude from several sensors. */
#include "daemon/fusion/imus.h"

#include <math.h>
#include <string.h>

/* The choice is looked at so often, and the relation of the filters so often (ours). */
#define JUDGE_NS (20 * NS_PER_MS)
#define LOOK_NS NS_PER_S
/* Sensors do not start at the same moment: before this nobody is missed (ours). */
#define GRACE_NS NS_PER_S
/* Silent: so many samples are missing, but not for less than a time (ours). */
#define LATE_SAMPLES 5
#define LATE_MIN_S 0.2
/* The low-pass filters; a difference of two sensors' times is small beside it (ours). */
#define TAU_S 0.25
/* What two filters differ by is led over in this time (ours). */
#define SETTLE_S 3.0

/*
 * How far off a good sensor may be (ours). Rates: 5 deg/s of bias that is not known yet, and of the rate what scale
 * factors (3 %) and times differ by. Accelerations: 0.1 g, and what turning makes over the 20 cm between two places.
 * Fields: a third of the weakest of the earth's, and what turning makes within 40 ms.
 */
#define RATE_TOLERANCE 0.09
#define RATE_SHARE 0.1
#define ACCEL_TOLERANCE 1.0
#define ACCEL_ARM_M 0.2
#define FIELD_TOLERANCE 8e-6
#define FIELD_PER_RATE 2e-6
/* As in attitude.c: at rest a coarse magnetometer may repeat itself. */
#define TURNING_RAD_S (5 * M_PI / 180)

enum { NINE, SIX };

static struct attitude_repeats repeats_of(const struct imus *s, unsigned which)
{
	struct attitude_repeats r = s->imu[which].nominal.repeats;

	if (s->n_mags > 0)
		r.mag_s = s->mag[s->used_mag].nominal.repeats.mag_s;
	return r;
}

static double mag_hz(const struct imus *s, unsigned which)
{
	return s->n_mags > 0 ? s->mag[s->used_mag].nominal.hz : s->imu[which].nominal.hz;
}

void imus_init(struct imus *s, const struct vqf_params *params, unsigned n,
	       const struct imu_nominal *imus, unsigned n_mags,
	       const struct imu_nominal *mags)
{
	*s = (struct imus){.n = n, .n_mags = n_mags};
	for (unsigned i = 0; i < n_mags; i++)
		s->mag[i].nominal = mags[i];
	for (unsigned i = 0; i < n; i++) {
		struct attitude_repeats repeats;

		s->imu[i].nominal = imus[i];
		repeats = repeats_of(s, i);
		attitude_init(&s->imu[i].attitude, params, imus[i].hz, mag_hz(s, i));
		attitude_expect(&s->imu[i].attitude, &repeats);
	}
}

void imus_retune(struct imus *s, const struct vqf_params *params)
{
	for (unsigned i = 0; i < s->n; i++)
		attitude_retune(&s->imu[i].attitude, params);
}

static void expect_all(struct imus *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct attitude_repeats repeats = repeats_of(s, i);

		attitude_expect(&s->imu[i].attitude, &repeats);
	}
}

void imus_imu_changed(struct imus *s, unsigned which, const struct imu_nominal *nominal,
		      bool another)
{
	struct imu_source *imu = &s->imu[which];

	imu->nominal = *nominal;
	imu->looks = 0;
	attitude_imu_changed(&imu->attitude, nominal->hz, another);
	expect_all(s);
}

void imus_mag_changed(struct imus *s, unsigned which, const struct imu_nominal *nominal,
		      bool another)
{
	s->mag[which] = (struct mag_source){.nominal = *nominal};
	for (unsigned i = 0; which == s->used_mag && i < s->n; i++)
		attitude_mag_changed(&s->imu[i].attitude, nominal->hz, another);
	expect_all(s);
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
	/* The difference of two valid times may be more than one of them can be. */
	return ((double)to_ns - (double)from_ns) / NS_PER_S;
}

static void smooth(double mean[3], const double x[3], double dt_s)
{
	for (int i = 0; i < 3; i++)
		mean[i] += (x[i] - mean[i]) * dt_s / (dt_s + TAU_S);
}

static double length(const double v[3])
{
	return sqrt(vec_dot(v, v));
}

static double late_s(const struct imu_nominal *nominal)
{
	return fmax(LATE_MIN_S, LATE_SAMPLES / nominal->hz);
}

static bool is_late(const struct imu_nominal *nominal, int64_t then_ns, int64_t t_ns)
{
	return fabs(seconds(then_ns, t_ns)) > late_s(nominal);
}

static bool is_fresh(const struct imu_source *imu, int64_t t_ns)
{
	const struct attitude *a = &imu->attitude;

	return a->gyro.seen && a->accel.seen &&
	       !is_late(&imu->nominal, a->gyro.t_ns, t_ns) &&
	       !is_late(&imu->nominal, a->accel.t_ns, t_ns);
}

/* Put the verdict of the vote @r on source @i beside what is said of it already; an earlier fault counts. */
static void note(struct vote_note *v, const struct vote_result *r, unsigned i,
		 const char *unit)
{
	if (v->verdict != VOTE_USED)
		return;
	*v = (struct vote_note){r->verdict[i], r->off[i], unit};
}

static void judge_imus(struct imus *s, int64_t t_ns)
{
	struct vote_source rates[IMUS_MAX] = {0};
	struct vote_source accels[IMUS_MAX] = {0};
	struct vote_result by_rate;
	struct vote_result by_accel;

	for (unsigned i = 0; i < s->n; i++) {
		const struct imu_source *imu = &s->imu[i];
		double rate = length(imu->rate_rad_s);

		rates[i].known = accels[i].known = is_fresh(imu, t_ns);
		rates[i].frozen = accels[i].frozen = attitude_frozen(&imu->attitude);
		memcpy(rates[i].v, imu->rate_rad_s, sizeof(rates[i].v));
		memcpy(accels[i].v, imu->accel_m_s2, sizeof(accels[i].v));
		rates[i].tolerance = RATE_TOLERANCE + RATE_SHARE * rate;
		accels[i].tolerance = ACCEL_TOLERANCE + ACCEL_ARM_M * rate * rate;
	}
	s->contradicted = false;
	if (vote_take(&s->rates, rates, s->n, 3, 0, t_ns, &by_rate))
		s->contradicted = !by_rate.majority;
	if (vote_take(&s->accels, accels, s->n, 3, 0, t_ns, &by_accel))
		s->contradicted = s->contradicted || !by_accel.majority;
	for (unsigned i = 0; i < s->n; i++) {
		s->verdict[i].verdict = VOTE_USED;
		note(&s->verdict[i], &by_rate, i, "rad/s");
		note(&s->verdict[i], &by_accel, i, "m/s^2");
	}
}

static bool is_turning(const struct imus *s)
{
	return length(s->imu[s->used].attitude.vqf.rate) > TURNING_RAD_S;
}

static void judge_mags(struct imus *s, int64_t t_ns)
{
	double rate = length(s->imu[s->used].rate_rad_s);
	struct vote_source fields[IMUS_MAX] = {0};
	struct vote_result result;

	for (unsigned i = 0; i < s->n_mags; i++) {
		const struct mag_source *m = &s->mag[i];

		memcpy(fields[i].v, m->field_t, sizeof(fields[i].v));
		fields[i].tolerance = FIELD_TOLERANCE + FIELD_PER_RATE * rate;
		fields[i].known = m->seen && !is_late(&m->nominal, m->t_ns, t_ns);
		fields[i].frozen = m->doubt.frozen &&
				   (m->nominal.repeats.mag_s > 0 || is_turning(s));
	}
	(void)vote_take(&s->fields, fields, s->n_mags, 3, 0, t_ns, &result);
	for (unsigned i = 0; i < s->n_mags; i++) {
		s->mag_verdict[i].verdict = VOTE_USED;
		note(&s->mag_verdict[i], &result, i, "T");
	}
}

/* Who is to be used, of @n: @used as long as it is good, else the first that is; the others stand by. */
static unsigned choose(struct vote_note *v, unsigned n, unsigned used)
{
	for (unsigned i = 0; i < n && v[used].verdict != VOTE_USED; i++)
		if (v[i].verdict == VOTE_USED)
			used = i;
	for (unsigned i = 0; i < n; i++)
		if (i != used && v[i].verdict == VOTE_USED)
			v[i].verdict = VOTE_STANDBY;
	return used;
}

static struct quat shown(const struct imu_source *imu, int kind)
{
	const struct vqf *vqf = &imu->attitude.vqf;

	return kind == NINE ? vqf_quat_9d(vqf) : vqf_quat_6d(vqf);
}

static struct quat put_out(const struct imus *s, int kind)
{
	struct quat q = shown(&s->imu[s->used], kind);

	return s->shifted ? quat_mul(s->shift[kind], q) : q;
}

/* How what is put out is related to each of the filters, as long as both are in order. */
static void look(struct imus *s)
{
	bool good = s->verdict[s->used].verdict == VOTE_USED;

	for (unsigned i = 0; i < s->n; i++) {
		struct imu_source *imu = &s->imu[i];

		if (s->verdict[i].verdict != VOTE_STANDBY) {
			imu->looks = 0;
			continue;
		}
		for (int kind = 0; good && kind < 2; kind++) {
			struct quat apart =
				quat_mul(put_out(s, kind), quat_conj(shown(imu, kind)));

			imu->apart[1][kind] = imu->apart[0][kind];
			imu->apart[0][kind] = apart;
		}
		if (good && imu->looks < 2)
			imu->looks++;
	}
}

static void switch_imu(struct imus *s, unsigned to, int64_t t_ns)
{
	const struct imu_source *imu = &s->imu[to];
	const struct attitude *from = &s->imu[s->used].attitude;

	for (int kind = 0; kind < 2; kind++) {
		struct quat shift = QUAT_IDENTITY;

		/* The last look may have seen what is wrong, but was not known then. */
		if (imu->looks > 0)
			shift = imu->apart[imu->looks - 1][kind];
		else if (from->gyro.seen && from->accel.seen)
			shift = quat_mul(put_out(s, kind), quat_conj(shown(imu, kind)));
		s->shift[kind] = shift;
	}
	s->shifted = true;
	s->shift_ns = t_ns;
	s->used = to;
}

static void switch_mag(struct imus *s, unsigned to)
{
	s->used_mag = to;
	for (unsigned i = 0; i < s->n; i++)
		attitude_mag_switched(&s->imu[i].attitude, s->mag[to].nominal.hz);
	expect_all(s);
}

static bool is_due(int64_t *last_ns, int64_t t_ns, int64_t every_ns)
{
	if (fabs(seconds(*last_ns, t_ns)) * NS_PER_S < (double)every_ns)
		return false;
	*last_ns = t_ns;
	return true;
}

/* With one sensor of a kind there is nothing to choose, and this is on the path of every sample. */
static void judge(struct imus *s, int64_t t_ns)
{
	unsigned used;
	unsigned mag;

	if (s->n < 2 && s->n_mags < 2)
		return;
	if (!s->begun) {
		s->begun = true;
		s->begun_ns = s->judged_ns = s->looked_ns = t_ns;
	}
	if (!is_due(&s->judged_ns, t_ns, JUDGE_NS))
		return;
	if (fabs(seconds(s->begun_ns, t_ns)) * NS_PER_S < GRACE_NS)
		return;
	judge_imus(s, t_ns);
	judge_mags(s, t_ns);
	used = choose(s->verdict, s->n, s->used);
	mag = choose(s->mag_verdict, s->n_mags, s->used_mag);
	s->chosen = true;
	if (used != s->used)
		switch_imu(s, used, t_ns);
	if (mag != s->used_mag)
		switch_mag(s, mag);
	if (is_due(&s->looked_ns, t_ns, LOOK_NS))
		look(s);
}

static void note_motion(struct imu_source *imu, enum chan chan)
{
	const struct attitude *a = &imu->attitude;

	if (chan == CHAN_GYRO)
		smooth(imu->rate_rad_s, a->vqf.rate, a->gyro.dt_s);
	else if (chan == CHAN_ACCEL)
		smooth(imu->accel_m_s2, a->accel.v, a->accel.dt_s);
}

int imus_feed(struct imus *s, unsigned which, const struct sample *x)
{
	struct imu_source *imu = &s->imu[which];
	int r;

	if (x->chan == CHAN_MAG && s->n_mags > 0)
		return 0;
	r = attitude_feed(&imu->attitude, x);
	if (r < 0)
		return r;
	note_motion(imu, x->chan);
	judge(s, x->t_ns);
	return 0;
}

/* What attitude_feed() will find out by itself, for those magnetometers that it does not see. */
static void note_field(struct mag_source *m, const struct sample *x)
{
	double known_s = m->nominal.repeats.mag_s;
	double dt_s = seconds(m->t_ns, x->t_ns);
	double field[3];

	for (int i = 0; i < 3; i++) {
		field[i] = (double)x->v[i];
		if (!isfinite(field[i]) || fabs(field[i]) > chan_info[CHAN_MAG].limit)
			return;
	}
	if (!m->seen || dt_s <= 0 || is_late(&m->nominal, m->t_ns, x->t_ns))
		dt_s = 1 / m->nominal.hz;
	(void)doubt_sample(&m->doubt, x->v, dt_s, HUGE_VALF,
			   known_s > 0 ? known_s : DOUBT_FROZEN_S);
	if (m->seen)
		smooth(m->field_t, field, dt_s);
	else
		memcpy(m->field_t, field, sizeof(field));
	m->t_ns = x->t_ns;
	m->seen = true;
}

int imus_feed_mag(struct imus *s, unsigned which, const struct sample *x)
{
	int result = 0;

	if (x->chan != CHAN_MAG)
		return 0;
	note_field(&s->mag[which], x);
	judge(s, x->t_ns);
	for (unsigned i = 0; which == s->used_mag && i < s->n; i++) {
		int r = attitude_feed(&s->imu[i].attitude, x);

		if (i == s->used)
			result = r;
	}
	return result;
}

/* That part of @q that is a turn about the vertical. */
static struct quat about_up(struct quat q)
{
	double norm = sqrt(q.w * q.w + q.z * q.z);

	return norm < 1e-6 ? QUAT_IDENTITY : (struct quat){q.w / norm, 0, 0, q.z / norm};
}

/* From @q towards @to, of which @keep (0 to 1) is left. */
static struct quat lead_over(struct quat q, struct quat to, double keep)
{
	double sign = q.w * to.w + q.x * to.x + q.y * to.y + q.z * to.z < 0 ? -1 : 1;
	double step = 1 - keep;

	return quat_normalise((struct quat){
		keep * q.w + step * sign * to.w,
		keep * q.x + step * sign * to.x,
		keep * q.y + step * sign * to.y,
		keep * q.z + step * sign * to.z,
	});
}

/*
 * What is left of the shift at @t_ns. A heading that has no origin, as it is without a magnetometer, stays where it
 * was; inclination and true heading are right in the new filter, and the shift away from them goes.
 */
static void settle(struct imus *s, int64_t t_ns, bool has_heading)
{
	double keep = exp(-fmax(seconds(s->shift_ns, t_ns), 0) / SETTLE_S);

	s->shift_ns = t_ns;
	s->shift[SIX] = lead_over(s->shift[SIX], about_up(s->shift[SIX]), keep);
	s->shift[NINE] =
		lead_over(s->shift[NINE],
			  has_heading ? QUAT_IDENTITY : about_up(s->shift[NINE]), keep);
}

static void put_shifted(struct imus *s, struct estimate_attitude *ret)
{
	struct quat six;

	settle(s, ret->t_ns, ret->used & CHAN_BIT(CHAN_MAG));
	six = put_out(s, SIX);
	ret->quat_6d[0] = (float)six.w;
	ret->quat_6d[1] = (float)six.x;
	ret->quat_6d[2] = (float)six.y;
	ret->quat_6d[3] = (float)six.z;
	attitude_put(put_out(s, NINE), ret);
}

int imus_estimate(struct imus *s, struct estimate_attitude *ret)
{
	int r = attitude_estimate(&s->imu[s->used].attitude, ret);

	if (r < 0)
		return r;
	if (s->shifted)
		put_shifted(s, ret);
	ret->degraded = ret->degraded || s->contradicted;
	return 0;
}
