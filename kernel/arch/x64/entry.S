// Interrupts, and switching stacks.
//
// Every vector runs on an interrupt stack (IST), because programs will run in ring 0 with a red zone. When an interrupt ends
// and another thread should run, its frame is first moved onto the interrupted thread's own stack, below the red zone: the
// thread is then parked there like any other, and the interrupt stack is free.
//
// The call frame information is exact at each instruction, so that a debugger unwinds from a handler, and from a thread
// that was parked by an interrupt, into the interrupted code.
    .cfi_sections .debug_frame

#define SAVED_REGISTERS (15 * 8)

    .altmacro
    .text

// Vectors 8, 10–14, 17, 21, 29 and 30 push an error code; the others get a zero.
    .macro interrupt_entry vector
    .balign 16
    .cfi_startproc simple
    .cfi_signal_frame
    .if (\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30)
    .cfi_def_cfa rsp, 16
    .cfi_offset rip, -8
    .cfi_offset rsp, 16
    .else
    .cfi_def_cfa rsp, 8
    .cfi_offset rip, -8
    .cfi_offset rsp, 16
    pushq $0
    .cfi_adjust_cfa_offset 8
    .endif
    pushq $\vector
    .cfi_adjust_cfa_offset 8
    jmp interrupt_common
    .cfi_endproc
    .endm

    .balign 16
    .globl sprout_interrupt_entries
sprout_interrupt_entries:
    .set vector, 0
    .rept 256
    interrupt_entry %vector
    .set vector, vector + 1
    .endr

// The stack from here on: InterruptFrame (interrupt_frame.hh).
    .type interrupt_common, @function
interrupt_common:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 24
    .cfi_offset rip, -8
    .cfi_offset rsp, 16
    .macro save register
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endm
    save rax
    save rbx
    save rcx
    save rdx
    save rsi
    save rdi
    save rbp
    save r8
    save r9
    save r10
    save r11
    save r12
    save r13
    save r14
    save r15
    cld
    movq %rsp, %rdi
    call sprout_interrupt
    // Zero: go back. Else: the frame's copy on the thread's own stack.
    testq %rax, %rax
    jz 1f
    movq %rax, %rsp
    call sprout_preempt
1:
    .macro restore register
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_same_value \register
    .endm
    restore r15
    restore r14
    restore r13
    restore r12
    restore r11
    restore r10
    restore r9
    restore r8
    restore rbp
    restore rdi
    restore rsi
    restore rdx
    restore rcx
    restore rbx
    restore rax
    addq $16, %rsp
    .cfi_adjust_cfa_offset -16
    iretq
    .cfi_endproc
    .size interrupt_common, . - interrupt_common

// void sprout_switch_stacks(u64* from, u64 to): what it pushes is an arch::SwitchFrame.
    .globl sprout_switch_stacks
    .type sprout_switch_stacks, @function
sprout_switch_stacks:
    .cfi_startproc
    .macro push_saved register
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endm
    .macro pop_saved register
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_same_value \register
    .endm
    push_saved rbp
    push_saved rbx
    push_saved r12
    push_saved r13
    push_saved r14
    push_saved r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    pop_saved r15
    pop_saved r14
    pop_saved r13
    pop_saved r12
    pop_saved rbx
    pop_saved rbp
    ret
    .cfi_endproc
    .size sprout_switch_stacks, . - sprout_switch_stacks

// The first code of each thread: RBX is its entry, R12 the argument (see prepare_initial_stack). The outermost frame.
    .globl sprout_thread_start
    .type sprout_thread_start, @function
sprout_thread_start:
    .cfi_startproc
    .cfi_undefined rip
    nop
    xorl %ebp, %ebp
    movq %r12, %rdi
    call *%rbx
    ud2
    .cfi_endproc
    .size sprout_thread_start, . - sprout_thread_start

// [[noreturn]] void sprout::panic(char const* format, ...): builds an InterruptFrame, as if the call instruction had faulted, so
// that the report has the caller's registers.
#define CALL_LENGTH 5
    .globl panic
    .type panic, @function
panic:
    .cfi_startproc
    subq $(22 * 8 + 8), %rsp // and what aligns the stack for the call
    .cfi_adjust_cfa_offset 22 * 8 + 8
    .set offset, 0
    .macro keep register
    movq %\register, offset(%rsp)
    .set offset, offset + 8
    .endm
    keep r15
    keep r14
    keep r13
    keep r12
    keep r11
    keep r10
    keep r9
    keep r8
    keep rbp
    keep rdi
    keep rsi
    keep rdx
    keep rcx
    keep rbx
    keep rax
    movq $0, 15 * 8(%rsp)
    movq $0, 16 * 8(%rsp)
    movq 23 * 8(%rsp), %rax
    subq $CALL_LENGTH, %rax
    movq %rax, 17 * 8(%rsp)
    movl %cs, %eax
    movq %rax, 18 * 8(%rsp)
    pushfq
    .cfi_adjust_cfa_offset 8
    popq %rax
    .cfi_adjust_cfa_offset -8
    movq %rax, 19 * 8(%rsp)
    leaq 24 * 8(%rsp), %rax
    movq %rax, 20 * 8(%rsp) // above the return address
    movl %ss, %eax
    movq %rax, 21 * 8(%rsp)
    movq %rsp, %rdi
    call sprout_panic
    ud2
    .cfi_endproc
    .size panic, . - panic
    .section .note.GNU-stack, "", @progbits
