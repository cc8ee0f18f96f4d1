/*
 * The vocabulary of what fusion concludes from samples, as it is handed to the layers above. Everything is
 * SI; what is not known is NaN.
 */
#ifndef DAEMON_BASE_ESTIMATE_H
#define DAEMON_BASE_ESTIMATE_H
#include <stdbool.h>
#include <stdint.h>

/*
 * How a body is oriented. Earth axes are east, north (magnetic) and up; body axes are the sensor's as
 * mounted, x forward, y left, z up. Quaternions are w x y z and rotate body vectors into earth axes.
 *
 * quat_6d does without the magnetometer: its heading is arbitrary and drifts, but nothing magnetic
 * moves it. quat_9d has the true heading; it is quat_6d until a field was measured. Roll, pitch and yaw
 * are quat_9d as turns about z, the new y, and the new x.
 */
struct estimate_attitude {
	int64_t t_ns; /* the time of the newest sample in it */
	float quat_6d[4];
	float quat_9d[4];
	float roll_rad;      /* about x, -pi..pi */
	float pitch_rad;     /* about y, nose down positive, -pi/2..pi/2 */
	float yaw_rad;       /* about z, counter-clockwise, 0: x points east, -pi..pi */
	float heading_sigma; /* standard deviation of quat_9d's heading; no field yet: any */
	float linear_accel[3]; /* acceleration without gravity, body axes, m/s^2 */
	float up_accel;        /* its part along earth's up, m/s^2 */
	float rate[3];         /* angular rate less its bias, body axes, rad/s */
	float gyro_bias[3];    /* rad/s */
	float gyro_bias_sigma; /* standard deviation of its least known axis, rad/s */
	bool at_rest;
	bool disturbed; /* the field is not, or not yet, known to be the earth's */
	bool degraded;  /* samples were missing, wrong or clipped in the last seconds */
	uint32_t used;  /* CHAN_BIT()s of what it rests on */
	uint32_t rejected; /* CHAN_BIT()s of what is measured but not believed just now */
};

/* What happens to the robot as a whole. The angles and times are those of the configuration, fusion.motion. */
struct estimate_motion {
	int64_t t_ns;
	bool still; /* it does not move */
	bool moving; /* it moves, with short pauses; at times it does neither for certain */
	bool picked_up;   /* lifted off the place where it stood; until it stands again */
	bool put_down;    /* just now */
	bool shaken;      /* shaken hard, just now */
	bool tilted;      /* leans */
	bool upside_down; /* leans so far that it is on its head */
	bool free_fall;   /* falling, just now */
	bool fallen;      /* fell or toppled; until it stands again */
	unsigned taps;    /* of a series of taps, just now; 0: none */
	float tilt_rad;   /* between body's z and earth's up, 0..pi */
};

#endif
