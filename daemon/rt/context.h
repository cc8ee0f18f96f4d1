/*
 * Contexts: a stack and the place where execution goes on; the one thing here that is not portable C.
 *
 * context_switch() is written in assembly for x86-64 and aarch64 (switch_*.S) and with ucontext
 * elsewhere. The annotations that AddressSanitizer, ThreadSanitizer and valgrind need to follow a
 * change of stacks are in context.c.
 */
#ifndef DAEMON_RT_CONTEXT_H
#define DAEMON_RT_CONTEXT_H
#include <stddef.h>

struct context {
	void *sp;       /* saved stack pointer, or the ucontext */
	void *lo;       /* lowest usable address of the stack; NULL: the thread's own */
	size_t size;    /* bytes above lo */
	void *fake;     /* AddressSanitizer's fake stack */
	void *fiber;    /* ThreadSanitizer's */
	unsigned vg_id; /* valgrind's */
};

/* The calling thread's own stack becomes @c, so that it can be switched away from and back to. */
void context_adopt(struct context *c);

/* @c will run @fn(@arg) on the stack [@lo, @lo + @size); @fn never returns. */
void context_init(struct context *c, void *lo, size_t size, void (*fn)(void *arg),
		  void *arg);

/* To be called first in @fn, with the context that was left for this one. */
void context_entered(struct context *from);

/* Leave @from, go on in @to. Returns when somebody switches back. */
void context_switch(struct context *from, struct context *to);

/* The same for the last time: @from's stack will not run again. */
void context_exit(struct context *from, struct context *to) __attribute__((noreturn));

/* Give back what the annotations hold for a context that will not run again. */
void context_fini(struct context *c);

#endif
