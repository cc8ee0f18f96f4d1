/*
 * Second-order Butterworth low-pass filters whose output is the plain mean until one time constant has
 * passed, so that they need no guess of a first value and follow quickly at the start.
 *
 * Several channels are filtered in step. With an even number of them, known when compiling, the compiler
 * takes two at a time; so vectors of three are best padded to four.
 */
#ifndef DAEMON_FUSION_LOWPASS_H
#define DAEMON_FUSION_LOWPASS_H
#include <math.h>

enum { LOWPASS_VEC = 4 }; /* channels for a vector */

/* What the channels have in common. */
struct lowpass {
	double b0, a1, a2; /* b1 = 2 b0, b2 = b0 */
	int settle;        /* samples in a time constant: their mean starts the filter */
	int seen;          /* samples so far, at most settle */
};

/* The state of @n channels, zero to start with. While the mean is formed, the first n are the sums. */
#define LOWPASS_STATE(n) (2 * (n))

/*
 * A filter with time constant @tau_s, that is, cut-off at sqrt(2) / (2 pi tau), for samples that are
 * @dt_s apart. Both above 0. With tau below dt the filter passes its input through.
 */
void lowpass_init(struct lowpass *lp, double tau_s, double dt_s);

/*
 * Other parameters for a filter in use: its output goes on from where it is, as if the input had been
 * there for long.
 */
void lowpass_retune(struct lowpass *lp, double *state, int n, double tau_s, double dt_s);

/* Forget the past: the next samples are averaged again. */
void lowpass_restart(struct lowpass *lp, double *state, int n);

/* One of the first samples, until the filter has settled. */
void lowpass_average(struct lowpass *lp, double *state, double *x, int n);

/* Filter one sample of each of the @n channels in place. */
static inline void lowpass_step(struct lowpass *lp, double *restrict state,
				double *restrict x, int n)
{
	const double b0 = lp->b0;
	const double a1 = lp->a1;
	const double a2 = lp->a2;
	double *s1 = state;
	double *s2 = state + n;

	if (lp->seen < lp->settle) {
		lowpass_average(lp, state, x, n);
		return;
	}
	for (int i = 0; i < n; i++) {
		double in = b0 * x[i];
		double out = in + s1[i];

		s1[i] = in + in - a1 * out + s2[i];
		s2[i] = in - a2 * out;
		x[i] = out;
	}
}

/*
 * How far a first-order low-pass of time constant @tau_s, above 0, follows its input in @dt_s: 0 to 1.
 */
static inline double lowpass_gain(double dt_s, double tau_s)
{
	double x = dt_s / tau_s;

	/* Mostly x is small, and three terms are exact to 1e-6 of the gain. */
	if (x < 0.02)
		return x * (1 - x * (0.5 - x / 6));
	return -expm1(-x);
}

#endif
