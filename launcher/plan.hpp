#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

/// One step of a launch: what it does, in words, what the user is told as exit code where it fails, and the
/// deed.
struct Step {
  std::string description;
  policy::ExitCode failure{};
  Result<void> (*apply)(Launch&) = nullptr;
};
using Plan = std::vector<Step>;

/// Everything that a launch does after admission, in order. Pure: the same record gives the same plan.
Plan make_plan(const policy::GuestRecord& guest);

/// A fresh VMM for the same guest, with the same identity and files: after a reboot of the guest.
Plan make_restart_plan(const policy::GuestRecord& guest);

/// Runs the steps in order and stops at the first that fails. launch.failure is then the exit code for the
/// user.
Result<void> execute(const Plan& plan, Launch& launch);

/// One line for each step; those of the confined process follow start_vmm, indented.
std::vector<std::string> describe(const Plan& plan, int landlock_version);

// The steps of a launch, in their order (see make_plan()). Each leaves what it made in the Launch.

/// Asks whether SELinux can wall this guest in: enforcing, with our policy, which tells categories apart.
Result<void> check_host(Launch& launch);
/// The guest's name, two uids and a category pair: nobody else has them until they are released.
Result<void> lease_identity(Launch& launch);
/// /run/immure/guests/NAME.
Result<void> make_guest_directory(Launch& launch);
/// Says what the guest will have, then counts what all have that said so: of two launches at once that would
/// have too much together, one sees the other, or both do.
Result<void> claim_share(Launch& launch);

/// /dev/kvm, /dev/null and the two programs, each opened once; a program must be root's and writable for root
/// alone.
Result<void> open_programs(Launch& launch);
/// Kernel and initrd: opened once, copied into sealed memfds. What was copied is what boots.
Result<void> copy_images(Launch& launch);
/// Disks: opened once, checked and locked, all through the same fds that the VMM gets.
Result<void> open_disks(Launch& launch);
/// What those fds and the VMM's program consist of and, where the guest names a manifest, whether those whom
/// the host policy names signed just that.
Result<void> measure_launch(Launch& launch);
/// The same fds again: a disk of this guest alone gets its label, a read-only one that of shared content.
Result<void> label_disks(Launch& launch);

Result<void> make_cgroup(Launch& launch);
/// The taps of the guest's networks.
Result<void> attach_networks(Launch& launch);
/// Starts the owner of the rules of what the guest may send; returns once they are in force and were read
/// back.
Result<void> filter_networks(Launch& launch);
/// New taps become ports of their bridges; then the launcher can change no network any more.
Result<void> join_networks(Launch& launch);
/// The VMM's record, the log pipe, console and control sockets, the monitor's listeners. What two processes
/// share has the guest's own label, as the launcher's categories would put it out of the guest's reach.
Result<void> make_channels(Launch& launch);

/// A passt for the VMM that is started next, read back once it has confined itself. The one before goes: its
/// socket may hold a part of a frame.
Result<void> start_passt(Launch& launch);
/// A vhost-net of its own for each network of the VMM that is started next: the kernel binds it to the first
/// process that takes it.
Result<void> open_vhosts(Launch& launch);
/// The confined process of the VMM, up to its gate.
Result<void> start_vmm(Launch& launch);
Result<void> await_ready(Launch& launch);
/// Compares what the VMM really is with what was planned, before the guest runs.
Result<void> read_back_vmm(Launch& launch);
Result<void> start_monitor(Launch& launch);
/// /run/immure/guests/NAME/state, and the line of the launch log that says how the guest was started.
Result<void> record_start(Launch& launch);
/// Opens the gate: from here on the guest runs.
Result<void> release_guest(Launch& launch);

// Records of the guest in the host's audit log, in the form and order that auditors' tools expect: auvirt(8),
// ausearch(8). Text is what the VMM may be blamed for later, so each is written before the thing it tells of.

/// VIRT_MACHINE_ID and VIRT_RESOURCE: who the guest is and what it is given.
Result<void> audit_guest(Launch& launch);
/// VIRT_CONTROL op=start.
Result<void> audit_start(Launch& launch);
/// VIRT_CONTROL op=stop; `reason` is one word.
Result<void> audit_stop(Launch& launch, std::string_view reason);

}  // namespace immure::launcher
