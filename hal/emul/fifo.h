/* The FIFO of a chip's model: bytes in, bytes out; when it is full the oldest one makes room. */
#ifndef HAL_EMUL_FIFO_H
#define HAL_EMUL_FIFO_H
#include <stdbool.h>
#include <stdint.h>

#define EMUL_FIFO_MAX 1024

/* Embedded in the model; all zero is empty, but for `size`. */
struct emul_fifo {
	unsigned size; /* <= EMUL_FIFO_MAX */
	unsigned first, count;
	uint8_t last; /* what was read last */
	uint8_t bytes[EMUL_FIFO_MAX];
};

/* Put in @n bytes. True: it has run over. */
bool emul_fifo_push(struct emul_fifo *f, const uint8_t *bytes, unsigned n);

/* Take one out; of an empty one the last once more. */
uint8_t emul_fifo_pop(struct emul_fifo *f);

#endif
