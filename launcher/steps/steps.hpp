#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

// The steps of a launch, in their order (see plan.cpp). Each leaves what it made in the Launch.

/// Asks whether SELinux can wall this guest in: enforcing, with our policy, which tells categories apart.
Result<void> check_host(Launch& launch);
/// The guest's name, two uids and a category pair: nobody else has them until they are released.
Result<void> lease_identity(Launch& launch);
/// /run/immure/guests/NAME.
Result<void> make_guest_directory(Launch& launch);

/// Kernel and initrd: opened once, copied into sealed memfds. What was copied is what boots.
Result<void> copy_images(Launch& launch);
/// Disks: opened once, checked and locked, all through the same fds that the VMM gets.
Result<void> open_disks(Launch& launch);
/// The same fds again: a disk of this guest alone gets its label, a read-only one that of shared content.
Result<void> label_disks(Launch& launch);

Result<void> make_cgroup(Launch& launch);
/// /dev/kvm, /dev/null and the two programs, each opened once; a program must be root's and writable for root
/// alone.
Result<void> open_programs(Launch& launch);
/// The VMM's record, the log pipe, console and control sockets, the monitor's listener. What two processes
/// share has the guest's own label, as the launcher's categories would put it out of the guest's reach.
Result<void> make_channels(Launch& launch);

/// The confined process of the VMM, up to its gate.
Result<void> start_vmm(Launch& launch);
Result<void> await_ready(Launch& launch);
/// Compares what the VMM really is with what was planned, before the guest runs.
Result<void> read_back_vmm(Launch& launch);
Result<void> start_monitor(Launch& launch);
/// /run/immure/guests/NAME/state.
Result<void> record_state(Launch& launch);
/// Opens the gate: from here on the guest runs.
Result<void> release_guest(Launch& launch);

}  // namespace immure::launcher
