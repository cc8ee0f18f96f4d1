/*
 * Context switch for x86-64: System V ABI, section 3.2.1: rbx, rbp, r12 to r15 and rsp are the
 * callee's to save. MXCSR and the x87 control word are callee-saved too; nobody here changes them.
 */
	.text

	.globl	switch_stack
	.type	switch_stack, @function
	.p2align 4
switch_stack:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	.cfi_adjust_cfa_offset -8
	popq	%r14
	.cfi_adjust_cfa_offset -8
	popq	%r13
	.cfi_adjust_cfa_offset -8
	popq	%r12
	.cfi_adjust_cfa_offset -8
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	switch_stack, . - switch_stack

/* Where a new stack begins: r12 is the function, r13 its argument. Nothing is above. */
	.type	switch_boot, @function
	.p2align 4
switch_boot:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	movq	%r13, %rdi
	callq	*%r12
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
	subq	$72, %rax		/* r15 r14 r13 r12 rbx rbp ret; then rsp is aligned */
	movq	$0, 0(%rax)
	movq	$0, 8(%rax)
	movq	%rcx, 16(%rax)
	movq	%rdx, 24(%rax)
	movq	$0, 32(%rax)
	movq	$0, 40(%rax)
	leaq	switch_boot(%rip), %r8
	movq	%r8, 48(%rax)
	movq	$0, 56(%rax)
	ret
	.cfi_endproc
	.size	switch_prepare, . - switch_prepare

	.section .note.GNU-stack, "", @progbits
