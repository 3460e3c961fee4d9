// From the PVH entry (32-bit, no paging) to C++ in the kernel image.
//
// PVH hands over: EBX is the physical address of hvm_start_info; flat 32-bit segments; paging and interrupts off.
// The boot page tables map the first GiB three times: at 0, at linear_base and at image_base. Secondary CPUs use them too,
// until they take the kernel's own.
    .cfi_sections .debug_frame

#define IMAGE_BASE 0xffffffff80000000
#define PHYSICAL(symbol) (symbol - IMAGE_BASE)

#define CR0_PE (1 << 0)
#define CR0_WP (1 << 16)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define EFER 0xc0000080
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)
#define PAGE_WRITABLE 0x3
#define PAGE_HUGE_WRITABLE 0x83
#define BOOT_STACK_SIZE 16384

// XEN_ELFNOTE_PHYS32_ENTRY (18): where a PVH loader enters.
    .section .note.Xen, "a", @note
    .align 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad PHYSICAL(sprout_entry)

    .section .text.boot, "ax"
    .code32
    .globl sprout_entry
    .type sprout_entry, @function
sprout_entry:
    .cfi_startproc
    .cfi_undefined 16
    cld
    movl %ebx, PHYSICAL(sprout_start_info)
    // One page directory of 512 pages of 2 MiB: a GiB.
    movl $PHYSICAL(sprout_boot_directory), %edi
    movl $PAGE_HUGE_WRITABLE, %eax
    movl $512, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $PHYSICAL(sprout_boot_directory) + PAGE_WRITABLE, PHYSICAL(sprout_boot_low)
    movl $PHYSICAL(sprout_boot_directory) + PAGE_WRITABLE, PHYSICAL(sprout_boot_high) + 510 * 8
    movl $PHYSICAL(sprout_boot_low) + PAGE_WRITABLE, PHYSICAL(sprout_boot_root)
    movl $PHYSICAL(sprout_boot_low) + PAGE_WRITABLE, PHYSICAL(sprout_boot_root) + 256 * 8
    movl $PHYSICAL(sprout_boot_high) + PAGE_WRITABLE, PHYSICAL(sprout_boot_root) + 511 * 8
    movl $PHYSICAL(boot_gdt_pointer), %esi
    movl $PHYSICAL(long_mode), %ebx
    jmp enter_long_mode
    .cfi_endproc

// ESI: the physical address of a GDT pointer; EBX: that of 64-bit code. Identity-mapped; also used by secondary CPUs.
    .globl sprout_enter_long_mode
sprout_enter_long_mode:
enter_long_mode:
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $PHYSICAL(sprout_boot_root), %eax
    movl %eax, %cr3
    movl $EFER, %ecx
    rdmsr
    orl $(EFER_LME | EFER_NXE), %eax
    wrmsr
    movl %cr0, %eax
    orl $(CR0_PE | CR0_WP | CR0_PG), %eax
    movl %eax, %cr0
    lgdt (%esi)
    pushl $8
    pushl %ebx
    lret

    .code64
long_mode:
    movq $long_mode_high, %rax
    jmp *%rax

    .text
    .type long_mode_high, @function
long_mode_high:
    .cfi_startproc
    .cfi_undefined rip
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movq $sprout_boot_stack + BOOT_STACK_SIZE, %rsp
    xorl %ebp, %ebp
    pushq $0
    pushq $0
    movl sprout_start_info, %edi
    call sprout_boot
    ud2
    .cfi_endproc
    .size long_mode_high, . - long_mode_high

    .section .rodata
    .align 8
boot_gdt:
    .quad 0
    .quad 0x00209a0000000000 // 64-bit code
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long PHYSICAL(boot_gdt)

// .data, not .bss: written before anything clears memory (a PVH loader clears .bss itself).
    .data
    .align 4
    .globl sprout_start_info
sprout_start_info:
    .long 0

    .bss
    .align 4096
    .globl sprout_boot_root
sprout_boot_root: .skip 4096
sprout_boot_low: .skip 4096
sprout_boot_high: .skip 4096
sprout_boot_directory: .skip 4096
    .globl sprout_boot_stack
sprout_boot_stack: .skip BOOT_STACK_SIZE
    .section .note.GNU-stack, "", @progbits
