/* The robot's buses and lines. */
#include "daemon/app/hardware.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/sim.h"
#include "daemon/base/log.h"
#include "daemon/rt/error.h"
#include "hal/gpio_linux.h"
#include "hal/i2c_linux.h"
#include "hal/pwm_linux.h"

struct hardware {
	const struct config *conf;
	struct i2c_bus **buses; /* one for each of the configuration's; NULL: not open */
	struct gpio_provider *gpio;
	struct pwm_linux pwm_linux;
	struct pwm_provider *pwm;
	struct sim *sim; /* NULL: nothing is simulated */
	bool dry;        /* HARDWARE_DRY */
};

static int open_bus(struct hardware *hw, const struct conf_bus *bus, struct i2c_bus **ret)
{
	const struct error *e;
	int r;

	if (hw->dry || strcmp(bus->path, "sim") == 0)
		return sim_bus_open(hw->sim, bus->name, ret);
	r = i2c_linux_open(bus->name, bus->path, ret);
	if (r == 0 || r == -ENOMEM)
		return r;
	e = error_last(r);
	LOG(ERR, "bus %s: %s", bus->name, e && e->text[0] ? e->text : strerror(-r));
	return -ENODEV;
}

static int open_buses(struct hardware *hw)
{
	for (size_t i = 0; i < hw->conf->n_buses; i++) {
		int r = open_bus(hw, &hw->conf->buses[i], &hw->buses[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The processor's own lines and outputs are simulated together. */
static void find_pins(struct hardware *hw)
{
	pwm_linux_init(&hw->pwm_linux, PWM_LINUX_ROOT);
	if (hw->dry || hw->conf->gpio == CONF_GPIO_SIM) {
		hw->gpio = sim_gpio(hw->sim);
		hw->pwm = sim_pwm(hw->sim);
	} else {
		hw->gpio = gpio_linux_provider();
		hw->pwm = &hw->pwm_linux.provider;
	}
}

int hardware_open(const struct config *c, enum hardware_mode mode, const char *recording,
		  struct hardware **ret)
{
	struct hardware *hw = calloc(1, sizeof(*hw));
	int r = 0;

	if (!hw)
		return -ENOMEM;
	hw->conf = c;
	hw->dry = mode == HARDWARE_DRY;
	hw->buses = calloc(c->n_buses + 1, sizeof(struct i2c_bus *));
	if (!hw->buses)
		r = -ENOMEM;
	if (r == 0 && (hw->dry || config_simulated(c)))
		r = sim_new(c, recording, &hw->sim);
	if (r == 0 && recording && !hw->sim) {
		LOG(ERR, "--world needs a simulated robot: no bus of this configuration "
			 "is \"sim\"");
		r = -EINVAL;
	}
	if (r == 0)
		r = open_buses(hw);
	if (r == 0)
		find_pins(hw);
	if (r < 0) {
		hardware_close(hw);
		return r;
	}
	*ret = hw;
	return 0;
}

void hardware_close(struct hardware *hw)
{
	if (!hw)
		return;
	for (size_t i = 0; hw->buses && i < hw->conf->n_buses; i++)
		i2c_bus_close(hw->buses[i]);
	sim_free(hw->sim);
	free(hw->buses);
	free(hw);
}

void hardware_start(struct hardware *hw)
{
	if (hw->sim)
		sim_start(hw->sim);
}

struct device_ports hardware_ports(const struct hardware *hw,
				   const struct device_conf *conf)
{
	struct device_ports ports = {.gpio = hw->gpio, .pwm = hw->pwm};

	for (size_t i = 0; i < hw->conf->n_buses; i++)
		if (strcmp(hw->conf->buses[i].name, conf->bus) == 0)
			ports.bus = hw->buses[i];
	return ports;
}

double hardware_pulse_s(const struct hardware *hw, const struct device_conf *chip,
			unsigned channel)
{
	return hw->sim ? sim_pulse_s(hw->sim, chip, channel) : (double)NAN;
}

struct trial *hardware_trial(struct hardware *hw)
{
	return hw->sim ? sim_trial(hw->sim) : NULL;
}
