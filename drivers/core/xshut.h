/*
 * Chips that share an address at power-on, and have a pin that holds them in reset (XSHUT): all of a bus are held
 * there, then they are released one after another, each alone, and given an address of its own.
 *
 * A chip that fails is held in reset again until its next attempt, so that the common address stays free for
 * the others.
 */
#ifndef DRIVERS_CORE_XSHUT_H
#define DRIVERS_CORE_XSHUT_H
#include <stdbool.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/rt/event.h"
#include "drivers/driver.h"

/* The chips of a bus and of all buses behind its multiplexers. */
struct xshut {
	struct gpio_provider *gpio;
	struct list pins;
	bool busy; /* one of them is being given its address */
	struct event idle;
};

/* Of one chip. Placed by its user; all private but @group. */
struct xshut_pin {
	struct xshut *group; /* NULL: in none */
	struct link link;
	const char *role, *name; /* of the chip, and of the line */
	struct gpio_line *line;  /* NULL: not open */
};

/* @gpio is borrowed. */
void xshut_init(struct xshut *x, struct gpio_provider *gpio);

/*
 * Join before the first chip of the group starts, or in the place of one with the same line, which then leaves.
 * @role and @line are borrowed. Do not suspend.
 */
void xshut_join(struct xshut *x, struct xshut_pin *pin, const char *role,
		const char *line);
void xshut_leave(struct xshut_pin *pin);

/*
 * Hold all of the group that do not run in reset, release this one, and give it @addr with @chip->set_address.
 * @io->i2c is at @addr afterwards. Suspends, until it is its turn.
 * Returns 0; the error of opening a line, also of another chip's, with a text; or of the chip; -ECANCELED.
 */
int xshut_start(struct xshut_pin *pin, const struct driver *chip, struct dev_io *io,
		uint8_t addr) MUST_CHECK;

/* Hold it in reset. Does not suspend. */
void xshut_stop(struct xshut_pin *pin);

#endif
