/* Small words used everywhere: time units, attributes, array size, container_of. */
#ifndef DAEMON_BASE_MACROS_H
#define DAEMON_BASE_MACROS_H
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* A moment that never comes; the deadline of what has none. */
#define TIME_NEVER INT64_MAX

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MALLOC_LIKE __attribute__((malloc, warn_unused_result))

/*
 * On the way from an event to its task: the linker puts these functions side by side, so that a processor
 * that was idle fetches fewer lines and pages.
 */
#define HOT __attribute__((hot))
#define COLD __attribute__((cold))
#define NOINLINE __attribute__((noinline))

#define NO_SANITIZE_ADDRESS __attribute__((no_sanitize("address")))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of type @type whose member @member is at @ptr. */
#define container_of(ptr, type, member)                                                  \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* t + d for times, sticking at TIME_NEVER instead of overflowing; d >= 0. */
static inline int64_t time_add(int64_t t, int64_t d)
{
	return t > TIME_NEVER - d ? TIME_NEVER : t + d;
}

#endif
