# The way into long mode: from the PVH entry (32-bit, no paging; Xen docs/misc/pvh.pandoc), and for the other CPUs from the
# address that the start-up IPI names (16-bit). All of the first 4 GiB is mapped one to one.

.set trampoline_address, 0x2000
.set stack_bytes, 0x4000
.set code64, 0x08
.set data, 0x10
.set code32, 0x18

  .section .note.Xen, "a", @note
  .balign 4
  .long 4, 4, 18                     # XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .long start

  .text
  .code32
  .globl start
start:
  cli
  cld
  mov %ebx, boot_info
  lgdt gdt_pointer
to_long_mode:
  mov $data, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov %cr4, %eax
  or $0x620, %eax                    # PAE, and SSE for accesses of 16 bytes
  mov %eax, %cr4
  mov $level4, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx              # EFER: long mode
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  and $0x9ffffffb, %eax              # caches on, no emulation
  or $0x80000003, %eax               # paging, protection
  mov %eax, %cr0
  ljmp $code64, $start64

  .code64
start64:
  lidt descriptors_of_interrupts
  mov $1, %edi
  lock xadd %edi, cpus_started       # this CPU's number
  lea 1(%rdi), %eax
  imul $stack_bytes, %rax, %rax
  lea stacks(%rax), %rsp
  call cpu_main
  hlt

# Copied to trampoline_address.
  .code16
  .globl trampoline, trampoline_end
trampoline:
  cli
  xor %ax, %ax
  mov %ax, %ds
  lgdtl trampoline_address + (trampoline_gdt - trampoline)
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $code32, $to_long_mode
trampoline_gdt:
  .word gdt_end - gdt - 1
  .long gdt
trampoline_end:

  .code64
# A stub of 16 bytes for each vector: a fault is told, an interrupt only acknowledged.
  .balign 16
  .globl interrupt_stubs
interrupt_stubs:
  .set number, 0
  .rept 32
  .balign 16
  .byte 0x6a, number                 # push
  jmp fault
  .set number, number + 1
  .endr
  .balign 16
  .globl interrupt_stub
interrupt_stub:
  push %rax
  push %rcx
  push %rdx
  mov $0x80b, %ecx                   # x2APIC: end of interrupt
  xor %eax, %eax
  xor %edx, %edx
  wrmsr
  pop %rdx
  pop %rcx
  pop %rax
  iretq
fault:
  mov %rsp, %rdi
  and $-16, %rsp
  call report_fault
  hlt

  .data
  .balign 8
gdt:
  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
gdt_end:
gdt_pointer:
  .word gdt_end - gdt - 1
  .long gdt
  .balign 8
descriptors_of_interrupts:
  .word 256 * 16 - 1
  .quad interrupt_table

  .balign 4096
level4:
  .quad level3 + 3
  .fill 511, 8, 0
level3:
  .quad level2 + 0x0003, level2 + 0x1003, level2 + 0x2003, level2 + 0x3003
  .fill 508, 8, 0
level2:
  .set page, 0
  .rept 2048
  .quad page + 0x83                  # 2 MiB, present, writable
  .set page, page + 0x200000
  .endr

  .bss
  .balign 16
  .globl boot_info, cpus_started
boot_info:
  .long 0
cpus_started:
  .long 0
  .balign 16
stacks:
  .skip 8 * stack_bytes

  .section .note.GNU-stack, "", @progbits
