/* What the tests of single drivers share: numbers near each other, and a register after the set-up. */
#ifndef TESTS_DRIVER_CHIP_RIG_H
#define TESTS_DRIVER_CHIP_RIG_H
#include <math.h>

#include "tests/driver/rig.h"

#define NEAR(a, b, eps)                                                                  \
	cr_expect(fabs((double)(a) - (b)) <= (eps), "%.9g is not %.9g", (double)(a),     \
		  (double)(b))

/* A set-up on the models, then a look at one register. */
struct job {
	const struct driver *driver;
	struct device_conf *conf;
	struct dev_io io;
	uint8_t reg;
	uint8_t value;
	int result;
};

static inline int set_up_and_look(void *arg)
{
	struct job *j = arg;

	j->result = j->driver->setup(&j->io, j->conf->settings);
	if (j->result == 0)
		j->result = i2c_read_reg(&j->io.i2c, j->reg, &j->value);
	return 0;
}

static inline uint8_t look_after_setup(struct rig *rig, const struct driver *d,
				       struct device_conf *conf, uint8_t reg)
{
	struct job j = {.driver = d, .conf = conf, .reg = reg};

	i2c_dev_init(&j.io.i2c, &rig->spy.bus, d->addrs[0]);
	cr_assert(eq(int, rig_run(set_up_and_look, &j), 0));
	cr_assert(eq(int, j.result, 0));
	return j.value;
}

#endif
