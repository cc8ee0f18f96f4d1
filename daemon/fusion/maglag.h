/*
 * How much later than the gyroscope the magnetometer is. It averages, and is read less often; a gyroscope with a narrow
 * filter may be later still (MPU-6050 at 5 Hz: 19 ms), and then it is less than nothing. In fast turns 10 ms are
 * several degrees. But then it shows: seen in earth axes, a field that is late swings with the rate. That swing is
 * fitted by least squares.
 */
#ifndef DAEMON_FUSION_MAGLAG_H
#define DAEMON_FUSION_MAGLAG_H

/* Zero to start with. */
struct maglag {
	double s; /* the delay, s; below 0: the gyroscope's */
	double field_mean[3];
	double swing_mean[3];
	double mean_s;   /* how long the means have been formed */
	double swing_sq; /* sums over time: swing * swing, rad^2/s^2 * s ... */
	double product;  /* ... and field * swing, rad^2/s * s */
};

/*
 * Learn from one sample: the field as measured in level axes, and its @swing, the rate at which it turns
 * in them for each second of delay, that is, rate x field in the same axes and unit. @dt_s after the
 * last one. The delay stays in -@max_s to @max_s.
 */
void maglag_update(struct maglag *lag, const double field[3], const double swing[3],
		   double dt_s, double max_s);

/* The samples have a gap here, or the level axes have jumped. What was learnt stays. */
void maglag_pause(struct maglag *lag);

#endif
