#pragma once

#include <string>

#include "policy/launch_entry.hpp"

namespace immure::launcher {

/// Where things lie on the host. Tests have a host of their own.
struct Paths {
  std::string runtime = policy::runtime_directory;
  std::string guests = policy::guests_directory;
  std::string leases = policy::leases_directory;
  std::string contents = std::string(policy::runtime_directory) + "/contents";
  std::string events = policy::event_log_path;
  std::string digests = policy::digest_cache_path;
  std::string journal = policy::journal_directory;
  std::string cgroups = "/sys/fs/cgroup";
  std::string kvm = "/dev/kvm";
  std::string vhost_net = "/dev/vhost-net";
  std::string vmm = IMMURE_LIBEXECDIR "/immure-vmm";
  std::string monitor = IMMURE_LIBEXECDIR "/immure-monitor";
  std::string net = IMMURE_LIBEXECDIR "/immure-net";
  std::string attest = IMMURE_LIBEXECDIR "/immure-attest";
  std::string passt = "/usr/bin/passt";
  std::string immure = IMMURE_BINDIR "/immure";
  std::string launch_log = policy::launch_log_path;
  std::string host_policy = policy::host_policy_path;

  [[nodiscard]] std::string guest(std::string_view name) const { return guests + "/" + std::string(name); }
};

}  // namespace immure::launcher
