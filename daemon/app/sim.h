/*
 * The simulated robot: for each chip of the configuration its register-level model on a simulated bus,
 * a board of GPIO lines, and the scene that moves and touches it all.
 */
#ifndef DAEMON_APP_SIM_H
#define DAEMON_APP_SIM_H
#include "daemon/app/config.h"
#include "daemon/app/trial.h"
#include "hal/gpio.h"
#include "hal/i2c.h"
#include "hal/iio_sim.h"
#include "hal/pwm.h"

struct sim;
struct emul;
struct gpio_board;

/* As hardware_open(). */
int sim_new(const struct config *c, const char *recording, struct sim **ret) MUST_CHECK;
void sim_free(struct sim *s); /* NULL is fine; its buses are closed */

/*
 * A bus with the models of all chips that the configuration has on it; the caller closes it. A chip
 * without a model is logged and does not answer.
 */
int sim_bus_open(struct sim *s, const char *name, struct i2c_bus **ret) MUST_CHECK;

/*
 * Put what the configuration has behind the multiplexer's channel @bus, and the multiplexer itself, on the
 * simulated adapter that it leads to; the buses on the way there are open.
 */
int sim_mux_add(struct sim *s, const struct conf_bus *bus) MUST_CHECK;

struct gpio_provider *sim_gpio(struct sim *s);
struct pwm_provider *sim_pwm(struct sim *s);
struct iio_sim *sim_iio(struct sim *s);
void sim_start(struct sim *s);

/* The lines, and the model of the chip of @d, which are there to misbehave; NULL: it has none. */
struct gpio_board *sim_board(struct sim *s);
struct emul *sim_model(const struct sim *s, const struct device_conf *d);

/* As the functions of hardware.h. */
double sim_pulse_s(const struct sim *s, const struct device_conf *chip, unsigned channel);
struct trial *sim_trial(struct sim *s);

#endif
