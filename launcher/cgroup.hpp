#pragma once

#include "launcher/kernel.hpp"
#include "policy/cgroup_limits.hpp"

namespace immure::launcher {

enum class Motion { stopped, running };

/// The cgroups of one guest: ROOT/immure/NAME with the leaves vmm and monitor, net where its networks are
/// filtered, and passt where it has one through that.
class Cgroup {
 public:
  Cgroup(std::string root, std::string_view guest) : root_(std::move(root)), guest_(guest) {}
  /// The one whose path() of no leaf is `path`; an Error where it cannot be.
  static Result<Cgroup> at(std::string_view path);

  /// Makes the directories, passes the controllers down, sets the limits (`own` are the VMM's, beside those
  /// of the record), and lets nobody in it open a device: those that the guest has are opened by the
  /// launcher; passt reaches less of the network than the host. An Error where a limit cannot be set or is
  /// not what was written.
  Result<void> create(Kernel& kernel, const policy::GuestRecord& guest, const policy::HostPolicyRecord& host,
                      std::span<const policy::CgroupLimit> own) const;

  /// Kills all that lives in it, waits until it is empty and removes it. No error where it is gone already.
  Result<void> destroy(Kernel& kernel) const;

  /// Kills what lives in one leaf, or in all where `leaf` is empty.
  Result<void> kill(Kernel& kernel, std::string_view leaf) const;

  /// Stops what lives in one leaf where it is, or lets it go on; returns once the kernel says that it is so.
  Result<void> freeze(Kernel& kernel, std::string_view leaf, Motion motion) const;

  [[nodiscard]] std::string path(std::string_view leaf) const;
  /// As /proc/PID/cgroup shows it.
  [[nodiscard]] std::string name(std::string_view leaf) const;

 private:
  std::string root_;
  std::string guest_;
};

}  // namespace immure::launcher
