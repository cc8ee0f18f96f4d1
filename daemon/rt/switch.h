/* The machine's part of a context switch; one file switch_<machine> implements it. */
#ifndef DAEMON_RT_SWITCH_H
#define DAEMON_RT_SWITCH_H
#include <stddef.h>

/* Save the callee-saved registers and the stack pointer to *@save, take those saved at @load. */
#if defined(__x86_64__)
/*
 * In line, and left by a jump: a call would unbalance the processor's stack of return addresses, so that
 * every return after a switch is predicted wrongly, which costs more than the switch. Tasks wait in the same
 * few functions, so their returns fit each other's calls.
 *
 * What lies at @load is the frame pointer and where to go on. The System V ABI lets a signal handler leave
 * the 128 bytes below the stack pointer alone, and the compiler use them (section 3.2.2); MXCSR and the x87
 * control word are callee-saved too, but nobody here changes them (3.2.1).
 */
static inline __attribute__((always_inline)) void switch_stack(void **save, void *load)
{
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "pushq %%rbp\n\t"
			 "movq %%rsp, (%%rdi)\n\t"
			 "movq %%rsi, %%rsp\n\t"
			 "popq %%rbp\n\t"
			 "popq %%rax\n\t"
			 "jmpq *%%rax\n"
			 "1:\tleaq 128(%%rsp), %%rsp"
			 : "+D"(save), "+S"(load)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12",
			   "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			   "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
			   "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}
#else
void switch_stack(void **save, void *load);
#endif

/*
 * Prepare a stack so that the first switch to it calls @fn(@arg). Returns what switch_stack() takes
 * as @load.
 */
void *switch_prepare(void *lo, size_t size, void (*fn)(void *arg), void *arg);

#endif
