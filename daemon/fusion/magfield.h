/*
 * Is the magnetic field the earth's? The norm and the dip of the undisturbed field are learnt; a field
 * that differs from them is a disturbance, until it has lasted long enough to be the new reference.
 */
#ifndef DAEMON_FUSION_MAGFIELD_H
#define DAEMON_FUSION_MAGFIELD_H
#include <stdbool.h>

#include "daemon/fusion/lowpass.h"
#include "daemon/fusion/rest.h"
#include "daemon/fusion/vqf_params.h"

/* Norm and dip: what of a field does not depend on the heading. */
struct magfield_shape {
	double norm;    /* in the unit of the samples */
	double dip_rad; /* below the horizon */
};

struct magfield {
	struct magfield_shape ref;       /* norm 0: not learnt yet */
	struct magfield_shape candidate; /* what may become the reference */
	double candidate_s;              /* how long it was seen in motion, or at rest */
	struct magfield_shape
		rested; /* the heading was found in it, at rest; norm 0: not */
	double clean_s; /* how long the field has been like the reference */
	double sure_s;  /* how long the reference was seen in motion */
	bool disturbed; /* also before a reference is learnt */
	struct lowpass lp;
	double state[LOWPASS_STATE(2)];
};

/* @dt_s is the nominal time between magnetometer samples. */
void magfield_init(struct magfield *field, const struct vqf_params *params, double dt_s);

/* Other parameters or another rate for one in use. */
void magfield_retune(struct magfield *field, const struct vqf_params *params,
		     double dt_s);

/* Forget the past except for the reference. */
void magfield_restart(struct magfield *field);

/*
 * One sample in earth axes (only the vertical axis must be right), @dt_s after the last one; @rest
 * tells of motion. True when motion has shown that the field at rest was not the earth's: a heading
 * found there is worth nothing.
 */
bool magfield_update(struct magfield *field, const struct vqf_params *params,
		     const double mag[3], const struct rest *rest, double dt_s);

#endif
