/* The values that fusion's conclusions are: their names, units and what they mean. */
#ifndef DAEMON_APP_CONCLUSIONS_VALUES_H
#define DAEMON_APP_CONCLUSIONS_VALUES_H
#include "daemon/state/value.h"

enum conclusion {
	QUATERNION,
	ROLL,
	PITCH,
	YAW,
	HEADING_SIGMA,
	LINEAR_ACCEL,
	QUATERNION_6D,
	GYRO_BIAS,
	GYRO_BIAS_SIGMA,
	DISTURBED,
	DEGRADED,
	STILL,
	MOVING,
	PICKED_UP,
	PUT_DOWN,
	TAPPED,
	SHAKEN,
	TILTED,
	UPSIDE_DOWN,
	FREE_FALL,
	FALLEN,
	ATTITUDE_COUNT, /* those above need an attitude */
	HEIGHT = ATTITUDE_COUNT,
	CLIMB,
	HEIGHT_DEGRADED,
	CONCLUSION_COUNT,
};

/* Less source and age, which depend on the configuration. */
extern const struct value_info conclusion_infos[CONCLUSION_COUNT];

#endif
