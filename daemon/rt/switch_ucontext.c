/*
 * Context switch for machines without a switch_<machine>.S, through ucontext(3). Slower by an order
 * of magnitude: each switch makes two system calls to save the signal mask.
 */
#include "daemon/rt/switch.h"

#include <stdint.h>
#include <ucontext.h>

/*
 * The frame that switch_stack() saves: it lives on the stack that is left. A new stack's frame lies
 * at its top.
 */
struct frame {
	ucontext_t uc;
	void (*fn)(void *arg);
	void *arg;
};

/* makecontext() passes ints only: the frame's address comes in two halves. */
static void boot(unsigned hi, unsigned lo)
{
	struct frame *f = (struct frame *)(((uintptr_t)hi << 16 << 16) | (uintptr_t)lo);

	f->fn(f->arg);
	__builtin_trap();
}

void switch_stack(void **save, void *load)
{
	struct frame here;
	struct frame *there = (struct frame *)load;

	*save = &here;
	swapcontext(&here.uc, &there->uc);
}

void *switch_prepare(void *lo, size_t size, void (*fn)(void *arg), void *arg)
{
	uintptr_t top = ((uintptr_t)lo + size - sizeof(struct frame)) & ~(uintptr_t)63;
	struct frame *f = (struct frame *)top;

	getcontext(&f->uc);
	f->fn = fn;
	f->arg = arg;
	f->uc.uc_stack.ss_sp = lo;
	f->uc.uc_stack.ss_size = (size_t)(top - (uintptr_t)lo);
	f->uc.uc_link = NULL;
	makecontext(&f->uc, (void (*)(void))boot, 2, (unsigned)(top >> 16 >> 16),
		    (unsigned)top);
	return f;
}
