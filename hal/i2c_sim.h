/*
 * The simulated I2C bus: register-level chip models (hal/emul) at addresses. Transfers take the time
 * they would take at the bus's clock when that is set, else one checkpoint.
 */
#ifndef HAL_I2C_SIM_H
#define HAL_I2C_SIM_H
#include "hal/i2c.h"

/*
 * A chip model. The bus calls start at each (repeated) start, then write or read byte by byte, then
 * stop. Placed by the model, which embeds it.
 */
struct i2c_model {
	uint8_t addr;
	/* 0 to acknowledge, -ENXIO not to. */
	int (*start)(struct i2c_model *m, int read);
	int (*write)(struct i2c_model *m, uint8_t byte);
	uint8_t (*read)(struct i2c_model *m);
	void (*stop)(struct i2c_model *m);
	struct i2c_model *next; /* private */
	/* Faults on demand: the next @fail_count transfers end with @fail_errno (a positive errno). */
	unsigned fail_count;
	int fail_errno;
};

/* A bus named @name without chips; @clock_hz 0: transfers take no time. 0 or -ENOMEM. */
int i2c_sim_open(const char *name, uint32_t clock_hz, struct i2c_bus **ret) MUST_CHECK;

/*
 * Put a chip on the bus, or take it off (unplug). Models outlive the bus or are detached first. Of two at
 * one address the one that was put there last answers.
 */
void i2c_sim_attach(struct i2c_bus *bus, struct i2c_model *m);
void i2c_sim_detach(struct i2c_bus *bus, struct i2c_model *m);

#endif
