/*
 * The safe state of an actuator chip as bytes that are ready to be sent: by another thread, when the loop
 * is stuck and its tasks cannot. For I2C they go to the bus's thread, before all that waits there; lines
 * and PWM outputs are set at once. Another service makes itself safe when nobody repeats its commands.
 */
#ifndef DRIVERS_CORE_SAFE_STATE_H
#define DRIVERS_CORE_SAFE_STATE_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "drivers/driver.h"

#define SAFE_WRITES_MAX 64 /* as many as a chip has outputs */

struct safe_write {
	uint8_t raw[DRIVER_RAW_MAX];
	size_t len;
};

/* Embedded in the chip; private. */
struct safe_state {
	const struct driver *driver;
	const void *settings;
	struct dev_io *io;
	struct safe_write *writes; /* fixed while the chip runs */
	size_t n;
	atomic_bool sent;
	pthread_mutex_t lock; /* of io->line and io->pwm */
	bool open;            /* they may be used; under the lock */
};

/* @settings and @io are borrowed and outlive it. */
void safe_state_init(struct safe_state *s, const struct driver *driver,
		     const void *settings, struct dev_io *io);
void safe_state_fini(struct safe_state *s);

/* Forget what was prepared; prepare one write more. 0, -ENOSPC or -ENOMEM. Not while the chip runs. */
void safe_state_clear(struct safe_state *s);
int safe_state_add(struct safe_state *s, const uint8_t *raw, size_t len) MUST_CHECK;

/* The line or output of the chip is open from now on; is going to be closed. */
void safe_state_open(struct safe_state *s, bool open);

/*
 * Send @raw as the driver does, on the chip's task. On a line or PWM output no other thread does meanwhile.
 * -EALREADY: the safe state was sent without the loop, which has not asked for it yet: @raw was for how things
 * were before, and is not sent. Suspends.
 */
int safe_state_write(struct safe_state *s, const uint8_t *raw, size_t len) MUST_CHECK;

/*
 * Send all that was prepared; from any thread but the loop's. Blocks as i2c_write_now() does.
 * Returns 0, -ENODEV when its line is not open, or the first error of writing; the rest is sent all the same.
 */
int safe_state_send(struct safe_state *s) MUST_CHECK;

/* Was it sent since the last call? The loop's question. */
bool safe_state_was_sent(struct safe_state *s);

#endif
