/*
 * The sample clock of a motion sensor's model: when it measures next, at the pace of the scene (hal/scene.h), and only
 * while it is awake and switched on.
 */
#ifndef HAL_EMUL_CLOCK_H
#define HAL_EMUL_CLOCK_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/rt/timer.h"
#include "hal/emul/emul.h"

struct emul_clock;

struct emul_clock_ops {
	int64_t (*period_ns)(const struct emul_clock *c); /* as it is set up now */
	bool (*asleep)(const struct emul_clock *c);
	void (*sample)(
		struct emul_clock *c); /* take `motion`: it was measured at `sample_ns` */
};

/* Embedded in the model. */
struct emul_clock {
	const struct emul_clock_ops *ops;
	const struct emul *emul; /* of the model: its scene, and whether it runs */
	unsigned keeps;          /* samples that its FIFO has room for at most */
	bool pin;                /* edges at a pin follow its samples */
	struct timer timer;
	int64_t due_ns;    /* the next sample */
	int64_t last_ns;   /* when it ticked last, or was started */
	int64_t sample_ns; /* of the last sample, */
	struct scene_motion motion;
	bool unread; /* which nobody has read yet */
};

/* All is borrowed for the model's life. */
void emul_clock_init(struct emul_clock *c, const struct emul_clock_ops *ops,
		     const struct emul *e, unsigned keeps, bool pin);

/* Set it to the next sample. A paced scene's next one waits until the last was read. */
void emul_clock_arm(struct emul_clock *c);

/* Begin a period now: it woke up, or has another rate. */
void emul_clock_restart(struct emul_clock *c);

void emul_clock_stop(struct emul_clock *c);

/* Before the bus asks the chip for anything: measure what is due. */
void emul_clock_catch_up(struct emul_clock *c);

/* The last sample was read. */
void emul_clock_read(struct emul_clock *c);

#endif
