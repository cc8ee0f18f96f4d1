/*
 * Contexts: a stack and the place where execution goes on; the one thing here that is not portable C.
 *
 * The switch is written in assembly for x86-64 and aarch64 (switch.h, switch_*.S) and with ucontext
 * elsewhere. The annotations that AddressSanitizer, ThreadSanitizer and valgrind need to follow a
 * change of stacks are in context.c.
 */
#ifndef DAEMON_RT_CONTEXT_H
#define DAEMON_RT_CONTEXT_H
#include <stddef.h>

#include "daemon/rt/switch.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONTEXT_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONTEXT_ASAN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CONTEXT_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CONTEXT_TSAN
#endif
#endif
#if defined(CONTEXT_ASAN) || defined(CONTEXT_TSAN)
#define CONTEXT_ANNOTATED
#endif

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
#ifdef CONTEXT_ANNOTATED
void context_switch(struct context *from, struct context *to);
#else
static inline void context_switch(struct context *from, struct context *to)
{
	switch_stack(&from->sp, to->sp);
}
#endif

/* The same for the last time: @from's stack will not run again. */
void context_exit(struct context *from, struct context *to) __attribute__((noreturn));

/* Give back what the annotations hold for a context that will not run again. */
void context_fini(struct context *c);

#endif
