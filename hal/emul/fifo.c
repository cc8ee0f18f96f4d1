/* A ring of bytes. */
#include "hal/emul/fifo.h"

bool emul_fifo_push(struct emul_fifo *f, const uint8_t *bytes, unsigned n)
{
	bool over = false;

	for (unsigned i = 0; i < n; i++) {
		if (f->count == f->size) {
			f->first = (f->first + 1) % f->size;
			f->count--;
			over = true;
		}
		f->bytes[(f->first + f->count++) % f->size] = bytes[i];
	}
	return over;
}

uint8_t emul_fifo_pop(struct emul_fifo *f)
{
	if (f->count) {
		f->last = f->bytes[f->first];
		f->first = (f->first + 1) % f->size;
		f->count--;
	}
	return f->last;
}
