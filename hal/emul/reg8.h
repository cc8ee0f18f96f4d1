/*
 * Models of chips with registers of 8 bits: the first byte written is the pointer, those that follow are
 * written to, or read from, the register it points to and those behind it.
 */
#ifndef HAL_EMUL_REG8_H
#define HAL_EMUL_REG8_H
#include <stdbool.h>

#include "hal/emul/emul.h"

struct reg8;

/* How a chip differs from plain storage; NULL: it does not. */
struct reg8_ops {
	/* Read one byte, with what reading does to the chip. */
	uint8_t (*get)(struct reg8 *m, uint8_t reg);
	/* Write one byte, with what writing does; read-only registers are the chip's to protect. */
	void (*set)(struct reg8 *m, uint8_t reg, uint8_t value);
	/* Where the pointer goes after @reg; NULL: to the next. */
	uint8_t (*next)(const struct reg8 *m, uint8_t reg);
	bool pairs; /* each byte written needs its own pointer before it */
};

/* The first member of such a model. */
struct reg8 {
	struct emul emul;
	const struct reg8_ops *ops;
	uint8_t reg[256];
	uint8_t pointer;
	bool addressed; /* the pointer has been written */
};

/* Put @m onto I2C. */
void reg8_init(struct reg8 *m, const struct reg8_ops *ops);

#endif
