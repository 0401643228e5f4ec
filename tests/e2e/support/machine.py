"""A virtual machine of the suite's own, without a CPU: as long as it is there, the host's kernel has one."""

import fcntl
import os

KVM_CREATE_VM = 0xAE01  # linux/kvm.h


def hold_a_machine() -> int:
    """The first machine switches preemption notifiers on and the last one off (kvm_create_vm(), virt/kvm/kvm_main.c): each
    time the kernel patches its scheduler's code while it runs. An emulator with a thread for each CPU, as the test host's
    is, now and then runs into the half of it: the host ends with "Oops: int3" in __schedule. With a machine that stays,
    the code stays as it is."""
    kvm = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    machine = fcntl.ioctl(kvm, KVM_CREATE_VM, 0)
    os.close(kvm)
    return machine
