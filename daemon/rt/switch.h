/* The machine's part of a context switch; one file switch_<machine> implements it. */
#ifndef DAEMON_RT_SWITCH_H
#define DAEMON_RT_SWITCH_H
#include <stddef.h>

/* Save the callee-saved registers and the stack pointer to *@save, take those saved at @load. */
void switch_stack(void **save, void *load);

/*
 * Prepare a stack so that the first switch to it calls @fn(@arg). Returns what switch_stack() takes
 * as @load.
 */
void *switch_prepare(void *lo, size_t size, void (*fn)(void *arg), void *arg);

#endif
