/*
 * Context switch for aarch64: AAPCS64, section 6.1: x19 to x28, the frame pointer x29, the link
 * register x30, the low halves of v8 to v15 and sp are the callee's to save.
 */
	.text

	.globl	switch_stack
	.type	switch_stack, %function
	.p2align 4
switch_stack:
	.cfi_startproc
	sub	sp, sp, #160
	.cfi_adjust_cfa_offset 160
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 88
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	.cfi_adjust_cfa_offset -160
	ret
	.cfi_endproc
	.size	switch_stack, . - switch_stack

/* Where a new stack begins: x19 is the function, x20 its argument. Nothing is above. */
	.type	switch_boot, %function
	.p2align 4
switch_boot:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, #0
	mov	x30, #0
	mov	x0, x20
	blr	x19
	brk	#1
	.cfi_endproc
	.size	switch_boot, . - switch_boot

/* void *switch_prepare(void *lo, size_t size, void (*fn)(void *), void *arg) */
	.globl	switch_prepare
	.type	switch_prepare, %function
	.p2align 4
switch_prepare:
	.cfi_startproc
	add	x0, x0, x1
	and	x0, x0, #-16
	sub	x0, x0, #160
	stp	x2, x3, [x0, #0]
	adr	x9, switch_boot
	stp	xzr, x9, [x0, #80]
	ret
	.cfi_endproc
	.size	switch_prepare, . - switch_prepare

	.section .note.GNU-stack, "", %progbits
