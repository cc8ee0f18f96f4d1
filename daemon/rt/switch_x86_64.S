/*
 * Where a new stack begins on x86-64; the switch itself is in line (switch.h). System V ABI, section 3.2.2:
 * the stack pointer is a multiple of 16 at a call.
 */
	.text

/* What switch_prepare() put there: the function and its argument. Nothing is above. */
	.type	switch_boot, @function
	.p2align 4
switch_boot:
	.cfi_startproc
	.cfi_undefined rip
	popq	%rax
	popq	%rdi
	callq	*%rax
	ud2
	.cfi_endproc
	.size	switch_boot, . - switch_boot

/* void *switch_prepare(void *lo, size_t size, void (*fn)(void *), void *arg) */
	.globl	switch_prepare
	.type	switch_prepare, @function
	.p2align 4
switch_prepare:
	.cfi_startproc
	leaq	(%rdi,%rsi), %rax
	andq	$-16, %rax
	subq	$32, %rax		/* rbp, rip, fn, arg; then rsp is aligned */
	movq	$0, 0(%rax)
	leaq	switch_boot(%rip), %r8
	movq	%r8, 8(%rax)
	movq	%rdx, 16(%rax)
	movq	%rcx, 24(%rax)
	ret
	.cfi_endproc
	.size	switch_prepare, . - switch_prepare

	.section .note.GNU-stack, "", @progbits
