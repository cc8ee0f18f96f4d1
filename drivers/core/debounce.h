/*
 * Debouncing: the output follows the input once that has been different for a while without
 * interruption. Only time stamps count, not when they are looked at, so a late loop decides as a quick
 * one would.
 */
#ifndef DRIVERS_CORE_DEBOUNCE_H
#define DRIVERS_CORE_DEBOUNCE_H
#include <stdbool.h>
#include <stdint.h>

struct debounce {
	int64_t hold_ns; /* 0: the output is the input */
	bool level;      /* the output */
	bool input;
	int64_t since_ns; /* when the input became what it is */
};

/* Output and input start at @level. */
void debounce_start(struct debounce *d, int64_t hold_ns, bool level, int64_t t_ns);

/*
 * Time has come to @now_ns. Returns whether the output has changed: to d->level, which the input has
 * had since d->since_ns.
 */
bool debounce_advance(struct debounce *d, int64_t now_ns);

/* The input became @level at @t_ns, up to which debounce_advance() has been called. */
void debounce_input(struct debounce *d, bool level, int64_t t_ns);

/* When the output will change if the input stays; TIME_NEVER if they are the same. */
int64_t debounce_due_ns(const struct debounce *d);

#endif
