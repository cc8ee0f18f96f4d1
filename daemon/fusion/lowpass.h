/*
 * Second-order Butterworth low-pass filters whose output is the plain mean until one time constant has
 * passed, so that they need no guess of a first value and follow quickly at the start.
 */
#ifndef DAEMON_FUSION_LOWPASS_H
#define DAEMON_FUSION_LOWPASS_H

/* What channels filtered in step have in common. */
struct lowpass {
	double b0, a1, a2; /* b1 = 2 b0, b2 = b0 */
	int settle; /* samples in a time constant; the mean of so many starts the filter */
	int seen;   /* samples so far, at most settle */
};

/* The state of one channel; zero to start with. While the mean is formed, s1 is the sum. */
struct lowpass_chan {
	double s1, s2;
};

/*
 * A filter with time constant @tau_s, that is, cut-off at sqrt(2) / (2 pi tau), for samples that are
 * @dt_s apart. Both above 0. With tau below dt the filter passes its input through.
 */
void lowpass_init(struct lowpass *lp, double tau_s, double dt_s);

/* Forget the past: the next samples are averaged again. */
void lowpass_restart(struct lowpass *lp, struct lowpass_chan *chan, int n);

/* Filter one sample of each of the @n channels in place. */
void lowpass_step(struct lowpass *lp, struct lowpass_chan *chan, double *x, int n);

#endif
