/* The robot's buses and lines. */
#include "daemon/app/hardware.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/sim.h"
#include "daemon/base/log.h"
#include "hal/gpio_linux.h"
#include "hal/i2c_linux.h"
#include "hal/i2c_mux.h"
#include "hal/iio_linux.h"
#include "hal/pwm_linux.h"

struct hardware {
	const struct config *conf;
	struct i2c_bus **buses; /* one for each of the configuration's; NULL: not open */
	struct xshut *starts;   /* and of each adapter */
	struct gpio_provider *gpio;
	struct pwm_linux pwm_linux;
	struct pwm_provider *pwm;
	struct iio_linux iio_linux;
	struct iio_provider *iio;
	struct peer_port *peers; /* NULL: no service is reached */
	struct sim *sim;         /* NULL: nothing is simulated */
	bool dry;                /* HARDWARE_DRY */
};

/* The open bus called @name, or NULL. */
static struct i2c_bus *find_bus(const struct hardware *hw, const char *name)
{
	for (size_t i = 0; i < hw->conf->n_buses; i++)
		if (strcmp(hw->conf->buses[i].name, name) == 0)
			return hw->buses[i];
	return NULL;
}

/* The adapter that @bus leads to. */
static const struct conf_bus *adapter_of(const struct hardware *hw,
					 const struct conf_bus *bus)
{
	while (bus->mux[0]) /* the configuration was checked: it ends */
		bus = config_bus(hw->conf, bus->on);
	return bus;
}

static bool is_simulated(const struct hardware *hw, const struct conf_bus *bus)
{
	return hw->dry || strcmp(adapter_of(hw, bus)->path, "sim") == 0;
}

static int open_channel(struct hardware *hw, const struct conf_bus *bus,
			struct i2c_bus *parent, struct i2c_bus **ret)
{
	int r = is_simulated(hw, bus) ? sim_mux_add(hw->sim, bus) : 0;

	if (r < 0)
		return r;
	return i2c_mux_open(bus->name, parent, (uint8_t)bus->address,
			    (uint8_t)bus->channel, ret);
}

/* 0 also for one whose parent is not open yet. */
static int open_bus(struct hardware *hw, const struct conf_bus *bus, struct i2c_bus **ret)
{
	struct i2c_bus *parent = find_bus(hw, bus->on);

	if (bus->mux[0])
		return parent ? open_channel(hw, bus, parent, ret) : 0;
	if (is_simulated(hw, bus))
		return sim_bus_open(hw->sim, bus->name, ret);
	return i2c_linux_open(bus->name, bus->path, ret);
}

/* The adapters first, then what is behind one multiplexer, behind two ... */
static int open_buses(struct hardware *hw)
{
	for (unsigned depth = 0; depth <= I2C_HOPS_MAX; depth++) {
		for (size_t i = 0; i < hw->conf->n_buses; i++) {
			int r = hw->buses[i] ? 0
					     : open_bus(hw, &hw->conf->buses[i],
							&hw->buses[i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* What is behind multiplexers before its adapters. */
static void close_buses(struct hardware *hw)
{
	for (int adapters = 0; adapters <= 1; adapters++)
		for (size_t i = 0; i < hw->conf->n_buses; i++)
			if ((hw->conf->buses[i].mux[0] == '\0') == adapters)
				i2c_bus_close(hw->buses[i]);
}

/* The processor's own lines and outputs, and what its kernel drives, are simulated together. */
static void find_pins(struct hardware *hw)
{
	pwm_linux_init(&hw->pwm_linux, PWM_LINUX_ROOT);
	iio_linux_init(&hw->iio_linux, IIO_LINUX_SYS, IIO_LINUX_DEV);
	if (hw->dry || hw->conf->gpio == CONF_GPIO_SIM) {
		hw->gpio = sim_gpio(hw->sim);
		hw->pwm = sim_pwm(hw->sim);
		hw->iio = &sim_iio(hw->sim)->provider;
	} else {
		hw->gpio = gpio_linux_provider();
		hw->pwm = &hw->pwm_linux.provider;
		hw->iio = &hw->iio_linux.provider;
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
	hw->starts = calloc(c->n_buses + 1, sizeof(*hw->starts));
	if (!hw->buses || !hw->starts)
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
	for (size_t i = 0; i < c->n_buses; i++)
		xshut_init(&hw->starts[i], hw->gpio);
	*ret = hw;
	return 0;
}

void hardware_close(struct hardware *hw)
{
	if (!hw)
		return;
	if (hw->buses)
		close_buses(hw);
	sim_free(hw->sim);
	free(hw->starts);
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
	struct device_ports ports = {
		.gpio = hw->gpio, .pwm = hw->pwm, .iio = hw->iio, .peers = hw->peers};
	const struct conf_bus *bus = config_bus(hw->conf, conf->bus);

	ports.bus = find_bus(hw, conf->bus);
	if (bus)
		ports.xshut = &hw->starts[adapter_of(hw, bus) - hw->conf->buses];
	return ports;
}

void hardware_set_peers(struct hardware *hw, struct peer_port *peers)
{
	hw->peers = peers;
}

struct gpio_provider *hardware_gpio(const struct hardware *hw)
{
	return hw->gpio;
}

double hardware_pulse_s(const struct hardware *hw, const struct device_conf *chip,
			unsigned channel)
{
	return hw->sim ? sim_pulse_s(hw->sim, chip, channel) : (double)NAN;
}

struct sim *hardware_sim(const struct hardware *hw)
{
	return hw->sim;
}

struct trial *hardware_trial(struct hardware *hw)
{
	return hw->sim ? sim_trial(hw->sim) : NULL;
}
