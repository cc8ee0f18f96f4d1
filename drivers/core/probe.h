/* Which chip answers at an address? For swaps and for lists; nothing is opened for good, nothing is set up. */
#ifndef DRIVERS_CORE_PROBE_H
#define DRIVERS_CORE_PROBE_H
#include <stddef.h>

#include "drivers/core/device.h"

#define PROBE_WHY_MAX 160

/*
 * Does the chip that @conf names answer at its address on ports->bus? Reads only; a driver that runs on the bus
 * goes on meanwhile. Of chips that cannot be asked (no I2C, no probe) nothing is known: 0.
 * Returns 0; -ENODEV: another chip answers; -ENXIO: none does; another negative errno of the transfer;
 * what it means, for people, is in @why then. Suspends.
 */
int probe_device(const char *role, const struct device_conf *conf,
		 const struct device_ports *ports, char why[PROBE_WHY_MAX]) MUST_CHECK;

/* The addresses at which the chips of the driver table can be asked, in order: 1 to 0x77; 0 ends. */
uint8_t probe_next_address(uint8_t after);

/*
 * The @i'th driver, from 0, whose chip may be at @address and can be asked; NULL after the last. Of several
 * that say yes to one chip, because it has no identity register, each does.
 */
const struct driver *probe_candidate(uint8_t address, size_t i);

#endif
