/* Second-order Butterworth low-pass, transposed direct form II, in double: its poles are too near to 1
 * for float. */
#include "daemon/fusion/lowpass.h"

#include <string.h>

void lowpass_init(struct lowpass *lp, double tau_s, double dt_s)
{
	double c;
	double d;

	if (tau_s < dt_s) {
		*lp = (struct lowpass){.b0 = 1, .a1 = 2, .a2 = 1, .settle = 1};
		return;
	}
	/* The cut-off is warped for the bilinear transform: c = tan(pi fc dt). */
	c = tan(dt_s / (M_SQRT2 * tau_s));
	d = c * c + M_SQRT2 * c + 1;
	*lp = (struct lowpass){
		.b0 = c * c / d,
		.a1 = 2 * (c * c - 1) / d,
		.a2 = (1 - M_SQRT2 * c + c * c) / d,
		.settle = (int)ceil(tau_s / dt_s),
	};
}

void lowpass_restart(struct lowpass *lp, double *state, int n)
{
	lp->seen = 0;
	memset(state, 0, LOWPASS_STATE((size_t)n) * sizeof(*state));
}

void lowpass_average(struct lowpass *lp, double *state, double *x, int n)
{
	lp->seen++;
	for (int i = 0; i < n; i++) {
		state[i] += x[i];
		x[i] = state[i] / lp->seen;
	}
	if (lp->seen < lp->settle)
		return;
	/* The state in which the filter stays when the mean goes on as its input. */
	for (int i = 0; i < n; i++) {
		state[i] = x[i] * (1 - lp->b0);
		state[n + i] = x[i] * (lp->b0 - lp->a2);
	}
}
