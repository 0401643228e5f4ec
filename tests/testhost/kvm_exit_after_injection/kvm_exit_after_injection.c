// SPDX-License-Identifier: GPL-2.0
/*
 * For a host that QEMU emulates: makes a CPU leave its guest again at once after it injected an interrupt.
 *
 * QEMU's VMRUN delivers the interrupt of EVENTINJ and forgets to forget it (helper_vmrun(),
 * target/i386/tcg/sysemu/svm_helper.c): asked to leave its loop before the next VM exit, it delivers it once more,
 * whatever the guest's interrupt flag says. With an interrupt of the host's own pending, the next thing after VMRUN is a
 * VM exit, which clears what was left behind. KVM does the same where it wants a guest left at once (svm_vcpu_run()).
 */
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

/* svm_vcpu_run(vcpu, ...): interrupts are off; what is to be injected was written to the VMCB before. */
static int on_run(struct kprobe *probe, struct pt_regs *regs)
{
	const struct kvm_vcpu *vcpu = (void *)regs_get_kernel_argument(regs, 0);

	if (vcpu->arch.interrupt.injected)
		apic->send_IPI_self(RESCHEDULE_VECTOR);
	return 0;
}

static struct kprobe run = { .symbol_name = "svm_vcpu_run", .pre_handler = on_run };

static int __init start(void)
{
	return register_kprobe(&run);
}

static void __exit stop(void)
{
	unregister_kprobe(&run);
}

module_init(start);
module_exit(stop);
MODULE_SOFTDEP("pre: kvm_amd");
MODULE_DESCRIPTION("Leave a guest again at once after an interrupt was injected");
MODULE_LICENSE("GPL");
