#pragma once

#include "launcher/kernel.hpp"
#include "launcher/spawn.hpp"
#include "policy/vcpu_place.hpp"

namespace immure::launcher {

/// What a confined process must look like in /proc.
struct Expected {
  std::string name;  ///< for messages: "the VMM"
  uid_t uid = 0;
  std::string label;          ///< canonical; empty where the host runs without SELinux
  std::string cgroup;         ///< below the cgroup v2 root: "/immure/NAME/vmm"
  std::uint32_t threads = 1;  ///< exactly
  std::uint32_t workers = 0;  ///< threads that the kernel adds and that never leave it, at most
  unsigned filters = 1;       ///< seccomp filters of each thread, at least
  policy::CoreScheduling core_scheduling{};
  /// host_network: and, as passt leaves it, a user namespace of its own with sockets of the host's network.
  Surroundings surroundings{};
  /// Where those run that have a place of their own, by number.
  std::vector<policy::VcpuPlace> vcpus{};
  std::vector<FdMapping> fds;
};

/// Each compares one file of /proc/PID with what is expected; an Error names the field, both values.
Result<void> check_status(std::string_view text, const Expected& expected);
Result<void> check_limits(std::string_view text);
Result<void> check_mounts(std::string_view text);
Result<void> check_cgroup(std::string_view text, const Expected& expected);

/// Whether /proc/PID/task/TID/stat is one of a thread that the kernel made for its own work, which runs no
/// code of the program's.
Result<bool> is_worker(std::string_view stat);

/// Asks the kernel what the process really is: every thread's ids, capabilities, no_new_privs, seccomp and
/// label, then namespaces, root, cgroup, limits and open fds. The first thing that is not as planned is the
/// Error. Yields what the kernel said, for the launch log: the texts of its first thread and of the process,
/// each behind a line "[NAME]".
Result<std::string> read_back(Kernel& kernel, pid_t pid, const Expected& expected);

}  // namespace immure::launcher
