/* Second-order Butterworth low-pass, transposed direct form II, in double: its poles are too near to 1
 * for float. */
#include "daemon/fusion/lowpass.h"

#include <math.h>
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

void lowpass_restart(struct lowpass *lp, struct lowpass_chan *chan, int n)
{
	lp->seen = 0;
	memset(chan, 0, (size_t)n * sizeof(*chan));
}

/* The state in which the filter stays for the constant input @x. */
static struct lowpass_chan settled(const struct lowpass *lp, double x)
{
	return (struct lowpass_chan){.s1 = x * (1 - lp->b0), .s2 = x * (lp->b0 - lp->a2)};
}

static void average(struct lowpass *lp, struct lowpass_chan *chan, double *x, int n)
{
	lp->seen++;
	for (int i = 0; i < n; i++) {
		chan[i].s1 += x[i];
		x[i] = chan[i].s1 / lp->seen;
		if (lp->seen == lp->settle)
			chan[i] = settled(lp, x[i]);
	}
}

void lowpass_step(struct lowpass *lp, struct lowpass_chan *chan, double *x, int n)
{
	if (lp->seen < lp->settle) {
		average(lp, chan, x, n);
		return;
	}
	for (int i = 0; i < n; i++) {
		double in = lp->b0 * x[i];
		double out = in + chan[i].s1;

		chan[i].s1 = 2 * in - lp->a1 * out + chan[i].s2;
		chan[i].s2 = in - lp->a2 * out;
		x[i] = out;
	}
}
