// Where a secondary CPU begins: in real mode, on a page below 1 MiB to which this code is copied.
    .cfi_sections .debug_frame
#define IMAGE_BASE 0xffffffff80000000
#define TRAMPOLINE 0x8000

    .section .rodata
    .globl sprout_trampoline_begin, sprout_trampoline_end
    .code16
sprout_trampoline_begin:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl gdt_pointer - sprout_trampoline_begin
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl *(protected_mode_pointer - sprout_trampoline_begin)

    .align 8
gdt:
    .quad 0
    .quad 0x00209a0000000000 // 0x08: 64-bit code
    .quad 0x00cf9a000000ffff // 0x10: 32-bit code
    .quad 0x00cf92000000ffff // 0x18: data
    .equ gdt_length, . - gdt
gdt_pointer:
    .word gdt_length - 1
    .long TRAMPOLINE + (gdt - sprout_trampoline_begin)
protected_mode_pointer:
    .long TRAMPOLINE + (protected_mode - sprout_trampoline_begin)
    .word 0x10

    .code32
protected_mode:
    movl $0x18, %eax
    movl %eax, %ds
    movl %eax, %ss
    // The page's end is the stack for the far return into long mode.
    movl $TRAMPOLINE + 4096, %esp
    movl $TRAMPOLINE + (gdt_pointer - sprout_trampoline_begin), %esi
    movl $TRAMPOLINE + (secondary_long_mode - sprout_trampoline_begin), %ebx
    movl $(sprout_enter_long_mode - IMAGE_BASE), %eax
    jmp *%eax

    .code64
secondary_long_mode:
    movq $secondary_high, %rax
    jmp *%rax
sprout_trampoline_end:

    .text
    .type secondary_high, @function
secondary_high:
    .cfi_startproc
    .cfi_undefined rip
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    // Taken by one CPU alone; one that comes when nobody waits for it any more stays out.
    xchgl %eax, sprout_secondary_offer
    testl %eax, %eax
    jz park
    movq sprout_secondary_stack, %rsp
    movq sprout_secondary_root, %rax
    movq %rax, %cr3
    xorl %ebp, %ebp
    pushq $0
    pushq $0
    movq sprout_secondary_cpu, %rdi
    call sprout_secondary_boot
    ud2
park:
    cli
    hlt
    jmp park
    .cfi_endproc
    .size secondary_high, . - secondary_high
    .section .note.GNU-stack, "", @progbits
