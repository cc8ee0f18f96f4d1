/* The table of channels. */
#include "daemon/base/sample.h"

#include <string.h>

const struct chan_info chan_info[CHAN_COUNT] = {
	[CHAN_ACCEL] = {"accel", "m/s^2", "Specific force in body axes.", 3, 0, 400},
	[CHAN_GYRO] = {"gyro", "rad/s", "Angular rate in body axes.", 3, 0, 80},
	[CHAN_MAG] = {"mag", "T", "Magnetic field in body axes.", 3, 0, 0.01},
	[CHAN_TEMP] = {"temperature", "degC", "Temperature.", 1, 0, 200},
	[CHAN_PRESSURE] = {"pressure", "Pa", "Air pressure.", 1, 0, 130000},
	[CHAN_HUMIDITY] = {"humidity", "", "Relative humidity, 0 to 1.", 1, 0, 1},
	[CHAN_DISTANCE] = {"distance", "m", "Distance to the nearest thing.", 1, 0, 100},
	[CHAN_PRESSED] = {"pressed", "", "True while pressed or touched.", 1, 1, 0},
	[CHAN_LEVEL] = {"level", "", "Level, 0 to 1.", 1, 0, 1},
	[CHAN_VOLTAGE] = {"voltage", "V", "Voltage.", 1, 0, 1000},
	[CHAN_CURRENT] = {"current", "A", "Current.", 1, 0, 1000},
	[CHAN_POWER] = {"power", "W", "Power.", 1, 0, 100000},
	[CHAN_ILLUMINANCE] = {"illuminance", "lx", "How bright it is.", 1, 0, 300000},
	[CHAN_VOLTAGE_0] = {"voltage0", "V", "Voltage at the first input.", 1, 0, 1000},
	[CHAN_VOLTAGE_1] = {"voltage1", "V", "Voltage at the second input.", 1, 0, 1000},
	[CHAN_VOLTAGE_2] = {"voltage2", "V", "Voltage at the third input.", 1, 0, 1000},
	[CHAN_VOLTAGE_3] = {"voltage3", "V", "Voltage at the fourth input.", 1, 0, 1000},
};

int chan_by_name(const char *name)
{
	for (int c = 0; c < CHAN_COUNT; c++)
		if (strcmp(chan_info[c].name, name) == 0)
			return c;
	return -1;
}
