/*
 * The robot's buses and lines, as the configuration names them: real ones, or the simulated robot with
 * its chip models and the scene that plays with it. The rest of the daemon does not know which.
 */
#ifndef DAEMON_APP_HARDWARE_H
#define DAEMON_APP_HARDWARE_H
#include <stdbool.h>

#include "daemon/app/config.h"
#include "daemon/app/trial.h"
#include "daemon/base/macros.h"
#include "drivers/core/device.h"

struct hardware;
struct sim;

/* How far opening goes. */
enum hardware_mode {
	HARDWARE_AS_CONFIGURED,
	HARDWARE_DRY, /* everything simulated: to check a configuration without its robot */
};

/*
 * All buses of @c. @recording, a .f32 file, is what simulated motion sensors measure; NULL: a desk that is
 * played with. Inside rt_run().
 * Returns 0 or a negative errno, which has been logged if it is about @recording. Adapters and lines are
 * opened later, by the devices that need them: a bus that is not there is those devices' fault.
 */
int hardware_open(const struct config *c, enum hardware_mode mode, const char *recording,
		  struct hardware **ret) MUST_CHECK;
void hardware_close(struct hardware *hw); /* NULL is fine */

/* Let simulated time begin. Nothing happens on real hardware. */
void hardware_start(struct hardware *hw);

/*
 * Devices that are made from now on reach other services by @peers, which is borrowed. Until somebody has connections
 * there is none, and devices of the driver "bus" say so.
 */
void hardware_set_peers(struct hardware *hw, struct peer_port *peers);

/* What the device of @conf is connected to. */
struct device_ports hardware_ports(const struct hardware *hw,
				   const struct device_conf *conf);

/* Where its lines are. */
struct gpio_provider *hardware_gpio(const struct hardware *hw);

/* What a simulated PWM chip puts out at @channel, s; NaN without pulses, or when it is real. */
double hardware_pulse_s(const struct hardware *hw, const struct device_conf *chip,
			unsigned channel);

/* The simulated part, NULL when nothing is; lives as long as the hardware. */
struct sim *hardware_sim(const struct hardware *hw);

/*
 * Score attitudes against the recording's optical reference. NULL when nothing recorded is played; lives
 * as long as the hardware.
 */
struct trial *hardware_trial(struct hardware *hw);

#endif
