/*
 * The simulated I2C bus: register-level chip models (hal/emul) at addresses. Transfers take the time
 * they would take at the bus's clock when that is set, else one checkpoint.
 */
#ifndef HAL_I2C_SIM_H
#define HAL_I2C_SIM_H
#include <stdbool.h>

#include "hal/i2c.h"

#define I2C_FROZEN_MAX 64

/*
 * What stands between a model and its bus: a channel of a multiplexer's model, which connects it while one of
 * @mask is set in *@control.
 */
struct i2c_gate {
	const uint8_t *control;
	uint8_t mask;
	const struct i2c_gate *up; /* the next one towards the bus; NULL: none */
};

/*
 * Faults on demand, for the next @count transfers that reach the model each. They come one after the other, in
 * this order, when several are set.
 */
enum i2c_fault {
	I2C_FAULT_NACK,    /* nobody acknowledges: -ENXIO */
	I2C_FAULT_TIMEOUT, /* the device's time-out passes, -ETIMEDOUT */
	I2C_FAULT_ERROR,   /* -EIO */
	I2C_FAULT_FLIP,    /* one bit of what is read is wrong, each time another */
	I2C_FAULT_FREEZE,  /* the bytes of the last read come again, writes go nowhere */
	I2C_FAULT_DELAY,   /* it takes @delay_ns longer */
	I2C_FAULT_COUNT,
};
#define I2C_FAULT_ALWAYS UINT32_MAX /* as a count: until it is set again */

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
	const struct i2c_gate *gate; /* NULL: it is on the bus itself */
	bool off;                    /* held in reset: it does not answer */
	uint32_t fault[I2C_FAULT_COUNT];
	int64_t delay_ns;       /* of I2C_FAULT_DELAY */
	struct i2c_model *next; /* private from here on */
	uint8_t flips;
	uint8_t frozen[I2C_FROZEN_MAX]; /* the last bytes read, for I2C_FAULT_FREEZE */
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
