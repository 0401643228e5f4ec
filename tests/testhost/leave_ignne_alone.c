/*
 * Loaded before QEMU (ld.so(8), LD_PRELOAD): makes its cpu_clear_ignne() do nothing.
 *
 * QEMU's emulation calls it wherever a CPU loads a state of the FPU without a pending exception (cpu_set_fpus(),
 * target/i386/tcg/fpu_helper.c), so with each switch of tasks. It clears the line IGNNE#, which nobody here ever set, and it
 * clears it for the first CPU, whichever calls: `andl` without a lock on a word (hflags2) in which the first CPU's own thread
 * keeps at the same time whether it is in a guest with nested paging (HF2_NPT_MASK) and whether interrupts are held off
 * (HF2_GIF_MASK). Is one of these lost, the CPU runs the host with the guest's page tables, or the guest with the host's memory.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint8_t RET = 0xc3; /* x86: near return */

__attribute__((constructor)) static void leave_ignne_alone(void)
{
	if (strncmp(program_invocation_short_name, "qemu-system-", strlen("qemu-system-")) != 0)
		return; /* a program that QEMU started */
	uint8_t *function = dlsym(RTLD_DEFAULT, "cpu_clear_ignne");
	if (!function) {
		fprintf(stderr, "%s: this QEMU has no symbol cpu_clear_ignne; its first CPU may lose flags\n", program_invocation_short_name);
		return;
	}
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *start = (void *)((uintptr_t)function & ~(page - 1));
	if (mprotect(start, page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
		fprintf(stderr, "%s: cpu_clear_ignne cannot be written: %s\n", program_invocation_short_name, strerror(errno));
		return;
	}
	*function = RET;
	mprotect(start, page, PROT_READ | PROT_EXEC);
}
