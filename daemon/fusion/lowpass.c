/* Second-order Butterworth low-pass, transposed direct form II, in double: its poles are too near to 1
 * for float. */
#include "daemon/fusion/lowpass.h"

#include <stdbool.h>
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

/* The state in which the filter stays when channel @i has @x as its input, for ever. */
static void settle(const struct lowpass *lp, double *state, int n, int i, double x)
{
	state[i] = x * (1 - lp->b0);
	state[n + i] = x * (lp->b0 - lp->a2);
}

void lowpass_retune(struct lowpass *lp, double *state, int n, double tau_s, double dt_s)
{
	const struct lowpass old = *lp;
	bool averaging = old.seen < old.settle;

	lowpass_init(lp, tau_s, dt_s);
	lp->seen = averaging && old.seen < lp->settle ? old.seen : lp->settle;
	if (averaging && lp->seen < lp->settle)
		return; /* sums are sums */
	if (!averaging && old.b0 == 1) {
		/* One that passes its input through remembers nothing. */
		lowpass_restart(lp, state, n);
		return;
	}
	for (int i = 0; i < n; i++)
		settle(lp, state, n, i,
		       state[i] / (averaging ? (double)old.seen : 1 - old.b0));
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
	for (int i = 0; i < n; i++)
		settle(lp, state, n, i,
		       x[i]); /* as if the mean had been there for ever */
}
