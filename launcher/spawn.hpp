#pragma once

#include <variant>

#include "launcher/steps/confinement.hpp"

namespace immure::launcher {

/// What a program finds around it. nothing: an empty root, and a network of its own. host_network: the host's
/// network, and its files until it leaves them by itself, as passt does.
enum class Surroundings { nothing, host_network };

/// A program that is to run confined: what it is, who it will be, what it keeps.
struct SpawnSpec {
  std::string name{};            ///< its argv[0]
  int program_fd = -1;           ///< opened once and checked
  int cgroup_fd = -1;            ///< it is born in this cgroup; -1: in ours (tests)
  std::string mount_point{};     ///< see NewRoot
  std::string label{};           ///< empty: this host runs without SELinux, and its policy allows that
  uid_t uid = 0;                 ///< and an equal gid
  std::uint64_t file_bytes = 0;  ///< see LimitResources
  std::uint64_t realtime_priority = 0;
  policy::CoreScheduling core_scheduling{};
  std::uint64_t locked_bytes = LimitResources{}.locked_bytes;
  std::uint64_t open_files = LimitResources{}.open_files;
  Surroundings surroundings{};
  std::vector<std::string> arguments{};  ///< behind argv[0]
  std::vector<FdMapping> fds{};
  int landlock_version = 0;
  std::span<const sock_filter> filter{};
};

using ConfinementStep = std::variant<ArrangeFds, OwnCores, LimitResources, ExecContext, NewRoot, OwnMounts,
                                     DropPrivileges, Sandbox>;

/// What the new process does to itself, in this order, before it executes the program.
std::vector<ConfinementStep> make_confinement(const SpawnSpec& spec);

/// Runs the steps in a new process and yields it once it executes the program. What fails in the new process
/// comes back as this function's Error.
Result<Process> spawn(Kernel& kernel, const SpawnSpec& spec);

}  // namespace immure::launcher
