/* Detection of magnetic disturbances (Laidig and Seel 2023, section 3.6). */
#include "daemon/fusion/magfield.h"

#include <math.h>

#include "daemon/fusion/quat.h"

void magfield_init(struct magfield *field, const struct vqf_params *params, double dt_s)
{
	*field = (struct magfield){.disturbed = true};
	lowpass_init(&field->lp, params->mag_current_tau_s, dt_s);
}

void magfield_retune(struct magfield *field, const struct vqf_params *params, double dt_s)
{
	lowpass_retune(&field->lp, field->state, 2, params->mag_current_tau_s, dt_s);
}

void magfield_restart(struct magfield *field)
{
	lowpass_restart(&field->lp, field->state, 2);
	field->candidate_s = 0;
	field->clean_s = 0;
}

static bool alike(const struct vqf_params *params, struct magfield_shape now,
		  struct magfield_shape ref)
{
	return fabs(now.norm - ref.norm) < params->mag_norm_ratio * ref.norm &&
	       fabs(now.dip_rad - ref.dip_rad) < params->mag_dip_rad;
}

static void follow(struct magfield_shape *ref, struct magfield_shape now, double gain)
{
	ref->norm += gain * (now.norm - ref->norm);
	ref->dip_rad += gain * (now.dip_rad - ref->dip_rad);
}

/* Does seeing a field in this state of motion make it more credible? */
static bool counts(const struct vqf_params *params, const struct rest *rest, bool first)
{
	/* Motion tells the earth's field from that of a magnet on the robot. */
	if (vec_dot(rest->rate, rest->rate) >=
	    params->mag_new_gyr_rad_s * params->mag_new_gyr_rad_s)
		return true;
	/* At rest it is but the best guess: without it, no disturbance to come can be noticed. */
	return first && params->mag_first_at_rest && rest->at_rest;
}

/* Rounding takes a sine beyond 1. */
static double within_1(double x)
{
	if (x > 1)
		return 1;
	return x < -1 ? -1 : x;
}

void magfield_update(struct magfield *field, const struct vqf_params *params,
		     const double mag[3], const struct rest *rest, double dt_s)
{
	double gain = lowpass_gain(dt_s, params->mag_ref_tau_s);
	double norm = sqrt(vec_dot(mag, mag));
	double x[2] = {norm, -asin(within_1(mag[2] / norm))};
	bool first = field->ref.norm == 0;
	struct magfield_shape now;

	lowpass_step(&field->lp, field->state, x, 2);
	now = (struct magfield_shape){.norm = x[0], .dip_rad = x[1]};

	if (alike(params, now, field->ref)) {
		field->clean_s += dt_s;
		if (field->clean_s >= params->mag_clean_s) {
			field->disturbed = false;
			follow(&field->ref, now, gain);
		}
	} else {
		field->clean_s = 0;
		field->disturbed = true;
	}

	if (!alike(params, now, field->candidate)) {
		field->candidate = now;
		field->candidate_s = 0;
		return;
	}
	if (counts(params, rest, first))
		field->candidate_s += dt_s;
	follow(&field->candidate, now, gain);
	if (field->disturbed &&
	    field->candidate_s >= (first ? params->mag_new_first_s : params->mag_new_s)) {
		field->ref = field->candidate;
		field->disturbed = false;
		field->clean_s = params->mag_clean_s;
	}
}
