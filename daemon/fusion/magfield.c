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
static bool counts(const struct magfield *field, const struct vqf_params *params,
		   const struct rest *rest, bool turning)
{
	/* Motion tells the earth's field from that of a magnet on the robot. */
	if (turning)
		return true;
	/* At rest it is but the best guess: without it, no disturbance to come can be noticed. */
	if (rest->at_rest)
		return field->ref.norm == 0 && params->mag_first_at_rest;
	/* That guess is worth less than what stays the same from place to place. */
	return field->rested.norm > 0;
}

/* The reference is like the field @now. */
static void confirm(struct magfield *field, const struct vqf_params *params,
		    struct magfield_shape now, bool turning, double dt_s)
{
	field->clean_s += dt_s;
	if (turning)
		field->sure_s += dt_s;
	if (field->clean_s < params->mag_clean_s)
		return;
	field->disturbed = false;
	follow(&field->ref, now, lowpass_gain(dt_s, params->mag_ref_tau_s));
}

/* The candidate is the reference from now on. Was the field at rest another one? */
static bool adopt(struct magfield *field, const struct vqf_params *params, bool at_rest)
{
	bool other =
		field->rested.norm > 0 && !alike(params, field->rested, field->candidate);

	field->ref = field->candidate;
	field->disturbed = false;
	field->clean_s = params->mag_clean_s;
	field->sure_s = at_rest ? 0 : field->candidate_s;
	if (other)
		field->rested.norm = 0;
	return other;
}

/* Rounding takes a sine beyond 1. */
static double within_1(double x)
{
	if (x > 1)
		return 1;
	return x < -1 ? -1 : x;
}

bool magfield_update(struct magfield *field, const struct vqf_params *params,
		     const double mag[3], const struct rest *rest, double dt_s)
{
	double norm = sqrt(vec_dot(mag, mag));
	double x[2] = {norm, -asin(within_1(mag[2] / norm))};
	bool turning = vec_dot(rest->rate, rest->rate) >=
		       params->mag_new_gyr_rad_s * params->mag_new_gyr_rad_s;
	bool sure = field->sure_s >= params->mag_new_first_s;
	struct magfield_shape now;

	lowpass_step(&field->lp, field->state, x, 2);
	now = (struct magfield_shape){.norm = x[0], .dip_rad = x[1]};

	if (alike(params, now, field->ref)) {
		confirm(field, params, now, turning, dt_s);
	} else {
		field->clean_s = 0;
		field->disturbed = true;
	}
	if (sure)
		field->rested.norm = 0;
	else if (params->mag_keep_rest && rest->at_rest &&
		 (field->ref.norm == 0 || !field->disturbed))
		field->rested = now;

	if (!alike(params, now, field->candidate)) {
		field->candidate = now;
		field->candidate_s = 0;
		return false;
	}
	if (counts(field, params, rest, turning))
		field->candidate_s += dt_s;
	follow(&field->candidate, now, lowpass_gain(dt_s, params->mag_ref_tau_s));
	if (!field->disturbed ||
	    field->candidate_s < (sure ? params->mag_new_s : params->mag_new_first_s))
		return false;
	return adopt(field, params, rest->at_rest);
}
