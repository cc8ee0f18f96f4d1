/* Contexts: the switch, and what sanitizers and valgrind must be told about it. */
#include "daemon/rt/context.h"

#include <stdint.h>
#include <string.h>

#ifdef CONTEXT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef CONTEXT_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_VALGRIND 1
#endif

void context_adopt(struct context *c)
{
	memset(c, 0, sizeof(*c));
#ifdef CONTEXT_TSAN
	c->fiber = __tsan_get_current_fiber();
#endif
}

void context_init(struct context *c, void *lo, size_t size, void (*fn)(void *arg),
		  void *arg)
{
	memset(c, 0, sizeof(*c));
	c->lo = lo;
	c->size = size;
#ifdef CONTEXT_ASAN
	/* A stack that is used again carries the red zones of its last frames. */
	__asan_unpoison_memory_region(lo, size);
	/* The leak checker does not know stacks that are not a thread's. */
	__lsan_register_root_region(lo, size);
#endif
#ifdef CONTEXT_TSAN
	c->fiber = __tsan_create_fiber(0);
#endif
#ifdef HAVE_VALGRIND
	c->vg_id = (unsigned)VALGRIND_STACK_REGISTER(lo, (char *)lo + size);
#endif
	c->sp = switch_prepare(lo, size, fn, arg);
}

void context_entered(struct context *from)
{
#ifdef CONTEXT_ASAN
	const void *lo;
	size_t size;

	/* The first to leave the thread's own stack learns its bounds. */
	__sanitizer_finish_switch_fiber(NULL, &lo, &size);
	if (!from->lo) {
		from->lo = (void *)(uintptr_t)lo;
		from->size = size;
	}
#else
	(void)from;
#endif
}

#ifdef CONTEXT_ANNOTATED
void context_switch(struct context *from, struct context *to)
{
#ifdef CONTEXT_ASAN
	__sanitizer_start_switch_fiber(&from->fake, to->lo, to->size);
#endif
#ifdef CONTEXT_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
	switch_stack(&from->sp, to->sp);
#ifdef CONTEXT_ASAN
	__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
#endif
}
#endif

void context_exit(struct context *from, struct context *to)
{
#ifdef CONTEXT_ASAN
	__sanitizer_start_switch_fiber(NULL, to->lo, to->size);
#endif
#ifdef CONTEXT_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
	switch_stack(&from->sp, to->sp);
	__builtin_unreachable();
}

void context_fini(struct context *c)
{
#ifdef CONTEXT_ASAN
	__lsan_unregister_root_region(c->lo, c->size);
#endif
#ifdef CONTEXT_TSAN
	if (c->fiber)
		__tsan_destroy_fiber(c->fiber);
#endif
#ifdef HAVE_VALGRIND
	VALGRIND_STACK_DEREGISTER(c->vg_id);
	/* What lay below the last frame is memory again. */
	(void)VALGRIND_MAKE_MEM_DEFINED(c->lo, c->size);
#endif
	memset(c, 0, sizeof(*c));
}
