/*
 * Models of chips with registers of 16 bits, high byte first: the first byte written is the pointer, which
 * stays; reading on repeats the register.
 */
#ifndef HAL_EMUL_REG16_H
#define HAL_EMUL_REG16_H
#include <stdbool.h>

#include "hal/emul/emul.h"

struct reg16;

/* What a chip does; both are called once for each register, not for each byte. */
struct reg16_ops {
	uint16_t (*get)(struct reg16 *m, uint8_t reg);
	void (*set)(struct reg16 *m, uint8_t reg, uint16_t value);
	/* Registers of one byte, which `get` and `set` have in the high one; NULL: none. */
	bool (*narrow)(uint8_t reg);
};

/* The first member of such a model. */
struct reg16 {
	struct emul emul;
	const struct reg16_ops *ops;
	uint8_t pointer;
	bool addressed; /* the pointer has been written */
	bool low;       /* the next byte is a low one */
	uint16_t value; /* whose other byte has passed already */
};

/* Put @m onto I2C. */
void reg16_init(struct reg16 *m, const struct reg16_ops *ops);

#endif
