#pragma once

#include <vector>

#include "launcher/cgroup.hpp"
#include "launcher/ledger.hpp"
#include "launcher/spawn.hpp"
#include "policy/exit_codes.hpp"
#include "policy/host_policy_record.hpp"
#include "policy/measurement.hpp"

namespace immure::launcher {

/// What VMM and monitor share. The keeper holds the VMM's ends for the next VMM, after a reboot of the guest.
struct Channels {
  FdPair log;      ///< pipe: monitor, VMM
  FdPair console;  ///< stream: monitor, VMM
  FdPair control;  ///< datagrams: monitor, VMM
  UniqueFd listener;
  UniqueFd varlink;
  FdPair vsock;  ///< datagrams: monitor, VMM; as the next one, only where the guest has a vsock
  UniqueFd vsock_listener;
};

/// One launch while it is carried out: what the steps made so far, for the steps after them.
struct Launch {
  Kernel& kernel;
  Paths paths;
  policy::GuestRecord guest;
  policy::HostPolicyRecord host;
  Ledger ledger;
  Cgroup cgroup{paths.cgroups, guest.name.view()};

  Selinux selinux{};
  uid_t uid = 0;        ///< the VMM's; the monitor has uid + 1
  uid_t passt_uid = 0;  ///< of another pair; 0: the guest has no network through passt
  selinux::GuestLabels labels{};
  int landlock_version = 0;
  UniqueFd null{};
  UniqueFd kvm{};
  UniqueFd vmm_program{};
  UniqueFd monitor_program{};
  UniqueFd passt_program{};
  UniqueFd record{};
  SealedCopy kernel_image{};
  SealedCopy initrd_image{};
  std::vector<UniqueFd> disks{};  ///< as many as guest.disks, once they are open
  off_t longest_disk = 0;         ///< bytes of the longest file among those that the guest writes
  policy::Measurement measurement{};
  /// As many as guest.nets, once they are attached; the one through passt is there while a VMM is started.
  std::vector<UniqueFd> nets{};
  /// As many, while a VMM is started: its /dev/vhost-net where the network goes through that.
  std::vector<UniqueFd> vhosts{};
  std::vector<std::string> taps{};  ///< their interfaces, as many; empty for that one
  Process net_filter{};             ///< owns the rules of those; none where there are no rules
  Channels channels{};

  FdPair gate{};         ///< ours, the VMM's: the latter stays open for the read-back to compare with
  SpawnSpec vmm_spec{};  ///< of the VMM started last
  Process vmm{};
  Process monitor{};
  Process passt{};
  std::uint32_t vmm_threads = 0;
  std::string evidence{};    ///< what the kernel said of the VMM, until it is in the launch log
  std::string log_digest{};  ///< of the line of the launch log that says how this VMM was started
  std::uint64_t started_at = 0;
  policy::LaunchTimes times{};

  /// What the user is told as exit code if the step that runs now fails.
  policy::ExitCode failure = policy::ExitCode::failure;
};

}  // namespace immure::launcher
